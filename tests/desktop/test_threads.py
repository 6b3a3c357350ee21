"""What computes for a desktop in the server's process leaves the processor to its loop."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from agent.desktop.see.accessibility import Accessibility
from agent.desktop.see.ocr import Reader
from agent.desktop.see.windows import WindowList
from agent.disk import Writer
from agent.threads import BEHIND, SLICE, step_back, step_far_back, step_in

ENV: Any = SimpleNamespace(geometry=(640, 480))


@pytest.mark.parametrize(
    "of", [Accessibility(ENV), WindowList(ENV), Reader()], ids=lambda of: type(of).__name__
)
def test_a_thread_that_reads_the_screen_comes_after_the_loop(of: Any) -> None:
    pool: ThreadPoolExecutor = of._thread
    try:
        nice = pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result(60)
    finally:
        pool.shutdown()
    assert nice == min(19, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)


GET_ATTRIBUTES = {"x86_64": 315, "aarch64": 275}
SAID = "from tests.desktop.test_threads import asked_for; print(asked_for())"


def asked_for() -> int:
    """Nanoseconds that the calling thread asks for at a time."""
    told = ctypes.create_string_buffer(48)
    ctypes.CDLL(None).syscall(GET_ATTRIBUTES[os.uname().machine], 0, told, 48, 0)
    return int(struct.unpack("=IIQiIQQQ", told.raw)[5])


def of_a_thread(first: Callable[[], object]) -> int:
    """What a thread asks for that has begun with this."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: (first(), found.append(asked_for())))
    thread.start()
    thread.join(60)
    return found[0]


def test_who_must_not_wait_asks_for_little_and_what_it_starts_does_not() -> None:
    """The loop stands still while the journal writes, so its thread is one of them."""
    usual = of_a_thread(lambda: None)
    if not usual or of_a_thread(step_in) != SLICE:
        pytest.skip("this kernel does not let in at once who asks for little")
    assert Writer("journal").do(asked_for) == SLICE
    assert (of_a_thread(step_back), of_a_thread(step_far_back)) == (SLICE, usual)
    assert of_a_thread(lambda: Writer("never used").last(lambda: None)) == usual
    started: list[int] = []

    def starts() -> None:
        step_in()
        started.append(of_a_thread(lambda: None))
        told = subprocess.run([sys.executable, "-c", SAID], capture_output=True, check=True)
        started.append(int(told.stdout))

    of_a_thread(starts)
    assert started == [usual, usual]


def _refuse(*_: int) -> int:
    raise PermissionError


@pytest.mark.parametrize("call", ["getpriority", "setpriority", "sched_getscheduler"])
def test_threads_work_where_no_priority_may_be_set(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """As under a service manager's filter of system calls."""
    monkeypatch.setattr(os, call, _refuse)
    with ThreadPoolExecutor(1, initializer=step_back) as pool:
        assert pool.submit(lambda: "done").result(60) == "done"
    assert Writer("journal").do(lambda: "done") == "done"
