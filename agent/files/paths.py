"""Files below a home, reached by descriptors so that no link leads out of it.

Each folder on the way is opened relative to the one before it with ``O_NOFOLLOW``: neither
``..`` nor a symbolic link, not even one that is put there meanwhile, leads anywhere else.
What is made belongs to the home's owner. All of this blocks: call it in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import TracebackType
from typing import BinaryIO, Self

from agent.errors import FilesError
from agent.files.names import free_name, safe_name, shown, to_bytes, to_text
from agent.portable import CLOEXEC, FOLDER, NOFOLLOW, NONBLOCK

FILE = os.O_RDONLY | NOFOLLOW | NONBLOCK | CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC
DEEPEST = 64
"""Folders in each other that are looked into."""

SPARE = ".sayso-new-"
"""Beginning of the name of a file that is not yet whole; a hidden one, so never listed."""


def parts_of(path: str | bytes | PurePath) -> tuple[bytes, ...]:
    """The components of a path below a home; none for the home itself.

    Raises:
        FilesError: it is absolute, leads out, or is not a path.
    """
    try:
        given = to_bytes(path)
    except UnicodeEncodeError:
        raise FilesError("That is not a file's name: it has signs that no name can hold.") from None
    parts = tuple(part for part in given.split(b"/") if part not in (b"", b"."))
    if given.startswith(b"/") or b".." in parts or b"\0" in given:
        raise FilesError(f"{shown(given)} is not a path inside the home folder.")
    if len(parts) > DEEPEST:
        raise FilesError(f"{shown(given)} lies too deep: {DEEPEST} folders are the most.")
    return parts


@contextmanager
def opened_home(home: Path) -> Iterator[int]:
    """A descriptor of the home folder.

    Raises:
        FilesError: it is not there, is a link, or may not be read.
    """
    try:
        descriptor = os.open(home, FOLDER)
    except OSError as error:
        raise no_home(error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def no_home(error: OSError) -> FilesError:
    """Words for a home that cannot be opened."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return FilesError(
            "The session's home folder is not there: it was deleted or replaced from outside. "
            "End the session and resume it to get a new one."
        )
    return FilesError(f"The session's home folder cannot be read ({error.strerror}).")


@contextmanager
def parent_of(
    home: Path, path: str | bytes | PurePath, *, make: bool = False
) -> Iterator[tuple[int, bytes]]:
    """A descriptor of the folder that a path lies in, and its last component.

    ``make``: missing folders on the way are made.

    Raises:
        FilesError: it cannot be reached; the text says why.
    """
    *way, name = parts_of(path) or (b".",)
    with opened_home(home) as top, contextlib.ExitStack() as open_ones:
        owner, folder = os.fstat(top), top
        try:
            for part in way:
                folder = enter(folder, part, owner=owner if make else None)
                open_ones.callback(os.close, folder)
            yield folder, name
        except OSError as error:
            raise explained(path, error) from error


def enter(folder: int, name: bytes, *, owner: os.stat_result | None = None) -> int:
    """A descriptor of a folder in a folder; with an ``owner`` it is made if it is missing."""
    if owner is not None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=folder)
            own(folder, name, owner)
    return os.open(name, FOLDER, dir_fd=folder)


def own(folder: int, name: bytes, owner: os.stat_result) -> None:
    """Hand what was just made to the home's owner; only root can, and needs to."""
    if os.geteuid() == 0:
        os.chown(name, owner.st_uid, owner.st_gid, dir_fd=folder, follow_symlinks=False)


def read_descriptor(folder: int, name: bytes) -> int:
    """A descriptor of a regular file, to be read; never waits for a pipe.

    Raises:
        OSError: ``ENXIO`` when it is not a regular file.
    """
    descriptor = os.open(name, FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, "not a regular file")
    return descriptor


def open_file(home: Path, path: str | bytes | PurePath) -> BinaryIO:
    """A regular file below a home, open for reading.

    Raises:
        FilesError: it is not there, is a link, a pipe or a folder, or may not be read.
    """
    with parent_of(home, path) as (folder, name):
        return os.fdopen(read_descriptor(folder, name), "rb")


