"""Which files a window shows, by its title, and whether they were written since."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DEEPEST = 4
"""Folders below the home that are looked into."""

_MOST = 5_000
"""Files of the home that are looked at."""

_LONGEST = 1_000_000
"""Bytes of a text that is compared."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file, and what changes whenever a program writes it."""

    path: Path
    written: tuple[int, int, int]
    """Time in nanoseconds, size, and number of the file, which a program may replace."""


def shown(home: Path, title: str) -> list[Document]:
    """The files of the home whose whole name stands in a window's title."""
    found: list[Document] = []
    for path in _files(home):
        if re.search(rf"(?<![\w.-]){re.escape(path.name)}(?![\w-]|\.\w)", title):
            try:
                known = path.stat()
            except OSError:
                continue
            found.append(Document(path, (known.st_mtime_ns, known.st_size, known.st_ino)))
    return found


def mark(documents: Sequence[Document]) -> str:
    """What tells whether any of these was written."""
    told = "\n".join(sorted(f"{each.path}{each.written}" for each in documents))
    return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:12]


def text_in(path: Path) -> str | None:
    """A file's text; None if it is none, is long or cannot be read."""
    try:
        if path.stat().st_size > _LONGEST:
            return None
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _files(home: Path) -> list[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(home):
        deep = len(Path(folder).relative_to(home).parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(n for n in folders if not n.startswith("."))
        found += [Path(folder, name) for name in names if not name.startswith(".")]
        if len(found) >= _MOST:
            break
    return found[:_MOST]
