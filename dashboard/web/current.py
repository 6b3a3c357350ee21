"""The current document: Panel keeps it for whatever a page sets going, here only while it lives.

Panel holds it in a context variable. Every task and timer takes a copy of the context that it is
made in: a session's desktop, its journal and the speech process, once started from a page, would
keep that page's document, with all that belongs to it, for as long as they run.
"""

from __future__ import annotations

import functools
import weakref
from contextvars import ContextVar, Token
from typing import Any

from bokeh.document import Document
from panel.io.state import state


class WeakDocument:
    """A context variable whose document is None once nobody else has it."""

    def __init__(self, name: str) -> None:
        self._kept: ContextVar[weakref.ref[Document] | None] = ContextVar(name, default=None)

    def get(self) -> Document | None:
        """The document of the running page."""
        kept = self._kept.get()
        return None if kept is None else kept()

    def set(self, document: Document | None) -> Token[Any]:
        """Make this the current one; `reset` undoes it."""
        return self._kept.set(None if document is None else weakref.ref(document))

    def reset(self, token: Token[Any]) -> None:
        """Back to what was current before.

        Raises:
            ValueError: the token is another context's.
        """
        self._kept.reset(token)


@functools.cache
def install() -> None:
    """Let no page of this process be kept by what it has started; once is enough."""
    state._curdoc = WeakDocument("curdoc")  # type: ignore[assignment]  # noqa: SLF001
