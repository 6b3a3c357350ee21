"""Where windows stand: halves and quarters of the screen, side by side, moved by hand."""

from __future__ import annotations

from agent.desktop.base import Box, Window
from agent.models.offline.applications import target
from agent.models.offline.places import call
from agent.models.offline.raising import RAISED, bring, raised
from agent.models.offline.steps import Act, Call, Done, Fail, Moment, Step, capital, key, listing
from agent.models.offline.view import View
from agent.models.offline.words import number

_KEYS = {
    "left": "KP_Left",
    "right": "KP_Right",
    "top": "KP_Up",
    "bottom": "KP_Down",
    "top-left": "KP_Home",
    "top-right": "KP_Page_Up",
    "bottom-left": "KP_End",
    "bottom-right": "KP_Next",
}
"""Keys of the window manager, held with Super, for each part of the screen."""

_NAMES = {side: f"the {side.replace('-', ' ')} of the screen" for side in _KEYS}
_SLACK = 40
"""Pixels by which a window may miss the half that it should fill: borders, and whole letters."""

_TILED, _MOVED, _TILED_AGAIN = 1, 3, 4
_FAR = 200
"""Pixels that a window is moved where nobody says how far."""

_GRIP = 10
"""Pixels from a window's upper edge to the middle of its title bar, nearly."""


