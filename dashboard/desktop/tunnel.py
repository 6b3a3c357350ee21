"""The live desktop over the host's own messages (Jupyter's, Panel's): no second port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dashboard.desktop.rfb import ClientFilter, ProtocolBroken

WINDOW = 2**20
"""Bytes that may be on their way to the browser; it says what it has taken."""
_CHUNK = 2**16

Post = Callable[[dict[str, Any], bytes], None]


class Tunnel:
    """One RFB conversation between a browser's channel and a desktop's unix socket.

    Args:
        number: Of the browser's channel.
        path: The desktop's socket.
        post: Sends a message, with bytes, to the browser.
        may_control: Whether input may pass, asked for every message.
    """

    def __init__(
        self, number: int, path: Path, post: Post, may_control: Callable[[], bool]
    ) -> None:
        self.number = number
        self._path, self._post = path, post
        self._filter = ClientFilter(may_control)
        self._writer: asyncio.StreamWriter | None = None
        self._under_way = 0
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def take(self, message: dict[str, Any], buffers: list[Any]) -> None:
        """A message of the browser's channel."""
        state = message.get("state")
        if state == "open" and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif state == "taken":
            self._under_way -= int(message.get("size") or 0)
            self._room.set()
        elif state == "data" and buffers:
            self._to_desktop(bytes(buffers[0]))
        elif state == "close":
            self.close("closed by the browser")

    def release(self) -> None:
        """Let go of every key and button that the browser holds."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(self._filter.release())

    def close(self, reason: str = "") -> None:
        """End it, and tell the browser, which then asks for another one if it still looks."""
        self.release()
        self._tell("close", reason=reason)
        if self._writer is not None:
            self._writer.close()
        if self._task is not None:
            self._task.cancel()

    def _to_desktop(self, data: bytes) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        try:
            self._writer.write(self._filter.feed(data))
        except ProtocolBroken as error:
            self.close(str(error))

    async def _run(self) -> None:
        reason = "The desktop is not running."
        with suppress(OSError):
            reader, self._writer = await asyncio.open_unix_connection(self._path)
            self._tell("open")
            reason = "The desktop ended."
            while data := await reader.read(_CHUNK):
                await self._to_browser(data)
        self._tell("close", reason=reason)

    async def _to_browser(self, data: bytes) -> None:
        while self._under_way > WINDOW:
            self._room.clear()
            await self._room.wait()
        self._under_way += len(data)
        self._tell("data", data)

    def _tell(self, state: str, data: bytes = b"", **more: Any) -> None:
        self._post({"type": "rfb", "channel": self.number, "state": state, **more}, data)
