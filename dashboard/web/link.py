"""The page's own line to the server: whether it stands, and Stop, whatever else hangs.

``/link`` is a socket that echoes, and on which the process beats (`dashboard.web.beats`), so that
a page hears within a moment when nothing comes any more; the same address answers a plain request
when sockets cannot be had. ``POST /stop`` acts on the session itself and needs neither the page's
document nor its socket, and is answered also after a restart. Stop and words may come on the socket
as well. Both stand behind the request guard: its host names, its origins.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.iostream import SSLIOStream
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.web.beats import Line, heart
from dashboard.web.goodbye import goodbyes
from dashboard.web.say import LONGEST, Words, say_of
from dashboard.web.stops import Press
from dashboard.web.workbench import workbench

_LONGEST = 2000


class LinkSocket(AuthRequestHandler, WebSocketHandler):
    """``/link``: a hello with whether the page's document is still here, then echo and beats."""

    _line: Line | None = None
    _owner: str | None = None
    """Who opened it. A line that stands outlives the cookie, as the page's own does: what shows an
    agent at work must be able to stop it."""

    async def prepare(self) -> None:
        await super().prepare()
        if self.current_user is None:
            self.send_error(403, reason="Sign in again.")

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The socket; a plain request is answered with what its hello would say."""
        if "Upgrade" in self.request.headers:
            await super().get(*args, **kwargs)
        else:
            self.set_header("Cache-Control", "no-store")
            self.write(_hello(""))

    async def post(self) -> None:
        """The page's mark as the body: the hello, for a page that gets no socket."""
        self.set_header("Cache-Control", "no-store")
        self.write(_hello(_text(self.request.body)))

    def check_xsrf_cookie(self) -> None:
        """The request guard has compared the origin."""

    def open(self, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        self._owner = workbench().identity.known(self.request)
        stream = getattr(self.ws_connection, "stream", None)
        if stream is None or isinstance(stream, SSLIOStream):
            return  # TLS has one writer: such a page has the echo alone
        self._line = Line(stream.socket)
        heart.enter(self._line)

    def on_message(self, message: str | bytes) -> None:
        try:
            asked = json.loads(message[:LONGEST])
            answer = self._answer(asked if isinstance(asked, dict) else {})
        except (ValueError, RecursionError):
            self.close(1003, "Not a message of the link.")
            return
        self._say(answer)

    def on_close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            heart.leave(line)

    def get_compression_options(self) -> None:
        return None

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "mark" in asked:
            return _hello(str(asked["mark"]))
        if "stop" in asked:
            return {"stop": stop_of(self._owner, asked["stop"])[1]}
        if "say" in asked:
            return {"said": self._said(asked["say"])}
        return {"n": asked.get("n"), "now": time.time()}

    def _said(self, message: Any) -> dict[str, Any]:
        known = message if isinstance(message, dict) else {}
        session_id = str(known.pop("session", ""))
        entry = workbench().sessions.find(session_id, self._owner)
        if entry is not None and not entry.session.opened:
            return {}  # the words' own request waits for it
        answer = say_of(self._owner, session_id, Words.read(known))[1]
        return {"id": str(known.get("id", "")), **answer}

    def _say(self, answer: dict[str, Any]) -> None:
        if self._line is not None:
            self._line.asked = time.monotonic()
            self._line.say(answer)
            return
        with suppress(WebSocketClosedError):
            self.write_message(answer)


class Stop(AuthRequestHandler, RequestHandler):
    """``POST /stop`` with a `Press` as JSON: the session stops, and the answer says what is so."""

    async def post(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.current_user is None:
            self.set_status(403)
            self.write({"state": "refused", "text": "Sign in again: Stop was not carried out."})
            return
        try:
            body = json.loads(_text(self.request.body))
        except (ValueError, RecursionError):
            body = None
        status, answer = stop_of(workbench().identity.known(self.request), body)
        self.set_status(status)
        self.write(answer)

    def check_xsrf_cookie(self) -> None:
        """The request guard has compared the origin."""


def stop_of(owner: str | None, body: Any) -> tuple[int, dict[str, Any]]:
    """Carry out a Stop that ``owner`` pressed: an HTTP status and the answer."""
    press = Press.of(body)
    if press is None:
        return 400, {"state": "refused", "text": "The server does not know this Stop."}
    answer = workbench().stops.carry_out(press, owner)
    if answer is None:
        text = "This session is not here, or is somebody else's: nothing was stopped."
        return 404, {"press": press.press, "state": "refused", "text": text}
    return 200, answer


def _hello(mark: str) -> dict[str, Any]:
    return {"page": goodbyes.knows(mark), "now": time.time()}


def _text(body: bytes) -> str:
    return body[:_LONGEST].decode("utf-8", errors="replace")
