"""What reaches every chat: the control plane, and tokens for an API key."""

from __future__ import annotations

import base64
import hmac
import json

from tornado.web import RequestHandler

from dashboard.voice.server import messages
from dashboard.voice.server.handlers import Authenticate, Guarded, Rule, Socket, mixed
from dashboard.voice.server.messages import AudioInput, ClientError, ClientMessage
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.standalone.rest import Rest, resources


class JoinSocket(Socket):
    """``/v0/evi/chat/ID/connect``: the whole history, then live."""

    def open(self, chat_id: str) -> None:
        self.begin()
        live = self.evi.live.get(chat_id)
        if live is None or not live.joinable:
            text = f"Chat {chat_id} is not active or was not opened with allow_connection."
            self.refuse(ClientError("E0101", "chat_not_joinable", text), 1008)
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


class SendHandler(Guarded):
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
        known = hmac.compare_digest(self._basic(), self._pair.encode())
        if self._evi.conditions.refuse or not known:
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


def control_routes(
    authenticate: Authenticate, *, evi: OfflineEvi, mixin: type | None = None
) -> list[Rule]:
    """Tornado rules for control plane and REST: only for credentials that may reach every chat."""
    kept = {"evi": evi, "authenticate": authenticate}
    one = r"/v0/evi/chat/([\w-]+)"
    rules: list[Rule] = [
        (f"{one}/connect", mixed(JoinSocket, mixin), kept),
        (f"{one}/send", mixed(SendHandler, mixin), kept),
    ]
    guarded = type("GuardedRest", (Rest, mixed(Guarded, mixin)), {})
    return rules + [(path, guarded, kept | extra) for path, extra in resources()]
