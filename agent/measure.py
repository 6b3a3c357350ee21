"""How much a session takes on disk, and what it is about, without opening it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pydantic

from agent.events import TaskStarted
from agent.files import count_files
from agent.home import home_in
from agent.journal import last_used, list_sessions, session_folder


@dataclass(frozen=True, slots=True)
class Measured:
    """What a session takes: all of its folder, and the person's files in it."""

    bytes: int
    files: int
    file_bytes: int


def measure(folder: Path) -> Measured:
    """Measure a session's folder. It reads the disk; what vanishes meanwhile is not counted."""
    files, file_bytes = count_files(home_in(folder))
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


def listed(data_dir: Path) -> str:
    """All sessions as a table, the most recently used first; empty if there are none.

    A line begins with the session's id.
    """
    rows = [_row(data_dir, session_id) for session_id in list_sessions(data_dir)]
    if not rows:
        return ""
    head = ("SESSION", "LAST USED", "STATE", "SIZE", "FILES", "FIRST TASK")
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head) - 1)]
    lines = ("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in table)
    return "\n".join(lines)


def in_words(size: int) -> str:
    """Bytes as people read them."""
    number, units = float(size), iter(("bytes", "kB", "MB", "GB"))
    unit = next(units)
    while number >= 1000 and (larger := next(units, "")):
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"


def _row(data_dir: Path, session_id: str) -> tuple[str, ...]:
    folder = session_folder(data_dir, session_id)
    size = measure(folder)
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(last_used(data_dir, session_id)))
    state = "running" if _is_open(folder) else "ended"
    return (session_id, used, state, in_words(size.bytes), f"{size.files}", _first_task(folder))


def _is_open(folder: Path) -> bool:
    """Whether a process has the session open."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _first_task(folder: Path, most: int = 60) -> str:
    """The words of the session's first task, shortened; empty if there is none to be read."""
    path = folder / "events.db"
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    query = "SELECT event FROM events WHERE event LIKE '%\"task_started\"%' ORDER BY seq LIMIT 1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as db:
            row = db.execute(query).fetchone()
        words = TaskStarted.model_validate_json(row[0]).text.split() if row else []
    except (sqlite3.Error, pydantic.ValidationError):
        return ""
    text = "".join(c if c.isprintable() else "?" for c in " ".join(words))
    return text if len(text) <= most else f"{text[: most - 1]}…"
