"""Where records lie: beside the journal, each content once, bounded, the oldest going first.

::

    files/
        blobs/ab/HASH        a content, named by its BLAKE2b-256
        records/NUMBER-ID    the rows of one record, in the order in which they were made

All of it blocks, and one thread at a time may use a store.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from agent.errors import FilesError
from agent.files.kinds import is_state_name
from agent.files.names import shown
from agent.files.paths import DEEPEST, opened_home, parent_of, read_descriptor
from agent.files.record import LOST, MOST, TICK, Lost, Record, Row, Rows, dump, load, row_kind
from agent.portable import FOLDER

if sys.platform != "win32":
    import fcntl

RESERVE = 256 << 20
"""Bytes of the disk that are left free for the journal and everything else."""

MOST_RECORDS = 200
_PIECE = 1 << 20
_HOLE = 1 << 16
_EXCUSED: dict[int | None, Lost] = {
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EFBIG: "disk",
    errno.EIO: "unreadable",
}
"""Errors with one file that do not spoil the record of the others."""

_TRIES = 3
"""Times that a file is read which changes while it is read."""

_RECENT = 10.0
"""Seconds for which one call that writes is taken to last at most."""

_AGAIN = 0.25
"""Seconds after which a file that may be in the middle of such a call is read a second time. Linux
has who writes much wait 0.2 s at a time, in the middle of a write."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record just made, and what must be said of it."""

    record: Record
    fresh: int = 0
    """Bytes that had to be kept for it."""

    notes: tuple[str, ...] = ()
    """Sentences: what could not be recorded, and why."""

    dropped: int = 0
    """Older records that had to go."""

    used: int = 0
    """Bytes that all records take on the disk by now."""


