"""Whose turn it is to start: desktops that all start at once take so long that none comes up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

AT_ONCE = max(2, os.cpu_count() or 1)
"""Desktops that start at the same time on this machine."""


class Turns:
    """Lets so many at a time through, in the order in which they came."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once
        self._waiting: dict[asyncio.Future[None], Callable[[int], None]] = {}

    @asynccontextmanager
    async def turn(self, told: Callable[[int], None]) -> AsyncIterator[None]:
        """Wait for one's turn and have it until the block ends.

        ``told`` is called with how many come first, whenever that changes while one waits.
        """
        await self._wait(told)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, told: Callable[[int], None]) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[mine] = told
        told(len(self._waiting))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._waiting.pop(mine, None)
                self._tell()
            else:
                self._pass_on()  # its turn had just come
            raise

    def _pass_on(self) -> None:
        following = next((each for each in self._waiting if not each.done()), None)
        if following is None:
            self._free += 1
            return
        del self._waiting[following]
        following.set_result(None)
        self._tell()

    def _tell(self) -> None:
        for place, told in enumerate(tuple(self._waiting.values()), 1):
            told(place)


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def turns() -> Turns:
    """Those of the running loop."""
    return _turns.setdefault(asyncio.get_running_loop(), Turns())


def before(place: int) -> str:
    """What somebody who waits is told."""
    return "Another desktop starts first." if place == 1 else f"{place} desktops start first."
