"""Changes of a page that Panel writes late, or not at all, go out by themselves.

Panel drops a component's changes until the browser has said that the page is drawn, for "the
document is serialized in full once the session connects" (`_drain_unconnected_events`). But it has
been serialized, and read by the browser, well before that: what changed between would never be
seen.

While a message is being written to a page, Panel keeps further changes (`_WRITE_MSGS`) for a
task that writes them next. If the first writer ends between, it takes away the mark
(`_WRITE_BLOCK`) by which that task knows that there is work, and what was kept goes out only
with the next change: the page does not change for as long as nothing else happens.

A page may go while it is written to. Then a part of a message fails at once and leaves the parts
before it to nobody, whose failures would be logged as errors with their tracebacks.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bokeh.document import Document
from bokeh.document.events import (
    DocumentChangedEvent,
    DocumentPatchedEvent,
    MessageSentEvent,
)
from panel.io import document as panel_document
from tornado.websocket import WebSocketClosedError, WebSocketHandler

Dispatch = Callable[[Document], Awaitable[None]]
Write = Callable[..., asyncio.Future[None]]
Writes = Callable[..., Sequence[asyncio.Future[None]]]
Drain = Callable[[Document, threading.Lock], list[DocumentChangedEvent]]


def complete(dispatch: Dispatch) -> Dispatch:
    """Panel's writer of kept changes, which never leaves any behind (seen in Panel 1.9.4)."""

    @functools.wraps(dispatch)
    async def write(doc: Document) -> None:
        if doc in panel_document._WRITE_MSGS:  # noqa: SLF001
            panel_document._WRITE_BLOCK[doc] = True  # noqa: SLF001
        await dispatch(doc)

    return write


def keep(drain: Drain) -> Drain:
    """What Panel gives out of a hold before the page is drawn, with the changes that it would drop.

    A browser that has not read the document yet passes over them by itself: they are in it then.
    """

    @functools.wraps(drain)
    def give(doc: Document, lock: threading.Lock) -> list[DocumentChangedEvent]:
        with lock:
            held = list(doc.callbacks._held_events or [])  # noqa: SLF001
        dispatched = drain(doc, lock)
        if not _has_reader(doc):
            return dispatched
        return [*dispatched, *(event for event in held if _is_change(event))]

    return give


def parting(write: Writes) -> Writes:
    """Panel's writes to one page, of which none are left when the page has gone meanwhile."""

    @functools.wraps(write)
    def all_or_none(*given: Any, **more: Any) -> Sequence[asyncio.Future[None]]:
        try:
            return write(*given, **more)
        except WebSocketClosedError:
            return []

    return all_or_none


def heard(write: Write) -> Write:
    """Tornado's writing of a message, whose failure is no error if nobody waits for it."""

    @functools.wraps(write)
    def writing(*given: Any, **more: Any) -> asyncio.Future[None]:
        made = write(*given, **more)
        made.add_done_callback(lambda done: done.cancelled() or done.exception())
        return made

    return writing


def _is_change(event: DocumentChangedEvent) -> bool:
    """Messages are kept by Panel until the page is drawn, for a component that is not there yet."""
    return isinstance(event, DocumentPatchedEvent) and not isinstance(event, MessageSentEvent)


def _has_reader(doc: Document) -> bool:
    session = getattr(doc.session_context, "session", None)
    return session is not None and session.connection_count > 0


@functools.cache
def install() -> None:
    """Let every page of this process be written to completely; once is enough."""
    panel_document._drain_unconnected_events = keep(panel_document._drain_unconnected_events)  # noqa: SLF001
    panel_document._dispatch_msgs = complete(panel_document._dispatch_msgs)  # noqa: SLF001
    panel_document.dispatch_tornado = parting(panel_document.dispatch_tornado)
    WebSocketHandler.write_message = heard(WebSocketHandler.write_message)  # type: ignore[method-assign]
