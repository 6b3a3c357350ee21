"""Who has the mouse, and everything else that a glance should tell: derived from the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.record import events as ev
from agent.record.log import EventLog

Who = Literal[
    "idle",
    "listening",
    "thinking",
    "speaking",
    "acting",
    "held",
    "waiting",
    "yours",
    "stopped",
    "disconnected",
]


class Status(BaseModel):
    """The state of a session after some event. ``who`` is always exactly one word."""

    model_config = ConfigDict(frozen=True)

    who: Who = "idle"
    detail: str = ""
    """What is going on, in words for a caption."""

    task_id: str | None = None
    task_text: str = ""
    task_words: tuple[ev.UserMessage, ...] = ()
    """What the person said that is being done: from the last words that cut in on."""

    queue: tuple[ev.TaskQueued, ...] = ()
    """What waits to be done after the task, or when the mouse is given back, in order."""

    kept: tuple[ev.TaskQueued, ...] = ()
    """What waited when it was stopped: not done, and not begun unless the person says so."""

    turn_id: str | None = None
    open_actions: dict[str, str] = {}
    """Names of the proposed and unfinished actions, by id."""

    running: str | None = None
    """Id of the action that has started and not finished."""

    pending_approval: ev.ApprovalAsked | None = None
    question: ev.QuestionAsked | None = None
    held: bool = False
    hold_reason: str = ""
    yours: bool = False
    stopped: bool = False
    stop_reason: str = ""
    dictating: bool = False
    """Whether what the person says is typed as it is said."""

    listening: bool = False
    speaking: str | None = None
    """Id of the line that the loudspeaker is at."""

    retry: ev.RetryWaiting | None = None
    desktop: str = "stopped"
    confined: bool = False
    unwatched: str = ""
    """Why programs that start on the desktop are not watched; empty while they are."""
    unbounded: str = ""
    """Why nothing bounds what they take of the machine together; empty while something does."""

    voice: str = "off"
    closed: bool = False
    home: ev.HomeChanged | None = None
    """The session's home as last told: how much is in it, and may be."""

    model: str = ""
    usage: ev.Usage = ev.Usage()
    """Sum over all finished turns of the session."""

    turn_usage: ev.Usage = ev.Usage()
    """What the open turn costs at least."""

    turns: int = 0
    outcome: ev.Outcome | None = None
    """How the last task ended."""

    gap: bool = False
    """Whether events could not be read since the session was last opened."""


class StatusTracker:
    """The status of a log, kept current."""

    def __init__(self, log: EventLog) -> None:
        self.status = Status()
        for event in log:
            self._add(event)
        self.close = log.guard(self._add)

    def _add(self, event: ev.Event) -> None:
        self.status = reduce_status(self.status, event)


def reduce_status(status: Status, event: ev.Event) -> Status:
    """The status after ``event``."""
    reducer = _REDUCERS.get(event.kind)
    if reducer is None:
        return status
    changed = status.model_copy(update=reducer(status, event))
    who, detail = _who(changed)
    return changed.model_copy(update={"who": who, "detail": detail})


def _who(s: Status) -> tuple[Who, str]:
    """The first that is true wins: what bars the agent comes before what it does."""
    order: list[tuple[bool, Who, str]] = [
        (s.closed, "disconnected", "The session is closed."),
        (s.desktop in ("died", "unavailable"), "disconnected", "The desktop is not running."),
        (s.yours, "yours", "You have the mouse."),
        (s.stopped, "stopped", s.stop_reason),
        (s.pending_approval is not None, "waiting", _question(s)),
        (s.question is not None, "waiting", _question(s)),
        (s.held, "held", s.hold_reason),
        (s.listening, "listening", ""),
        (s.running is not None, "acting", s.open_actions.get(s.running or "", "")),
        (s.speaking is not None, "speaking", ""),
        (s.task_id is not None, "thinking", s.retry.reason if s.retry else s.task_text),
    ]
    return next(((who, detail) for true, who, detail in order if true), ("idle", ""))


def _question(s: Status) -> str:
    if s.pending_approval is not None:
        return s.pending_approval.question
    return s.question.text if s.question is not None else ""


def _opened(s: Status, e: ev.SessionOpened) -> dict[str, Any]:
    fresh = {"voice": "off", "listening": False, "speaking": None, "desktop": "stopped"}
    fresh |= {"dictating": False}
    return {"closed": False, "gap": False, "model": e.model, **fresh}


def _heard(s: Status, e: ev.Heard) -> dict[str, Any]:
    return {"listening": e.interim}


