"""Files inside one folder, reached without following links out of it.

Every component of a path is opened relative to the folder before it with ``O_NOFOLLOW``,
so neither ``..`` nor a symbolic link, not even one that is put there meanwhile, leads
outside. Files and folders that are made belong to the owner of the root.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from agent.errors import BadInput, ToolError
from agent.portable import FOLDER

_DEPTH = 64


class ConfinedFolder:
    """Reads and writes below ``root``, which the model calls ``name``.

    Paths are as the model gives them: absolute below ``root`` or ``name``, starting with ``~``, or
    relative to it. Blocking: call it in a thread.
    """

    def __init__(self, root: Path, name: str = "") -> None:
        self._root = root
        self._name = name or str(root)

    def split(self, path: str) -> tuple[str, ...]:
        """The path's components below the root.

        Raises:
            BadInput: it is empty, has a NUL or ``..``, or lies outside.
        """
        if not path.strip() or "\0" in path:
            raise BadInput("path is empty or has characters that no file name may have.")
        given = PurePosixPath(path)
        if given.parts[:1] == ("~",):
            given = PurePosixPath(*given.parts[1:])
        if ".." in given.parts:
            raise BadInput(
                f"{path}: paths with .. are refused. Write the full path.",
                shown=f"Not done: paths with .. are refused, as {path}.",
            )
        if given.is_absolute():
            tops = (top for top in (self._name, self._root) if given.is_relative_to(top))
            if (top := next(tops, None)) is not None:
                given = given.relative_to(top)
            else:
                raise BadInput(
                    f"{path} lies outside {self._name}, the only folder that this tool works in. "
                    "Use the shell for files elsewhere.",
                    shown=f"Not done: {path} lies outside {self._name}.",
                )
        if len(given.parts) > _DEPTH:
            raise BadInput("path has too many folders in it.")
        return given.parts

    @contextmanager
    def parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Descriptor of the folder a path lies in, and its last component (``.`` for the root)."""
        parts = self.split(path)
        descriptor = os.open(self._root, FOLDER)
        try:
            for part in parts[:-1]:
                inner = self._enter(descriptor, part, path, make=make)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, parts[-1] if parts else "."
        except OSError as error:
            raise ToolError(explain(path, error)) from error
        finally:
            os.close(descriptor)

    def _enter(self, folder: int, name: str, path: str, *, make: bool) -> int:
        try:
            return os.open(name, FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if not make:
                raise
        os.mkdir(name, 0o755, dir_fd=folder)
        inner = os.open(name, FOLDER, dir_fd=folder)
        self._own(inner)
        return inner

    @contextmanager
    def opened(self, path: str) -> Iterator[tuple[BinaryIO, int]]:
        """A regular file, open for reading, and its size in bytes.

        Raises:
            ToolError: it does not exist, or is a link or no regular file.
        """
        with self.parent(path) as (folder, name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise ToolError(f"{path} is not a regular file.")
            try:
                yield file, info.st_size
            except OSError as error:
                raise ToolError(explain(path, error)) from error

    def read(self, path: str, cap: int) -> bytes:
        """A regular file's bytes.

        Raises:
            ToolError: it does not exist, is a link or no regular file, or has over ``cap`` bytes.
        """
        with self.opened(path) as (file, size):
            if size > cap:
                raise ToolError(
                    f"{path} has {size} bytes, more than the {cap} that this tool edits. Change "
                    "it with the shell (sed -i); view parts of it with view_range.",
                    shown=f"Not done: {path} is too long for the editor ({size} bytes).",
                )
            return file.read(cap + 1)[:cap]

    def write(self, path: str, data: bytes) -> None:
        """Replace or make a file in one step: readers see the old or the new, never a part.

        A file that is replaced keeps its owner, mode and other attributes. One that has other
        names too, or attributes that cannot be copied, is written itself, so that all that is
        left as it is; if that breaks off, what was in it is put back.
        """
        with self.parent(path, make=True) as (folder, name):
            before = self._before(folder, name, path)
            if before is not None and before.st_nlink > 1:
                _write_itself(folder, name, data)
                return
            spare = f".{name[:60]}.{secrets.token_hex(6)}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(spare, flags, 0o600, dir_fd=folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    alike = self._furnish(descriptor, folder, name, before)
                if alike:
                    os.rename(spare, name, src_dir_fd=folder, dst_dir_fd=folder)
                    return
            except BaseException:
                os.unlink(spare, dir_fd=folder)
                raise
            os.unlink(spare, dir_fd=folder)
            _write_itself(folder, name, data)

    def _furnish(
        self, descriptor: int, folder: int, name: str, before: os.stat_result | None
    ) -> bool:
        """Give a new file what the old one has, or a new one's; whether that could be done."""
        if before is None:
            self._own(descriptor, folder)
            os.fchmod(descriptor, 0o644)
            return True
        now = os.fstat(descriptor)
        try:
            if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o1777)
            _copy_attributes(folder, name, descriptor)
        except OSError:
            return False
        return True

    def remove(self, path: str) -> None:
        """Delete a file."""
        with self.parent(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def kind(self, path: str) -> str:
        """``file``, ``folder``, ``link``, ``other`` or ``none``."""
        try:
            with self.parent(path) as (folder, name):
                mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except ToolError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return "none"
            raise
        tests = {"file": stat.S_ISREG, "folder": stat.S_ISDIR, "link": stat.S_ISLNK}
        return next((name for name, test in tests.items() if test(mode)), "other")

    def listing(self, path: str, depth: int, cap: int) -> list[str]:
        """Names below a folder, folders with a slash, links with their target unread."""
        with self.parent(path) as (folder, name):
            descriptor = os.open(name, FOLDER, dir_fd=folder)
            try:
                return self._walk(descriptor, "", depth, cap)
            finally:
                os.close(descriptor)

    def _walk(self, folder: int, prefix: str, depth: int, cap: int) -> list[str]:
        found: list[str] = []
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            if entry.name.startswith(".") or len(found) >= cap:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            mark = "/" if is_folder else "@" if entry.is_symlink() else ""
            found.append(f"{prefix}{entry.name}{mark}")
            if is_folder and depth > 1:
                inner = os.open(entry.name, FOLDER, dir_fd=folder)
                try:
                    found += self._walk(
                        inner, f"{prefix}{entry.name}/", depth - 1, cap - len(found)
                    )
                finally:
                    os.close(inner)
        return found

    def _before(self, folder: int, name: str, path: str) -> os.stat_result | None:
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(info.st_mode):
            raise ToolError(f"{path} is not a regular file: it is left as it is.")
        return info

    def _own(self, descriptor: int, folder: int | None = None) -> None:
        if os.geteuid() == 0:
            owner = self._root.stat()
            above = owner if folder is None else os.fstat(folder)
            shared = bool(above.st_mode & stat.S_ISGID)
            os.fchown(descriptor, owner.st_uid, above.st_gid if shared else owner.st_gid)


def _copy_attributes(folder: int, name: str, to: int) -> None:
    """Extended attributes, access lists among them.

    Raises:
        OSError: one could not be copied.
    """
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        wanted = {key: os.getxattr(descriptor, key) for key in _attributes(descriptor)}
        for key in set(_attributes(to)) - set(wanted):
            os.removexattr(to, key)
        for key, value in wanted.items():
            os.setxattr(to, key, value)
    finally:
        os.close(descriptor)


def _attributes(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise


def _write_itself(folder: int, name: str, data: bytes) -> None:
    """Write into a file as it lies; if that breaks off, what was in it is put back."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "r+b", buffering=0) as file:
        before = file.read()
        try:
            _fill(file.fileno(), data)
        except BaseException:
            _fill(file.fileno(), before)
            raise


def _fill(descriptor: int, data: bytes) -> None:
    place = 0
    while place < len(data):
        place += os.pwrite(descriptor, data[place:], place)
    os.ftruncate(descriptor, len(data))


def explain(path: str, error: OSError) -> str:
    """Words for the model about a failed system call."""
    words = {
        errno.ENOENT: f"The path {path} does not exist. Please provide a valid path.",
        errno.ENOTDIR: f"{path}: a part of it is not a folder, or is a symbolic link, which is "
        "not followed.",
        errno.ELOOP: f"{path} is a symbolic link. Links are not followed; give the real path.",
        errno.EISDIR: f"{path} is a directory.",
        errno.ENAMETOOLONG: "A name in the path is too long.",
        errno.EACCES: f"{path}: permission denied.",
        errno.EFBIG: f"{path}: the file is too large.",
        errno.ENOSPC: "The disk of the desktop is full.",
        errno.ENXIO: f"{path} is not a regular file.",
    }
    return words.get(error.errno or 0, f"{path}: {error.strerror}.")
