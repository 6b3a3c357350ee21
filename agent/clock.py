"""Time as a seam, so that tests of waiting need not wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds and a sleep on the same scale."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


def steady_time(clock: Clock, now: Callable[[], float]) -> Callable[[], float]:
    """Time that begins at ``now`` and then goes by ``clock``, whatever happens to ``now``."""
    start, began = now(), clock.now()
    return lambda: start + clock.now() - began


class MonotonicClock:
    """The real one."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
