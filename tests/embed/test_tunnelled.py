"""A desktop's RFB within Panel's own messages: whole both ways, and no input that may not pass."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from agent.testing.scripted import FakeDesktop
from dashboard.desktop.tunnelled import TunnelledView

_HELLO = b"RFB 003.008\n" + b"\x01" + b"\x01"
_KEY = struct.pack(">BBHI", 4, 1, 0, 0x61)


class _Desktop(FakeDesktop):
    rfb_socket: Path | None = None


class _View(TunnelledView):
    """Keeps what would go to the browser."""

    @property
    def sent(self) -> list[dict[str, Any]]:
        return self.__dict__.setdefault("_kept", [])

    def _send_msg(self, data: Any) -> None:
        self.sent.append(data)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def test_what_the_person_does_and_what_the_screen_shows_pass(tmp_path: Path) -> None:
    """Keys pass only while the person has the mouse; bytes lie within messages."""
    got, over = bytearray(), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"picture")
        while data := await reader.read(4096):
            got.extend(data)
        writer.close()
        await writer.wait_closed()
        over.append(writer)

    desktop, control = _Desktop(), False
    desktop.rfb_socket = tmp_path / "vnc.sock"
    server = await asyncio.start_unix_server(serve, desktop.rfb_socket)
    later = asyncio.get_running_loop().call_soon
    view = _View(desktop, later, lambda: control, lambda: None, nullcontext)

    def event(number: int, kind: str) -> dict[str, Any]:
        return {"page": "p", "events": [{"type": kind, "n": number, "t": 0}]}

    view._heard(event(1, "local.need_ticket"))
    sent = view.sent
    await until(lambda: sent)
    ticket = sent[0]
    assert ticket["inline"]
    channel = ticket["channel"]
    view._heard({"rfb": channel, "state": "open"})
    await until(lambda: any(message.get("bytes") == b"picture" for message in sent))
    view._heard({"rfb": channel, "state": "data", "bytes": _HELLO})
    await until(lambda: bytes(got) == _HELLO)
    view._heard({"rfb": channel, "state": "data", "bytes": _KEY})
    view._heard({"rfb": channel + 1, "state": "data", "bytes": b"of another"})
    await asyncio.sleep(0)
    control = True
    view._heard({"rfb": channel, "state": "data", "bytes": _KEY})
    await until(lambda: bytes(got) == _HELLO + _KEY)
    view.stop()
    assert sent[-1] == {"type": "rfb", "channel": channel, "state": "close", "reason": ""}
    await until(lambda: over)
    server.close()
    await server.wait_closed()


async def test_a_desktop_without_a_live_picture_is_shown_in_pictures() -> None:
    view = TunnelledView(
        _Desktop(), asyncio.get_running_loop().call_soon, lambda: False, lambda: None, nullcontext
    )
    view._heard({"page": "p", "events": [{"type": "local.need_ticket", "n": 1, "t": 0}]})
    await until(lambda: view.frame)
    view.stop()
