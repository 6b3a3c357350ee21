"""Several files or folders as one zip archive, made piece by piece.

The archive exists nowhere as a whole: each piece is handed out as soon as it is made. What
cannot be taken (a link, a file that went meanwhile) is named in a text beside the others.
All of this blocks: call it in a thread.
"""

from __future__ import annotations

import errno
import os
import stat
import time
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from agent.errors import FilesError
from agent.files.kinds import is_state
from agent.files.listing import Found, Unread, walk_home, why_left, why_unread
from agent.files.names import free_name, portable_name, shown, to_bytes, to_text
from agent.files.paths import explained, open_file, parent_of, parts_of, read_descriptor

MISSING = "Not included.txt"
"""Name of the text that says what could not be taken."""

_PIECE = 256 << 10
_SAMPLE = 64 << 10
_DOS_FOLDER = 0x10
_SAVES = 0.9
"""Deflating is worth its time if a file's beginning becomes smaller than this share of itself."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive would hold."""

    files: int
    bytes: int
    left_out: Sequence[str] = ()
    """What it would not hold, and why, a line each."""


def contents_of(home: Path, paths: Sequence[str], most: int) -> Contents:
    """How much an archive of ``paths`` would hold.

    Raises:
        FilesError: something is not there or not the person's, or it is over ``most`` files.
    """
    files = size = 0
    left_out: list[str] = []
    for path in _apart(paths):
        for found in _below(home, path):
            if why := _why_not(found):
                left_out.append(why)
            if isinstance(found, Unread) or why or found.kind == "folder":
                continue
            files, size = files + 1, size + found.info.st_size
            if files > most:
                raise FilesError(
                    f"These are more than {most:,} files, too many for one archive. "
                    "Choose some of the folders."
                )
    return Contents(files, size, left_out)


def _why_not(found: Found | Unread) -> str:
    """Why an archive cannot hold it, as far as that can be seen before it is read."""
    if isinstance(found, Unread):
        return why_unread(found)
    if found.kind != "file":
        return why_left(found.path, found.kind)
    if os.access(found.name, os.R_OK, dir_fd=found.folder, effective_ids=True):
        return ""
    return str(explained(found.path, PermissionError(errno.EACCES, "")))


def zipped(home: Path, paths: Sequence[str]) -> Generator[bytes, None, None]:
    """The pieces of an archive of files and folders below ``home``, each under its own name.

    Raises:
        FilesError: something that was asked for is not there or not the person's.
    """
    sink = _Sink()
    missing: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        names = _Names()
        for path in _apart(paths):
            above = os.path.dirname(to_bytes(path))
            for found in _below(home, path):
                yield from _packed(archive, sink, found, names, above, missing)
        if missing:
            text = "\n".join(("These were not taken into the archive:", "", *missing, ""))
            archive.writestr(names.new(b"", MISSING), text.encode("utf-8", "replace"))
    yield sink.take()


def _packed(
    archive: zipfile.ZipFile,
    sink: _Sink,
    found: Found | Unread,
    names: _Names,
    above: bytes,
    missing: list[str],
) -> Iterator[bytes]:
    """One entry; what goes wrong with it before its first byte is a line in ``missing``."""
    if isinstance(found, Unread):
        missing.append(why_unread(found))
        return
    if found.kind == "folder":
        archive.writestr(_entry(names.folder(found.path, above) + "/", found.info), b"")
        return
    if why := why_left(found.path, found.kind):
        missing.append(why)
        return
    try:
        descriptor = read_descriptor(found.folder, found.name)
    except OSError as error:
        missing.append(str(explained(found.path, error)))
        return
    with os.fdopen(descriptor, "rb") as file:
        yield from _copied(archive, sink, file, _info(names.file(found.path, above), file))


def _copied(
    archive: zipfile.ZipFile, sink: _Sink, file: BinaryIO, info: zipfile.ZipInfo
) -> Iterator[bytes]:
    left = os.fstat(file.fileno()).st_size  # one that grows all the time has an end, too
    with archive.open(info, "w", force_zip64=True) as packed:
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            packed.write(piece)
            if sink.held >= _PIECE:
                yield sink.take()


