"""Homes of desktops: kept ones, the person's folders, whose they are, and how they are filled."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.desktop.server.guardian import walk_folders
from agent.errors import DesktopUnavailable
from agent.portable import FOLDER

COMMON = Path("/var/lib/sayso-homes")
"""Where root's sessions without a sandbox have their homes; a link in the session leads there.

Their programs run as nobody, who cannot enter root's own folders.
"""


@dataclass(frozen=True, slots=True)
class HomeNews:
    """What became of a home: it is ``full``, ``eased`` again, ``gone``, or was ``measured``.

    With ``moved``: gone to another place, ``where`` if that is known, or back again (``eased``).
    """

    state: Literal["full", "eased", "gone", "measured"]
    used: int
    """Bytes in it; 0 where only the disk is watched."""

    disk: bool = False
    """Whether it is the disk that is full."""

    ended: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    moved: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Homes:
    """Where a desktop's files are to be; without both, in a folder that goes with the desktop."""

    kept: Path | None = None
    """A home that outlives the desktop; made when it is missing."""

    folder: Path | None = None
    """A folder of the person's, to be the home; programs' own files then go to ``kept``."""

    limit: int = 0
    """Bytes that the home may hold; 0 for no limit. The person's folder has none."""

    @property
    def owner(self) -> int:
        """Whose the kept home is; -1 if there is none yet."""
        owner = _owner(real_home(self.kept)) if self.kept is not None else None
        return -1 if owner is None else owner

    def taken(self) -> frozenset[int]:
        """Users whom other kept homes belong to."""
        if self.kept is None or os.geteuid() != 0:
            return frozenset()
        others = (path for path in self.kept.parent.parent.glob("*/home") if path != self.kept)
        return frozenset(owner for path in others if (owner := _owner(real_home(path))) is not None)


