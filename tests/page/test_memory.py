"""Memory goes back to the machine after pages and sessions."""

from __future__ import annotations

import asyncio
import platform
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest

from dashboard.hooks import on_session_destroyed
from dashboard.web.memory import Memory, memory, trim

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's arenas")


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


@glibc
def test_what_a_thread_has_freed_between_what_it_keeps_goes_back() -> None:
    """The C library by itself keeps all of it, for it is not at the end of an arena."""

    def fill() -> list[bytes]:
        pieces = [bytes(4_000) for _ in range(25_000)]
        return pieces[::1_000]

    with ThreadPoolExecutor(1) as threads:
        kept = threads.submit(fill).result()
        before = _resident()
        assert trim()
        assert before - _resident() > 60 << 20
    assert len(kept) == 25


async def test_it_is_given_back_once_after_the_last_of_many_ends() -> None:
    given: list[str] = []
    own = Memory(lambda: given.append("back"), quiet=0.2)
    for times in (1, 2):
        for _ in range(5):
            own.freed()
            await asyncio.sleep(0)
        assert own.waits
        async with asyncio.timeout(30):
            while len(given) < times:
                await asyncio.sleep(0.01)
        assert not own.waits
    assert given == ["back", "back"]


async def test_a_closed_page_has_it_given_back() -> None:
    memory.forget()
    on_session_destroyed(SimpleNamespace(id="no page of this name"))
    assert memory.waits
    memory.forget()
