"""A record of a home at one moment: every file, folder and link of the person's.

A file whose device, inode, size and times are as they were in the record before is not
read again. That is sound because a file which changed a moment ago is read only once the
file system's clock has moved on (`TICK`): a later change then always shows in its times.
What somebody has open for writing, and has just written to, is read twice: one long write
shows in the times once only, at its beginning.
"""

from __future__ import annotations

import json
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

TICK = 0.03
"""Seconds after which a file system's clock has surely moved on."""

MOST = 100_000
"""Entries of a home that is recorded; a larger one is not."""

FORMAT = 1

RowKind = Literal["file", "folder", "link"]
Lost = Literal["", "bound", "disk", "unreadable", "changing"]
"""Why a file's content is not kept; empty when it is."""

LOST: dict[str, str] = {
    "bound": "it is too large for what the record may hold",
    "disk": "the disk was too full to keep a copy",
    "unreadable": "its permissions did not allow it to be read",
    "changing": "it was being written all the time",
}


class Row(NamedTuple):
    """One file, folder or link."""

    kind: RowKind
    mode: int
    """Permission bits."""

    size: int
    mtime_ns: int
    digest: str
    """Of a file's content; a link's target as Latin-1 text; empty for a folder."""

    dev: int
    ino: int
    ctime_ns: int
    lost: Lost = ""

    @property
    def content(self) -> tuple[str, str, int]:
        """What makes it another file for a person: kind, content and permissions."""
        return self.kind, self.digest, self.mode

    @property
    def whole(self) -> tuple[str, str, int, int]:
        """All that is put back; a folder's time follows from what is done in it."""
        return (*self.content, 0 if self.kind == "folder" else self.mtime_ns)


Rows = Mapping[bytes, Row]


def row_kind(mode: int) -> RowKind | None:
    """What is recorded of an ``st_mode``; None for pipes, sockets and devices."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else None


@dataclass(frozen=True, slots=True)
class Record:
    """A home as it was. ``id`` names it in the store; equal homes in a row have one record."""

    id: str
    rows: Rows = field(repr=False)

    @property
    def files(self) -> int:
        return sum(row.kind == "file" for row in self.rows.values())

    @property
    def bytes(self) -> int:
        return sum(row.size for row in self.rows.values() if row.kind == "file")


def dump(rows: Rows) -> bytes:
    """Rows as they are kept."""
    lines = [[path.decode("latin-1"), *row] for path, row in rows.items()]
    return zlib.compress(json.dumps([FORMAT, lines]).encode(), 1)


def load(data: bytes) -> dict[bytes, Row]:
    """The reverse of `dump`.

    Raises:
        ValueError: it is not a record of this version.
    """
    try:
        kept: Any = json.loads(zlib.decompress(data))
        version, lines = kept
        if version != FORMAT:
            raise ValueError(f"a record of version {version}")
        return {path.encode("latin-1"): Row(*row) for path, *row in lines}
    except (zlib.error, TypeError, UnicodeError) as error:
        raise ValueError(str(error)) from error