def _at_side(view: View, window: Window, side: str) -> bool:
    """Whether a window fills a half or quarter of the screen."""
    width, height = view.size[0], view.floor
    box = window.box
    half = abs(box.width - width // 2) <= _SLACK
    tall = abs(box.height - height // 2) <= _SLACK
    across = {"left": half and box.x <= _SLACK, "right": half and box.x >= width // 2 - _SLACK}
    along = {"top": tall and box.y <= _SLACK, "bottom": tall and box.y >= height // 2 - _SLACK}
    return all({**across, **along}[part] for part in side.split("-"))


async def tile(at: Moment) -> Step:
    """Fill a half or a quarter of the screen with a window."""
    side = at.slot("side")
    if at.failure:
        return Fail(f"The window was not moved: {at.failure}")
    if at.phase == RAISED and not isinstance(came := await raised(at), Done):
        return came
    if at.phase in (_TILED, _TILED_AGAIN):
        return await _tiled(at, side)
    window = target(at)
    if isinstance(window, Fail):
        return window
    if not window.active or window.minimised:
        return await bring(at, window)
    if _at_side(at.view, window, side):
        return Done(f"{capital(call(at.view, window))} fills {_NAMES[side]} already.")
    press = key(f"super+{_KEYS[side]}")
    return Act(
        f"Moving {call(at.view, window)} to {_NAMES[side]}.", (press,), _TILED, str(window.id)
    )


async def _tiled(at: Moment, side: str) -> Step:
    def there(view: View) -> bool:
        window = _by_id(view, at.memo)
        return window is not None and _at_side(view, window, side)

    came = await at.until(there, 4.0)
    window = _by_id(at.view, at.memo)
    if window is None:
        return Fail("The window is gone.")
    name = capital(call(at.view, window))
    if not came and at.phase == _TILED:  # a window that is just being raised may miss the key
        again = key(f"super+{_KEYS[side]}")
        return Act(f"Moving {call(at.view, window)} again.", (again,), _TILED_AGAIN, at.memo)
    return (
        Done(f"{name} fills {_NAMES[side]}.")
        if came
        else Fail(f"{name} did not go to {_NAMES[side]}.")
    )


def _by_id(view: View, number_: str) -> Window | None:
    return next((w for w in view.programs if str(w.id) == number_), None)


async def side_by_side(at: Moment) -> Step:
    """The two uppermost windows beside each other, the one in front to the right.

    The memo has both windows, and after an x how many of them stand where they should.
    """
    if at.failure:
        return Fail(f"The windows were not moved: {at.failure}")
    shown = [w for w in reversed(at.view.programs) if not w.minimised]
    if at.phase == 0:
        if len(shown) < 2:
            return Fail(
                "For that, two windows must be open."
                if not shown
                else (f"Only {call(at.view, shown[0])} is showing, so there is nothing beside it.")
            )
        pair = [shown[0], shown[1]]
    else:
        ids = at.memo.split("x")[-2:]
        found = [_by_id(at.view, part) for part in ids]
        pair = [w for w in found if w is not None]
        if len(pair) < 2:
            return Fail("One of the two windows is gone.")
    return await _pair(at, pair)


async def _pair(at: Moment, pair: list[Window]) -> Step:
    sides = ("right", "left")
    if at.phase in (_TILED, RAISED) and (missed := await _arrived(at, pair, sides)):
        return missed
    ids = "x".join(str(w.id) for w in pair)
    now = {w.id: w for w in at.view.programs}
    for which, side in enumerate(sides):
        window = now.get(pair[which].id)
        if window is None:
            return Fail("One of the two windows is gone.")
        if _at_side(at.view, window, side):
            continue
        if not window.active:
            step = await bring(at, window)
            if not isinstance(step, Act):
                return step
            return Act(step.say, step.calls, RAISED, f"{which}x{ids}")
        press = key(f"super+{_KEYS[side]}")
        say = f"Moving {call(at.view, window)} to {_NAMES[side]}."
        return Act(say, (press,), _TILED, f"{which}x{ids}")
    names = [call(at.view, w) for w in reversed(pair)]
    return Done(f"{capital(listing(names))} stand side by side.")


async def _arrived(at: Moment, pair: list[Window], sides: tuple[str, str]) -> Fail | None:
    """What is to be said where the last step did not bring a window where it should be."""
    which = int(at.memo.partition("x")[0])
    name = capital(call(at.view, pair[which]))

    def there(view: View) -> bool:
        window = _by_id(view, str(pair[which].id))
        if window is None:
            return True
        return window.active if at.phase == RAISED else _at_side(view, window, sides[which])

    if await at.until(there, 4.0):
        return None
    if at.phase == RAISED:
        return Fail(f"{name} did not come to the front.")
    return Fail(f"{name} did not go to {_NAMES[sides[which]]}.")


async def move(at: Moment) -> Step:
    """Drag a window by its title bar."""
    if at.failure:
        return Fail(f"The window was not moved: {at.failure}")
    if at.phase == RAISED and not isinstance(came := await raised(at), Done):
        return came
    if at.phase == _MOVED:
        return await _moved(at)
    window = target(at)
    if isinstance(window, Fail):
        return window
    if not window.active or window.minimised:
        return await bring(at, window)
    return _drag(at, window)


def _drag(at: Moment, window: Window) -> Step:
    far = number(at.slot("count")) or _FAR
    across = {"left": -far, "right": far}.get(at.slot("way"), 0)
    along = {"up": -far, "down": far}.get(at.slot("way"), 0)
    name = call(at.view, window)
    box = _bounded(at.view, window.box, across, along)
    if (box.x, box.y) == (window.box.x, window.box.y):
        return Fail(f"{capital(name)} is as far {at.slot('way')} as it can go.")
    x, y = window.box.x + window.box.width // 2, window.box.y + _GRIP
    end = [x + box.x - window.box.x, y + box.y - window.box.y]
    drag = Call("left_click_drag", {"start_coordinate": [x, y], "coordinate": end})
    memo = f"{window.id}x{window.box.x}x{window.box.y}"
    return Act(f"Moving {name} {at.slot('way')}.", (drag,), _MOVED, memo)


def _bounded(view: View, box: Box, across: int, along: int) -> Box:
    """A box moved, but not off the screen."""
    right = max(view.size[0] - box.width, box.x)
    lowest = max(view.floor - box.height, box.y)
    x = min(max(box.x + across, min(0, box.x)), right)
    y = min(max(box.y + along, min(0, box.y)), lowest)
    return Box(x, y, box.width, box.height)


async def _moved(at: Moment) -> Step:
    which, x, y = at.memo.split("x")

    def gone_on(view: View) -> bool:
        window = _by_id(view, which)
        return window is not None and (str(window.box.x), str(window.box.y)) != (x, y)

    if await at.until(gone_on, 4.0) and (window := _by_id(at.view, which)):
        return Done(f"{capital(call(at.view, window))} is further {at.slot('way')} now.")
    return Fail("The window did not move.")
