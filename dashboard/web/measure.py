"""How much a session takes on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.files import count_files


@dataclass(frozen=True, slots=True)
class Measured:
    """What a session takes: all of its folder, and the person's files in it."""

    bytes: int
    files: int
    file_bytes: int


def measure(folder: Path) -> Measured:
    """Measure a session's folder. It reads the disk; what vanishes meanwhile is not counted."""
    files, file_bytes = count_files(folder / "home")
    return Measured(sum(_sizes(folder)), files, file_bytes)


def _sizes(folder: str | Path) -> Iterator[int]:
    """Sizes of all files below, links not followed."""
    try:
        entries = list(os.scandir(os.fsencode(folder)))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(os.fsdecode(entry.path))
            else:
                yield entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
