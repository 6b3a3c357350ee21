"""What the end of a task is called: by what its last action came to, not by the words alone."""

from __future__ import annotations

from agent import events as ev

_WORDS = {
    None: "answered",
    True: "done",
    False: "ended",
}
"""A task that the model ended by itself: without an action, after one that was carried out,
and after one that failed or was not allowed."""


class Ending:
    """Reads a session's events in order."""

    def __init__(self) -> None:
        self._last: bool | None = None

    def add(self, event: ev.Event) -> None:
        """Take in the next event."""
        if isinstance(event, ev.TaskStarted):
            self._last = None
        elif isinstance(event, ev.ActionFinished):
            self._last = event.ran and not event.is_error

    def word(self, event: ev.TaskFinished) -> str:
        """``answered``, ``done`` or ``ended``; else the outcome, such as ``stopped``."""
        return _WORDS[self._last] if event.outcome == "done" else event.outcome
