"""Builds the page of one browser session and frees it when that session ends."""

from __future__ import annotations

import html
import logging
from typing import Any

import panel as pn
import panel_material_ui as pmui

from agent.errors import SaysoError
from dashboard.lobby import Lobby, Occasion
from dashboard.page import Page
from dashboard.web.frame import rest
from dashboard.web.identity import CLAIM, PERSON
from dashboard.web.registry import Entry, NoSuchSessionError, ServerFullError
from dashboard.web.workbench import workbench
from dashboard.words import marked, t

SESSIONS = "sessions"
"""The address's ``view`` of the list of sessions."""

_MISSING = marked(
    "It may have been deleted, the link may be incomplete, or it is somebody else's. "
    "Nothing was opened."
)
_log = logging.getLogger(__name__)
_pages: dict[str, Page | Lobby] = {}


def serve_page() -> None:
    """Put a page into the current document: the workbench, or what is wrong and what to do."""
    pn.extension(reconnect=True, exception_handler=_report)
    try:
        page = build_page()
    except SaysoError as error:
        _error_page(str(error)).servable()
    except Exception as error:  # noqa: BLE001 - the page's border: shown instead of a blank page
        _log.exception("The page could not be built")
        advice = t("Load it again; if that does not help, the server's log has the details.")
        text = t("The page could not be built ({error}).", error=f"{type(error).__name__}: {error}")
        _error_page(f"{text} {advice}").servable()
    else:
        _pages[_context().id] = page
        page.root.servable()
        if isinstance(page, Page):
            pn.state.curdoc.template_variables["session_id"] = page.session_id


def build_page() -> Page | Lobby:
    """The page for whoever asks: their named or newest session, or a new one.

    Where there is none to show, the page says so, and what can be done.

    Raises:
        SaysoError: there can be no session; the text says why and what to do.
        RuntimeError: the request did not come through the request guard.
    """
    bench, claims = workbench(), _context().token_payload
    owner, person = claims.get(CLAIM), str(claims.get(PERSON) or "")
    if not isinstance(owner, str):
        raise RuntimeError("the request did not come through the request guard")
    found = _occasion(owner) or _attach(owner, person)
    if isinstance(found, Occasion):
        return Lobby(bench, owner, found, person)
    return Page(found, bench)


def close_page(context_id: str) -> None:
    """Free a page; called when its browser session is destroyed."""
    page = _pages.pop(context_id, None)
    if page is not None:
        page.close()


def _context() -> Any:
    """The browser session whose document is being built."""
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        raise RuntimeError("there is no browser session")
    return document.session_context


def _occasion(owner: str) -> Occasion | None:
    """Why no session is to be opened, if none is: the list is asked for, or one has ended."""
    wanted = _argument("session")
    if _argument("view") == SESSIONS:
        return Occasion("list")
    card = workbench().sessions.ended(wanted, owner) if wanted else None
    return None if card is None else Occasion("ended", card.ended, wanted, card)


def _attach(owner: str, person: str) -> Entry | Occasion:
    sessions, wanted = workbench().sessions, _argument("session")
    try:
        if wanted == "new":
            return sessions.create(owner, person=person)
        return sessions.attach(owner, wanted, person=person)
    except NoSuchSessionError:
        return Occasion("missing", t(_MISSING))
    except ServerFullError as error:
        return Occasion("full", str(error))
    except SaysoError as error:
        if wanted in ("", "new"):
            raise
        return Occasion("failed", str(error), wanted, sessions.card(wanted, owner))


def _argument(name: str) -> str:
    return str(pn.state.session_args.get(name, [b""])[0].decode(errors="replace"))


def _report(error: BaseException) -> None:
    """An error in a callback: into the log of the page's session, where people see it."""
    _log.error("A callback failed", exc_info=error)
    context = pn.state.curdoc.session_context if pn.state.curdoc else None
    page = _pages.get(context.id) if context is not None else None
    if page is not None:
        page.report(error)


def _error_page(text: str) -> Any:
    body = pn.pane.HTML(
        f"<h1>{t('Sayso cannot start a session')}</h1><p>{html.escape(text)}</p>"
        f"<p><a href='?'>{t('Try again')}</a></p>",
        styles={"max-width": "62ch", "margin": "12vh auto", "font-size": "16px"},
    )
    return pmui.Page(title="Sayso", main=[body], theme_toggle=False, template=rest())
