"""Short sounds and notifications for what a person should notice while looking elsewhere."""

from __future__ import annotations

from typing import Literal

from agent.record import events as ev
from agent.session.status import Status
from dashboard.words import t

Cue = Literal["begins", "asks", "done", "fails", "stops"]

_SPEAKING = frozenset({"ready", "muted", "asleep"})
"""States of the voice line in which the loudspeaker tells the same in words."""


def cue_of(event: ev.Event, status: Status) -> Cue | None:
    """The sound that belongs to an event; None while the voice tells it, or for most events."""
    return None if status.voice in _SPEAKING else moment_of(event, status)


def words_of(event: ev.Event) -> str:
    """What a notification says of such a moment, in the words of the log."""
    match event:
        case ev.ApprovalAsked():
            return event.question
        case ev.QuestionAsked():
            return event.text
        case ev.TaskFinished():
            return event.summary
        case ev.DesktopChanged():
            return event.detail or t("The desktop is not running.")
        case _:
            return ""


def moment_of(event: ev.Event, status: Status) -> Cue | None:
    """What an event is to somebody who looks elsewhere; None for most."""
    match event:
        case ev.TaskStarted():
            return "begins"
        case ev.ControlReturned() if status.task_id is not None:
            return "begins"
        case ev.ApprovalAsked() | ev.QuestionAsked():
            return "asks"
        case ev.Stopped():
            return "stops"
        case ev.TaskFinished(outcome="done"):
            return "done"
        case ev.TaskFinished(outcome="ended" | "failed" | "limit" | "refused"):
            return "fails"
        case ev.DesktopChanged(state="died" | "unavailable"):
            return "fails"
        case _:
            return None
