"""Work of a view that waits for disk or network: one after the other, and none after its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class BackgroundTasks:
    """Runs what it is given in order; the page stays at hand meanwhile."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Callable[[], Awaitable[None]], *, aside: bool = False) -> None:
        """Do ``work`` when its turn has come, or beside all else."""
        task = asyncio.get_running_loop().create_task(_run(work) if aside else self._next(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancel what has not ended."""
        for task in self._tasks:
            task.cancel()

    async def _next(self, work: Callable[[], Awaitable[None]]) -> None:
        async with self._turn:
            await _run(work)


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # noqa: BLE001 - a task's border: into the server's log
        _log.exception("A view's work failed")
