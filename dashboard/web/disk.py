"""Files that are read beside the loop, on a disk that may not answer.

Whoever waits in the kernel for a disk cannot be cut off. On the few threads that are there for
everybody a handful of such waits would hold up everybody's views, so each has a thread of its own,
is given up after a while, and told of. While many hang, no more are begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from agent.disk import on_thread
from agent.errors import JournalError

_log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a look into some files may take."""

_MOST = 32
"""Threads that may hang; nothing is read before one of them returns."""

_MOMENT = 0.5
"""Seconds that the loop waits for what is let go of."""

_hanging: set[Future[Any]] = set()


class Steps:
    """When work of any length last got on."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def one(self) -> None:
        """It has got on."""
        self.last = time.monotonic()


async def from_disk(
    work: Callable[[], T], what: str, *, longer: float = 1, steps: Steps | None = None
) -> T:
    """Have files read on a thread, and return what came of it.

    Args:
        work: What to do. Given up, it goes on, and nobody hears of its end.
        what: What is read, as it is told: “The disk with … does not answer.”
        longer: How many times as long as usual it may take.
        steps: Where ``work`` tells that it gets on; each step may take so long.

    Raises:
        JournalError: the disk does not answer.
    """
    if len(_hanging) >= _MOST:
        raise _hangs(what)
    steps, job = steps or Steps(), on_thread(work)
    done = asyncio.wrap_future(job)
    try:
        while (left := steps.last + PATIENCE * longer - time.monotonic()) > 0:
            await asyncio.wait((done,), timeout=left)
            if done.done():
                return done.result()
    finally:
        done.cancel()
    _hanging.add(job)
    job.add_done_callback(_hanging.discard)
    raise _hangs(what)


async def send_pieces(handler: RequestHandler, pieces: Iterator[bytes], what: str) -> None:
    """Send what is read in a thread, as fast as it is taken; cut off if the disk hangs.

    Args:
        handler: Of the request; its headers are set.
        pieces: What to send.
        what: What is read, as it is told.
    """
    try:
        while piece := await from_disk(lambda: next(pieces, b""), what):
            handler.write(piece)
            await handler.flush()
    except StreamClosedError:
        return
    except JournalError as error:  # too late to say it: less comes than was said
        _log.warning("A download was cut off: %s", error)
        connection: Any = handler.request.connection
        connection.stream.close()


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
