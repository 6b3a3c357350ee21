"""The bridge between a page's socket and the desktop's RFB, with both sides hostile."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.fuzz_answers import scrambled
from agent.testing.memory import MemorySessionJournal
from agent.testing.scripted import ScriptedModel
from dashboard.desktop.bridge import DesktopSocket
from fuzzing.run import Target

_HELLO = b"RFB 003.008\n\x01\x01"
_GREETING = b"RFB 003.008\n\x01\x01" + bytes(4) + struct.pack(">HH16xI", 640, 480, 4) + b"demo"
_KEY, _POINTER, _CUT, _RESIZE, _QEMU = 4, 5, 6, 251, 255
_TOUCHING = frozenset({_KEY, _POINTER, _CUT, _QEMU})


@dataclass
class _Entry:
    session: Session


class _Desktop(FakeDesktop):
    """Has a socket, behind which anything may answer."""

    def __init__(self, socket: Path, home: Path) -> None:
        super().__init__(width=640, height=480, home=home)
        self._socket = socket

    @property
    def rfb_socket(self) -> Path | None:
        return self._socket


class _Bridge:
    """A session whose RFB server is ours, and the socket that leads to it."""

    def __init__(self, session: Session, port: int) -> None:
        self._session, self._port = session, port
        self.answers: list[bytes] = []
        self.received = bytearray()
        self.hangs_up = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The side of Xvnc."""
        with contextlib.suppress(ConnectionError):
            for piece in self.answers:
                writer.write(piece)
                await writer.drain()
            while data := await reader.read(65_536):
                self.received += data
        writer.close()
        self.hangs_up.set()

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        driving = chance.random() < 0.5
        sent = [_message(chance) for _ in range(chance.randint(0, 12))]
        data = _HELLO + b"".join(sent)
        sound = chance.random() < 0.2
        if not sound:
            data = scrambled(data, chance)
        self.answers = _pieces(_server_bytes(chance), chance)
        outcome = await self._talk(data, chance, driving=driving)
        faults = _wrong(bytes(self.received), driving=driving)
        sound = sound and all(_whole(message) for message in sent)
        if sound and not driving and outcome == "taken":
            wanted = _HELLO + b"".join(m for m in sent if m[0] not in {*_TOUCHING, _RESIZE})
            if bytes(self.received) != wanted:
                faults.append("what only looks did not pass as it was")
        return outcome, faults + await self._still_works()

    async def _still_works(self) -> list[str]:
        looks = _HELLO + struct.pack(">BBHHHH", 3, 1, 0, 0, 640, 480)
        self.answers = [_GREETING]
        await self._talk(looks, random.Random(0), driving=False)
        return [] if bytes(self.received) == looks else ["the next viewer sees nothing"]

    async def _talk(self, data: bytes, chance: random.Random, *, driving: bool) -> str:
        self.received.clear()
        self.hangs_up.clear()
        self._control(driving)
        address = f"ws://127.0.0.1:{self._port}/"
        async with websockets.connect(
            address, max_size=None, proxy=None, subprotocols=[websockets.Subprotocol("binary")]
        ) as socket:
            reading = asyncio.create_task(_drain(socket))
            with contextlib.suppress(websockets.ConnectionClosed):
                for piece in _pieces(data, chance):
                    await socket.send(piece)
                    if chance.random() < 0.01:
                        await socket.send(chance.choice(["text", "", "\0"]))
                await _acknowledged(socket)
            await socket.close()
            await reading
        await self.hangs_up.wait()
        self._control(False)
        return {1002: "refused", 1003: "no bytes"}.get(socket.close_code or 0, "taken")

    def _control(self, driving: bool) -> None:
        if driving:
            self._session.take_control()
        elif self._session.status.yours:
            self._session.return_control()


async def _acknowledged(socket: websockets.ClientConnection) -> None:
    """Until the server has read all that was sent: it answers in order."""
    await (await socket.ping())


async def _drain(socket: websockets.ClientConnection) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        async for _ in socket:
            pass


