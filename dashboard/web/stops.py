"""Stop, pressed once, carried out once: however often a page that lost its link sends it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import JournalError
from agent.record.events import TaskStarted

if TYPE_CHECKING:
    from agent.session.session import Session
    from dashboard.web.registry import Sessions

_REMEMBERED = 1000
State = Literal["stopped", "idle", "later"]


class Press(BaseModel):
    """One press of Stop, as the page sends it until it is answered."""

    model_config = ConfigDict(frozen=True)

    press: str = Field(min_length=8, max_length=64)
    """Which press this is: the same for every time it is sent."""

    session: str = Field(min_length=1, max_length=200)
    task: str = Field(default="", max_length=200)
    """The task that the page saw running; empty if none, or not known."""

    at: float | None = Field(default=None, allow_inf_nan=False)
    """When it was pressed, in Unix seconds of the server's clock; None: now."""

    source: Literal["button"] = "button"

    @classmethod
    def of(cls, body: Any) -> Press | None:
        """The press in a request's JSON, or None if it is none."""
        try:
            return cls.model_validate(body)
        except ValidationError:
            return None


class Stops:
    """Carries presses out on the sessions themselves, and remembers what came of each."""

    def __init__(self, sessions: Sessions, *, now: Callable[[], float] = time.time) -> None:
        self._sessions = sessions
        self._now = now
        self._answers: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()

    def carry_out(self, press: Press, owner: str | None) -> dict[str, Any] | None:
        """What is so now, or None if the owner has no such session.

        The answer's ``state`` is one of three. ``stopped``: nothing runs any more.
        ``idle``: the session is not open on this server, so that nothing can run. ``later``:
        what ran at the press has ended, and what runs now was begun after it; it goes on.
        """
        key = (owner or "", press.press)
        if (known := self._answers.get(key)) is not None:
            return known
        entry = self._sessions.find(press.session, owner)
        if entry is not None:
            answer = _answer(press, _stop(entry.session, press, self._now()))
        elif owner is not None and self._owns(owner, press.session):
            answer = _answer(press, "idle")
        else:
            return None
        self._answers[key] = answer
        if len(self._answers) > _REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    def _owns(self, owner: str, session_id: str) -> bool:
        """Of a session that does not run, only the disk knows whose it is: nothing is to stop."""
        try:
            return self._sessions.owns(owner, session_id)
        except JournalError:
            return False


def _stop(session: Session, press: Press, now: float) -> State:
    if _begun_later(session, press, now):
        return "later"
    session.stop("You pressed Stop.", source=press.source)
    return "stopped"


def _begun_later(session: Session, press: Press, now: float) -> bool:
    """Whether what runs was begun by somebody after the press, so that it was not meant."""
    running = session.status.task_id
    if running is None or running == press.task or press.at is None or press.at > now:
        return False
    begun = next(e for e in reversed(session.log.of(TaskStarted)) if e.task_id == running)
    return begun.at > press.at


def _answer(press: Press, state: State) -> dict[str, Any]:
    return {"press": press.press, "state": state}
