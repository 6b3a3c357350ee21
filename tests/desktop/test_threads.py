"""What computes for a desktop in the server's process leaves the processor to its loop."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from agent.desktop.see.accessibility import Accessibility
from agent.desktop.see.ocr import Reader
from agent.desktop.see.windows import WindowList
from agent.threads import BEHIND

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
