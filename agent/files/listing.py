"""What lies in a home: a walk over descriptors that follows no link."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Literal, NamedTuple

from agent.desktop.server.guardian import walk_folders
from agent.errors import FilesError
from agent.face import Faced
from agent.files.kinds import is_state, is_state_name
from agent.files.names import shown, to_key, to_text
from agent.files.paths import DEEPEST, explained, opened_home, parent_of, parts_of
from agent.portable import FOLDER

MOST = 50_000
"""Entries that a listing holds at most."""

Kind = Literal["file", "folder", "link", "other"]


class Entry(NamedTuple):  # one of thousands: a dataclass takes three times as long to make
    """One file, folder, link or something else below a home."""

    path: str
    """Relative to the home; bytes that are no UTF-8 stand as surrogates."""

    kind: Kind
    size: int
    """Bytes of a file; 0 for all else."""

    mtime: float
    """When it was last changed, in Unix seconds, as the file itself says."""

    ctime: float = 0.0
    """When its bytes, name or permissions last changed here, which no program can alter."""

    @property
    def shown(self) -> str:
        """The path for people: what would not be seen, or would mislead, is written out."""
        return shown(self.path)

    @property
    def key(self) -> str:
        """The path for JSON and addresses; see `agent.files.names.from_key`."""
        return to_key(self.path)


@dataclass(frozen=True, slots=True)
class Listing(Faced):
    """What was found, folders before what is in them, each folder's names in order."""

    entries: tuple[Entry, ...]
    files: int
    """How many files there are among the entries."""

    bytes: int
    """Their sizes together."""

    truncated: bool = False
    """Whether more is there than was listed."""

    unreadable: tuple[str, ...] = ()
    """Folders that could not be looked into."""

    reasons: tuple[str, ...] = ()
    """The same for people, with why not."""


class Found(NamedTuple):
    """One name met on a walk. ``folder`` is open only until the next one is asked for."""

    path: bytes
    name: bytes
    folder: int
    info: os.stat_result

    @property
    def kind(self) -> Kind:
        return kind_of(self.info.st_mode)


@dataclass(frozen=True, slots=True)
class Unread:
    """A folder that could not be looked into, or lies too deep."""

    path: bytes
    error: OSError | None


def kind_of(mode: int) -> Kind:
    """What an ``st_mode`` is of."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def why_left(path: str | bytes, kind: Kind) -> str:
    """Why a link, or something else that holds no bytes, is not copied; empty for all other."""
    if kind in ("file", "folder"):
        return ""
    reason = "a link, which is not followed" if kind == "link" else "not a plain file"
    return f"{shown(path)}: {reason}"


def why_unread(folder: Unread) -> str:
    """Why what is in a folder is not copied."""
    reason = (
        f"lies too deep, {DEEPEST} folders are the most"
        if folder.error is None
        else f"the folder could not be read ({folder.error.strerror})"
    )
    return f"{shown(folder.path)}: {reason}"


def walk(
    folder: int, *, prefix: bytes = b"", state: bool = False, depth: int = 0
) -> Iterator[Found | Unread]:
    """Everything below an open folder; programs' own files only with ``state``."""
    try:
        names = sorted(map(os.fsencode, os.listdir(folder)))
    except OSError as error:
        yield Unread(prefix, error)
        return
    top, before = not prefix, prefix + b"/" if prefix else b""
    for name in names:
        if not state and is_state_name(name, top=top):
            continue
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:  # it went meanwhile
            continue
        path = before + name
        yield Found(path, name, folder, info)
        if stat.S_ISDIR(info.st_mode):
            yield from _inside(folder, name, path, state, depth)


def _inside(
    folder: int, name: bytes, path: bytes, state: bool, depth: int
) -> Iterator[Found | Unread]:
    if depth + 1 >= DEEPEST:
        yield Unread(path, None)
        return
    try:
        inner = os.open(name, FOLDER, dir_fd=folder)
    except OSError as error:
        yield Unread(path, error)
        return
    try:
        yield from walk(inner, prefix=path, state=state, depth=depth + 1)
    finally:
        os.close(inner)


def list_files(
    home: Path, *, below: str | bytes | PurePath = "", state: bool = False, most: int = MOST
) -> Listing:
    """The person's files in a home; programs' own with ``state``.

    Args:
        home: the home's folder.
        below: a folder in it; one that is a program's own is thereby asked for by name.
        state: whether programs' own files are listed as well.
        most: entries that are listed at most.

    Raises:
        FilesError: the home or the folder is not there.
    """
    entries: list[Entry] = []
    unread: list[Unread] = []
    files = size = 0
    truncated = False
    for found in walk_home(home, below=below, state=state):
        if isinstance(found, Unread):
            unread.append(found)
            continue
        if len(entries) >= most:
            truncated = True
            break
        info = found.info
        kind = kind_of(info.st_mode)
        here = 0
        if kind == "file":
            here = info.st_size
            files += 1
            size += here
        entries.append(Entry(to_text(found.path), kind, here, info.st_mtime, info.st_ctime))
    return Listing(
        tuple(entries),
        files,
        size,
        truncated,
        unreadable=tuple(to_text(folder.path) for folder in unread),
        reasons=tuple(map(why_unread, unread)),
    )


def walk_home(
    home: Path, *, below: str | bytes | PurePath = "", state: bool = False
) -> Iterator[Found | Unread]:
    """`walk` for a home, or for a folder in it.

    Raises:
        FilesError: the home or the folder is not there.
    """
    inside = b"/".join(parts_of(below))
    if not inside:
        with opened_home(home) as top:
            yield from walk(top, state=state)
        return
    with parent_of(home, inside) as (parent, name):
        try:
            folder = os.open(name, FOLDER, dir_fd=parent)
        except OSError as error:
            raise explained(inside, error) from error
        try:
            yield from walk(folder, prefix=inside, state=state or is_state(inside))
        finally:
            os.close(folder)


def count_files(home: Path, *, state: bool = False) -> tuple[int, int]:
    """How many files a home has, and their bytes together; nothing for a home that is gone.

    What lies too deep to be listed counts, too: it goes when the session is deleted.
    """

    def counts(name: str, top: bool) -> bool:
        return state or not is_state_name(os.fsencode(name), top=top)

    sizes: list[int] = []
    with contextlib.suppress(FilesError, OSError), opened_home(home) as handle:
        for number, folder in enumerate(walk_folders(handle, enters=counts)):
            sizes += _sizes(folder, partial(counts, top=number == 0))
    return len(sizes), sum(sizes)


def _sizes(folder: int, counts: Callable[[str], bool]) -> Iterator[int]:
    """Bytes of the files in an open folder itself."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with contextlib.suppress(OSError):
                if counts(entry.name) and entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_size
