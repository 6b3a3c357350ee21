"""The desktop's socket: ticket, owner, view-only, and an end that is noticed at once."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bokeh.server.auth_provider import NullAuth
from panel.config import config
from served import COOKIE_SECRET, mark, signed
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from visitor import handshake
from websockets.asyncio.client import ClientConnection, connect

from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel
from dashboard.desktop.bridge import PURPOSE, DesktopSocket
from dashboard.web.images import SessionImage
from dashboard.web.link import LinkSocket
from dashboard.web.registry import Entry
from dashboard.web.workbench import Workbench, make_workbench, set_workbench

HELLO = b"RFB 003.008\n\x01\x01"
KEY = struct.pack(">BBHI", 4, 1, 0, 0x61)
KEY_UP = struct.pack(">BBHI", 4, 0, 0, 0x61)
UPDATE = struct.pack(">BBHHHH", 3, 1, 0, 0, 8, 8)
GREETING = b"RFB 003.008\n"


class RfbDesktop(FakeDesktop):
    """A desktop in memory that has an RFB socket."""

    socket: Path | None = None

    @property
    def rfb_socket(self) -> Path | None:
        return self.socket


@dataclass
class RfbServer:
    """Speaks first, as RFB servers do, and remembers what it is sent."""

    path: Path
    received: bytearray = field(default_factory=bytearray)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        writer.write(GREETING)
        while data := await reader.read(4096):
            self.received += data
            async with self.grown:
                self.grown.notify_all()
        self.ended.set()
        writer.close()

    async def has(self, data: bytes) -> None:
        """Wait until exactly this was received."""
        async with asyncio.timeout(20), self.grown:
            await self.grown.wait_for(lambda: len(self.received) >= len(data))
        assert bytes(self.received) == data


@dataclass
class Bridge:
    """A server with one session, and the ways into it."""

    bench: Workbench
    entry: Entry
    rfb: RfbServer
    url: str
    cookie: str
    stranger: str

    def ticket(self, purpose: str = PURPOSE) -> str:
        return self.bench.tickets.issue(self.entry.id, purpose)

    def connect(self) -> connect:
        return connect(
            f"{self.url.replace('http', 'ws')}/desktop/rfb?ticket={self.ticket()}",
            origin=self.url,
            additional_headers={"Cookie": self.cookie},
            proxy=None,
        )

    async def knock(self, ticket: str, cookie: str) -> int:
        path = f"/desktop/rfb?ticket={ticket}"
        return await handshake(self.url, path, origin=self.url, cookie=cookie)


def _cookie(name: str) -> str:
    return f"user={signed(name)}"


def _factory(socket: Path) -> Callable[[Settings], Callable[[str | None], Session]]:
    def make(settings: Settings) -> Callable[[str | None], Session]:
        def one(_: str | None) -> Session:
            desktop = RfbDesktop()
            desktop.socket = socket
            return Session.create(
                settings, desktop=desktop, model=ScriptedModel([]), tools=[FakeTool()]
            )

        return one

    return make


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    rfb = RfbServer(tmp_path / "rfb.sock")
    backend = await asyncio.start_unix_server(rfb.serve, rfb.path)
    bench = make_workbench(Settings(data_dir=tmp_path / "data"), _factory(rfb.path))
    set_workbench(bench)
    bench.identity.login, config.cookie_secret = True, COOKIE_SECRET
    cookie, stranger = _cookie("anna"), _cookie("ben")
    entry = bench.sessions.create(mark("anna"), person="anna")
    await entry.session.open()
    rules = [
        (r"/desktop/rfb", DesktopSocket),
        (r"/link", LinkSocket),
        (r"/sessions/([\w.-]+)/images/([0-9a-f]{64})", SessionImage),
    ]
    application = Application(rules)
    application.auth_provider = NullAuth()  # type: ignore[attr-defined]
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(application)
    server.add_sockets(sockets)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    yield Bridge(bench, entry, rfb, url, cookie, stranger)
    server.stop()
    await server.close_all_connections()
    await bench.close()
    backend.close()
    config.cookie_secret = None


async def _greeted(socket: ClientConnection) -> None:
    async with asyncio.timeout(20):
        assert await socket.recv() == GREETING
    await socket.send(HELLO)


async def test_input_is_dropped_until_the_person_takes_the_mouse(bridge: Bridge) -> None:
    """Enforced by the server, whatever the page's script believes."""
    async with bridge.connect() as socket:
        await _greeted(socket)
        await socket.send(KEY + UPDATE)
        await bridge.rfb.has(HELLO + UPDATE)
        bridge.entry.session.take_control()
        await socket.send(KEY)
        await bridge.rfb.has(HELLO + UPDATE + KEY)
        bridge.entry.session.return_control()
        await bridge.rfb.has(HELLO + UPDATE + KEY + KEY_UP)
        await socket.send(KEY + UPDATE)
        await bridge.rfb.has(HELLO + UPDATE + KEY + KEY_UP + UPDATE)


