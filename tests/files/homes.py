"""A home that random hands change, and what it looks like as a whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

NAMES = ["a", "b.txt", "c", "ü", "two\nlines", "-rf", "caf\udce9"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
DEEDS = st.one_of(
    st.tuples(st.just("write"), PATHS, st.binary(max_size=40)),
    st.tuples(st.just("append"), PATHS, st.binary(min_size=1, max_size=9)),
    st.tuples(st.just("folder"), PATHS),
    st.tuples(st.just("link"), PATHS, st.sampled_from(["/etc/passwd", "a", "../..", "nowhere"])),
    st.tuples(st.just("hard"), PATHS, PATHS),
    st.tuples(st.just("move"), PATHS, PATHS),
    st.tuples(st.just("delete"), PATHS),
    st.tuples(st.just("mode"), PATHS, st.sampled_from([0o600, 0o644, 0o755, 0o700])),
    st.tuples(st.just("touch"), PATHS, st.integers(0, 2_000_000_000)),
)


def do(home: Path, deeds: list[tuple[Any, ...]]) -> None:
    """Carry out what can be; the rest is left."""
    for deed in deeds:
        with contextlib.suppress(OSError, shutil.Error):
            _do(home, *deed)


def _do(home: Path, what: str, path: str, *given: Any) -> None:
    at = home / path
    if what in ("write", "folder", "link", "hard", "move"):
        at.parent.mkdir(parents=True, exist_ok=True)
    if what in ("append", "write", "mode", "touch") and at.is_symlink():
        return
    match what:
        case "write":
            at.write_bytes(given[0])
        case "append":
            with at.open("ab") as file:
                file.write(given[0])
        case "folder":
            at.mkdir()
        case "link":
            at.symlink_to(given[0])
        case "hard":
            os.link(home / given[0], at, follow_symlinks=False)
        case "move":
            (home / given[0]).rename(at)
        case "delete" if at.is_dir() and not at.is_symlink():
            shutil.rmtree(at)
        case "delete":
            at.unlink()
        case "mode":
            at.chmod(given[0])
        case "touch":
            os.utime(at, (given[0], given[0]))


def picture(home: Path) -> dict[str, tuple[Any, ...]]:
    """Everything of a home that must be the same again."""
    seen: dict[str, tuple[Any, ...]] = {}
    for top, folders, files in os.walk(home):
        for name in folders + files:
            path = Path(top) / name
            info = path.lstat()
            key = str(path.relative_to(home))
            if stat.S_ISLNK(info.st_mode):
                seen[key] = ("link", os.readlink(path), info.st_mtime_ns)
            elif stat.S_ISDIR(info.st_mode):
                seen[key] = ("folder", stat.S_IMODE(info.st_mode))
            else:
                mode = stat.S_IMODE(info.st_mode)
                seen[key] = ("file", path.read_bytes(), mode, info.st_mtime_ns)
    return seen
