"""Whether a disk has room for something, before it is begun: a full disk stops every session."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SPARE = 64 << 20
"""Bytes that stay free on the disk of the sessions, for their journals must be written in any
case."""


def has_room(folder: Path, more: int, *, spare: int = SPARE) -> bool:
    """Whether ``more`` bytes fit on the folder's disk, and ``spare`` are left then.

    A disk that does not tell is tried.
    """
    try:
        return shutil.disk_usage(folder).free >= more + spare
    except OSError:
        return True


def spare_beside(folder: Path, data_dir: Path) -> int:
    """What must stay free in ``folder``: nothing, if the sessions are on another disk."""
    try:
        return SPARE if folder.stat().st_dev == data_dir.stat().st_dev else 0
    except OSError:
        return SPARE


def bytes_below(folder: Path) -> int:
    """What the files below a folder take."""
    found = 0
    for where, _, names in os.walk(folder):
        found += sum(os.lstat(os.path.join(where, name)).st_size for name in names)
    return found
