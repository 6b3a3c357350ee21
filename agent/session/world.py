"""What was open on the desktop, and what is said when the desktop is restarted.

A running program cannot be kept. So the log holds which windows are open, and after a
restart the person and the model are told exactly what is no longer there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from agent.desktop.base import Desktop, Window
from agent.errors import DesktopError, JournalError
from agent.record import events as ev
from agent.record.log import EventLog

Files = Literal["kept", "gone", "none", "unknown"]
"""What became of the files; ``unknown`` for a desktop that was given to the session."""

_MOST = 12
"""Windows that a sentence names."""

_LONGEST = 80
_REST = 1.0
"""Seconds between two looks at the windows, at least."""

_HOW = {
    "resumed": "The desktop was restarted.",
    "crashed": "The desktop broke down and was restarted.",
}
_FILES = {
    "kept": "Your files are kept.",
    "gone": "The home folder is not there any more, nor are the files in it: it was deleted or "
    "moved from outside, or was not brought along. It is empty now.",
    "none": "No files were kept from before: the home folder is new.",
    "unknown": "",
}


@runtime_checkable
class TellsWindows(Protocol):
    """A desktop that tells when windows come, go or change their titles."""

    async def other_windows(self, known: Sequence[Window] | None) -> Sequence[Window]:
        """The windows, as soon as their programs or titles differ from ``known``."""
        ...


class World:
    """Writes down which windows are open, from `follow` until it is cancelled."""

    def __init__(self, log: EventLog, desktop: Desktop) -> None:
        self._log = log
        self._desktop = desktop
        self.seen: tuple[ev.OpenWindow, ...] | None = None
        """The windows of this start of the desktop as last written down; None before that."""

    async def follow(self) -> None:
        """Write down each change; returns at once for a desktop that does not tell."""
        desktop, known = self._desktop, None
        if not isinstance(desktop, TellsWindows):
            return
        while True:
            try:
                known = await desktop.other_windows(known)
                self._note(known)
            except DesktopError:  # told by an event of its own; it may come back
                pass
            except JournalError:
                return
            await asyncio.sleep(_REST)

    async def look(self) -> None:
        """Write down what is open now, if that has changed."""
        if isinstance(self._desktop, TellsWindows):
            with contextlib.suppress(DesktopError, JournalError):
                self._note(await self._desktop.windows())

    def _note(self, windows: Sequence[Window]) -> None:
        pairs = sorted((_clean(w.wm_class), _clean(w.title)) for w in windows)
        found = tuple(ev.OpenWindow(program=program, title=title) for program, title in pairs)
        if found != self.seen:
            self._log.append(ev.WindowsSeen(windows=found))
            self.seen = found


def last_seen(log: EventLog) -> tuple[ev.OpenWindow, ...] | None:
    """The windows that were open when somebody last looked; None if nobody has.

    What was told to be gone already does not count: nobody looked since.
    """
    for event in reversed(log):
        if isinstance(event, ev.WindowsSeen):
            return event.windows
        if isinstance(event, ev.DesktopRenewed):
            return None
    return None


def _clean(text: str) -> str:
    """A title as one short line of signs that can be seen."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def renewed(
    reason: Literal["resumed", "crashed"],
    files: Files,
    windows: tuple[ev.OpenWindow, ...] | None,
) -> ev.DesktopRenewed:
    """The event that tells person and model what a new start of the desktop took away."""
    text = " ".join(filter(None, (_HOW[reason], _FILES[files], _gone(windows))))
    return ev.DesktopRenewed(reason=reason, files=files, windows=windows, text=text)


def _gone(windows: tuple[ev.OpenWindow, ...] | None) -> str:
    if windows is None:
        return "Which programs were open is not known; none of them runs any more."
    if not windows:
        return "No program was open. Commands that still ran were ended."
    names = [f"“{window.title or window.program}”" for window in windows[:_MOST]]
    more = f" and {len(windows) - _MOST} more" if len(windows) > _MOST else ""
    return f"These programs were open: {', '.join(names)}{more}. They and all commands were ended."
