"""How a task ended: by what its last action came to, not by the words alone."""

from __future__ import annotations

from collections.abc import Iterable

from agent import events as ev
from agent.gates import TOLD_OTHERWISE
from agent.history import CUT, INTERRUPTED
from agent.manual import BY_HAND

_CUT = (CUT, INTERRUPTED, TOLD_OTHERWISE)
"""What the person said otherwise about is no failure of the agent's."""


class Ending:
    """Reads a session's events in order."""

    def __init__(self) -> None:
        self._last: bool | None = None
        self._by_hand: set[str] = set()

    def add(self, event: ev.Event) -> None:
        """Take in the next event."""
        match event:
            case ev.TaskStarted():
                self._last = None
            case ev.ActionProposed() if event.turn_id == BY_HAND:
                self._by_hand.add(event.action_id)
            case ev.ActionFinished() if event.action_id not in self._by_hand:
                cut = event.is_error and event.text in _CUT
                self._last = None if cut else event.well
            case _:
                pass

    def outcome(self, *, achieved: bool) -> ev.Outcome:
        """Of a task that the model ends now; ``achieved`` is its own verdict, if it has one."""
        return "done" if achieved and self._last is not False else "ended"

    def word(self, event: ev.TaskFinished) -> str:
        """``answered`` without an action, ``done``, ``ended`` after an action that did not
        succeed, ``undone`` if the model itself said so; else the outcome, such as ``stopped``.
        """
        if event.outcome not in ("done", "ended"):
            return event.outcome
        if self._last is False:
            return "ended"
        if event.outcome == "ended":
            return "undone"
        return "done" if self._last else "answered"


def ending_of(events: Iterable[ev.Event]) -> Ending:
    """What ``events`` came to so far."""
    ending = Ending()
    for event in events:
        ending.add(event)
    return ending
