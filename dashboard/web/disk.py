"""Files that are read beside the loop, on a disk that may not answer.

Whoever waits in the kernel for a disk cannot be cut off. On the few threads that are there for
everybody a handful of such waits would hold up everybody's views, so each has a thread of its own,
is given up after a while, and told of. While many hang, no more are begun.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from agent.errors import JournalError

_log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a look into some files may take."""

_MOST = 32
"""Threads that may hang; nothing is read before one of them returns."""

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
    job: Future[T] = Future()
    job.set_running_or_notify_cancel()
    context = contextvars.copy_context()
    threading.Thread(target=_run, args=(job, context, work), name="disk", daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(job), PATIENCE * longer)
    except TimeoutError:
        _hanging.add(job)
        job.add_done_callback(_hanging.discard)
        raise _hangs(what) from None


def _run(job: Future[T], context: contextvars.Context, work: Callable[[], T]) -> None:
    try:
        job.set_result(context.run(work))
    except BaseException as error:  # noqa: BLE001 - raised where it is waited for, if it still is
        _log.debug("what was read from a disk failed", exc_info=True)
        job.set_exception(error)


def _hangs(what: str) -> JournalError:
    return JournalError(
        f"The disk with {what} does not answer. Sessions that run go on as far as they can; try "
        "again when it answers."
    )
