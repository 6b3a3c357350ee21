"""Waiting for a time, or until something has come, has gone or is done, within a bound."""

from __future__ import annotations

from pathlib import Path

from agent.disk import in_thread
from agent.models.offline.places import call, find_windows
from agent.models.offline.steps import Act, Call, Done, Fail, Moment, Step, capital
from agent.models.offline.view import View
from agent.models.offline.words import number

_LONGEST_WAIT = 300
_LOOK, _LOOKS = 4.0, 15
"""Seconds of one look for what is waited for, and how many; a second's pause is between them."""

_QUIET = 2.0
"""Seconds without a change after which something is taken to be done."""

_PARTIAL = (".part", ".crdownload", ".download")
"""Endings of files that a browser has not finished."""


async def wait(at: Moment) -> Step:
    """Wait for a time; the tool counts whole seconds."""
    seconds = (number(at.slot("count")) or 1) * (60 if at.slot("unit") == "minute" else 1)
    seconds = min(seconds, _LONGEST_WAIT)
    if at.phase == 0:
        call_ = Call("wait", {"duration": seconds})
        return Act(f"Waiting {seconds} second{'s' if seconds != 1 else ''}.", (call_,))
    return Fail(f"The wait ended early: {at.failure}") if at.failure else Done("I have waited.")


async def wait_for(at: Moment) -> Step:
    """Wait for a window to come or go, for a download, or for the screen to stop changing."""
    if at.failure:
        return Fail(f"The wait ended early: {at.failure}")
    told = await _LOOKERS[at.slot("what")](at)
    if told:
        return Done(told)
    tried, windows = _noted(at)
    if tried >= _LOOKS:
        return Fail(f"{_UNMET[at.slot('what')].format(name=at.slot('window'))} I stopped waiting.")
    pause = Call("wait", {"duration": 1})
    return Act("Waiting." if not tried else "", (pause,), 1, f"{tried + 1}x{windows}")


def _noted(at: Moment) -> tuple[int, int]:
    """How often was looked, and how many windows and dialogs there were at the beginning."""
    if not at.phase:
        return 0, _shown(at.view)
    tried, _, windows = at.memo.partition("x")
    return int(tried), int(windows)


def _shown(view: View) -> int:
    return len(view.programs) + len(view.dialogs)


async def _another(at: Moment) -> str:
    """Any window or dialog that was not there when the waiting began."""
    before = _noted(at)[1]
    if not await at.until(lambda v: _shown(v) > before, _LOOK):
        return ""
    front = at.view.active
    return f"{capital(call(at.view, front))} is open." if front else "A window is open."


async def _opened(at: Moment) -> str:
    name = at.slot("window")
    if not await at.until(lambda v: find_windows(v, name) or _dialog(v.dialogs, name), _LOOK):
        return ""
    windows = find_windows(at.view, name)
    return f"{capital(call(at.view, windows[0]))} is open." if windows else "The dialog is open."


def _dialog(dialogs: tuple[object, ...], name: str) -> bool:
    return bool(dialogs) and name.lower() in ("dialog", "dialog box", "question", "message")


async def _gone(at: Moment) -> str:
    name = at.slot("window")

    def away(view: View) -> bool:
        return not find_windows(view, name) and not _dialog(view.dialogs, name)

    return f"{capital(name)} is not open any more." if await at.until(away, _LOOK) else ""


async def _still(at: Moment) -> str:
    """Nothing is known of what a program does; that the screen stops changing is all that shows."""
    if await at.desktop.changed(at.view.taken, _QUIET):
        return ""
    return "Nothing on the screen changes any more."


async def _loaded(at: Moment) -> str:
    home = at.desktop.home
    if not at.phase and not await in_thread(_unfinished, home):
        return "No download is under way that I can see."
    return "" if await in_thread(_unfinished, home) else "The download is done."


def _unfinished(home: Path) -> bool:
    folders = (home, home / "Downloads")
    return any(p.suffix in _PARTIAL for f in folders if f.is_dir() for p in f.iterdir())


_LOOKERS = {
    "open": _opened,
    "another": _another,
    "gone": _gone,
    "still": _still,
    "download": _loaded,
}
_UNMET = {
    "another": "No other window has opened.",
    "open": "I see no window called {name} yet.",
    "gone": "The window called {name} is still open.",
    "still": "The screen still changes.",
    "download": "The download is not done yet.",
}
