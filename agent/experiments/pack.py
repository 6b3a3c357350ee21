"""A trial's folder as bytes, and back: the only way in which results travel."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from agent.errors import ConfigurationError


def pack(folder: Path) -> bytes:
    """The plain files of ``folder``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
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
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise ConfigurationError(f"A worker sent a damaged trial: {error}.") from error
