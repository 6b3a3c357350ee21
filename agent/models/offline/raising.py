"""Bringing a window forward by what a hand could do, and looking whether it came."""

from __future__ import annotations

from collections.abc import Iterator

from agent.desktop.base import Box, Window
from agent.models.offline.places import call
from agent.models.offline.steps import Act, Call, Done, Fail, Moment, Step, capital, click
from agent.models.offline.view import View

RAISED = 2
"""The phase in which `raised` looks whether a window came forward."""

_SECONDS = 1.5
_TITLE = 10
"""Pixels from a window's upper edge to the middle of its title bar, nearly."""

_BUTTONS = 100
"""Pixels at the right end of a title bar that the window's buttons take."""


async def bring(at: Moment, window: Window) -> Step:
    """Go to a window, unless it is in front."""
    name = call(at.view, window)
    if window.active and not window.minimised:
        return Done(f"{capital(name)} is in front.")
    return _try(at, window, 0) or Fail(f"I can see no way to bring {name} to the front.")


async def raised(at: Moment) -> Step:
    """Whether the window came forward; if not, the next way is tried."""
    wanted, _, tried = at.memo.partition("x")
    if at.failure:
        return Fail(f"I could not go there: {at.failure}")
    if await at.until(lambda v: v.active and str(v.active.id) == wanted, _SECONDS):
        window = at.view.active
        return Done(f"{capital(call(at.view, window))} is in front." if window else "")
    window = next((w for w in at.view.programs if str(w.id) == wanted), None)
    if window is None:
        return Fail("That window is gone.")
    again = _try(at, window, int(tried or 0) + 1)
    return again or Fail(f"I could not bring {call(at.view, window)} to the front.")


def _try(at: Moment, window: Window, attempt: int) -> Act | None:
    ways = list(_ways(at.view, window))
    if attempt >= len(ways):
        return None
    memo = f"{window.id}x{attempt}"
    return Act(f"Going to {call(at.view, window)}.", (ways[attempt],), RAISED, memo)


def raise_call(view: View, window: Window) -> Call | None:
    """The likeliest way to bring a window forward."""
    return next(_ways(view, window), None)


def _ways(view: View, window: Window) -> Iterator[Call]:
    """Clicks that may bring a window forward, best first.

    A free place of its title bar; any free place of it, with Alt so that the program does
    not get the click; its button on the panel, which has no name: where it should be, then
    the others.
    """
    if not window.minimised and (free := _free(view, window)):
        yield free
    yield from (click(*box.center) for box in task_buttons(view, window))


def _free(view: View, window: Window) -> Call | None:
    box = window.box
    rows = [box.y + _TITLE, *range(box.y + 40, min(box.y + box.height - 8, view.size[1]), 30)]
    right = min(box.x + box.width - _BUTTONS, view.size[0])
    for row in rows:
        for x in range(max(box.x + 30, 0), right, 20):
            on_top = view.on_top_at(x, row)
            if on_top is not None and on_top.id == window.id and row < view.floor:
                call_ = click(x, row)
                title = row == rows[0]
                return call_ if title else Call(call_.name, {**call_.input, "text": "alt"})
    return None


def task_buttons(view: View, window: Window) -> list[Box]:
    """The panel's task buttons, the window's own first as far as order tells.

    The task list shows equal buttons without names, ordered by program, then by age. The
    button of the window in front is left out: a click on it would minimise that window.
    """
    fillers = [n.box for n in view.tree.showing("filler") if view.furniture(n) and n.box]
    strip = max(fillers, key=lambda box: box.width, default=None)
    order = sorted(view.programs, key=lambda w: (w.wm_class.lower(), w.id))
    if strip is None or not order or strip.width < 40:
        return []
    width = strip.width // len(order)
    boxes = [Box(strip.x + i * width, strip.y, width, strip.height) for i in range(len(order))]
    mine = [b for b, w in zip(boxes, order, strict=True) if w.id == window.id]
    others = [b for b, w in zip(boxes, order, strict=True) if w.id != window.id and not w.active]
    return mine + others
