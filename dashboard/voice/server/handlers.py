"""Tornado's side: the chat socket, the control plane and the token.

`routes` gives the rules to mount. Handlers take a mixin, by which the page adds its checks
of Host and Origin; without one, Tornado's same-origin rule holds.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
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
from dashboard.voice.server.messages import (
    AudioInput,
    ClientError,
    ClientMessage,
    SessionSettings,
)
from dashboard.voice.server.rest import Rest, resources
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


class _Guarded(RequestHandler):
    """Refuses whoever has no valid credential, before anything else happens."""

    def initialize(self, evi: OfflineEvi, authenticate: Authenticate) -> None:
        self.evi, self._authenticate = evi, authenticate

    def prepare(self) -> None:
        super().prepare()
        if self._finished:
            return
        if self.evi.faults.refuse or not self._authenticate(self._credential()):
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


class _Socket(_Guarded, WebSocketHandler):
    """What the two sockets share."""

    live: LiveChat | None = None

    def data_received(self, chunk: bytes) -> None:
        """Nothing is uploaded to a socket."""

    def _begin(self) -> None:
        self.set_nodelay(True)
        self.outbox = _Outbox(self, lambda: self.evi.faults.delay)

    def _refuse(self, error: ClientError, code: int) -> None:
        self.outbox.send(json.dumps(messages.error(error.code, error.slug, str(error))))
        self.outbox.close(code, error.slug)

    def _query(self, name: str) -> str | None:
        return self.get_query_argument(name, None) or None

    def on_close(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.stop()


class ChatSocket(_Socket):
    """``/v0/evi/chat``."""

    joinable = False

    def open(self, *_args: str, **_kwargs: str) -> None:
        self._begin()
        try:
            settings = self._settings()
            self.live = self.evi.begin(
                self.outbox,
                config_id=self._query("config_id"),
                config_version=self._version(),
                group_id=self._query("resumed_chat_group_id"),
                verbose=self._query("verbose_transcription") in ("true", "1"),
            )
            self.live.joinable = self._query("allow_connection") in ("true", "1")
        except ClientError as error:
            self._refuse(error, 1008)
            return
        except HTTPError:
            text = "The address is no text in UTF-8."
            self._refuse(ClientError("E0101", "invalid_request", text), 1008)
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
        found = self._query("config_version")
        return int(found) if found and _NUMBER.fullmatch(found) else None


class JoinSocket(_Socket):
    """``/v0/evi/chat/ID/connect``: the whole history, then live."""

    def open(self, chat_id: str) -> None:
        self._begin()
        live = self.evi.live.get(chat_id)
        if live is None or not live.joinable:
            text = f"Chat {chat_id} is not active or was not opened with allow_connection."
            self._refuse(ClientError("E0101", "chat_not_joinable", text), 1008)
            return
        self.live = live
        live.join(self.outbox)

    def on_message(self, message: str | bytes) -> None:
        if self.live is None:
            return
        try:
            self.live.post(_soundless(message))
        except ClientError as error:
            self.outbox.send(json.dumps(messages.error(error.code, error.slug, str(error))))

    def on_close(self) -> None:
        super().on_close()
        if self.live is not None:
            self.live.leave(self.outbox)


class SendHandler(_Guarded):
    """``POST /v0/evi/chat/ID/send``: any message but sound."""

    def post(self, chat_id: str) -> None:
        live = self.evi.live.get(chat_id)
        if live is None:
            self.set_status(404)
            self.finish({"error": "not_found", "message": f"Chat {chat_id} is not active."})
            return
        try:
            live.post(_soundless(self.request.body))
        except ClientError as error:
            self.set_status(422)
            self.finish({"detail": [{"loc": ["body"], "msg": str(error), "type": error.slug}]})


def _soundless(text: str | bytes) -> ClientMessage:
    """A message that may come beside the chat's own socket.

    Raises:
        ClientError: it is none, or sound.
    """
    parsed = messages.parse(text)
    if isinstance(parsed, AudioInput):
        raise ClientError("E0101", "invalid_request", "audio_input is not allowed here")
    return parsed


class TokenHandler(RequestHandler):
    """``POST /oauth2-cc/token``: Basic credentials for an access token."""

    def initialize(self, evi: OfflineEvi, key: str, secret: str) -> None:
        self._evi, self._pair = evi, f"{key}:{secret}"

    def post(self) -> None:
        if self._evi.faults.refuse or not hmac.compare_digest(self._basic(), self._pair.encode()):
            self.set_status(401)
            self.finish({"error": "invalid_client"})
        elif self.get_body_argument("grant_type", "") != "client_credentials":
            self.set_status(400)
            self.finish({"error": "unsupported_grant_type"})
        else:
            token, life = self._evi.tokens.issue(), int(self._evi.tokens.life)
            self.finish({"access_token": token, "token_type": "Bearer", "expires_in": life})

    def _basic(self) -> bytes:
        kind, _, value = self.request.headers.get("Authorization", "").partition(" ")
        try:
            return base64.b64decode(value, validate=True) if kind == "Basic" else b""
        except ValueError:  # also what is not even ASCII
            return b""


def _mixed(handler: type[RequestHandler], mixin: type | None) -> type[RequestHandler]:
    return handler if mixin is None else type(handler.__name__, (mixin, handler), {})


def routes(
    authenticate: Authenticate,
    prefix: str = "",
    *,
    evi: OfflineEvi,
    mixin: type | None = None,
    control: bool = False,
) -> list[Rule]:
    """Tornado rules for an offline EVI.

    Args:
        authenticate: whether a credential (header, ``access_token`` or ``api_key``) is good.
        prefix: where to mount, such as ``/voice``.
        evi: the server's state; close it when the server ends.
        mixin: put before every handler's classes, for checks of Host and Origin.
        control: also mount control plane and REST, which reach every chat: only for
            credentials that may.
    """
    kept = {"evi": evi, "authenticate": authenticate}
    rules: list[Rule] = [(rf"{prefix}/v0/evi/chat", _mixed(ChatSocket, mixin), kept)]
    if control:
        one = rf"{prefix}/v0/evi/chat/([\w-]+)"
        rules += [(rf"{one}/connect", _mixed(JoinSocket, mixin), kept)]
        rules += [(rf"{one}/send", _mixed(SendHandler, mixin), kept)]
        guarded = type("GuardedRest", (Rest, _mixed(_Guarded, mixin)), {})
        rules += [(prefix + path, guarded, kept | extra) for path, extra in resources()]
    return rules
