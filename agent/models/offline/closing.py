"""Closing every window, one after the other, or all but one."""

from __future__ import annotations

from agent.desktop.base import Window
from agent.models.offline.applications import asks
from agent.models.offline.places import call, find_windows
from agent.models.offline.raising import RAISED, bring
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, key
from agent.models.offline.view import View

_THIS = ("this", "this one", "one", "it")
"""What stays open where no program is named."""

_SECONDS = 4.0


async def close_all(at: Moment) -> Step:
    """Close the windows from the top, but for those that stay; ends where one asks back.

    The memo has the windows that stay, then how many windows and dialogs there were, or which
    window was to come to the front.
    """
    if at.failure:
        return Fail(f"I could not close it: {at.failure}")
    kept = _kept(at)
    if isinstance(kept, Fail):
        return kept
    if at.phase and (missed := await (_went(at) if at.phase == 1 else _came(at))):
        return missed
    others = [w for w in at.view.programs if w.id not in kept]
    if not others:
        return _over(at, kept)
    ids = "y".join(map(str, kept))
    window = at.view.active
    if window is None or window.id in kept:
        step = await bring(at, others[-1])
        if not isinstance(step, Act):
            return step
        return Act(step.say, step.calls, RAISED, f"{ids}x{others[-1].id}")
    memo = f"{ids}x{len(at.view.programs)}x{len(at.view.dialogs)}"
    return Act("Closing the window in front.", (key("alt+F4"),), 1, memo)


def _kept(at: Moment) -> list[int] | Fail:
    """The windows that stay open."""
    if at.phase:
        return [int(part) for part in at.memo.partition("x")[0].split("y") if part]
    if not at.slot("but"):
        return []
    name = at.slot("window")
    this = [at.view.active] if name.lower() in _THIS and at.view.active else []
    found: list[Window] = this or find_windows(at.view, name)
    if not found:
        return Fail(f"I see no window called {name}, so I closed nothing.")
    return [window.id for window in found]


async def _went(at: Moment) -> Fail | None:
    """What is to be said where the window in front did not close."""
    windows, dialogs = (int(count) for count in at.memo.split("x")[1:])
    await at.until(lambda v: len(v.programs) < windows or len(v.dialogs) > dialogs, _SECONDS)
    if len(at.view.dialogs) > dialogs:
        return Fail(f"Not all are closed yet: {asks(at.view)}")
    if len(at.view.programs) >= windows:
        return Fail(f"{windows} windows are still open.")
    await at.until(lambda v: v.active or not v.programs, 1.0)
    return None


async def _came(at: Moment) -> Fail | None:
    """What is to be said where a window did not come to the front to be closed."""
    wanted = at.memo.partition("x")[2]

    def there(view: View) -> bool:
        return view.active is not None and str(view.active.id) == wanted

    if await at.until(there, _SECONDS):
        return None
    return Fail("I could not bring the next window to the front, so I stopped there.")


def _over(at: Moment, kept: list[int]) -> Step:
    still = [call(at.view, window) for window in at.view.programs if window.id in kept]
    if not still:
        return Done("All windows are closed." if at.phase else "No window is open.")
    return Done(f"Only {still[0]} is open." if len(still) == 1 else "The others are closed.")
