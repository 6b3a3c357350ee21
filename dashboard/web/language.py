"""The language of a page: what its browser was told to use, else what the browser asks for."""

from __future__ import annotations

import functools
import json
from typing import Any, Protocol

from markupsafe import Markup
from panel.io.state import state
from tornado.httputil import HTTPServerRequest

from dashboard import words

LANGUAGE = "sayso_language"
"""The claim of a page's token, and the cookie of a browser that was told."""

ARGUMENT = "language"
"""The part of an address that tells a browser; ``auto`` leaves it to the browser's own settings."""

_AUTO = "auto"
_DAYS = 365


class _Cookies(Protocol):
    request: HTTPServerRequest

    def set_cookie(self, name: str, value: str, **how: Any) -> None: ...

    def clear_cookie(self, name: str, **how: Any) -> None: ...


def language_of(request: HTTPServerRequest) -> str:
    """The language in which a page is answered."""
    told = _told(request)
    if told is None:
        morsel = request.cookies.get(LANGUAGE)
        told = morsel.value if morsel else _AUTO
    if told in words.languages():
        return told
    return words.best(request.headers.get("Accept-Language", ""))


def chosen(request: HTTPServerRequest) -> str:
    """What this browser was told: a language's code, or empty for its own settings."""
    told = _told(request) or getattr(request.cookies.get(LANGUAGE), "value", "")
    return told if told in words.languages() else ""


def keep(handler: _Cookies, path: str) -> None:
    """Have the browser keep what the address says of the language, if it says anything."""
    told = _told(handler.request)
    if told == _AUTO:
        handler.clear_cookie(LANGUAGE, path=path)
    elif told is not None:
        handler.set_cookie(LANGUAGE, told, path=path, expires_days=_DAYS, httponly=True)


def claims(request: Any) -> dict[str, Any]:
    """For the page's signed token: its language, and what the browser was told."""
    return {LANGUAGE: [language_of(request), chosen(request)]}


def _told(request: HTTPServerRequest) -> str | None:
    told = request.query_arguments.get(ARGUMENT, [b""])[-1].decode(errors="replace")
    return told if told == _AUTO or told in words.languages() else None


def page_language() -> tuple[str, str]:
    """The language of the page whose document is current, and what its browser was told."""
    document = state.curdoc
    context = getattr(document, "session_context", None)
    payload = getattr(context, "token_payload", None)
    told = payload.get(LANGUAGE) if isinstance(payload, dict) else None
    if isinstance(told, list) and len(told) == 2:
        return str(told[0]), str(told[1])
    return words.ENGLISH, ""


@functools.cache
def install() -> None:
    """Have the page's words follow the page; once is enough."""
    words.ask(lambda: page_language()[0])


@functools.cache
def script(language: str) -> Markup:
    """The catalogue as `dashboard/js/words.js` looks for it; nothing for English."""
    texts = words.catalogue(language)
    if not texts:
        return Markup()
    told = json.dumps({"language": language, "texts": texts}, ensure_ascii=False)
    whole = told.replace("<", "\\u003c")  # whatever a text says, it ends no element
    return Markup(f'<script type="application/json" id="sayso-words">{whole}</script>')  # noqa: S704 - our own files
