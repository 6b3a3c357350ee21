"""A page that is left is freed at once; one whose connection broke may come back.

A tab that closes sends code 1001 (RFC 6455), but not if it is written to in that moment: then
its socket breaks off as a broken network's does. So the page says itself that it is left, by
``POST /goodbye`` with a mark that only it knows.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from tornado.web import RequestHandler

RETURN = 180.0
"""Seconds that a page whose connection broke is kept for it to come back. It costs about a
megabyte for that long; after it, the page reloads itself."""

GOING_AWAY = 1001
LINGER = 60.0
"""Seconds that a page is kept which never connected."""

KEPT = round(1000 * (RETURN + 60))
"""Milliseconds after which Bokeh itself frees a page without a connection: never before us."""

_LONGEST = 100


class Goodbyes:
    """Which pages said that they are left; marks and browser sessions by each other."""

    def __init__(self) -> None:
        self.patience = RETURN
        self._contexts: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._left: set[str] = set()
        self._met: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def expect(self, context: Any) -> str:
        """The mark by which the page of a Bokeh session will say that it is left."""
        mark = secrets.token_urlsafe(24)
        self._contexts[mark] = context
        asyncio.get_running_loop().call_later(LINGER, self._never_came, mark)
        return mark

    def knows(self, mark: str) -> bool:
        """Whether the page of that mark is still here, so that it need not be reloaded."""
        context = self._contexts.get(mark)
        if context is None or context.id in self._left:
            return False
        return not context.destroyed

    def met(self, application: Any, session: Any, connection: Any) -> None:
        """A page has connected, perhaps again: what is left of its earlier connection is dead."""
        self._met.add(session.id)
        for other in tuple(session._subscribed_connections):  # noqa: SLF001 - Bokeh has no list of them
            if other is not connection:
                _cut(other)

    def forget(self, mark: str) -> None:
        """The page has been freed."""
        context = self._contexts.pop(mark, None)
        if context is not None:
            self._left.discard(context.id)
            self._met.discard(context.id)

    def leave(self, mark: str) -> None:
        """The page says goodbye: its connection ends now, or has ended already."""
        context = self._contexts.get(mark)
        if context is None or context.session is None:
            return
        self._left.add(context.id)
        for connection in tuple(context.session._subscribed_connections):  # noqa: SLF001
            _cut(connection)
        self.ended(context.server_context.application_context, context.session, None)

    def ended(self, application: Any, session: Any, code: int | None) -> None:
        """A connection has ended: free its page now, or after it had time to come back."""
        if session.connection_count:
            return
        left = code == GOING_AWAY or session.id in self._left
        loop = asyncio.get_running_loop()
        loop.call_later(0.0 if left else self.patience, self._expire, application, session)

    def _never_came(self, mark: str) -> None:
        context = self._contexts.get(mark)
        if context is None or context.session is None or context.id in self._met:
            return
        self._expire(context.server_context.application_context, context.session)

    def _expire(self, application: Any, session: Any) -> None:
        if session.connection_count or session.destroyed:
            return
        session.request_expiration()
        cleaning = asyncio.ensure_future(application._cleanup_sessions(KEPT))  # noqa: SLF001
        self._tasks.add(cleaning)
        cleaning.add_done_callback(self._tasks.discard)


goodbyes = Goodbyes()
"""Of this process."""


class Goodbye(RequestHandler):
    """``POST /goodbye``, with the page's mark as its body (`navigator.sendBeacon`)."""

    def post(self) -> None:
        goodbyes.leave(self.request.body[:_LONGEST].decode("ascii", errors="replace"))
        self.set_status(204)


def _cut(connection: Any) -> None:
    """End a connection whose other end is not there: a close that waits for it would last."""
    socket = connection._socket  # noqa: SLF001
    line = getattr(socket, "ws_connection", None)
    if line is not None:
        line.stream.close()


async def with_return(inner: Callable[..., Any], self: Any, token: str) -> None:
    """Around a page's connection being ready (`WSHandler._async_open`)."""
    await inner(self, token)
    if self.connection is not None:
        goodbyes.met(self.application_context, self.connection.session, self.connection)


def with_goodbye(inner: Callable[[Any], None], self: Any) -> None:
    """Around the end of a page's connection (`WSHandler.on_close`)."""
    session = self.connection.session if self.connection is not None else None
    inner(self)
    if session is not None:
        goodbyes.ended(self.application_context, session, self.close_code)
