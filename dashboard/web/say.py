"""``POST /sessions/ID/say``: words for a session, from a page that has no document yet.

A page takes words from its first moment on, long before its components have come, and right after
a gap of the network, while its document's socket is still dead. What is sent again because the
answer was lost, by whatever way, is said once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tornado.web import RequestHandler

from agent.errors import JournalError
from dashboard.web.workbench import workbench

if TYPE_CHECKING:
    from dashboard.web.registry import Entry

LONGEST = 65_536
"""Bytes of a request: four thousand letters, each written as an escape, and what is around them."""

_REMEMBERED = 1000


class Words(BaseModel):
    """What a person sends from the page's frame."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=8, max_length=64)
    """The same for every time that these words are sent."""

    text: str = Field(min_length=1, max_length=4000)

    @classmethod
    def of(cls, body: bytes) -> Words | None:
        """The words in a request's JSON, or None if it holds none."""
        if len(body) > LONGEST:
            return None
        try:
            return cls.read(json.loads(body))
        except (ValueError, RecursionError):
            return None

    @classmethod
    def read(cls, message: Any) -> Words | None:
        """The words in a message, or None if it holds none."""
        try:
            words = cls.model_validate(message)
        except ValidationError:
            return None
        return words if words.text.strip() else None


class Heard:
    """Which words have been said already, by their session and id."""

    def __init__(self) -> None:
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def knows(self, session_id: str, words_id: str) -> bool:
        """Whether words of that id have been said."""
        return (session_id, words_id) in self._ids

    def first_time(self, session_id: str, words_id: str) -> bool:
        """Whether words of that id are new; from now on they are not."""
        key = (session_id, words_id)
        if key in self._ids:
            return False
        self._ids[key] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return True

    def forget(self, session_id: str, words_id: str) -> None:
        """Words of that id could not be taken: they are new when they come again."""
        self._ids.pop((session_id, words_id), None)


heard = Heard()
"""Of this process."""


class Say(AuthRequestHandler, RequestHandler):
    """Answers 202 with ``state`` sent, or says in ``text`` why the words were not taken."""

    async def post(self, session_id: str) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.current_user is None:
            self.set_status(403)
            self.write(_refused("Sign in again: your words were not taken."))
            return
        owner = workbench().identity.known(self.request)
        await _opened(owner, session_id)
        status, answer = say_of(owner, session_id, Words.of(self.request.body))
        self.set_status(status)
        self.write(answer)

    def check_xsrf_cookie(self) -> None:
        """The request guard has compared the origin."""


def say_once(entry: Entry, words_id: str, text: str) -> None:
    """Say words in a session, unless words of that id have been said in it.

    Raises:
        JournalError: They could not be written down, hence not said; they may be sent again.
    """
    if not heard.first_time(entry.id, words_id):
        return
    try:
        entry.conductor.typed(text)
    except JournalError:
        heard.forget(entry.id, words_id)
        raise


async def _opened(owner: str | None, session_id: str) -> None:
    """Open the session, if it is there; what it is told follows its opening."""
    sessions = workbench().sessions
    entry = sessions.find(session_id, owner)
    if entry is None:
        return
    sessions.open(entry)
    await entry.until_open()


def say_of(owner: str | None, session_id: str, words: Words | None) -> tuple[int, dict[str, Any]]:
    """Say words in an open session for ``owner``, who sent them: an HTTP status and the answer."""
    if words is None:
        return 400, _refused("Nothing was sent, or more than 4,000 letters.")
    entry = workbench().sessions.find(session_id, owner)
    if entry is None:
        return 404, _refused("This session is not here, or is somebody else's.")
    try:
        say_once(entry, words.id, words.text)
    except JournalError as error:
        entry.session.trouble = str(error)
        return 507, _refused(str(error))
    return 202, {"state": "sent"}


def _refused(text: str) -> dict[str, Any]:
    return {"state": "refused", "text": text}
