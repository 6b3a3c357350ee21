"""Tornado's side: the chat socket.

`routes` gives the rules to mount. Handlers take a mixin, by which the page adds its checks
of Host and Origin; without one, Tornado's same-origin rule holds.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, Final

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.voice.server import messages
from dashboard.voice.server.applied import from_query
from dashboard.voice.server.live import LiveChat
from dashboard.voice.server.messages import ClientError, SessionSettings
from dashboard.voice.server.service import OfflineEvi

Authenticate = Callable[[str | None], bool]
Rule = tuple[str, type[RequestHandler], dict[str, Any]]

_BACKLOG: Final = 48 << 20
"""Characters that may wait for a slow client; beyond, it is dropped."""
_ABNORMAL: Final = 1006
_NUMBER: Final = re.compile("[0-9]{1,9}")


class _Outbox:
    """Text frames in order, written by one task, so that a slow client blocks nobody."""

    def __init__(self, socket: WebSocketHandler, delay: Callable[[], float]) -> None:
        self._socket, self._delay = socket, delay
        self._queue: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue()
        self._size = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    def send(self, text: str) -> None:
        self._size += len(text)
        if self._size > _BACKLOG:
            self._socket.close(1013, "too slow")
            return
        self._queue.put_nowait(text)

    def close(self, code: int, reason: str) -> None:
        self._queue.put_nowait((code, reason))

    def stop(self) -> None:
        """The socket is closed: nothing more can be written."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            item = await self._queue.get()
            if isinstance(item, tuple):
                return self._end(*item)
            if self._delay() > 0:
                await asyncio.sleep(self._delay())
            try:
                await self._socket.write_message(item)
            except (WebSocketClosedError, StreamClosedError):
                return None
            self._size -= len(item)

    def _end(self, code: int, reason: str) -> None:
        connection = self._socket.ws_connection
        if code == _ABNORMAL and connection is not None:
            connection._abort()  # noqa: SLF001 - Tornado has no other way to drop a line
        else:
            self._socket.close(code, reason)


class Guarded(RequestHandler):
    """Refuses whoever has no valid credential, before anything else happens."""

    def initialize(self, evi: OfflineEvi, authenticate: Authenticate) -> None:
        self.evi, self._authenticate = evi, authenticate

    def prepare(self) -> None:
        super().prepare()
        if self._finished:
            return
        if self.evi.conditions.refuse or not self._authenticate(self._credential()):
            self.set_status(401)
            self.finish({"error": "unauthorized", "message": "Invalid or expired credentials."})

    def _request_summary(self) -> str:
        """For Tornado's access log: without the query, which holds a credential."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    def _credential(self) -> str | None:
        header = self.request.headers.get("X-Hume-Api-Key")
        bearer = self.request.headers.get("Authorization", "")
        return (
            header
            or self.get_query_argument("access_token", None)
            or self.get_query_argument("api_key", None)
            or (bearer[7:] if bearer.startswith("Bearer ") else None)
        )


class Socket(Guarded, WebSocketHandler):
    """What sockets of a chat share."""

    live: LiveChat | None = None

    def data_received(self, chunk: bytes) -> None:
        """Nothing is uploaded to a socket."""

    def begin(self) -> None:
        """Make it ready to be written to."""
        self.set_nodelay(True)
        self.outbox = _Outbox(self, lambda: self.evi.conditions.delay)

    def refuse(self, error: ClientError, code: int) -> None:
        """Tell why, and close."""
        self.outbox.send(json.dumps(messages.error(error.code, error.slug, str(error))))
        self.outbox.close(code, error.slug)

    def query(self, name: str) -> str | None:
        """An argument of the address; None when it is empty."""
        return self.get_query_argument(name, None) or None

    def on_close(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.stop()


class ChatSocket(Socket):
    """``/v0/evi/chat``."""

    joinable = False

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.begin()
        try:
            settings = self._settings()
            self.live = self.evi.begin(
                self.outbox,
                config_id=self.query("config_id"),
                config_version=self._version(),
                group_id=self.query("resumed_chat_group_id"),
                verbose=self.query("verbose_transcription") in ("true", "1"),
            )
            self.live.joinable = self.query("allow_connection") in ("true", "1")
        except ClientError as error:
            self.refuse(error, 1008)
            return
        except HTTPError:
            text = "The address is no text in UTF-8."
            self.refuse(ClientError("E0101", "invalid_request", text), 1008)
            return
        if settings is not None:
            self._apply(self.live, settings)

    def _apply(self, live: LiveChat, settings: SessionSettings) -> None:
        try:
            live.post(settings)
        except ClientError as error:
            self.outbox.send(json.dumps(messages.error(error.code, error.slug, str(error))))

    def on_message(self, message: str | bytes) -> None:
        if self.live is not None:
            self.live.frame(message)

    def on_close(self) -> None:
        super().on_close()
        if self.live is not None:
            self.live.gone()
            self.evi.live.pop(self.live.id, None)

    def _settings(self) -> SessionSettings | None:
        found = {k: self.get_query_arguments(k) for k in self.request.query_arguments}
        try:
            return from_query(found)
        except ValueError as error:
            raise ClientError("E0101", "invalid_request", str(error)) from error

    def _version(self) -> int | None:
        found = self.query("config_version")
        return int(found) if found and _NUMBER.fullmatch(found) else None


def mixed(handler: type[RequestHandler], mixin: type | None) -> type[RequestHandler]:
    """``handler`` with a mixin's checks before its own."""
    return handler if mixin is None else type(handler.__name__, (mixin, handler), {})


def routes(
    authenticate: Authenticate,
    prefix: str = "",
    *,
    evi: OfflineEvi,
    mixin: type | None = None,
) -> list[Rule]:
    """Tornado rules for an offline EVI.

    Args:
        authenticate: whether a credential (header, ``access_token`` or ``api_key``) is good.
        prefix: where to mount, such as ``/voice``.
        evi: the server's state; close it when the server ends.
        mixin: put before the handler's classes, for checks of Host and Origin.
    """
    kept = {"evi": evi, "authenticate": authenticate}
    return [(rf"{prefix}/v0/evi/chat", mixed(ChatSocket, mixin), kept)]
