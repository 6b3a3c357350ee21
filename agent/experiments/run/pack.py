"""A trial's folder as bytes, and back: the only way in which results travel."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

from agent.errors import ConfigurationError


def pack(folder: Path) -> bytes:
    """The plain files and the folders of ``folder``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if (path.is_file() or path.is_dir()) and not path.is_symlink():
                archive.add(path, path.relative_to(folder).as_posix(), recursive=False)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write a packed folder to ``folder``, which must not exist.

    Raises:
        ConfigurationError: the bytes are no such folder, or would write elsewhere.
    """
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                _write(folder, archive, member)
    except (tarfile.TarError, OSError) as error:
        raise ConfigurationError(f"A worker sent a damaged trial: {error}.") from error


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
