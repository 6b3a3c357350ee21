"""What the benchmarked page shows: a model that tells the time, and an echo."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from panel.custom import JSComponent

from agent.models.base import BlockDone, ModelPart, ModelRequest, Text, TurnDone
from agent.record.events import Usage
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop

PAUSES = (0.9, 1.7)
"""Shortest and longest time between two changes, in seconds: a person does not foresee them."""


class Clock:
    """Says ``<milliseconds since 1970>`` at random times until it is stopped."""

    name = "clock"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One endless turn."""
        said = ""
        chance = random.Random(7)
        for _ in range(10_000):
            await asyncio.sleep(chance.uniform(*PAUSES))
            word = f"<{time.time() * 1000:.2f}> "
            said += word
            yield Text(word)
        yield BlockDone(0, {"type": "text", "text": said})
        yield TurnDone("end_turn", Usage())

    async def close(self) -> None:
        """Nothing is held."""


class Echo(JSComponent):
    """Sends back what it is sent; `window.echo(n)` resolves with the round trip's milliseconds."""

    _esm = Path(__file__).parent / "page_apps" / "echo.js"

    def _handle_msg(self, data: Any) -> None:
        self._send_msg(data)


def factory(settings: Settings) -> Callable[..., Session]:
    """Sessions with a clock, on a desktop in memory."""

    def make(session_id: str | None) -> Session:
        desktop = FakeDesktop(width=640, height=400)
        if session_id is None:
            return Session.create(settings, desktop=desktop, model=Clock(), tools=[])
        return Session.resume(settings, session_id, desktop=desktop, model=Clock(), tools=[])

    return make
