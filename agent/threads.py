"""Threads beside the loop's."""

from __future__ import annotations

import os
import threading

BEHIND = 10
"""Niceness of a thread that computes for the loop, beside the loop's own."""


def step_back() -> None:
    """Have the calling thread get a processor after those of its process that did not step back.

    For threads that compute much. One that the loop stands still for must not.
    """
    number = threading.get_native_id()
    nice = os.getpriority(os.PRIO_PROCESS, number)
    os.setpriority(os.PRIO_PROCESS, number, min(19, nice + BEHIND))
