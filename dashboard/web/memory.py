"""Gives memory that closed pages and ended sessions leave back to the machine, without a pause.

The C library keeps what is freed for whoever asks next, in arenas that belong to threads, and by
itself gives back only the end of the first of them: a server that had eight sessions an hour ago
would hold their memory until it ends. On other systems than those with glibc nothing is done.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import functools
import gc
import importlib
from collections.abc import Callable

QUIET = 8.0
"""Seconds after the last end until memory is given back: Panel, too, collects its garbage first."""

_ARENAS = 2
"""Arenas for all threads: as many as the processors of a small machine. By default there may be
eight for each processor, each with what its threads have freed."""

_M_ARENA_MAX = -8
"""The name of that setting (``malloc.h``)."""


class Memory:
    """Calls ``give_back`` on a thread once nothing has ended for ``quiet`` seconds."""

    def __init__(self, give_back: Callable[[], object], quiet: float = QUIET) -> None:
        self._give_back, self._quiet = give_back, quiet
        self._due: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether something has ended whose memory is not given back yet."""
        return self._due is not None

    def freed(self) -> None:
        """A page or a session has ended."""
        self.forget()
        loop = asyncio.get_running_loop()
        own = contextvars.Context()
        self._due = loop.call_later(self._quiet, self._work, loop, context=own)

    def forget(self) -> None:
        """Give nothing back before something ends again."""
        if self._due is not None:
            self._due.cancel()
        self._due = None

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = None
        gc.collect()
        loop.run_in_executor(None, self._give_back)


def trim() -> bool:
    """Give back what is free, wherever it lies; whether there was anything."""
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


@functools.cache
def install() -> None:
    """Keep this process's memory in few arenas; for the threads that start from now on."""
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, _ARENAS)


def settle(*modules: str) -> None:
    """Let no search for garbage look at what is there now, which lasts as long as the server.

    Panel has all objects searched after each page that is closed, on the loop: with some 370,000
    that are never garbage it was blocked for half a second, on a busy machine for three.

    Args:
        modules: What the first page would import.
    """
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    known = all(hasattr(library, name) for name in ("malloc_trim", "mallopt"))
    return library if known else None


memory = Memory(trim)
"""Of this process."""
