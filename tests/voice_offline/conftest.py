"""An offline EVI on loopback: with scripted hearing for the protocol, or with real engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import websockets
from hearing import ScriptedSpeech
from websockets.asyncio.client import ClientConnection

from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.standalone.__main__ import serve

KEY, SECRET = "offline-key", "offline-secret"
WAIT = 20.0


@dataclass
class Line:
    """A raw client: everything it was sent, and waits for what it should be sent."""

    socket: ClientConnection
    got: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def until(
        self, kind: str, where: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """The next message of ``kind`` for which ``where`` holds."""
        async with asyncio.timeout(WAIT):
            while True:
                message = json.loads(await self.socket.recv())
                self.got.append(message)
                if message["type"] == kind and where(message):
                    return message

    async def closed(self) -> int:
        """The code with which the server closes."""
        async with asyncio.timeout(WAIT):
            try:
                while True:
                    self.got.append(json.loads(await self.socket.recv()))
            except websockets.ConnectionClosed:
                return self.socket.close_code or 0

    def types(self) -> list[str]:
        return [message["type"] for message in self.got]


@dataclass
class Server:
    """A running server and its clients."""

    evi: OfflineEvi
    port: int
    lines: list[Line] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connect(self, query: str = "", path: str = "/v0/evi/chat", **headers: str) -> Line:
        url = f"ws://127.0.0.1:{self.port}{path}?api_key={KEY}&{query}"
        socket = await websockets.connect(url, max_size=None, additional_headers=headers)
        self.lines.append(Line(socket))
        return self.lines[-1]


Start = Callable[[OfflineEvi], Awaitable[Server]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Serve an `OfflineEvi`; stopped afterwards."""
    running: list[tuple[Any, Server]] = []

    async def begin(evi: OfflineEvi) -> Server:
        server, port = await serve(evi, 0, KEY, SECRET)
        running.append((server, Server(evi, port)))
        return running[-1][1]

    yield begin
    for http, server in running:
        for line in server.lines:
            await line.socket.close()
        http.stop()
        await http.close_all_connections()
        await server.evi.close()


@pytest.fixture
def speech() -> ScriptedSpeech:
    """Hearing that a test scripts."""
    return ScriptedSpeech()


@pytest.fixture
async def server(start: Start, speech: ScriptedSpeech) -> Server:
    """A server without engines."""
    return await start(OfflineEvi(speech=speech))