@dataclass
class _Scan:
    """What a walk found: rows as before, and what must be read."""

    rows: dict[bytes, Row] = field(default_factory=dict)
    unread: list[tuple[bytes, os.stat_result]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changed: bool = False


class Store:
    """The records of one session's home.

    Args:
        folder: where they lie; made when the first is.
        most: bytes that contents may take on the disk together.
        reserve: bytes of the disk that are left free.
        sleep: how to wait until a file is read a second time.
    """

    def __init__(
        self,
        folder: Path,
        most: int,
        *,
        reserve: int = RESERVE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = folder
        self.most = most
        self._reserve = reserve
        self._sleep = sleep
        self._last: Record | None = None
        self._used: int | None = None
        self._fresh: set[str] = set()

    @property
    def used(self) -> int:
        """Bytes that contents take on the disk."""
        if self._used is None:
            self._used = sum(size for _, size in self._contents())
        return self._used

    def record(self, home: Path, keep: Collection[str] = ()) -> Recorded:
        """Record a home as it is now. What did not change since the last time costs nothing.

        Args:
            home: the home's folder.
            keep: ids of older records that must not go to make room for this one.

        Raises:
            FilesError: the home is not there or too large, or the record cannot be written.
        """
        last = self._latest()
        scan = _scan(home, last.rows if last is not None else {})
        if last is not None and not scan.changed and len(scan.rows) == len(last.rows):
            notes = (*scan.notes, *_lost_notes(last.rows))
            return Recorded(last, notes=notes, used=self.used)
        try:
            return self._record_anew(home, scan, last, keep)
        except OSError as error:
            raise FilesError(
                f"The files could not be recorded ({error.strerror}); "
                "free some disk space or check the owner of the session's folder."
            ) from error

    def load(self, record_id: str) -> Record | None:
        """A record, or None when it is gone or damaged."""
        if self._last is not None and self._last.id == record_id:
            return self._last
        for path in self._records():
            if _id(path) == record_id:
                with contextlib.suppress(OSError, ValueError):
                    return Record(record_id, load(path.read_bytes()))
        return None

    def has(self, digest: str) -> bool:
        """Whether a content is kept."""
        return self._blob(digest).is_file()

    @contextlib.contextmanager
    def content(self, digest: str) -> Iterator[BinaryIO]:
        """A content, to be read.

        Raises:
            FilesError: it is gone.
        """
        try:
            file = self._blob(digest).open("rb")
        except OSError as error:
            raise FilesError("its recorded content is gone") from error
        with file:
            yield file

    # Making a record ------------------------------------------------------------------

    def _record_anew(
        self, home: Path, scan: _Scan, last: Record | None, keep: Collection[str]
    ) -> Recorded:
        for part in ("blobs", "records"):
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep_spares()
        _let_tick(scan.unread)
        live = {row.digest for row in scan.rows.values() if row.kind == "file"}
        need = self._fitting(scan, keep)
        dropped = self._make_room(need, live, keep)
        before = self.used
        doubtful: dict[bytes, os.stat_result] = {}
        self._fresh = set()
        for path, info in sorted(scan.unread, key=lambda one: one[1].st_size):
            if (row := self._keep(home, path, info, scan.rows, doubtful)) is not None:
                scan.rows[path] = row
        self._look_again(home, scan.rows, doubtful)
        record = Record(secrets.token_hex(8), dict(sorted(scan.rows.items())))
        if last is not None and last.rows == record.rows:
            record = last
        else:
            self._write(record)
        self._last = record
        notes = (*scan.notes, *_lost_notes(record.rows))
        return Recorded(record, max(self.used - before, 0), notes, dropped, self.used)

    def _fitting(self, scan: _Scan, keep: Collection[str]) -> int:
        """Bytes for those of the unread files, smallest first, that can be made room for."""
        fixed = {row.digest for row in scan.rows.values() if row.kind == "file"}
        fixed = fixed.union(*(_digests(p) for p in self._records() if _id(p) in keep))
        room = self.most - sum(size for path, size in self._contents() if path.name in fixed)
        need = 0
        for weight in sorted(_weight(info) for _, info in scan.unread):
            if need + weight > room:
                break
            need += weight
        return need

    def _look_again(
        self, home: Path, rows: dict[bytes, Row], doubtful: dict[bytes, os.stat_result]
    ) -> None:
        """Read a second time what may have been in the middle of a write: one call shows in a
        file's times when it begins, and its bytes follow.
        """
        for _ in range(_TRIES):
            if not doubtful:
                return
            self._sleep(_AGAIN)
            for path, info in list(doubtful.items()):
                row = rows.get(path)
                if row is None or row.lost or _is_still(home, path, row):
                    del doubtful[path]
                    continue
                del rows[path]
                self._forget(row.digest, rows)
                if (row := self._keep(home, path, info, rows, doubtful)) is not None:
                    rows[path] = row
        for path, info in doubtful.items():
            if (row := rows.get(path)) is not None and not row.lost:
                rows[path] = _lost_row(info, "changing")
                self._forget(row.digest, rows)

    def _forget(self, digest: str, rows: Rows) -> None:
        """Remove what was read in the middle of a write, or it would take the room of a file."""
        if digest in self._fresh and all(row.digest != digest for row in rows.values()):
            self._fresh.discard(digest)
            size = _weight(self._blob(digest).stat())
            self._blob(digest).unlink()
            self._used = self.used - size

    def _keep(
        self,
        home: Path,
        path: bytes,
        info: os.stat_result,
        rows: Rows,
        doubtful: dict[bytes, os.stat_result],
    ) -> Row | None:
        """The row of a file whose content was read; None when the file is gone.

        One that may be in the middle of a write is added to ``doubtful``.
        """
        if (lost := self._no_room(_weight(info))) is not None:
            return _lost_row(info, lost)
        for _ in range(_TRIES):
            try:
                with parent_of(home, path) as (folder, name):
                    descriptor = read_descriptor(folder, name)
            except FilesError as error:
                cause = error.__cause__
                denied = isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EPERM)
                return _lost_row(info, "unreadable") if denied else None
            with os.fdopen(descriptor, "rb") as file:
                info = os.fstat(descriptor)
                if time.time() - info.st_ctime < _RECENT and _may_be_written(descriptor):
                    doubtful[path] = info
                _let_tick([(path, info)])
                try:
                    digest = self._take(file, info.st_size)
                except OSError as error:
                    if error.errno not in _EXCUSED:
                        raise
                    return _lost_row(info, _EXCUSED[error.errno])
                if _same(info, os.fstat(descriptor)):
                    return _row(info, "file", digest)
                self._forget(digest, rows)
        return _lost_row(info, "changing")

    def _take(self, source: BinaryIO, size: int) -> str:
        """Keep the first ``size`` bytes; returns their digest. Holes stay holes."""
        digest = hashlib.blake2b(digest_size=32)
        spare = self.folder / "blobs" / f".new-{secrets.token_hex(8)}"
        try:
            with spare.open("xb") as copy:
                while piece := source.read(min(_PIECE, size)):
                    size -= len(piece)
                    digest.update(piece)
                    put_piece(copy, piece)
                copy.truncate(copy.tell())
            name = digest.hexdigest()
            target = self._blob(name)
            if not target.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                size = _weight(spare.stat())
                spare.replace(target)
                self._used = self.used + size
                self._fresh.add(name)
            return name
        finally:
            spare.unlink(missing_ok=True)

    def _write(self, record: Record) -> None:
        names = [path.name for path in self._records()]
        number = int(names[-1].partition("-")[0]) + 1 if names else 1
        path = self.folder / "records" / f"{number:08}-{record.id}"
        spare = path.with_name(f".{path.name}")
        try:
            spare.write_bytes(dump(record.rows))
            spare.replace(path)
        except OSError:
            spare.unlink(missing_ok=True)
            raise

    # Keeping the bound ----------------------------------------------------------------

    def _make_room(self, need: int, live: set[str], keep: Collection[str]) -> int:
        """Let the oldest records go until ``need`` bytes fit; returns how many went."""
        paths = self._records()
        if self.used + need <= self.most and len(paths) < MOST_RECORDS:
            return 0
        left = {path: _digests(path) for path in paths}
        dropped = 0
        for path in paths:
            if self.used + need <= self.most and len(left) < MOST_RECORDS:
                break
            if _id(path) not in keep:
                path.unlink()
                del left[path]
                dropped += 1
                self._sweep(live.union(*left.values()))
        return dropped

    def _sweep(self, live: set[str]) -> None:
        for path, size in list(self._contents()):
            if path.name not in live:
                path.unlink()
                self._used = self.used - size

    def _no_room(self, need: int) -> Lost | None:
        if self.used + need > self.most:
            return "bound"
        disk = os.statvfs(self.folder)
        return "disk" if need and disk.f_bavail * disk.f_frsize < need + self._reserve else None

    def _sweep_spares(self) -> None:
        """Remove what a process left that was killed while it wrote."""
        for part in ("blobs", "records"):
            for path in (self.folder / part).glob(".*"):
                path.unlink(missing_ok=True)

    def _contents(self) -> Iterator[tuple[Path, int]]:
        for path in (self.folder / "blobs").glob("??/*"):
            with contextlib.suppress(OSError):
                yield path, _weight(path.stat())

    def _blob(self, digest: str) -> Path:
        return self.folder / "blobs" / digest[:2] / digest

    def _records(self) -> list[Path]:
        """Oldest first."""
        return sorted((self.folder / "records").glob("[0-9]*-*"))

    def _latest(self) -> Record | None:
        if self._last is None:
            for path in reversed(self._records()):
                with contextlib.suppress(OSError, ValueError):
                    rows = load(path.read_bytes())
                    self._last = Record(_id(path), rows)
                    break
        return self._last


def forget(folder: Path) -> None:
    """Delete all records of a session."""
    shutil.rmtree(folder, ignore_errors=True)


def put_piece(copy: BinaryIO, piece: bytes) -> None:
    """Write a piece of a file; what is nothing but zeros is left as a hole."""
    for start in range(0, len(piece), _HOLE):
        block = piece[start : start + _HOLE]
        if block.count(0) == len(block):
            copy.seek(len(block), os.SEEK_CUR)
        else:
            copy.write(block)


def _scan(home: Path, last: Rows) -> _Scan:
    """Walk a home, reading no content.

    Raises:
        FilesError: it is not there, or holds more than `MOST` entries.
    """
    scan = _Scan()
    with opened_home(home) as top:
        _scan_folder(scan, top, b"", last, 0)
    return scan


def _scan_folder(scan: _Scan, folder: int, prefix: bytes, last: Rows, depth: int) -> None:
    """One folder and all below. This is what 10,000 unchanged files pass through: it is
    written to do as little as possible for each.
    """
    try:
        names = list(map(os.fsencode, os.listdir(folder)))
    except OSError as error:
        scan.notes.append(f"The folder {shown(prefix)} could not be recorded ({error.strerror}).")
        return
    rows, known, top = scan.rows, last.get, not prefix
    for name in names:
        if is_state_name(name, top=top):
            continue
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:  # it went meanwhile
            continue
        path = prefix + name
        row = known(path)
        if (
            row is not None
            and row.ctime_ns == info.st_ctime_ns
            and row.mtime_ns == info.st_mtime_ns
            and row.size == info.st_size
            and row.ino == info.st_ino
            and row.dev == info.st_dev
            and row.lost not in ("bound", "disk", "changing")
        ):
            rows[path] = row
            if row.kind == "folder":
                _scan_inner(scan, folder, name, path, last, depth)
            continue
        scan.changed = True
        _scan_new(scan, folder, name, path, info, last, depth)


def _scan_new(
    scan: _Scan,
    folder: int,
    name: bytes,
    path: bytes,
    info: os.stat_result,
    last: Rows,
    depth: int,
) -> None:
    """An entry that is not as it was recorded."""
    if len(scan.rows) + len(scan.unread) >= MOST:
        raise FilesError(f"The home holds over {MOST:,} files: that many are not recorded.")
    kind = row_kind(info.st_mode)
    if kind == "file":
        scan.unread.append((path, info))
    elif kind == "folder":
        scan.rows[path] = _row(info, "folder", "")
        _scan_inner(scan, folder, name, path, last, depth)
    elif kind == "link":
        with contextlib.suppress(OSError):
            target = os.readlink(name, dir_fd=folder)
            scan.rows[path] = _row(info, "link", target.decode("latin-1"))


def _scan_inner(scan: _Scan, folder: int, name: bytes, path: bytes, last: Rows, depth: int) -> None:
    if depth + 1 >= DEEPEST:
        scan.notes.append(f"{shown(path)} lies too deep: what is in it was not recorded.")
        return
    try:
        inner = os.open(name, FOLDER, dir_fd=folder)
    except OSError as error:
        scan.notes.append(f"The folder {shown(path)} could not be recorded ({error.strerror}).")
        return
    try:
        _scan_folder(scan, inner, path + b"/", last, depth + 1)
    finally:
        os.close(inner)


def _row(info: os.stat_result, kind: str, digest: str, lost: Lost = "") -> Row:
    return Row(
        kind=kind,  # type: ignore[arg-type]
        mode=stat.S_IMODE(info.st_mode) & 0o1777,
        size=info.st_size,
        mtime_ns=info.st_mtime_ns,
        digest=digest,
        dev=info.st_dev,
        ino=info.st_ino,
        ctime_ns=info.st_ctime_ns,
        lost=lost,
    )


def _lost_row(info: os.stat_result, lost: Lost) -> Row:
    """A file without its content: told apart from another by its inode, size and times."""
    known = f"{info.st_dev}-{info.st_ino}-{info.st_size}-{info.st_mtime_ns}"
    return _row(info, "file", f"unknown:{known}", lost)


def _lost_notes(rows: Rows) -> Iterator[str]:
    """Sentences on files whose content is not kept; the first few by name."""
    lost = [(path, row) for path, row in rows.items() if row.lost]
    for path, row in lost[:5]:
        yield f"{shown(path)} could not be recorded: {LOST[row.lost]}."
    if len(lost) > 5:
        yield f"Nor could {len(lost) - 5} more files."


def _id(path: Path) -> str:
    """Of the record in a file."""
    return path.name.partition("-")[2]


def _digests(path: Path) -> set[str]:
    try:
        return {row.digest for row in load(path.read_bytes()).values() if row.kind == "file"}
    except (OSError, ValueError):
        return set()


def _weight(info: os.stat_result) -> int:
    """Bytes that a file takes on the disk; holes take none."""
    return min(info.st_blocks * 512, info.st_size) if info.st_size else 0


def _may_be_written(descriptor: int) -> bool:
    """Whether somebody has a file open for writing; true where the system does not tell.

    It gives a lease only on what nobody has. Who opens the file in that moment waits, and we are
    sent a signal that does nothing, instead of one that ends the process.
    """
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return True
    return False


def _is_still(home: Path, path: bytes, row: Row) -> bool:
    """Whether a file has the content and the times of its row."""
    try:
        with parent_of(home, path) as (folder, name):
            descriptor = read_descriptor(folder, name)
    except FilesError:
        return False
    digest, left = hashlib.blake2b(digest_size=32), row.size
    with os.fdopen(descriptor, "rb") as file:
        while piece := file.read(min(_PIECE, left)):
            left -= len(piece)
            digest.update(piece)
        info = os.fstat(descriptor)
    return digest.hexdigest() == row.digest and _row(info, "file", row.digest) == row


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns) == (
        other.st_size,
        other.st_mtime_ns,
        other.st_ctime_ns,
    )


def _let_tick(
    unread: list[tuple[bytes, os.stat_result]], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until the file system's clock has left the moment at which the files changed."""
    latest = max((info.st_ctime_ns for _, info in unread), default=0)
    age = time.time() - latest / 1e9
    if 0 <= age < TICK:
        sleep(TICK - age)