class Incoming:
    """A file that comes in piece by piece; nobody sees it before `finish`.

    Args:
        home: the home's folder.
        name: as it was sent; it is made safe (`safe_name`), and numbered if it is taken.
        folder: where in the home it goes; made if it is missing.

    Raises:
        FilesError: it cannot be written; the text says why. Nothing of it is left.
    """

    def __init__(self, home: Path, name: str | bytes, folder: str | bytes | PurePath = "") -> None:
        self._name = safe_name(name)
        self._into = parts_of(folder)
        self._spare = f"{SPARE}{secrets.token_hex(8)}".encode()
        self.path = ""
        """Where it lies below the home, once it is finished."""

        with parent_of(home, self._under(self._name.encode()), make=True) as (parent, _):
            descriptor = os.open(self._spare, NEW, 0o644, dir_fd=parent)
            self._parent = os.dup(parent)
            with opened_home(home) as top:
                owner = os.fstat(top)
            if os.geteuid() == 0:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        self._file: BinaryIO | None = os.fdopen(descriptor, "wb")
        self._lock = threading.RLock()
        """Whoever sends may go, and `abort` be called, while another thread writes."""

    def write(self, data: bytes | memoryview) -> None:
        """Add to the file.

        Raises:
            FilesError: the disk is full, or the quota is reached; nothing of it is left.
        """
        with self._lock:
            try:
                self._still_open().write(data)
            except OSError as error:
                self.abort()
                raise explained(self._name, error) from error

    def finish(self) -> str:
        """Give it its name; returns its path below the home.

        Raises:
            FilesError: the disk is full; nothing of it is left.
        """
        with self._lock:
            try:
                self._still_open().close()
                name = self._placed()
            except OSError as error:
                self.abort()
                raise explained(self._name, error) from error
            self._file = None
            os.close(self._parent)
            self.path = to_text(self._under(name))
            return self.path

    def abort(self) -> None:
        """Leave nothing of it; does nothing once it is finished."""
        with self._lock:
            if self._file is None:
                return
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._spare, dir_fd=self._parent)
            os.close(self._parent)

    def _still_open(self) -> BinaryIO:
        if self._file is None:
            raise FilesError("The file is complete already, or was given up.")
        return self._file

    def _under(self, name: bytes) -> bytes:
        return b"/".join((*self._into, name))

    def _placed(self) -> bytes:
        """Take the first name that is free; a link is made only where nothing is."""
        tried: set[str] = set()
        while True:
            name = free_name(self._name, tried.__contains__)
            try:
                os.link(
                    self._spare,
                    name.encode(),
                    src_dir_fd=self._parent,
                    dst_dir_fd=self._parent,
                    follow_symlinks=False,
                )
            except FileExistsError:
                tried.add(name)
            else:
                os.unlink(self._spare, dir_fd=self._parent)
                return name.encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()


def write_file(home: Path, path: str | bytes | PurePath, data: bytes) -> None:
    """Make or replace a file in one step; folders on the way are made.

    Raises:
        FilesError: it cannot be written, or no plain file is in its place; nothing changed.
    """
    with opened_home(home) as top:
        owner = os.fstat(top)
    with parent_of(home, path, make=True) as (folder, name):
        mode = _mode_of(folder, name)
        spare = f"{SPARE}{secrets.token_hex(8)}".encode()
        descriptor = os.open(spare, NEW, 0o600, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                if os.geteuid() == 0:
                    os.fchown(descriptor, owner.st_uid, owner.st_gid)
                os.fchmod(descriptor, mode)
            os.rename(spare, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(spare, dir_fd=folder)
            raise


def _mode_of(folder: int, name: bytes) -> int:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0o644
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFLNK: errno.ELOOP, stat.S_IFDIR: errno.EISDIR}
        raise OSError(kinds.get(stat.S_IFMT(mode), errno.ENXIO), "not a plain file")
    return stat.S_IMODE(mode) & 0o777


def explained(path: str | bytes | PurePath, error: OSError) -> FilesError:
    """A failed system call in words for a person."""
    name = shown(path)
    words = {
        errno.ENOENT: f"There is no {name} any more.",
        errno.ENOTDIR: f"{name} cannot be reached: a part of its path is a link or no folder.",
        errno.ELOOP: f"{name} is a link. Links are not followed.",
        errno.EISDIR: f"{name} is a folder.",
        errno.ENXIO: f"{name} is not a plain file.",
        errno.EACCES: f"{name} may not be read or changed: its permissions do not allow it.",
        errno.EPERM: f"{name} may not be changed: its permissions do not allow it.",
        errno.EFBIG: f"{name} is larger than the disk can hold.",
        errno.ENOSPC: f"The disk is full: {name} could not be written. Delete something first.",
        errno.EDQUOT: f"The quota is reached: {name} could not be written. Delete something first.",
        errno.ENAMETOOLONG: f"The name {name[:40]}… is too long.",
        errno.EROFS: f"{name} lies on a disk that cannot be written.",
    }
    return FilesError(words.get(error.errno or 0, f"{name}: {error.strerror}."))
