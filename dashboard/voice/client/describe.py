"""Answers to "what are you doing?" taken from the event log, without asking any model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.kinds import doing
from agent.record.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    ApprovalAsked,
    ApprovalDecided,
    Event,
    HoldBegan,
    HoldEnded,
    QuestionAnswered,
    QuestionAsked,
    RetryWaiting,
    Stopped,
    TaskFinished,
    TaskStarted,
)


@dataclass(slots=True)
class Picture:
    """What matters for an answer, kept up to date event by event."""

    task: str = ""
    finished: TaskFinished | None = None
    action: str = ""
    actions_done: int = 0
    waiting_for: str = ""
    held: bool = False
    retrying: str = ""
    _proposed: dict[str, ActionProposed] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case TaskStarted():
                self.task, self.finished, self.action = event.text, None, ""
                self.actions_done, self.waiting_for = 0, ""
            case TaskFinished():
                self.finished, self.action, self.waiting_for = event, "", ""
            case ActionProposed():
                self._proposed[event.action_id] = event
            case ActionStarted():
                self.action, self.retrying = _doing(self._proposed.get(event.action_id)), ""
            case ActionFinished():
                self._proposed.pop(event.action_id, None)
                self.action, self.actions_done = "", self.actions_done + event.ran
            case ApprovalAsked():
                self.waiting_for = event.question
            case QuestionAsked():
                self.waiting_for = event.text
            case ApprovalDecided() | QuestionAnswered():
                self.waiting_for = ""
            case HoldBegan():
                self.held = True
            case HoldEnded() | Stopped():
                self.held = False
            case RetryWaiting():
                self.retrying = f"waiting {event.seconds:.0f} seconds for the model's service"
            case _:
                pass

    def sentence(self) -> str:
        """The answer, fit to be spoken."""
        if not self.task:
            return "Nothing yet. Tell me what to do."
        if self.finished is not None:
            return _ended(self.task, self.finished)
        if self.waiting_for:
            return f"I am waiting for you: {self.waiting_for}"
        now = self.retrying or self.action or "thinking about the next step"
        done = f" {_count(self.actions_done)} so far." if self.actions_done else ""
        return f"I am {now}, for: {self.task.rstrip('.')}.{done}"


def _doing(proposed: ActionProposed | None) -> str:
    if proposed is None:
        return "working"
    verb = doing(proposed.name)
    name = proposed.target.get("name", "")
    return f"{verb} {name}" if name and "click" in proposed.name else verb


def _count(number: int) -> str:
    return "One action" if number == 1 else f"{number} actions"


def _ended(task: str, finished: TaskFinished) -> str:
    words = {
        "done": "I have finished",
        "ended": "I did not get this done",
        "stopped": "I was stopped during",
        "failed": "I could not finish",
        "limit": "I ran into a limit during",
        "refused": "The model declined",
    }
    said = f" {finished.summary}" if finished.summary else ""
    return f"{words[finished.outcome]}: {task.rstrip('.')}.{said}"


def picture_of(events: Iterable[Event]) -> Picture:
    """The picture after all of ``events``."""
    picture = Picture()
    for event in events:
        picture.see(event)
    return picture
