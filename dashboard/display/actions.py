"""What a person does on a display of a session, in a notebook or an app, carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Literal

from agent.errors import JournalError, SaysoError
from agent.session.control import change_named
from agent.session.session import Session
from dashboard.putback import PutBackDesk
from dashboard.transcript import MEANT
from dashboard.typed import Typed

Message = dict[str, Any]

_LONGEST = 4000
"""Characters of one typed sentence or answer."""


class SessionActions:
    """Carries out the messages of one display, on the session's loop.

    Args:
        session: What is acted upon.
        post: Sends a message to the conversation that is shown.
        refused: Gives words that could not be taken back to where they were typed.
        told: Shows the person why something was not done.
    """

    def __init__(
        self,
        session: Session,
        *,
        post: Callable[[Message], None],
        refused: Callable[[str], None],
        told: Callable[[str], None],
    ) -> None:
        self._session, self._refused, self._told = session, refused, told
        self._put_back = PutBackDesk(session.files, post)
        self._tasks: set[asyncio.Task[None]] = set()
        self._typed: Typed | None = None
        self.say: Callable[[str], object] | None = None
        """Takes what is typed where a voice decides; else it is read here."""

        self.meant: Callable[[str], object] = lambda utterance: None
        """Takes the id of an utterance that was passed over and was for the agent."""

    def open(self) -> None:
        """Follow what is asked, so that a typed *yes* finds its question."""
        self._typed = Typed(self._session)

    def close(self) -> None:
        """Let go of the session."""
        if self._typed is not None:
            self._typed.close()
            self._typed = None

    def act(self, message: Message) -> None:
        """Carry out a message; unknown ones are ignored, and what is refused is told."""
        handler = self._actions.get(str(message.get("type")))
        if handler is None:
            return
        try:
            handler(self, message)
        except JournalError as error:
            self._session.trouble = str(error)
        except SaysoError as error:
            self._told(str(error))

    @property
    def yours(self) -> bool:
        """Whether the person has the mouse."""
        return self._session.status.who == "yours"

    def give(self, message: Message | None = None) -> None:
        """Give the mouse back, if the person has it."""
        if self.yours:
            self._session.return_control()

    def _say(self, message: Message) -> None:
        text = str(message.get("text", "")).strip()[:_LONGEST]
        say = self.say or (self._typed.say if self._typed is not None else None)
        if not text or say is None:
            return
        try:
            say(text)
        except SaysoError:
            self._refused(text)
            raise

    def _stop(self, message: Message) -> None:
        self._session.stop("You pressed Stop.", source="button")

    def _take(self, message: Message) -> None:
        self._session.take_control()

    def _approve(self, message: Message) -> None:
        decision: Literal["allow", "deny"]
        decision = "allow" if message.get("decision") == "allow" else "deny"
        self._session.approve(str(message.get("id")), decision, channel="button")

    def _fate(self, message: Message) -> None:
        if message.get("to") == MEANT[0]:
            self.meant(str(message.get("id")))
        elif change := change_named(str(message.get("to"))):
            self._session.change_fate(str(message.get("id")), change)

    def _answer(self, message: Message) -> None:
        self._session.answer(str(message.get("id")), str(message.get("text", ""))[:_LONGEST])

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    _actions: ClassVar[dict[str, Callable[[SessionActions, Message], None]]] = {
        "put_back_look": lambda self, message: self._later(self._put_back.look(message)),
        "put_back": lambda self, message: self._later(self._put_back.put_back(message)),
        "say": _say,
        "stop": _stop,
        "take": _take,
        "give": give,
        "approve": _approve,
        "answer": _answer,
        "fate": _fate,
    }
