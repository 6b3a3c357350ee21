"""Who is asking, and which sessions are theirs: the one place that says whose something is.

Things belong to a person, from whatever browser, whether or not its cookies were cleared in
between. With a login that is the name that signed in. Without one it is the person who runs the
server: whoever has the link that it printed (`dashboard.web.lock`) is that person, and what
browsers made before there was a lock is theirs (`Ownership`). A guest, where guests are
allowed beside a login, is a browser. The page learns no more than a one-way mark.

One password for everybody (``--basic-auth PASSWORD``) proves no name: who knows it can come in
under any. A file of names and passwords keeps people apart. Who could come in as somebody else
with every visit, guests too, shares one person's sessions and money with all the others (`payer`).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import time
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from panel.config import config
from tornado.httputil import HTTPServerRequest
from tornado.web import create_signed_value, decode_signed_value

from agent.errors import ConfigurationError
from agent.record.spending import UNNAMED

CLAIM = "sayso_owner"
PERSON = "sayso_person"
_PAGE = "sayso_page"
_VISITOR = "sayso_visitor"
_DAYS = 30
"""Days without a visit after which a browser needs the link again."""

_FRESH = 1
"""Days after which a visit renews the cookie."""

_KEY_DAYS = 3650
"""The cookie beside it dies much earlier: a key that died first would leave a dead page."""
_LOOKS, _BETWEEN = 100, 0.02
"""How often, and after how many seconds, a secret is looked for that another start is writing."""

_PORT = re.compile(r":(\d{1,5})$")


def _mark(kind: str, who: str) -> str:
    return hashlib.sha256(f"{kind}{who}".encode()).hexdigest()


LOCAL = _mark("local:", "")
"""The mark of the person who runs a server without a login."""


def load_secret(path: Path) -> bytes:
    """The secret kept at ``path`` (mode 0600), made on first use.

    Raises:
        ConfigurationError: its folder cannot be used.
    """
    try:
        return _secret(path)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"{path} cannot be read or written ({why}): check its folder's owner and the free "
            "space, or set SAYSO_DATA_DIR."
        ) from error


def _secret(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = _whole(path)
        if kept:
            path.chmod(0o600)
            return kept
        path.unlink()
        return _secret(path)
    with os.fdopen(handle, "wb") as file:
        file.write(fresh := secrets.token_bytes(32))
    return fresh


def _whole(path: Path) -> bytes:
    """What is kept there; empty if it is cut off, and nobody is just writing it."""
    for _ in range(_LOOKS):
        kept = path.read_bytes()
        if len(kept) >= 32:
            return kept
        time.sleep(_BETWEEN)
    return b""


def cookie_name(request: HTTPServerRequest, prefix: str = "") -> str:
    """The name of the browser's cookie: by the port that the browser knows, and the prefix.

    Cookies do not tell ports apart, so that servers of one machine need names of their own.
    """
    found = _PORT.search(request.host)
    port = found[1] if found else ("443" if request.protocol == "https" else "80")
    return "_".join(("sayso", port, *re.findall(r"[\w.-]+", prefix, re.ASCII)))


class Identity:
    """Recognises people and browsers. The cookies' values never reach a page or its scripts.

    Args:
        secret: Signs cookies and the pages' keys; it outlives restarts.
        login: Whether people sign in to this server.
        guests: Whether somebody who did not sign in may come in beside a login.
        prefix: The server's part of each address, as given to ``--prefix``.
    """

    def __init__(
        self, secret: bytes, *, login: bool = False, guests: bool = False, prefix: str = ""
    ) -> None:
        self._secret = secret.hex()
        self.login = login
        self.guests = guests
        self.names_proven = True
        """Whether who signs in can do so under one name only."""

        self.prefix = prefix.strip("/")

    def known(self, request: HTTPServerRequest) -> str | None:
        """The owner mark of whoever asks, or None for somebody who was not let in."""
        if not self.login:
            return LOCAL if self._browser(request) else None
        person = self.person(request)
        if person is not None:
            return _mark("login:", person)
        browser = self._browser(request) if self.guests else None
        return None if browser is None else _mark("owner:", browser)

    def person(self, request: HTTPServerRequest) -> str | None:
        """The name that signed in; None without a login and for a guest."""
        morsel = request.cookies.get("user")
        if not self.login or morsel is None or not config.cookie_secret:
            return None
        name = decode_signed_value(
            config.cookie_secret, "user", morsel.value, max_age_days=config.oauth_expiry
        )
        return name.decode(errors="replace") if name else None

    def payer(self, owner: str, person: str) -> str:
        """As whom somebody is counted where there are bounds for each person.

        Args:
            owner: Their mark.
            person: The name that they signed in with; empty without a login and for a guest.
        """
        named = bool(person) and self.names_proven
        return UNNAMED if self.login and not named else owner

    def let_in(self, request: HTTPServerRequest) -> str:
        """A ``Set-Cookie`` value by which this browser is known from now on."""
        return self._cookie(request, self._browser(request) or secrets.token_urlsafe(24))

    def admit(self, request: HTTPServerRequest) -> str | None:
        """Remember who asks for a page; returns a ``Set-Cookie`` value where one is due."""
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        if visitor is None:
            visitor = self._visit(request)
            if visitor is None:
                return None
            setattr(request, _VISITOR, visitor)
        return visitor[1]

    def claims(self, request: Any) -> dict[str, Any]:
        """For the page's signed token: the owner's mark and the name that signed in.

        They are set only behind the request guard and the lock.
        """
        visitor: tuple[str, str | None] | None = getattr(request, _VISITOR, None)
        return {} if visitor is None else {CLAIM: visitor[0], PERSON: self.person(request) or ""}

    def page_key(self, owner: str) -> str:
        """What a page must present beside the cookie: another each time, good after a restart."""
        value = f"{owner} {secrets.token_urlsafe(9)}"
        signed = create_signed_value(self._secret, _PAGE, value)
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")

    def opens(self, key: str, owner: str) -> bool:
        """Whether a page's key was made for ``owner``."""
        try:
            signed = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return False
        value = decode_signed_value(self._secret, _PAGE, signed, max_age_days=_KEY_DAYS)
        return value is not None and secrets.compare_digest(value.split()[0], owner.encode())

    def _visit(self, request: HTTPServerRequest) -> tuple[str, str | None] | None:
        """The owner of a page that is asked for, and the cookie to set."""
        owner, browser = self.known(request), self._browser(request)
        if owner is not None:
            by_cookie = browser is not None and self.person(request) is None
            stale = by_cookie and self._browser(request, _FRESH) is None
            return owner, self._cookie(request, browser) if stale and browser else None
        if not (self.login and self.guests):
            return None
        browser = secrets.token_urlsafe(24)
        return _mark("owner:", browser), self._cookie(request, browser)

    def _browser(self, request: HTTPServerRequest, days: float = _DAYS) -> str | None:
        """The name that this server gave the browser within so many days."""
        name = cookie_name(request, self.prefix)
        morsel = request.cookies.get(name)
        if morsel is None:
            return None
        value = decode_signed_value(self._secret, name, morsel.value, max_age_days=days)
        return value.decode(errors="replace") if value else None

    def _cookie(self, request: HTTPServerRequest, browser: str) -> str:
        cookie: SimpleCookie = SimpleCookie()
        name = cookie_name(request, self.prefix)
        cookie[name] = create_signed_value(self._secret, name, browser).decode()
        morsel = cookie[name]
        morsel["path"] = f"/{self.prefix}" if self.prefix else "/"
        morsel["httponly"], morsel["samesite"] = True, "Strict"
        morsel["max-age"] = _DAYS * 86_400
        if request.protocol == "https":
            morsel["secure"] = True
        return morsel.OutputString()
