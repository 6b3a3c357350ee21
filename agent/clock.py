"""Time as a seam, so that tests of waiting need not wait."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from agent.errors import SaysoError

_log = logging.getLogger(__name__)


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


async def in_time(work: Awaitable[object], seconds: float, what: str) -> None:
    """Await ``work``, but no longer than that; what is late is cancelled, logged, and left alone.

    Unlike `asyncio.wait_for`, it does not wait for the cancelled work to end either.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if late := not task.done():
            task.cancel()
    if late:
        task.add_done_callback(_retrieve)
        _log.error("%s did not end within %g s", what, seconds)
    else:
        task.result()


async def ended(what: str, *work: Awaitable[object]) -> None:
    """Return when all of it has ended; a fault that nobody raised on purpose is logged."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, SaysoError):
            _log.error("%s ended by a fault", what, exc_info=result)


def _retrieve(task: asyncio.Future[object]) -> None:
    if not task.cancelled():
        task.exception()
