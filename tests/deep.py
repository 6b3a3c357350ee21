"""Folders in folders, deeper than a path, a recursion or descriptors reach."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def dig(folder: Path, levels: int, name: str = "d") -> None:
    """Make so many folders, each in the other, with a file of six bytes in the last."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    with os.fdopen(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=handle), "w") as file:
        file.write("bottom")
    os.close(handle)


@contextmanager
def dug(folder: Path, levels: int) -> Iterator[None]:
    """`dig`, and away with it at the end: pytest's own removal would fail on it."""
    dig(folder, levels)
    try:
        yield
    finally:
        subprocess.run(["rm", "-rf", str(folder / "d")], check=True)
