"""RFB over a notebook's messages: whole, bounded, and without input that may not pass."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dashboard.desktop.tunnel import WINDOW, Tunnel

_HELLO = b"RFB 003.008\n" + b"\x01" + b"\x01"
_KEY = struct.pack(">BBHI", 4, 1, 0, 0x61)
_KEY_UP = struct.pack(">BBHI", 4, 0, 0, 0x61)
_UPDATE = struct.pack(">BBHHHH", 3, 1, 0, 0, 640, 480)


@dataclass
class Stage:
    """A desktop's socket, and what the browser was sent."""

    path: Path
    control: bool = False
    got: bytes = b""
    posted: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    serving: list[Any] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    tunnel: Tunnel | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.serving.append(asyncio.current_task())
        while data := await reader.read(4096):
            self.got += data
            async with self.changed:
                self.changed.notify_all()
        writer.close()

    def post(self, message: dict[str, Any], data: bytes) -> None:
        self.posted.append((message, data))
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(condition)

    def states(self) -> list[str]:
        return [message["state"] for message, _ in self.posted]

    @property
    def received(self) -> int:
        return sum(len(data) for _, data in self.posted)

    async def open(self) -> Tunnel:
        self.tunnel = Tunnel(7, self.path, self.post, lambda: self.control)
        self.tunnel.take({"rfb": 7, "state": "open"}, [])
        await self.until(lambda: "open" in self.states())
        self.send(_HELLO)
        await self.until(lambda: self.got == _HELLO)
        return self.tunnel

    def send(self, data: bytes) -> None:
        assert self.tunnel is not None
        self.tunnel.take({"rfb": 7, "state": "data"}, [memoryview(data)])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path / "rfb")
    server = await asyncio.start_unix_server(made.serve, made.path)
    yield made
    if made.tunnel is not None:
        made.tunnel.close()
    await asyncio.gather(*made.serving)
    server.close()
    await server.wait_closed()


async def test_bytes_pass_both_ways(stage: Stage) -> None:
    """What the browser asks for reaches the desktop, what the desktop shows the browser."""
    await stage.open()
    stage.send(_UPDATE)
    await stage.until(lambda: stage.got == _HELLO + _UPDATE)
    stage.writers[0].write(b"pixels")
    await stage.until(lambda: stage.posted[-1][1] == b"pixels")
    assert stage.posted[-1][0] == {"type": "rfb", "channel": 7, "state": "data"}


async def test_keys_pass_only_with_the_mouse(stage: Stage) -> None:
    """Without control a key is dropped; with it it passes, and is let go of by `release`."""
    tunnel = await stage.open()
    stage.send(_KEY + _UPDATE)
    await stage.until(lambda: stage.got.endswith(_UPDATE))
    assert stage.got == _HELLO + _UPDATE
    stage.control = True
    stage.send(_KEY)
    await stage.until(lambda: stage.got.endswith(_KEY))
    tunnel.release()
    await stage.until(lambda: stage.got.endswith(_KEY_UP))


async def test_a_slow_browser_is_waited_for(stage: Stage) -> None:
    """No more is sent than fits the window, until the browser says that it took some."""
    tunnel = await stage.open()
    stage.writers[0].write(bytes(4 * WINDOW))
    await stage.until(lambda: stage.received > WINDOW)
    await asyncio.sleep(0)
    most = WINDOW + 2**16
    assert stage.received <= most
    while stage.received < 4 * WINDOW:
        before = stage.received
        tunnel.take({"rfb": 7, "state": "taken", "size": WINDOW // 2}, [])
        await stage.until(lambda before=before: stage.received > before)
        assert stage.received <= before + WINDOW // 2 + 2**16


async def test_what_is_not_rfb_ends_it(stage: Stage) -> None:
    """A message that cannot be measured could hide the next one: the channel is closed."""
    await stage.open()
    stage.send(b"\xc8unknown")
    await stage.until(lambda: "close" in stage.states())
    assert "unknown" in stage.posted[-1][0]["reason"]


async def test_an_ended_desktop_is_told(stage: Stage) -> None:
    """The browser learns that the desktop is gone, and asks anew by itself."""
    await stage.open()
    stage.writers[0].close()
    await stage.until(lambda: "close" in stage.states())
    assert stage.posted[-1][0]["reason"] == "The desktop ended."


async def test_no_desktop_is_told(tmp_path: Path) -> None:
    """A socket that is not there is an answer, not an exception."""
    stage = Stage(tmp_path / "nothing")
    tunnel = Tunnel(7, stage.path, stage.post, lambda: False)
    tunnel.take({"rfb": 7, "state": "open"}, [])
    await stage.until(lambda: "close" in stage.states())
    assert stage.posted[-1][0]["reason"] == "The desktop is not running."
