"""What the system's own launchers and services start: the files of the system, not of a home."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.desktop.server.launchers import SYSTEM_FOLDERS

SERVICE_FOLDERS = tuple(
    Path("/usr/share/dbus-1") / name
    for name in ("services", "system-services", "accessibility-services")
)
_EXEC = re.compile(r"^Exec\s*=\s*(.+)$", re.MULTILINE)
_FILES = frozenset({"%f", "%F", "%u", "%U"})
_NAMES = frozenset({"%c", "%k", "%i"})


class Installed:
    """Command lines that ``.desktop`` and service files of the system name."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines: dict[str, list[tuple[str, ...]]] = {}
        for line in lines:
            with contextlib.suppress(ValueError):
                words = tuple(shlex.split(line))
                if words:
                    self._lines.setdefault(os.path.basename(words[0]), []).append(words[1:])

    @classmethod
    def read(cls, folders: Iterable[Path] = SYSTEM_FOLDERS + SERVICE_FOLDERS) -> Installed:
        """Whatever is installed here; files that cannot be read are left out. Blocks."""
        return cls(_lines(folders))

    def names(self, program: str, argv: tuple[str, ...]) -> bool:
        """Whether one of them starts exactly this, given files aside."""
        patterns = self._lines.get(os.path.basename(program), ())
        return any(_fits(pattern, argv[1:]) for pattern in patterns)


def _lines(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                if name.endswith((".desktop", ".service")):
                    with contextlib.suppress(OSError):
                        yield from _EXEC.findall(Path(root, name).read_text("utf-8", "replace"))


def _fits(pattern: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether words are what a pattern becomes; no file that is given looks like an option."""
    if not pattern:
        return not words
    first, rest = pattern[0], pattern[1:]
    if first in _FILES:
        given = range(len(words) + 1)
        return any(
            all(not word.startswith("-") for word in words[:count]) and _fits(rest, words[count:])
            for count in given
        )
    if first in _NAMES:
        most = 2 if first == "%i" else 1
        return any(_fits(rest, words[count:]) for count in range(most + 1))
    return bool(words) and words[0] == first and _fits(rest, words[1:])
