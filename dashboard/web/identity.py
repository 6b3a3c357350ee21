"""Which browser is asking: a signed HttpOnly cookie, and a one-way mark for the page."""

from __future__ import annotations

import hashlib
import os
import secrets
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import create_signed_value, decode_signed_value

COOKIE = "sayso_browser"
CLAIM = "sayso_owner"
_DAYS = 365
_VISITOR = "sayso_visitor"


def load_secret(path: Path) -> bytes:
    """The secret kept at ``path`` (mode 0600), made on first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_bytes()
        if len(kept) >= 32:
            return kept
        path.unlink()
        return load_secret(path)
    with os.fdopen(handle, "wb") as file:
        file.write(fresh := secrets.token_bytes(32))
    return fresh


class Identity:
    """Recognises browsers. The cookie's value never reaches a page or its scripts."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret.hex()

    def known(self, request: HTTPServerRequest) -> str | None:
        """The owner mark of the browser's valid cookie, or None without one."""
        morsel = request.cookies.get(COOKIE)
        if morsel is None:
            return None
        value = decode_signed_value(self._secret, COOKIE, morsel.value, max_age_days=_DAYS)
        return None if value is None else _mark(value.decode())

    def admit(self, request: HTTPServerRequest) -> str | None:
        """Remember who asks for a page; returns a ``Set-Cookie`` value for a newcomer."""
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        if visitor is None:
            owner, browser = self.known(request), secrets.token_urlsafe(24)
            fresh = (_mark(browser), self._cookie(browser, secure=request.protocol == "https"))
            visitor = fresh if owner is None else (owner, None)
            setattr(request, _VISITOR, visitor)
        return visitor[1]

    def claims(self, request: Any) -> dict[str, Any]:
        """For the page's signed token: the owner's mark, set only behind the door."""
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        return {} if visitor is None else {CLAIM: visitor[0]}

    def _cookie(self, browser: str, *, secure: bool) -> str:
        cookie: SimpleCookie = SimpleCookie()
        cookie[COOKIE] = create_signed_value(self._secret, COOKIE, browser).decode()
        morsel = cookie[COOKIE]
        morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
        morsel["max-age"] = _DAYS * 86_400
        if secure:
            morsel["secure"] = True
        return morsel.OutputString()


def _mark(browser: str) -> str:
    return hashlib.sha256(b"owner:" + browser.encode()).hexdigest()
