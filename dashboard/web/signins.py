"""Who signs out is out: their sockets from that browser are closed, and its cookie is void.

A socket is let in when it is opened, and then stands for hours. Signing out takes the cookie away
only where the browser obeys, and from nothing that is already open: the page, the desktop's picture
and the voice would go on. So each socket is known by the sign-in that it was opened with.

A sign-in that expires is another matter: nobody asked for an end, and a page that shows an agent
at work must be able to stop it. What is open then stays, and nothing more can be opened.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

OUT = 4401
"""The code with which such a socket is closed."""

_COOKIE = "user"
_REMEMBERED = 10_000
_REASON = "You have signed out."


class SignIns:
    """Open sockets by their sign-in, and the sign-ins that have ended."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[WebSocketHandler]] = defaultdict(set)
        self._over: OrderedDict[str, None] = OrderedDict()

    def admit(self, request: HTTPServerRequest) -> None:
        """Take the cookie of an ended sign-in from a request, before anybody looks at it."""
        if _sign_in(request) in self._over:
            del request.cookies[_COOKIE]

    def enter(self, socket: WebSocketHandler, key: str) -> None:
        """A socket of the sign-in ``key`` has been opened."""
        if key:
            self._open[key].add(socket)

    def leave(self, socket: WebSocketHandler, key: str) -> None:
        """It has been closed."""
        self._open[key].discard(socket)
        if not self._open[key]:
            del self._open[key]

    def is_over(self, key: str) -> bool:
        """Whether its person has signed out: nothing that still comes is carried out."""
        return key in self._over

    def end(self, request: HTTPServerRequest) -> None:
        """Somebody signs out."""
        key = _sign_in(request)
        if not key:
            return
        self._over[key] = None
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)
        for socket in tuple(self._open.get(key, ())):
            socket.close(OUT, _REASON)


signins = SignIns()
"""Of this process."""


def signing_out(inner: Any, self: RequestHandler, *args: Any, **kwargs: Any) -> Any:
    """Around the logout's ``get``."""
    signins.end(self.request)
    return inner(self, *args, **kwargs)


def known_by_sign_in(handler: type[WebSocketHandler]) -> type[WebSocketHandler]:
    """The handler of a socket, which is closed when its person signs out."""

    class Known(handler):  # type: ignore[valid-type,misc]
        _key = ""

        def open(self, *args: Any, **kwargs: Any) -> Any:
            self._key = _sign_in(self.request)
            signins.enter(self, self._key)
            return super().open(*args, **kwargs)

        def on_message(self, message: str | bytes) -> Any:
            return None if signins.is_over(self._key) else super().on_message(message)

        def on_close(self) -> None:
            signins.leave(self, self._key)
            super().on_close()

    return Known


def _sign_in(request: HTTPServerRequest) -> str:
    """Which sign-in a request comes from; empty if from none."""
    morsel = request.cookies.get(_COOKIE)
    return hashlib.sha256(morsel.value.encode()).hexdigest() if morsel is not None else ""