class Place:
    """Notices that a folder is deleted, or is no longer where it was. Its methods block.

    A sandbox does not: it has the folder itself, wherever it lies.

    Raises:
        OSError: there is no such folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._lock = threading.Lock()

    def look(self) -> Literal["there", "moved", "deleted", "unknown"]:
        """What has become of the folder since this was made; ``unknown`` once it is closed."""
        with self._lock:
            if self._handle < 0:
                return "unknown"
            held = os.fstat(self._handle)
            try:
                found = os.stat(self.path)
            except FileNotFoundError:
                return "moved" if held.st_nlink else "deleted"
            except OSError:  # the disk hangs, or a folder above may not be entered for now
                return "unknown"
            if os.path.samestat(held, found):
                return "there"
            return "moved" if held.st_nlink else "deleted"

    def where(self) -> str:
        """Where the folder is now, as far as the system knows; empty if it does not."""
        with self._lock, contextlib.suppress(OSError):
            path = Path(os.readlink(f"/proc/self/fd/{self._handle}"))
            if os.path.samestat(os.fstat(self._handle), path.stat()):
                return str(path)
        return ""

    def close(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, -1
            if handle >= 0:
                os.close(handle)


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def reachable(path: Path, uid: int, gid: int) -> bool:
    """Whether a user without groups may pass through all folders that ``path`` lies in."""
    if os.geteuid() == uid != 0:
        return True
    return all(_passes(folder, uid, gid) for folder in path.resolve().parents)


def _passes(folder: Path, uid: int, gid: int) -> bool:
    try:
        info = folder.stat()
    except OSError:
        return False
    if info.st_uid == uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)


def real_home(kept: Path) -> Path:
    """Where a kept home really lies."""
    if kept.is_symlink():
        target = kept.readlink()
        if target.parent == COMMON and kept.lstat().st_uid == os.geteuid():
            return target
    return kept


def bring_out(kept: Path) -> Path:
    """Move a kept home to where everybody may reach it by its path; returns the new one.

    Raises:
        DesktopUnavailable: the disk refuses.
    """
    place = COMMON / f"{kept.parent.name}-{secrets.token_hex(4)}"
    try:
        COMMON.mkdir(mode=0o711, exist_ok=True)
        COMMON.chmod(0o711)
        if kept.exists():
            shutil.move(kept, place)
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.symlink_to(place)
    except OSError as error:
        raise DesktopUnavailable(
            f"The home folder cannot be moved to {COMMON} ({error.strerror}). Set SAYSO_DATA_DIR "
            "to a folder that other users may enter, or let the sandbox be required."
        ) from error
    return place


def make_home(home: Path, uid: int, gid: int) -> bool:
    """Make a home if it is missing, private and owned by ``uid`` with all that is in it.

    Returns whether it was missing.

    Raises:
        DesktopUnavailable: it is no folder, or the disk refuses.
    """
    try:
        missing = not os.path.lexists(home)
        if missing:
            home.mkdir(mode=0o700, parents=True)
        handle = os.open(home, FOLDER)
        try:
            info = os.fstat(handle)
            if os.geteuid() == 0 and info.st_uid != uid:
                _give(handle, info.st_uid, uid, gid)
                os.fchown(handle, uid, gid)
            os.fchmod(handle, 0o700)
        finally:
            os.close(handle)
        return missing
    except OSError as error:
        raise DesktopUnavailable(
            f"The home folder {home} cannot be used ({error.strerror}). Check that it is a "
            "folder of yours, and that the disk has room."
        ) from error


def _give(top: int, old: int, uid: int, gid: int) -> None:
    """Hand on what ``old`` owns below an open folder; what others own stays theirs."""
    for folder in walk_folders(top):
        with os.scandir(folder) as found:
            names = [entry.name for entry in found]
        for name in names:
            with contextlib.suppress(OSError):
                if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid == old:
                    os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)


@contextlib.contextmanager
def opened(name: str | Path, parent: int | None = None) -> Iterator[int]:
    """Descriptor of a folder that is no link."""
    handle = os.open(name, FOLDER, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


def furnish(
    home: Path, folders: Iterable[str], files: Mapping[str, str], uid: int, gid: int
) -> None:
    """Make folders and files that are missing, by paths relative to ``home``; follows no link.

    A name that is taken by something else, a link too, is left alone.

    Raises:
        DesktopUnavailable: the disk refuses.
    """
    try:
        with opened(home) as top:
            for name in folders:
                _folder(top, name, uid, gid)
            for path, text in files.items():
                *way, name = path.split("/")
                _write(top, way, name, text, uid, gid)
    except OSError as error:
        raise DesktopUnavailable(
            f"The desktop's settings cannot be written to {home} ({error.strerror}). "
            "Free some disk space and try again."
        ) from error


def _folder(parent: int, name: str, uid: int, gid: int) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        _own(parent, name, uid, gid)


def _write(parent: int, way: list[str], name: str, text: str, uid: int, gid: int) -> None:
    if way:
        _folder(parent, way[0], uid, gid)
        with contextlib.suppress(NotADirectoryError), opened(way[0], parent) as inner:
            _write(inner, way[1:], name, text, uid, gid)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(name, flags, 0o600, dir_fd=parent)
    except FileExistsError:
        return
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        _own(parent, name, uid, gid)
    except OSError:  # half of a setting would be kept for good
        os.unlink(name, dir_fd=parent)
        raise


def _own(parent: int, name: str, uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)


def remove_tree(folder: Path) -> None:
    """Delete a folder with all that is in it, however deep; what stays, stays.

    Folders in it that may not be entered go, too; no link is followed.
    """

    def remove(parent: int, name: str) -> None:
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=parent)

    with contextlib.suppress(OSError):
        with opened(folder) as top:
            for each in walk_folders(top, remove):
                _empty(each)
        folder.rmdir()


def _empty(folder: int) -> None:
    """Delete the files of an open folder, and let those in it be entered."""
    with contextlib.suppress(OSError):
        os.fchmod(folder, 0o700)
    with os.scandir(folder) as found:
        inner = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    for name, is_folder in inner:
        with contextlib.suppress(OSError):
            if not is_folder:
                os.unlink(name, dir_fd=folder)
            elif os.geteuid() != 0:  # root enters every folder
                os.chmod(name, 0o700, dir_fd=folder)
