"""One thread per X connection, so that X never blocks the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from mss.exception import ScreenShotError
from Xlib.error import ConnectionClosedError, XError

from agent.errors import DesktopDied

P = ParamSpec("P")
T = TypeVar("T")


def translated(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and turn a lost X connection into `DesktopDied`."""
    try:
        return call(*args, **kwargs)
    except (OSError, ConnectionClosedError, ScreenShotError, XError) as error:
        raise DesktopDied(f"The X server does not answer any more: {error}") from error


class Worker:
    """Runs calls one after the other on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the call's result. When the caller is cancelled, the call still ends.

        Raises:
            DesktopDied: the connection is lost.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: translated(call, *args, **kwargs))

    def submit(self, call: Callable[[], object]) -> None:
        """Have a call done some time, without waiting for it."""
        self._pool.submit(call)

    def close(self) -> None:
        """Take no more calls; the thread ends after the running one."""
        self._pool.shutdown(wait=False)
