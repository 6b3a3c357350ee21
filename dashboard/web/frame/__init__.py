"""The page's frame: what is sent before the page itself is made, and can be used at once.

A document goes out in two parts. `first` is the same for everybody but for address and language:
bars, rail, text box and Stop, drawn without any script but its own; it leaves the server before the
session is looked up. The rest, by `rest`, brings Bokeh and the page's components, which take
over from it (`frame.js`).

The document is compressed. It holds two secrets, the token of the Bokeh session and, where people
sign in, the page's key. Both are others each time, so that nothing can be learned from the sizes
of many answers.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import panel_material_ui as pmui
from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup
from panel.config import config
from panel.io.resources import Resources, bundle_resources
from panel.io.server import DocHandler
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import GZipContentEncoding, authenticated

from dashboard import words
from dashboard.theme import frame_themes
from dashboard.view_registry import TALK, views
from dashboard.web import language
from dashboard.web.identity import CLAIM
from dashboard.web.lock import key_script
from dashboard.web.workbench import workbench

_HERE = Path(__file__).parent
_SESSION = re.compile(r"(?!new$)[\w.-]{1,200}")
_TAG = re.compile(r"<script[^>]*>.*?</script>\s*", re.DOTALL)
_UNNEEDED = ("es-module-shims", "esms-options", "bokeh-gl")
"""Browsers import modules by themselves, and no view plots with WebGL."""

_EVERY_PAGE = re.compile(r"static/js/bokeh|/panel\.min\.js")
"""Further scripts depend on what a page shows."""

_BROKEN = (
    "<script>saysoFrame.trouble('The page could not be built; "
    "the server log has the details.')</script></body></html>"
)
_log = logging.getLogger(__name__)


def needed(scripts: str) -> str:
    """Script tags without those that the page does not need."""
    return _TAG.sub(lambda tag: "" if _unneeded(tag[0]) else tag[0], scripts)


def _unneeded(told: str) -> bool:
    return any(name in told for name in _UNNEEDED)


@functools.cache
def rest() -> Template:
    """The template of what follows the frame. ``session_id``: of the session with a text box."""
    return _environment().get_template("rest.html")


def first(request: HTTPServerRequest, scripts: Sequence[str]) -> str:
    """The document's first part.

    Args:
        request: Its ``view`` and ``session`` decide what the rail shows and where it leads.
        scripts: Addresses of the scripts that the rest will ask for.
    """
    wanted = {name: _argument(request, name) for name in ("session", "view")}
    session = {"session": wanted["session"]} if _SESSION.fullmatch(wanted["session"]) else {}
    places = {kind.name: kind for kind in (TALK, *views().values())}
    here = wanted["view"] if wanted["view"] in places else TALK.name
    links = {
        name: _link(session if name == TALK.name else session | {"view": name}) for name in places
    }
    tongue = language.language_of(request)
    return _frame().render(
        here=here,
        links=links,
        places=places.values(),
        scripts=scripts,
        page_key=_page_key(request),
        language=tongue,
        catalogue=language.script(tongue),
        t=partial(words.t_in, tongue),
    )


def framed(handler: type[DocHandler]) -> type[DocHandler]:
    """The handler of documents, which sends the frame before it makes the page."""

    class Framed(handler):  # type: ignore[valid-type,misc]
        @authenticated
        async def get(self, *args: Any, **kwargs: Any) -> None:
            if self.application.prefix and self.request.path == self.application.prefix:
                await super().get(*args, **kwargs)  # leads elsewhere
                return
            self._transforms = [*self._transforms, GZipContentEncoding(self.request)]
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.set_header("Cache-Control", "no-store")
            language.keep(self, config.cookie_path)
            self.write(first(self.request, _scripts(self.application)))
            try:
                await self.flush()
            except StreamClosedError:
                return  # left before the page was made: none is
            try:
                await super().get(*args, **kwargs)
            except Exception:  # noqa: BLE001 - the answer has begun: the page itself says it
                _log.exception("The page could not be made")
                self.write(_BROKEN)

    return Framed


def _page_key(request: HTTPServerRequest) -> str:
    """The page's key where people sign in; elsewhere the browser has it from the link."""
    identity = workbench().identity
    owner = identity.claims(request).get(CLAIM) if identity.login else None
    return identity.page_key(owner) if isinstance(owner, str) else ""


def _argument(request: HTTPServerRequest, name: str) -> str:
    return request.query_arguments.get(name, [b""])[-1].decode(errors="replace")


def _link(arguments: dict[str, str]) -> str:
    return f"?{urlencode(arguments)}"


@functools.cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_HERE), autoescape=False)  # noqa: S701 - markup only
    made.filters["needed"] = needed
    return made


@functools.cache
def _frame() -> Template:
    made = Environment(loader=FileSystemLoader(_HERE), autoescape=True)
    made.globals |= {
        "css": _text("frame.css"),
        "script": _text("frame.bundle.js"),
        "theme_script": _text("theme.bundle.js"),
        "key_script": key_script(),
        "themes": frame_themes(),
        "modules": [pmui.Page._render_esm(True, server=True)],  # noqa: SLF001
    }
    return made.get_template("frame.html")


def _text(name: str) -> Any:
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - our own files


@functools.cache
def _scripts(application: Any) -> tuple[str, ...]:
    files = map(str, bundle_resources([], Resources.from_bokeh(application.resources())).js_files)
    return tuple(file for file in files if _EVERY_PAGE.search(file) and not _unneeded(file))
