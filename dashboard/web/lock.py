"""The lock behind the request guard: nobody gets a page, a file or a socket who was not let in.

Whoever runs the server gets a link with a secret of this start. Opened in a browser, it is
exchanged for a cookie, and for a key that stays in that browser's store for this very origin.
Cookies do not tell ports apart: another server on the same machine is sent them. So the cookie
alone opens nothing but a page's document, which by itself shows nothing, and what a link or a
picture leads to (`by_address`); all else needs the key beside it (``key.js``). Where people sign
in, the login takes the link's place, and the document brings the key.
"""

from __future__ import annotations

import contextlib
import functools
import html
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from dashboard.web.identity import LOCAL, Identity

TOKEN = "token"  # noqa: S105 - the name of an argument
HEADER = "Sayso-Page"
PROTOCOL = "sayso"
"""Among a socket's protocols: the next one is the page's key."""

_PROTOCOLS = "Sec-WebSocket-Protocol"
_FRAME = Path(__file__).parent / "frame"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_KEY = "This needs the key of a page. Load the page again."
_SIGN_IN = "Sign in first."


@dataclass(frozen=True, slots=True)
class Turned:
    """What answers a request instead of what it asked for."""

    handler: type[RequestHandler]
    arguments: Mapping[str, Any]


class Lock:
    """Decides about each request that the request guard has let pass."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._token = secrets.token_urlsafe(32)

    def link(self, address: str) -> str:
        """The address of a page, with what lets its reader in; as it is where people sign in."""
        return address if self._identity.login else f"{address}?{TOKEN}={self._token}"

    def verdict(
        self, request: HTTPServerRequest, *, page: bool = False, address: bool = False
    ) -> Turned | None:
        """What answers in place of the handler, or None if the request may pass.

        Args:
            request: It has come through the request guard.
            page: Whether it asks for a page, which leads to the login where there is one.
            address: Whether a link or a picture leads there (`by_address`).
        """
        key = _taken_key(request)
        owner = self._identity.known(request)
        if not self._identity.login and request.method == "GET" and TOKEN in request.arguments:
            return self._by_link(request, owner)
        plain = request.method in _SAFE and "Upgrade" not in request.headers
        if owner is None:
            return self._stranger(leads_on=page and plain)
        if (plain and (page or address)) or self._identity.opens(key, owner):
            return None
        return Turned(Kept, {"text": _NO_KEY})

    def _by_link(self, request: HTTPServerRequest, owner: str | None) -> Turned:
        given = request.query_arguments.get(TOKEN, [b""])[-1]
        if secrets.compare_digest(given, self._token.encode()):
            return Turned(Entered, {"identity": self._identity})
        if owner is not None:
            return Turned(Entered, {"identity": None})
        return Turned(Locked, {"reason": "stale"})

    def _stranger(self, *, leads_on: bool) -> Turned | None:
        if self._identity.login:
            return None if leads_on else Turned(Kept, {"text": _SIGN_IN})
        return Turned(Locked, {"reason": ""})


def _taken_key(request: HTTPServerRequest) -> str:
    """The page's key in a request, which no handler sees after this."""
    offered = [each.strip() for each in request.headers.get(_PROTOCOLS, "").split(",")]
    if PROTOCOL not in offered:
        return request.headers.get(HEADER, "")
    at = offered.index(PROTOCOL)
    others = offered[:at] + offered[at + 2 :]
    # A socket that offers protocols must be answered with one of them.
    request.headers[_PROTOCOLS] = ", ".join(others or [PROTOCOL])
    return "".join(offered[at + 1 : at + 2])


def with_key(handler: type[WebSocketHandler]) -> type[WebSocketHandler]:
    """The handler of a socket, which may be opened with nothing but a page's key."""

    class Keyed(handler):  # type: ignore[valid-type,misc]
        def select_subprotocol(self, subprotocols: list[str]) -> str | None:
            if subprotocols == [PROTOCOL]:
                return PROTOCOL
            chosen: str | None = super().select_subprotocol(subprotocols)
            return chosen

    return Keyed


Handler = TypeVar("Handler", bound=type[RequestHandler])


def by_address(handler: Handler) -> Handler:
    """Mark a handler to which links and pictures lead, which bring a cookie and no key.

    Its addresses must be such that only somebody with a page of the person's knows them.
    """
    handler.sayso_by_address = True  # type: ignore[attr-defined]
    return handler


def is_by_address(handler: type[RequestHandler]) -> bool:
    """Whether `by_address` marked it."""
    return bool(getattr(handler, "sayso_by_address", False))


class Kept(RequestHandler):
    """Answers every method, upgrade requests too, with why it is refused."""

    def initialize(self, text: str) -> None:
        self._text = text

    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._text}\n")

    def check_xsrf_cookie(self) -> None:
        """It is refused in any case."""


@by_address
class Locked(RequestHandler):
    """The page of somebody who was not let in: how to get in, and nothing else."""

    def initialize(self, reason: str = "") -> None:
        self._why = reason

    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Cache-Control", "no-store")
        crossed = self.request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
        arrives = self.request.headers.get("Sec-Fetch-Mode") == "navigate"
        # A browser that follows a link from elsewhere keeps the cookie back, once.
        again = crossed and arrives and not self._why
        self.finish(_locked().render(again=again, reason=self._why))

    def check_xsrf_cookie(self) -> None:
        """It is refused in any case."""


class Entered(RequestHandler):
    """The link was opened: the browser is known from now on, and the address loses its secret."""

    def initialize(self, identity: Identity | None) -> None:
        self._identity = identity

    def get(self, *args: str) -> None:
        """Lead to the page; without an identity, an old link's reader who is in already."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        key = ""
        if self._identity is not None:
            self.add_header("Set-Cookie", self._identity.let_in(self.request))
            key = f"#page={self._identity.page_key(LOCAL)}"
        self.set_status(303)
        self.set_header("Location", _without_token(self.request) + key)


def _without_token(request: HTTPServerRequest) -> str:
    """The request's address without the token, as seen from itself: a proxy may hide a part."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in pairs if name != TOKEN])
    last = request.path.rpartition("/")[2]
    return f"./{last}" + (f"?{query}" if query else "")


def key_script() -> Markup:
    """The script that has each request of a page bring the page's key."""
    return Markup((_FRAME / "key.bundle.js").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@functools.cache
def _locked() -> Template:
    made = Environment(loader=FileSystemLoader(_FRAME), autoescape=True)
    made.globals["key_script"] = key_script()
    return made.get_template("locked.html")


@dataclass(slots=True)
class Doormat:
    """The link in a file that only its owner can read, for a browser to open.

    A browser's arguments can be read by everybody on the machine, so that the link is not
    among them.
    """

    folder: Path
    _laid: list[Path] = field(default_factory=list)

    def lay(self, link: str, port: int) -> Path:
        """A file that leads to the link.

        Raises:
            OSError: the disk refuses.
        """
        path = self.folder / f"open-{port}.html"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        where = html.escape(link)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(
                '<!DOCTYPE html><meta charset="utf-8"><title>Sayso</title>'
                f'<meta http-equiv="refresh" content="0; url={where}">'
                f'<p><a href="{where}">Open Sayso</a></p>\n'
            )
        self._laid.append(path)
        return path

    def take_up(self) -> None:
        """Remove what was laid."""
        while self._laid:
            with contextlib.suppress(OSError):
                self._laid.pop().unlink()
