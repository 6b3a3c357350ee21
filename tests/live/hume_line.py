"""One EVI chat as a script sees it: raw JSON over a socket, nothing parsed strictly."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Event = dict[str, Any]


@dataclass
class Hume:
    """Address and keys; makes tokens, configs and chats."""

    api_key: str
    secret_key: str | None
    base_url: str = "https://api.hume.ai"

    async def token(self) -> str:
        """A browser's access token.

        Raises:
            httpx.HTTPStatusError: the keys are wrong.
        """
        pair = base64.b64encode(f"{self.api_key}:{self.secret_key}".encode()).decode()
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                f"{self.base_url}/oauth2-cc/token",
                headers={"authorization": f"Basic {pair}"},
                data={"grant_type": "client_credentials"},
            )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One REST request; the decoded answer, or None where it is empty."""
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.request(
                method,
                f"{self.base_url}{path}",
                headers={"x-hume-api-key": self.api_key},
                json=body,
            )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def chat(self, path: str = "/v0/evi/chat", **query: str) -> Line:
        """A chat that is not open yet; with a token in ``query`` no key is sent."""
        url = self.base_url.replace("http", "ws", 1) + path
        if query:
            url += "?" + urlencode(query)
        headers = {} if "access_token" in query else {"X-Hume-Api-Key": self.api_key}
        return Line(url, headers)


@dataclass
class Line:
    """An open chat. ``events`` are all that came, each with ``_at`` in seconds."""

    url: str
    headers: dict[str, str]
    events: list[Event] = field(default_factory=list)
    close_code: int | None = None

    async def __aenter__(self) -> Self:
        self._socket: ClientConnection = await connect(
            self.url, additional_headers=self.headers, max_size=None
        )
        self._grown = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        await self._reader

    async def send(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}))

    async def send_raw(self, data: str | bytes) -> None:
        await self._socket.send(data)

    async def wait(
        self, matches: Callable[[Event], bool], *, seconds: float, since: int = 0
    ) -> Event | None:
        """The first matching event, or None when none came in time or the chat closed."""
        deadline = time.monotonic() + seconds
        while True:
            found = next((event for event in self.events[since:] if matches(event)), None)
            left = deadline - time.monotonic()
            if found is not None or left <= 0 or self._reader.done():
                return found
            self._grown.clear()
            await asyncio.wait([asyncio.create_task(self._grown.wait()), self._reader],
                               timeout=left, return_when=asyncio.FIRST_COMPLETED)  # fmt: skip

    async def kind(self, kind: str, *, seconds: float, since: int = 0) -> Event | None:
        """The first event of a type."""
        return await self.wait(lambda event: event["type"] == kind, seconds=seconds, since=since)

    async def closed(self, seconds: float) -> int | None:
        """The close code, or None when it stays open."""
        await asyncio.wait([self._reader], timeout=seconds)
        return self.close_code

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self.events.append({**json.loads(text), "_at": time.monotonic()})
                self._grown.set()
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
        self._grown.set()
