"""Bokeh's lifecycle hooks of the page, importable so that a test's app can use them too."""

from __future__ import annotations

from typing import Any

from dashboard.web import language
from dashboard.web.memory import memory
from dashboard.web.workbench import workbench


def process_request(request: Any) -> dict[str, Any]:
    """What the page may know of the request: who is asking, as a one-way mark, and the language."""
    return workbench().identity.claims(request) | language.claims(request)


def on_session_destroyed(session_context: Any) -> None:
    """Free everything that the page of this browser session held."""
    from dashboard.app import close_page

    close_page(session_context.id)
    memory.freed()
