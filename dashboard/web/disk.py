"""Files that are read beside the loop, on a disk that may not answer.

Whoever waits in the kernel for a disk cannot be cut off. On the few threads that are there for
everybody a handful of such waits would hold up everybody's views, so each has a thread of its own,
is given up after a while, and told of. While many hang, no more are begun.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from agent.disk import on_thread
from agent.errors import JournalError

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a look into some files may take."""

_MOST = 32
"""Threads that may hang; nothing is read before one of them returns."""

_MOMENT = 0.5
"""Seconds that the loop waits for what is let go of."""

_hanging: set[Future[Any]] = set()


async def from_disk(work: Callable[[], T], what: str, *, longer: float = 1) -> T:
    """Have files read on a thread, and return what came of it.

    Args:
        work: What to do. Given up, it goes on, and nobody hears of its end.
        what: What is read, as it is told: “The disk with … does not answer.”
        longer: How many times as long as usual it may take.

    Raises:
        JournalError: the disk does not answer.
    """
    if len(_hanging) >= _MOST:
        raise _hangs(what)
    job = on_thread(work)
    try:
        return await asyncio.wait_for(asyncio.wrap_future(job), PATIENCE * longer)
    except TimeoutError:
        _hanging.add(job)
        job.add_done_callback(_hanging.discard)
        raise _hangs(what) from None


def let_go(work: Callable[[], object]) -> None:
    """Have something closed or removed, and wait a moment for that, if the disks answer."""
    job = on_thread(work)
    with contextlib.suppress(TimeoutError, OSError):
        job.result(0.0 if _hanging else _MOMENT)


def _hangs(what: str) -> JournalError:
    return JournalError(
        f"The disk with {what} does not answer. Sessions that run go on as far as they can; try "
        "again when it answers."
    )
