"""A body of which nothing more comes is given up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dashboard.web.bodies import Patience


@dataclass
class _Stream:
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self) -> None:
        self.closed.set()


@dataclass
class _Connection:
    stream: _Stream | None = field(default_factory=_Stream)


async def test_silence_closes_the_connection_and_what_comes_puts_it_off() -> None:
    quiet, busy = _Stream(), _Stream()
    waits = Patience(_Connection(quiet), 0.05)
    works = Patience(_Connection(busy), 0.05)
    for patience in (waits, works):
        patience.begin()
    works.begin()
    works.end()
    await asyncio.wait_for(quiet.closed.wait(), 20)
    assert not busy.closed.is_set()


async def test_a_connection_that_is_gone_already_is_left_alone() -> None:
    Patience(_Connection(None)).give_up()
