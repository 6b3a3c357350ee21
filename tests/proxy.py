"""A network that can be broken: a TCP proxy between a browser and a server on this machine.

    async with Proxy(served.port) as proxy:
        page = await arrive(page, served.url.replace(str(served.port), str(proxy.port)))
        proxy.silence()      # bytes vanish, nothing is closed: a cable is pulled
        await proxy.heal()   # new connections get through; the old ones stay dead

What happened to a connection while it was broken lasts, as it does in a real network.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from typing import Self

from served import ALIASES

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 65_536


@dataclass(eq=False)
class _Pipe:
    """One connection: the browser's end and the server's."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    dead: bool = False
    """Its bytes are lost for good, though both ends believe in it."""

    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        for writer in self.writers:
            line: socket.socket | None = writer.get_extra_info("socket")
            if line is not None:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Proxy:
    """Passes bytes on until it is told to do otherwise.

    Args:
        target: The server's port on this machine; it may be changed while nothing is listening.
        delay: Seconds by which every byte is late, in both directions.
    """

    def __init__(self, target: int, *, delay: float = 0.0) -> None:
        self.target = target
        self.delay = delay
        self.port = 0
        self.received = 0
        """Bytes that have come from the server."""

        self._server: asyncio.Server | None = None
        self._pipes: set[_Pipe] = set()
        self._silent = False
        self._held: asyncio.Event | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._deafen()
        self.reset()

    def url(self, served: str) -> str:
        """The server's address, through this proxy."""
        ALIASES[self.port] = lambda: self.target
        return served.replace(f":{self.target}", f":{self.port}", 1)

    def reset(self) -> None:
        """Break every connection; new ones get through."""
        for pipe in tuple(self._pipes):
            pipe.reset()

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        await self._deafen()
        self.reset()

    def silence(self) -> None:
        """Swallow all bytes, of new connections too: nothing is closed, nothing is said."""
        self._silent = True
        for pipe in self._pipes:
            pipe.dead = True

    def hold(self) -> None:
        """Keep all bytes back; `heal` lets them go on, none is lost."""
        self._held = asyncio.Event()

    async def heal(self) -> None:
        """From now on new connections get through; what was broken stays so."""
        self._silent = False
        if self._held is not None:
            self._held.set()
            self._held = None
        await self._listen()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _Pipe((writer, writer)).reset()
            return
        pipe = _Pipe((writer, ours), dead=self._silent)
        self._pipes.add(pipe)
        ways = [self._pass(reader, ours, pipe), self._pass(theirs, writer, pipe)]
        pipe.tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(pipe.tasks, return_when=asyncio.FIRST_COMPLETED)
        await self._end(pipe)

    async def _end(self, pipe: _Pipe) -> None:
        """One end has closed: the other hears of it, unless the line between them is dead."""
        if pipe.dead:
            await asyncio.wait(pipe.tasks)
        for task in pipe.tasks:
            task.cancel()
        for writer in pipe.writers:
            writer.close()
        self._pipes.discard(pipe)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pipe: _Pipe
    ) -> None:
        try:
            while data := await reader.read(_CHUNK):
                if writer is pipe.writers[0]:
                    self.received += len(data)
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self._held is not None:
                    await self._held.wait()
                if not pipe.dead:
                    writer.write(data)
                    await writer.drain()
        except (ConnectionError, OSError):
            return
