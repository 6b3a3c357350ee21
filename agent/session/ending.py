"""How a task ended: by what its last action came to, not by the words alone."""

from __future__ import annotations

from collections.abc import Iterable

from agent.record import events as ev
from agent.session.history import CUT, INTERRUPTED
from agent.session.manual import NOT_THE_AGENTS
from agent.session.refused import TOLD_OTHERWISE

_CUT = (CUT, INTERRUPTED, TOLD_OTHERWISE)
"""What the person said otherwise about is no failure of the agent's."""


class Ending:
    """Reads a session's events in order."""

    def __init__(self) -> None:
        self._last: bool | None = None
        self._by_hand: set[str] = set()
        self._asked: dict[str, str] = {}
        self._denied: set[str] = set()
        self._last_denied = False

    def add(self, event: ev.Event) -> None:
        """Take in the next event."""
        match event:
            case ev.TaskStarted():
                self._last, self._last_denied = None, False
            case ev.ApprovalAsked():
                self._asked[event.approval_id] = event.action_id
            case ev.ApprovalDecided(decision="deny" | "timeout"):
                self._denied.add(event.action_id or self._asked.get(event.approval_id, ""))
            case ev.ActionProposed() if event.turn_id in NOT_THE_AGENTS:
                self._by_hand.add(event.action_id)
            case ev.ActionFinished() if event.action_id not in self._by_hand:
                cut = event.is_error and event.text in _CUT
                self._last = None if cut else event.well
                self._last_denied = event.action_id in self._denied
            case _:
                pass

    def outcome(self, *, achieved: bool) -> ev.Outcome:
        """Of a task that the model ends now; ``achieved`` is its own verdict, if it has one."""
        return "done" if achieved and self._last is not False else "ended"

    def word(self, event: ev.TaskFinished) -> str:
        """``answered`` without an action, ``done``, ``denied`` and ``ended`` after an action that
        was not allowed or did not succeed, ``unclear`` and ``undone`` if the model itself said
        that it did not understand or had not done it; else the outcome, such as ``stopped``.
        """
        if event.outcome not in ("done", "ended"):
            return event.outcome
        if self._last is False:
            return "denied" if self._last_denied else "ended"
        if event.outcome == "ended":
            return "undone" if event.understood else "unclear"
        return "done" if self._last else "answered"


def ending_of(events: Iterable[ev.Event]) -> Ending:
    """What ``events`` came to so far."""
    ending = Ending()
    for event in events:
        ending.add(event)
    return ending