def _message(chance: random.Random) -> bytes:
    def some(most: int) -> bytes:
        return chance.randbytes(chance.randint(0, most))

    text = some(300)
    rectangle = (chance.randrange(2), *(chance.randrange(65_536) for _ in range(4)))
    return chance.choice(
        [
            struct.pack(">B3x16x", 0),
            struct.pack(">BxH", 2, 3) + chance.randbytes(12),
            struct.pack(">BBHHHH", 3, *rectangle),
            struct.pack(">BBHI", _KEY, chance.randrange(2), 0, chance.randrange(2**32)),
            struct.pack(">BBHH", _POINTER, chance.randrange(128), 10, 20),
            struct.pack(">BBHHB", _POINTER, 0x80 | chance.randrange(128), 10, 20, 1),
            struct.pack(">B3xi", _CUT, len(text)) + text,
            struct.pack(">B3xi", _CUT, -len(text)) + text,
            struct.pack(">BBHII", _QEMU, 0, chance.randrange(2), 0x62, 48),
            struct.pack(">BxHHBx", _RESIZE, 640, 480, 1) + bytes(16),
            struct.pack(">B3xIB", 248, 1, 3) + b"abc",
            struct.pack(">BBHHHH", 150, *rectangle),
            bytes([250, 0, 1, 2]),
            chance.randbytes(1) + some(20),
        ]
    )


def _server_bytes(chance: random.Random) -> bytes:
    """A greeting, one that is spoilt, noise, or nothing at all."""
    picture = struct.pack(">BxHHHHHi", 0, 1, 0, 0, 640, 480, 0) + bytes(1000)
    sound = _GREETING + picture * chance.randint(0, 5)
    return chance.choice([sound, scrambled(sound, chance), chance.randbytes(5000), b""])


def _pieces(data: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice([0, 1, 5])))
    return [data[a:b] for a, b in itertools.pairwise([0, *cuts, len(data)])]


# How a server reads what comes to it: RFC 6143 once more, on its own -----------------------------


def _wrong(data: bytes, *, driving: bool) -> list[str]:
    """What of the bytes that reached Xvnc should not have."""
    try:
        kinds = set(_kinds(data[len(_HELLO) :]))
    except (struct.error, IndexError, KeyError) as error:
        return [f"half a message passed: {error!r}"]
    bad = {_RESIZE} if driving else {_RESIZE, *_TOUCHING}
    return [f"messages {sorted(kinds & bad)} passed"] if kinds & bad else []


def _kinds(data: bytes) -> list[int]:
    kinds = []
    while data:
        size = _size(data)
        if len(data) < size:
            raise IndexError(f"{size} bytes of message {data[0]} are {len(data)}")
        kinds.append(data[0])
        data = data[size:]
    return kinds


def _whole(message: bytes) -> bool:
    """Whether it is one message as a server reads it; noise may be anything."""
    try:
        return _size(message) == len(message)
    except (struct.error, IndexError, KeyError):
        return False


def _size(data: bytes) -> int:
    fixed = {0: 20, 3: 10, _KEY: 8, 150: 10, 250: 4, _QEMU: 12}
    match data[0]:
        case 2:
            return 4 + 4 * int(struct.unpack_from(">H", data, 2)[0])
        case 5:
            return 7 if data[1] & 0x80 else 6
        case 6:
            return 8 + abs(int(struct.unpack_from(">i", data, 4)[0]))
        case 248:
            return 9 + data[8]
        case 251:
            return 8 + 16 * data[6]
    return fixed[data[0]]


# The two servers ---------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def rfb(folder: Path) -> AsyncIterator[Target]:
    """A desktop's socket in ``folder``, and a page's on loopback."""
    settings = Settings(_env_file=None, data_dir=folder)
    session = Session(
        settings,
        "fuzz",
        MemorySessionJournal(),
        model=ScriptedModel([]),
        tools=(),
        desktop=_Desktop(folder / "rfb", folder),
    )

    class Socket(DesktopSocket):
        """The bridge behind its own lock, which is not what is fuzzed here."""

        async def prepare(self) -> None:
            self.entry = _Entry(session)  # type: ignore[assignment]

        def check_origin(self, origin: str) -> bool:
            return True

    await session.open()
    [listening] = bind_sockets(0, "127.0.0.1")
    bridge = _Bridge(session, listening.getsockname()[1])
    vnc = await asyncio.start_unix_server(bridge.serve, folder / "rfb")
    page = HTTPServer(Application([("/", Socket)], log_function=_quiet))
    page.add_sockets([listening])
    try:
        yield bridge
    finally:
        page.stop()
        await page.close_all_connections()
        vnc.close()
        await session.close()


def _quiet(_: Any) -> None:
    """No line for each request."""
