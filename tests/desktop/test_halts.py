"""Whether a process is halted, from the kernel's own word."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from screens import until

from agent.desktop.server.halts import is_halted, seen_from_outside


@pytest.fixture
def child() -> Iterator[int]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


async def test_a_halted_process_is_told_from_one_that_sleeps_or_has_gone(child: int) -> None:
    async def halted() -> bool:
        return is_halted(child)

    async def goes_on() -> bool:
        return not is_halted(child)

    assert not is_halted(child)
    os.kill(child, signal.SIGSTOP)
    await until(halted)
    os.kill(child, signal.SIGCONT)
    await until(goes_on)
    assert not is_halted(0)
    assert not is_halted(2**22 + 1)


def test_what_runs_below_is_found_by_its_number_in_the_namespace(child: int) -> None:
    assert seen_from_outside(os.getpid(), child) == child
    assert seen_from_outside(os.getppid(), child) == child
    assert seen_from_outside(os.getpid(), os.getppid()) == 0
    assert seen_from_outside(os.getpid(), 1) == 0
    assert seen_from_outside(2**22 + 1, child) == 0