def _narrated(s: Status, e: ev.Narrated) -> dict[str, Any]:
    if e.state == "speaking":
        return {"speaking": e.narration_id}
    over = e.narration_id == s.speaking and e.state in ("heard", "cut", "dropped")
    return {"speaking": None} if over else {}


def _turn_finished(s: Status, e: ev.TurnFinished) -> dict[str, Any]:
    return {"turn_id": None, "retry": None, "usage": s.usage + e.usage, "turn_usage": ev.Usage()}


def _proposed(s: Status, e: ev.ActionProposed) -> dict[str, Any]:
    return {"open_actions": {**s.open_actions, e.action_id: e.name}, "retry": None}


def _action_finished(s: Status, e: ev.ActionFinished) -> dict[str, Any]:
    left = {key: value for key, value in s.open_actions.items() if key != e.action_id}
    return {"open_actions": left, "running": None if s.running == e.action_id else s.running}


def _task_finished(s: Status, e: ev.TaskFinished) -> dict[str, Any]:
    over = {"task_id": None, "task_text": "", "task_words": ()}
    return {**over, "outcome": e.outcome, "retry": None}


def _task_started(s: Status, e: ev.TaskStarted) -> dict[str, Any]:
    began = {"task_id": e.task_id, "task_text": e.text, "task_words": ()}
    return {**began, "stopped": False, "outcome": None, **_waits_no_more(s, task_id=e.task_id)}


def _queued(s: Status, e: ev.TaskQueued) -> dict[str, Any]:
    others = _waits_no_more(s, task_id=e.task_id)
    return {**others, "queue": (*others["queue"], e)}


def _unqueued(s: Status, e: ev.TaskUnqueued) -> dict[str, Any]:
    left = _waits_no_more(s, task_id=e.task_id)
    if e.fate == "kept":
        left["kept"] += tuple(w for w in s.queue if w.task_id == e.task_id)
    return left


def _user_message(s: Status, e: ev.UserMessage) -> dict[str, Any]:
    if e.origin != "person":
        return {}
    words = (e,) if e.cuts else (*s.task_words, e)
    return {"task_words": words, **_waits_no_more(s, utterance_id=e.utterance_id)}


def _stopped(s: Status, e: ev.Stopped) -> dict[str, Any]:
    return {"stopped": True, "stop_reason": e.reason, "held": False, "dictating": False}


def _waits_no_more(s: Status, *, task_id: str = "", utterance_id: str = "") -> dict[str, Any]:
    def others(waiting: tuple[ev.TaskQueued, ...]) -> tuple[ev.TaskQueued, ...]:
        return tuple(w for w in waiting if w.task_id != task_id and w.utterance_id != utterance_id)

    return {"queue": others(s.queue), "kept": others(s.kept)}


_REDUCERS: dict[str, Callable[[Status, Any], dict[str, Any]]] = {
    "session_opened": _opened,
    "session_closed": lambda s, e: {"closed": True},
    "session_imported": lambda s, e: {"usage": ev.Usage(), "turn_usage": ev.Usage()},
    "unreadable": lambda s, e: {"gap": True},
    "desktop_changed": lambda s, e: {
        "desktop": e.state,
        "confined": e.confined,
        "unwatched": e.unwatched,
        "unbounded": e.unbounded,
    },
    "home_changed": lambda s, e: {"home": e},
    "voice_changed": lambda s, e: {"voice": e.state},
    "heard": _heard,
    "understood": lambda s, e: {"listening": False},
    "task_started": _task_started,
    "task_queued": _queued,
    "task_unqueued": _unqueued,
    "user_message": _user_message,
    "task_finished": _task_finished,
    "turn_started": lambda s, e: {"turn_id": e.turn_id, "turns": s.turns + 1, "retry": None},
    "turn_finished": _turn_finished,
    "turn_counted": lambda s, e: {"turn_usage": e.usage},
    "retry_waiting": lambda s, e: {"retry": e},
    "action_proposed": _proposed,
    "action_started": lambda s, e: {"running": e.action_id},
    "action_finished": _action_finished,
    "approval_asked": lambda s, e: {"pending_approval": e},
    "approval_decided": lambda s, e: {"pending_approval": None},
    "question_asked": lambda s, e: {"question": e},
    "question_answered": lambda s, e: {"question": None},
    "hold_began": lambda s, e: {"held": True, "hold_reason": e.reason},
    "hold_ended": lambda s, e: {"held": False, "hold_reason": ""},
    "dictation_changed": lambda s, e: {"dictating": e.on},
    "stopped": _stopped,
    "control_taken": lambda s, e: {"yours": True},
    "control_returned": lambda s, e: {"yours": False, "stopped": False},
    "narrated": _narrated,
}
