"""How much a session takes on disk, and what it is about, without opening it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pydantic

from agent.desktop.server.guardian import walk_folders
from agent.desktop.server.homes import opened
from agent.files import count_files
from agent.portable import lock_file
from agent.record.events import TaskStarted
from agent.record.journal import last_used, list_sessions, session_folder
from agent.record.rows import open_table
from agent.room import bytes_below
from agent.session.home import home_in

CARD = "page.json"
"""The file beside a journal in which the page keeps what a session is called, and whose it is."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a session takes: all of its folder, and the person's files in it."""

    bytes: int
    files: int
    file_bytes: int


def measure(folder: Path) -> Measured:
    """Measure a session's folder. It reads the disk; what vanishes meanwhile is not counted."""
    if sys.platform == "win32":  # folders cannot be held open there
        home = home_in(folder)
        files = sum(len(names) for _, _, names in os.walk(home))
        return Measured(bytes_below(folder), files, bytes_below(home))
    files, file_bytes = count_files(home_in(folder))
    return Measured(sum(_sizes(folder)), files, file_bytes)


def _sizes(folder: Path) -> Iterator[int]:
    """Sizes of all files below, links not followed."""
    with contextlib.suppress(OSError), opened(folder) as top:
        for each in walk_folders(top):
            yield from _sizes_in(each)


def _sizes_in(folder: int) -> Iterator[int]:
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with contextlib.suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_size


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as ``--list`` tells of it."""

    id: str
    used: float
    """When something was last written down, in Unix seconds."""

    running: bool
    """Whether a process has it open."""

    size: Measured
    owner: str
    """The name that signed in; "a browser" without a login; empty if no page made it."""

    name: str
    """The person's name for it, else the words of its first task; empty if it has neither."""


def measured(data_dir: Path) -> list[Kept]:
    """All sessions, the most recently used first. It reads the disk."""
    return [_kept(data_dir, session_id) for session_id in list_sessions(data_dir)]


def listed(data_dir: Path) -> str:
    """All sessions in columns, a line each that begins with the id; empty if there are none."""
    sessions = measured(data_dir)
    if not sessions:
        return ""
    table = [
        ("SESSION", "LAST USED", "STATE", "SIZE", "FILES", "OWNER", "NAME"),
        *map(_row, sessions),
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]) - 1)]
    lines = ("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in table)
    return "\n".join(lines)


def as_lines(sessions: Iterable[Kept]) -> str:
    """Sessions for a program: a line of JSON each, times in UTC, sizes in bytes."""
    return "".join(f"{json.dumps(_record(session), ensure_ascii=False)}\n" for session in sessions)


def in_words(size: int) -> str:
    """Bytes as people read them."""
    number, units = float(size), iter(("bytes", "kB", "MB", "GB"))
    unit = next(units)
    while number >= 1000 and (larger := next(units, "")):
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "bytes" or number >= 100 else f"{number:.1f} {unit}"


def _kept(data_dir: Path, session_id: str) -> Kept:
    folder = session_folder(data_dir, session_id)
    card = _card(folder)
    return Kept(
        session_id,
        last_used(data_dir, session_id),
        _is_open(folder),
        measure(folder),
        _owner(card),
        _title(card) or _first_task(folder),
    )


def _row(kept: Kept) -> tuple[str, ...]:
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.used))
    state = "running" if kept.running else "ended"
    takes = (in_words(kept.size.bytes), f"{kept.size.files}")
    return (kept.id, used, state, *takes, kept.owner or "-", kept.name)


def _record(kept: Kept) -> dict[str, object]:
    return {
        "id": kept.id,
        "last_used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(kept.used)),
        "state": "running" if kept.running else "ended",
        "bytes": kept.size.bytes,
        "files": kept.size.files,
        "file_bytes": kept.size.file_bytes,
        "owner": kept.owner,
        "name": kept.name,
    }


def _card(folder: Path) -> dict[str, object]:
    """What the page keeps of the session; empty if no page does, or it cannot be read."""
    try:
        kept = json.loads((folder / CARD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _title(card: dict[str, object]) -> str:
    """What the person called the session on the page; empty if nothing."""
    title = card.get("title")
    return _one_line(title) if isinstance(title, str) else ""


def _owner(card: dict[str, object]) -> str:
    person = card.get("person")
    name = _one_line(person, 40) if isinstance(person, str) else ""
    return name or ("a browser" if card else "")


def _is_open(folder: Path) -> bool:
    """Whether a process has the session open."""
    try:
        with (folder / "lock").open("rb") as lock:
            lock_file(lock.fileno(), shared=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _first_task(folder: Path) -> str:
    """The words of the session's first task, shortened; empty if there is none to be read."""
    path = folder / "events.db"
    query = "SELECT event FROM events WHERE event LIKE '%\"task_started\"%' ORDER BY seq LIMIT 1"
    try:
        with closing(open_table(path)) as db:
            row = db.execute(query).fetchone()
        words = TaskStarted.model_validate_json(row[0]).text if row else ""
    except (sqlite3.Error, pydantic.ValidationError):
        return ""
    return _one_line(words)


def _one_line(words: str, most: int = 60) -> str:
    text = "".join(c if c.isprintable() else "?" for c in " ".join(words.split()))
    return text if len(text) <= most else f"{text[: most - 1]}…"
