"""Short-lived, single-purpose tickets for WebSockets, signed with a secret of this start."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

_SIGNATURE_BYTES = 32


class Tickets:
    """Makes and checks tickets; one made by another process or before a restart is void.

    A ticket names a session, a purpose and an end. It is not enough by itself: the socket
    that presents it must also come from the browser that owns the session.
    """

    def __init__(
        self, secret: bytes | None = None, *, now: Callable[[], float] = time.time
    ) -> None:
        self._secret = secret if secret is not None else secrets.token_bytes(32)
        self._now = now

    def issue(self, session_id: str, purpose: str, ttl: float = 60.0) -> str:
        """A ticket for one session and purpose, good for ``ttl`` seconds."""
        end = int((self._now() + ttl) * 1000)
        body = "\n".join((session_id, purpose, str(end), secrets.token_urlsafe(9))).encode()
        return _text(self._sign(body) + body)

    def check(self, ticket: str, purpose: str) -> str | None:
        """The session that a ticket opens, or None if it is forged, old or for other use."""
        body = self._verified(ticket)
        if body is None:
            return None
        session_id, made_for, end, _ = body.decode().split("\n")
        if made_for != purpose or int(end) <= self._now() * 1000:
            return None
        return session_id

    def _verified(self, ticket: str) -> bytes | None:
        try:
            raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        except ValueError:
            return None
        if _text(raw) != ticket:  # letters and bits that decoding leaves out
            return None
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        return body if hmac.compare_digest(signature, self._sign(body)) else None

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