def _info(name: str, file: BinaryIO) -> zipfile.ZipInfo:
    info = _entry(name, os.fstat(file.fileno()))
    info.compress_type = zipfile.ZIP_DEFLATED if _shrinks(file) else zipfile.ZIP_STORED
    return info


def _entry(name: str, status: os.stat_result) -> zipfile.ZipInfo:
    """A file or folder of the archive, with its date and permissions."""
    year, *rest = time.localtime(min(max(status.st_mtime, 0), 4_000_000_000))[:6]
    when = (year, *rest) if 1980 <= year <= 2107 else (1980, 1, 1, 0, 0, 0)
    info = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]
    mode = stat.S_IMODE(status.st_mode) & 0o755
    if info.is_dir():
        info.external_attr = (stat.S_IFDIR | mode | 0o700) << 16 | _DOS_FOLDER
    else:
        info.external_attr = (stat.S_IFREG | mode) << 16
    return info


def _shrinks(file: BinaryIO) -> bool:
    """Whether a file is not packed already, as most pictures and archives are."""
    sample = file.read(_SAMPLE)
    file.seek(0)
    return len(zlib.compress(sample, 1)) < _SAVES * len(sample)


def _apart(paths: Sequence[str]) -> list[str]:
    """The paths without those that lie in another of them, and without repetitions."""
    kept: list[tuple[bytes, ...]] = []
    for parts in sorted({parts_of(path) for path in paths}):
        if not any(parts[: len(other)] == other for other in kept):
            kept.append(parts)
    if any(is_state(b"/".join(parts)) for parts in kept):
        raise FilesError("That is a program's own state, not one of your files.")
    return [to_text(b"/".join(parts)) for parts in kept]


def _below(home: Path, path: str) -> Iterator[Found | Unread]:
    """A file alone, or a folder with all that is in it."""
    if not path:
        yield from walk_home(home)
        return
    with parent_of(home, path) as (folder, name):
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        found = Found(to_bytes(path), name, folder, info)
        if found.kind == "link":
            raise FilesError(f"{shown(path)} is a link. Links are not followed.")
        yield found
    if found.kind == "folder":
        yield from walk_home(home, below=path)


@dataclass
class _Names:
    """Names within the archive: fit for every system, and each given once."""

    _folders: dict[bytes, str] = field(default_factory=dict)
    _taken: dict[str, set[str]] = field(default_factory=dict)

    def folder(self, path: bytes, above: bytes) -> str:
        """A folder's path in the archive; the same each time."""
        if path == above or not path:
            return ""
        if path not in self._folders:
            self._folders[path] = self._made(path, above)
        return self._folders[path]

    def file(self, path: bytes, above: bytes) -> str:
        """A file's path in the archive; another each time."""
        return self._made(path, above)

    def new(self, folder: bytes, name: str) -> str:
        """A name at the top that is not taken."""
        return self._free(self.folder(folder, folder), name)

    def _made(self, path: bytes, above: bytes) -> str:
        parent, _, name = path.rpartition(b"/")
        return self._free(self.folder(parent, above), portable_name(name))

    def _free(self, parent: str, name: str) -> str:
        taken = self._taken.setdefault(parent, set())
        free = free_name(name, lambda wanted: wanted.casefold() in taken)
        taken.add(free.casefold())
        return f"{parent}/{free}" if parent else free


class _Sink:
    """What the archive is written to: it cannot be read or gone back in, so nothing is kept."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.held = 0

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        self.held += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is behind it."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """All that was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return taken


@contextmanager
def person_file(home: Path, path: str) -> Iterator[BinaryIO]:
    """One of the person's files, open for reading.

    Raises:
        FilesError: it is not there, not a plain file, or a program's own.
    """
    if is_state(b"/".join(parts_of(path))):
        raise FilesError("That is a program's own state, not one of your files.")
    with open_file(home, path) as file:
        yield file
