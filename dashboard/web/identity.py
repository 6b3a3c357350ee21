"""Who is asking, and which sessions are theirs: the one place that says whose something is.

With a login, things belong to the person: to the name that signed in, from whatever browser,
whether or not its cookies were cleared in between. Without one, and for a guest, they belong
to the browser: a signed HttpOnly cookie tells it from others. Either way the page learns no
more than a one-way mark.

What a browser made before its person signed in stays the browser's: whoever signs in on a
machine that others use does not come into their work. It is there again when the server
runs without a login, and for whoever runs the server (``python -m agent --list``). One
password for everybody (``--basic-auth PASSWORD``) proves no name: who knows it can come in
under any. A file of names and passwords keeps people apart.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from panel.config import config
from tornado.httputil import HTTPServerRequest
from tornado.web import create_signed_value, decode_signed_value

COOKIE = "sayso_browser"
"""The older name of the browser's cookie, still read."""

CLAIM = "sayso_owner"
PERSON = "sayso_person"
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
    """Recognises people and browsers. The cookies' values never reach a page or its scripts.

    ``login``: whether people sign in to this server.
    """

    def __init__(self, secret: bytes, *, login: bool = False) -> None:
        self._secret = secret.hex()
        self.login = login
        # Cookies do not tell ports apart: another server on this machine has another secret.
        self._cookie_name = f"{COOKIE}_{hashlib.sha256(secret).hexdigest()[:8]}"

    def known(self, request: HTTPServerRequest) -> str | None:
        """The owner mark of whoever asks, or None for a browser that was never here."""
        person = self.person(request)
        return _mark("login:", person) if person is not None else self._browser(request)

    def person(self, request: HTTPServerRequest) -> str | None:
        """The name that signed in; None without a login and for a guest."""
        morsel = request.cookies.get("user")
        if not self.login or morsel is None or not config.cookie_secret:
            return None
        name = decode_signed_value(
            config.cookie_secret, "user", morsel.value, max_age_days=config.oauth_expiry
        )
        return name.decode(errors="replace") if name else None

    def _browser(self, request: HTTPServerRequest) -> str | None:
        for name in (self._cookie_name, COOKIE):
            morsel = request.cookies.get(name)
            if morsel is None:
                continue
            value = decode_signed_value(self._secret, name, morsel.value, max_age_days=_DAYS)
            if value is not None:
                return _mark("owner:", value.decode())
        return None

    def admit(self, request: HTTPServerRequest) -> str | None:
        """Remember who asks for a page; returns a ``Set-Cookie`` value for a newcomer."""
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        if visitor is None:
            owner, browser = self.known(request), secrets.token_urlsafe(24)
            fresh = (
                _mark("owner:", browser),
                self._cookie(browser, secure=request.protocol == "https"),
            )
            visitor = fresh if owner is None else (owner, None)
            setattr(request, _VISITOR, visitor)
        return visitor[1]

    def claims(self, request: Any) -> dict[str, Any]:
        """For the page's signed token: the owner's mark and the name that signed in.

        They are set only behind the door.
        """
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        return {} if visitor is None else {CLAIM: visitor[0], PERSON: self.person(request) or ""}

    def _cookie(self, browser: str, *, secure: bool) -> str:
        cookie: SimpleCookie = SimpleCookie()
        name = self._cookie_name
        cookie[name] = create_signed_value(self._secret, name, browser).decode()
        morsel = cookie[name]
        morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
        morsel["max-age"] = _DAYS * 86_400
        if secure:
            morsel["secure"] = True
        return morsel.OutputString()


def _mark(kind: str, who: str) -> str:
    return hashlib.sha256(f"{kind}{who}".encode()).hexdigest()
