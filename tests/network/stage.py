"""A proxy within the test's own process, an origin on loopback that stands for the internet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.network.policy import Mode, Place, judge
from agent.network.proxy import Answer, Proxy, Upstream, connect

PUBLIC = "93.184.215.14"
"""An address of the internet, which `Internet` leads to its own server."""


@dataclass
class Internet:
    """Names, addresses and what was done with them."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    """Name → what each look-up in turn finds; the last one is found ever after."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    looked_up: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    port: int = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        found = self.names.get(host, [[]])
        return found.pop(0) if len(found) > 1 else found[0]

    async def connect(self, address: str, port: int) -> socket.socket:
        self.dialled.append((address, port))
        return await connect("127.0.0.1", self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what comes until there is a head, answer, then echo unless that is to be all."""
        data = b""
        while b"\r\n\r\n" not in data and (piece := await reader.read(65536)):
            data += piece
        self.received.append(data)
        writer.write(self.answer)
        await writer.drain()
        only = b"Connection: close" in data
        while not only and (piece := await reader.read(65536)):
            self.received[-1] += piece
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


Judge = Callable[[str, int], Awaitable[Answer]]


def by_rules(mode: Mode, allowed: Sequence[str] = (), reach: Sequence[Place] = ()) -> Judge:
    """Answers by the rules alone; what is to be asked about is refused."""

    async def answer(host: str, port: int) -> Answer:
        said = judge(Place(host, port), mode, reach, allowed)
        return Answer(said.decision == "allow", said.by == "reach", said.text, said.more)

    return answer


@dataclass
class Stage:
    """What a test has of it."""

    internet: Internet
    port: int
    refused: list[tuple[str, int, str]] = field(default_factory=list)

    async def send(self, request: bytes, *, then: bytes = b"") -> bytes:
        """All that comes back for a request; ``then`` is sent after its head was answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(30):
                writer.write(request)
                if not then:
                    if request.startswith(b"CONNECT"):
                        writer.write_eof()
                    return await reader.read()
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(then)
                writer.write_eof()
                return head + await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    async def get(self, host: str, port: int = 80) -> bytes:
        """The answer to a plain request."""
        return await self.send(f"GET http://{host}:{port}/a?b HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def tunnel(self, host: str, port: int = 443) -> bytes:
        """The answer to CONNECT, and to what is sent through it."""
        return await self.send(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())


@asynccontextmanager
async def stage(
    judged: Judge, internet: Internet | None = None, upstream: Upstream | None = None
) -> AsyncIterator[Stage]:
    """A proxy that answers by ``judged``, before an internet of the test's own."""
    internet = internet or Internet()
    server = await asyncio.start_server(internet.serve, "127.0.0.1", 0)
    internet.port = server.sockets[0].getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        made = Stage(internet, listener.getsockname()[1])
        proxy = Proxy(
            judged,
            lambda *what: made.refused.append(what),
            internet.resolve,
            internet.connect,
            upstream or Upstream(),
        )
        serving = asyncio.create_task(proxy.serve(listener))
        try:
            yield made
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            server.close()