async def test_a_ticket_opens_only_for_the_owner(bridge: Bridge) -> None:
    """A ticket that leaked through an address is worth nothing in another person's browser."""
    assert await bridge.knock(bridge.ticket(), bridge.cookie) == 101
    assert await bridge.knock(bridge.ticket(), bridge.stranger) == 403
    assert await bridge.knock(bridge.ticket(), "") == 403


async def test_without_a_fitting_ticket_there_is_no_desktop(bridge: Bridge) -> None:
    """None, one for the voice, one for another session, one that is over."""
    old = bridge.bench.tickets.issue(bridge.entry.id, PURPOSE, ttl=-1)
    other = bridge.bench.tickets.issue("another", PURPOSE)
    for ticket in ("", bridge.ticket("voice"), other, old):
        assert await bridge.knock(ticket, bridge.cookie) == 403


async def test_a_closed_page_is_noticed_at_once(bridge: Bridge) -> None:
    """The desktop's side of the bridge ends with the page's, keys released."""
    bridge.entry.session.take_control()
    async with bridge.connect() as socket:
        await _greeted(socket)
        await socket.send(KEY)
        await bridge.rfb.has(HELLO + KEY)
    async with asyncio.timeout(20):
        await bridge.rfb.ended.wait()
    assert bytes(bridge.rfb.received) == HELLO + KEY + KEY_UP


async def test_an_ended_desktop_closes_the_socket(bridge: Bridge) -> None:
    """The page is told, so that it can wait for the desktop's return."""
    async with bridge.connect() as socket:
        await _greeted(socket)
        await bridge.rfb.has(HELLO)
        assert bridge.rfb.writer is not None
        bridge.rfb.writer.close()
        async with asyncio.timeout(20):
            await socket.wait_closed()
        assert socket.close_code == 1011


async def test_pictures_are_the_owners(bridge: Bridge) -> None:
    """A screenshot is served to whose session it is, and to nobody else."""
    import httpx

    session = bridge.entry.session
    kept = session.journal.put_image(await session.desktop.screenshot())
    address = f"{bridge.url}/sessions/{session.id}/images/{kept.sha256}"
    async with httpx.AsyncClient(trust_env=False) as client:
        own = await client.get(address, headers={"Cookie": bridge.cookie})
        assert (own.status_code, own.headers["Content-Type"]) == (200, kept.media_type)
        for headers in ({}, {"Cookie": bridge.stranger}):
            assert (await client.get(address, headers=headers)).status_code == 404


async def _asked(line: ClientConnection, message: dict[str, object]) -> dict[str, object]:
    """What the link answers, between its beats."""
    await line.send(json.dumps(message))
    async with asyncio.timeout(20):
        while "beat" in (answer := json.loads(await line.recv())):
            pass
    return dict(answer)


@pytest.mark.parametrize("who", ["anna", "ben"])
async def test_an_open_page_can_stop_after_its_sign_in_has_expired(
    bridge: Bridge, who: str
) -> None:
    """A page stays open longer than a cookie lasts. It stays its person's, and nobody else's."""
    cookie = bridge.cookie if who == "anna" else bridge.stranger
    address = f"{bridge.url.replace('http', 'ws')}/link"
    given = {"additional_headers": {"Cookie": cookie}, "origin": bridge.url, "proxy": None}
    async with connect(address, **given) as line:
        assert "page" in await _asked(line, {"mark": ""})
        config.cookie_secret = "of which no cookie is any more"
        press = {"press": "press-001", "session": bridge.entry.id}
        answer = (await _asked(line, {"stop": press}))["stop"]
        assert isinstance(answer, dict)
        assert answer["state"] == ("stopped" if who == "anna" else "refused")
