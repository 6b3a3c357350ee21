"""A trial's folder as bytes, and back: the only way in which results travel."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from agent.errors import DISK_FULL, ConfigurationError
from agent.room import has_room


class NoRoomError(ConfigurationError):
    """The disk has no room for a trial beside what must stay free."""


def pack(folder: Path) -> bytes:
    """The plain files and the folders of ``folder``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if (path.is_file() or path.is_dir()) and not path.is_symlink():
                archive.add(path, path.relative_to(folder).as_posix(), recursive=False)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write a packed folder to ``folder``, which must not exist; all of it or nothing.

    Raises:
        NoRoomError: the disk has no room for it.
        ConfigurationError: the bytes are no such folder, or would write elsewhere.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not has_room(folder.parent, len(data)):
        raise _no_room(folder, data)
    try:
        folder.mkdir()
    except FileExistsError as error:  # what is there is somebody else's
        raise ConfigurationError(f"{folder} exists already: a trial is kept once.") from error
    except OSError as error:
        if error.errno in DISK_FULL:
            raise _no_room(folder, data) from error
        raise ConfigurationError(f"{folder} cannot be made: {error}.") from error
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                _write(folder, archive, member)
    except (tarfile.TarError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise _no_room(folder, data) from error
        raise ConfigurationError(f"A worker sent a damaged trial: {error}.") from error


def _no_room(folder: Path, data: bytes) -> NoRoomError:
    return NoRoomError(
        f"The disk of {folder.parent} has no room for a trial of {len(data) / 1e6:.1f} MB: nothing "
        "of it was kept. Free some room there, then run the experiment again."
    )


def _write(folder: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Only plain files and folders, and only inside: `tarfile` has filters since 3.11.4 only."""
    name = PurePosixPath(member.name)
    data = archive.extractfile(member) if member.isfile() else None
    if (data is None and not member.isdir()) or name.is_absolute() or ".." in name.parts:
        raise tarfile.ExtractError(f"“{name}” is no plain file of a trial")
    path = folder / name
    if data is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.read())
