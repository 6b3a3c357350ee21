"""What a client is told of a session: folded from the log, so that it holds no secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel

from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.describe import describe
from agent.session.ending import ending_of
from agent.session.status import Status

LONGEST = 4000
"""Characters of one action's result that a client is told; the log has the rest."""


class Step(BaseModel):
    """One action of the agent."""

    action: str
    done: bool
    result: str


class Waiting(BaseModel):
    """What waits for an answer."""

    id: str
    kind: Literal["approval", "question"]
    question: str


class Report(BaseModel):
    """How a session stands, and what was done since some moment."""

    state: str
    """One word, as the page has it: idle, thinking, acting, waiting, held, yours, stopped, …"""

    detail: str
    task: str
    """What is being done; empty when nothing is."""

    waiting: Waiting | None
    voice: str
    """Whether what is told sounds: ready, muted or asleep where a page has a voice, else off."""

    outcome: str
    """How the last task ended: done, answered, ended, denied, stopped, …; empty while one runs."""

    declined: list[str]
    """Questions that were answered with no, or not in time."""

    said: list[str]
    """The agent's words."""

    steps: list[Step]


def report_of(log: EventLog, status: Status, since: int = 0) -> Report:
    """How the session stands, with the words and steps from the event ``since`` on."""
    events = log.since(since)
    return Report(
        state=status.who,
        detail=status.detail,
        task=status.task_text if status.task_id is not None else "",
        waiting=waiting_in(status),
        voice=status.voice,
        outcome="" if status.task_id is not None else _outcome(log),
        declined=list(_declined(events)),
        said=list(_said(events)),
        steps=list(_steps(events)),
    )


def waiting_in(status: Status) -> Waiting | None:
    """What waits for an answer, if anything does."""
    if (asked := status.pending_approval) is not None:
        return Waiting(id=asked.approval_id, kind="approval", question=asked.question)
    if (question := status.question) is not None:
        return Waiting(id=question.question_id, kind="question", question=question.text)
    return None


def conversation(log: Iterable[ev.Event]) -> str:
    """What was said and done, a line for each."""
    return "\n".join(filter(None, map(_line, log)))


def _line(event: ev.Event) -> str:
    match event:
        case ev.UserMessage(origin="person"):
            return f"person: {event.text}"
        case ev.ActionProposed():
            return f"action: {describe(event)}"
        case ev.ActionFinished() if event.is_error:
            return f"failed: {_cut(event.words)}"
        case ev.ApprovalAsked():
            return f"asked: {event.question}"
        case ev.QuestionAsked():
            return f"asked: {event.text}"
        case ev.ApprovalDecided():
            return f"decided: {event.decision} ({event.channel})"
        case ev.Stopped():
            return f"stopped: {event.reason}"
        case _:
            return "\n".join(f"agent: {text}" for text in _said([event]))


def _said(events: Iterable[ev.Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, ev.Replied):
            yield event.text
        elif isinstance(event, ev.BlockFinished) and event.block.get("type") == "text":
            yield str(event.block["text"]).strip()
        elif isinstance(event, ev.Failed):
            yield f"{event.error} {event.advice}".strip()


def _declined(events: Iterable[ev.Event]) -> Iterator[str]:
    asked: dict[str, str] = {}
    for event in events:
        if isinstance(event, ev.ApprovalAsked):
            asked[event.approval_id] = event.question
        elif isinstance(event, ev.ApprovalDecided) and event.decision in ("deny", "timeout"):
            yield asked.get(event.approval_id, event.note)


def _steps(events: Iterable[ev.Event]) -> Iterator[Step]:
    begun: dict[str, str] = {}
    for event in events:
        if isinstance(event, ev.ActionProposed):
            begun[event.action_id] = describe(event)
        elif isinstance(event, ev.ActionFinished):
            action = begun.get(event.action_id, "")
            yield Step(action=action, done=not event.is_error, result=_cut(event.words))


def _outcome(log: EventLog) -> str:
    ended = log.last(ev.TaskFinished)
    return ending_of(log).word(ended) if ended is not None else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… (cut)"
