"""From where a page may be changed at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import panel as pn
from panel.io.state import set_curdoc

Within = Callable[[], AbstractContextManager[Any]]


def page_context() -> Within:
    """The context of the page that is being made, for its own thread.

    Elsewhere (a session of `agent.blocking`), and where there is no page, Panel itself hands
    changes on to the page's loop.
    """
    document, thread = pn.state.curdoc, threading.get_ident()

    def within() -> AbstractContextManager[Any]:
        if document is None or threading.get_ident() != thread:
            return nullcontext()
        return set_curdoc(document)

    return within
