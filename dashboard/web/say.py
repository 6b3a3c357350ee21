"""``POST /sessions/ID/say``: words for a session, from a page that has no document yet.

A page takes words from its first moment on, long before its components have come. What is sent
again because the answer was lost is said once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tornado.web import RequestHandler

from agent.errors import JournalError
from dashboard.web.workbench import workbench

_LONGEST = 65_536
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
        if len(body) > _LONGEST:
            return None
        try:
            words = cls.model_validate(json.loads(body))
        except (ValidationError, ValueError, RecursionError):
            return None
        return words if words.text.strip() else None


class Heard:
    """Which words have been said already, by their session and id."""

    def __init__(self) -> None:
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def first_time(self, session_id: str, words: Words) -> bool:
        """Whether these words are new; from now on they are not."""
        key = (session_id, words.id)
        if key in self._ids:
            return False
        self._ids[key] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return True

    def forget(self, session_id: str, words: Words) -> None:
        """These words could not be taken: they are new when they come again."""
        self._ids.pop((session_id, words.id), None)


heard = Heard()
"""Of this process."""


class Say(AuthRequestHandler, RequestHandler):
    """Answers 202 with ``state`` sent, or says in ``text`` why the words were not taken."""

    def post(self, session_id: str) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.current_user is None:
            self._refuse(403, "Sign in again: your words were not taken.")
            return
        words = Words.of(self.request.body)
        if words is None:
            self._refuse(400, "Nothing was sent, or more than 4,000 letters.")
            return
        bench = workbench()
        entry = bench.sessions.find(session_id, bench.identity.known(self.request))
        if entry is None:
            self._refuse(404, "This session is not here, or belongs to another browser.")
            return
        if heard.first_time(session_id, words):
            bench.sessions.open(entry)
            try:
                entry.conductor.typed(words.text)
            except JournalError as error:
                heard.forget(session_id, words)
                entry.session.trouble = str(error)
                self._refuse(507, str(error))
                return
        self.set_status(202)
        self.write({"state": "sent"})

    def check_xsrf_cookie(self) -> None:
        """The door has compared the origin."""

    def _refuse(self, status: int, text: str) -> None:
        self.set_status(status)
        answer: dict[str, Any] = {"state": "refused", "text": text}
        self.write(answer)
