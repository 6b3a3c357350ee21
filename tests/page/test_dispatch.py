"""Changes that come while a page is being written to."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.document.events import TitleChangedEvent
from bokeh.protocol import Protocol
from panel.io import document as panel_document
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.blank import make_page
from dashboard.web.dispatch import complete, heard, keep, parting


class Socket:
    """Stands for a page's socket; Panel writes to it by way of `extra_socket_handlers`."""


@dataclass(eq=False)
class Page:
    """A page whose socket takes its time."""

    _socket: Socket = field(default_factory=Socket)
    protocol: Protocol = field(default_factory=Protocol)
    titles: list[str] = field(default_factory=list)
    writes: list[asyncio.Future[None]] = field(default_factory=list)

    def write(self, message: Any) -> list[asyncio.Future[None]]:
        self.titles += [event["title"] for event in message.content["events"]]
        self.writes.append(asyncio.get_running_loop().create_future())
        return [self.writes[-1]]


@pytest.fixture
def slow_sockets() -> Iterator[None]:
    panel_document.extra_socket_handlers[Socket] = lambda page, msg: page.write(msg)  # type: ignore[assignment,misc]
    yield
    del panel_document.extra_socket_handlers[Socket]


def change(doc: Document, page: Page, title: str) -> None:
    """What Panel does with a change while the socket is not free."""
    event = TitleChangedEvent(doc, title)
    panel_document.schedule_write_events(doc, [page], [event])  # type: ignore[list-item]


async def until(page: Page, writes: int) -> None:
    while len(page.writes) < writes:
        await asyncio.sleep(0)


async def test_a_change_that_comes_as_a_write_ends_is_written_too(slow_sockets: None) -> None:
    """It must not wait for the next change, which may never come."""
    original = panel_document._dispatch_msgs
    panel_document._dispatch_msgs = complete(original)
    try:
        doc, page = Document(), Page()
        change(doc, page, "first")
        await until(page, 1)
        page.writes[0].set_result(None)
        change(doc, page, "second")
        async with asyncio.timeout(30):
            await until(page, 2)
        page.writes[1].set_result(None)
        assert page.titles == ["first", "second"]
    finally:
        panel_document._dispatch_msgs = original


@dataclass(eq=False)
class Read:
    """A document's context, and the session with the browsers that have read it."""

    connection_count: int

    @property
    def session(self) -> Read:
        return self


@pytest.mark.parametrize("readers", [0, 1])
def test_a_change_before_the_page_is_drawn_goes_to_whoever_has_read_it(readers: int) -> None:
    """Who has not read the document yet finds it there."""
    doc, context = Document(), Read(readers)
    doc._session_context = weakref.ref(context)  # type: ignore[assignment]
    doc.hold()
    doc.title = "stopped"
    drain = inspect.unwrap(panel_document._drain_unconnected_events)
    given = keep(drain)(doc, threading.Lock())
    assert [event.title for event in given if isinstance(event, TitleChangedEvent)] == [
        "stopped"
    ] * readers


class Closing:
    """A connection that takes a part of a message, is found closed by it, and refuses the rest."""

    def __init__(self) -> None:
        self.parts = 0

    def is_closing(self) -> bool:
        return False

    def write_message(self, message: object, binary: bool = False) -> asyncio.Future[None]:
        self.parts += 1
        if self.parts > 1:
            raise WebSocketClosedError
        return asyncio.ensure_future(self._fail())

    async def _fail(self) -> None:
        raise WebSocketClosedError


async def test_a_page_that_goes_while_it_is_written_to_is_nobodys_error() -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
    original = WebSocketHandler.write_message
    WebSocketHandler.write_message = heard(original)  # type: ignore[method-assign]
    line = Closing()
    page = SimpleNamespace(_socket=SimpleNamespace(ws_connection=line), protocol=Protocol())
    try:
        event = TitleChangedEvent(Document(), "late")
        assert parting(panel_document.dispatch_tornado)(page, [event]) == []
        for _ in range(3):
            await asyncio.sleep(0)
        gc.collect()
    finally:
        WebSocketHandler.write_message = original  # type: ignore[method-assign]
    assert line.parts == 2
    assert told == []


def test_the_servers_pages_are_written_to_completely() -> None:
    """What a server imports before it starts puts the complete writer in Panel's place."""
    look = (
        "import dashboard.app_hooks; from panel.io import document as panel; "
        "from tornado.websocket import WebSocketHandler; "
        "print(*(hasattr(each, '__wrapped__') for each in"
        " (panel._dispatch_msgs, panel._drain_unconnected_events, panel.dispatch_tornado,"
        " WebSocketHandler.write_message)))"
    )
    said = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert said.stdout.split()[-4:] == ["True"] * 4


def test_a_page_is_told_nothing_of_what_the_server_is_busy_with() -> None:
    """It would be told twice for each message of any browser: with eight pages, of each of them."""
    page = make_page([], [])
    pn.state._add_busy_event("test_dispatch")
    try:
        assert (pn.state.busy, page.busy) == (True, False)
    finally:
        pn.state._remove_busy_event("test_dispatch")
