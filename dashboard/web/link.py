"""The page's own line to the server: whether it stands, and Stop, whatever else hangs.

``/link`` is a socket that only echoes, so that a page hears within a moment when nothing comes
back any more; the same address answers a plain request when sockets cannot be had. ``POST
/stop`` acts on the session itself and needs neither the page's document nor its socket, and is
answered also after a restart. Both stand behind the door: its host names, its origins.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.web.goodbye import goodbyes
from dashboard.web.stops import Press
from dashboard.web.workbench import workbench

_LONGEST = 2000
_EVERY = 0.1
_KEPT = 50


class _Lateness:
    """How late the loop has been of late: a page waits that much longer for its echo."""

    def __init__(self) -> None:
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None
        self._late: deque[float] = deque(maxlen=_KEPT)

    @property
    def worst(self) -> float:
        """Seconds, over the last five seconds in which the loop ran."""
        return max(self._late, default=0.0)

    def enter(self) -> None:
        self._users += 1
        if self._timer is None:
            self._arm()

    def leave(self) -> None:
        self._users -= 1
        if self._users == 0 and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._late.clear()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + _EVERY
        self._timer = loop.call_at(due, self._note, loop, due)

    def _note(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._late.append(max(0.0, loop.time() - due))
        self._arm()


_lateness = _Lateness()


class LinkSocket(AuthRequestHandler, WebSocketHandler):
    """``/link``: says hello with whether the page's document is still here, then echoes."""

    _entered = False

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
        """The door has compared the origin."""

    def open(self, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        _lateness.enter()
        self._entered = True

    def on_message(self, message: str | bytes) -> None:
        try:
            asked = json.loads(message[:_LONGEST])
            answer = self._answer(asked if isinstance(asked, dict) else {})
        except (ValueError, RecursionError):
            self.close(1003, "Not a message of the link.")
            return
        try:
            self.write_message(answer)
        except WebSocketClosedError:
            return

    def on_close(self) -> None:
        if self._entered:
            self._entered = False
            _lateness.leave()

    def get_compression_options(self) -> None:
        return None

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "mark" in asked:
            return _hello(str(asked["mark"]))
        if "stop" in asked:
            return {"stop": stop_of(self.request, asked["stop"])[1]}
        return {"n": asked.get("n"), "now": time.time(), "late": round(_lateness.worst, 3)}


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
        status, answer = stop_of(self.request, body)
        self.set_status(status)
        self.write(answer)

    def check_xsrf_cookie(self) -> None:
        """The door has compared the origin."""


def stop_of(request: HTTPServerRequest, body: Any) -> tuple[int, dict[str, Any]]:
    """Carry out a pressed Stop for whoever sent it: an HTTP status and the answer."""
    press = Press.of(body)
    if press is None:
        return 400, {"state": "refused", "text": "This is no Stop that the server knows."}
    bench = workbench()
    owner = bench.identity.known(request)
    answer = bench.stops.carry_out(press, owner)
    if answer is None:
        text = "This session is not here, or belongs to another browser: nothing was stopped."
        return 404, {"press": press.press, "state": "refused", "text": text}
    return 200, answer


def _hello(mark: str) -> dict[str, Any]:
    return {"page": goodbyes.knows(mark), "now": time.time()}


def _text(body: bytes) -> str:
    return body[:_LONGEST].decode("utf-8", errors="replace")
