"""A file on a disk that does not answer, imitated by a pipe in its place.

Whoever opens it waits until somebody writes.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60.0
"""Seconds after which whoever still waits is let go of."""


@contextmanager
def hanging(path: Path, content: str) -> Iterator[threading.Event]:
    """Reading the file hangs in the block; afterwards it has its content.

    What is not given up by itself is let go of after `PATIENCE`: then the event is set.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    waited_for_ever = threading.Event()

    def answer() -> None:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            return
        with contextlib.suppress(BrokenPipeError):  # who had waited for it wants no more
            os.write(handle, content.encode())
        os.close(handle)

    def too_long() -> None:
        waited_for_ever.set()
        answer()

    watch = threading.Timer(PATIENCE, too_long)
    watch.start()
    try:
        yield waited_for_ever
    finally:
        watch.cancel()
        answer()
        path.unlink()
        path.write_text(content, encoding="utf-8")
