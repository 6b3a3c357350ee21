"""Threads beside the loop's."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
import threading
from pathlib import Path

BEHIND = 10
"""Niceness of a thread that computes for the loop, beside the loop's own."""

SLICE = 100_000
"""Nanoseconds that a thread asks for at a time which must not wait: who asks for little is let in
at once (Linux 6.12)."""

_SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
"""Machine → its number of the system call sched_setattr."""

_RESET_ON_FORK = 1
"""What it starts asks for as much as is usual."""

_aside: Path | None = None
_computing: Path | None = None


def set_aside(tasks: Path | None, computing: Path | None = None) -> None:
    """Have threads that step back from now on join a control group, if any.

    Args:
        tasks: The file that takes the numbers of its threads.
        computing: The same of the group of threads that compute outside of Python.
    """
    global _aside, _computing
    _aside, _computing = tasks, computing


def step_back() -> None:
    """Have the calling thread get a processor after those of its process that did not step back.

    For threads that do much in Python. They get it before everything else on the machine, and at
    once: they may hold Python's lock, and the loop is blocked until they hand it on. One that
    the loop waits for must not. Nothing comes of it where that may not be set: a pool whose threads
    fail to begin would do no work at all.
    """
    _leave_to_others(_aside)
    step_in()


def step_far_back() -> None:
    """The same for threads that compute long without Python's lock: nobody is blocked by one."""
    _leave_to_others(_computing)


def _leave_to_others(group: Path | None) -> None:
    number = threading.get_native_id()
    if group is not None:
        with contextlib.suppress(OSError):
            group.write_text(str(number))
            return
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        nice = os.getpriority(os.PRIO_PROCESS, number)
        os.setpriority(os.PRIO_PROCESS, number, min(19, nice + BEHIND))


def step_in() -> None:
    """Have the calling thread be let in at once when it has to run, which is never for long.

    Nothing comes of it where the kernel does not know how, or it may not be set.
    """
    number = _SET_ATTRIBUTES.get(platform.machine())
    if number is None or sys.platform != "linux":
        return
    try:
        usual = os.sched_getscheduler(0) == os.SCHED_OTHER
        nice = os.getpriority(os.PRIO_PROCESS, 0)
    except OSError:
        return
    if not usual:
        return
    attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, SLICE, 0, 0)
    ctypes.CDLL(None).syscall(number, 0, attributes, 0)
