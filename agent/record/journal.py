"""Where a session's events and pictures lie: one folder, one SQLite file, images by hash.

::

    sessions/ID/            0700
        events.db           SQLite, write-ahead log; one row an event
        images/HASH.webp    named by the SHA-256 of the bytes; .png or .jpg also; .pdf and
                            .txt for what was attached to messages
        prompt.md           the system prompt as sent
        lock                held while a process has the session open

``write`` commits before it returns, so a ``kill -9`` loses nothing. (A power cut may lose
the last moments: the disk is not waited for.) A disk that hangs is waited for as long as
`agent.disk` says; what it writes after that is removed again before the next event.

Rows that cannot be read cost only themselves (`agent.record.rows`). Where pages of the file itself
are damaged, what can be reached goes on in a new file; the old one stays beside it as
``events-damaged-N.db``.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import os
import re
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from agent.desktop.base import EncodedImage
from agent.desktop.server.homes import real_home, remove_tree
from agent.disk import DiskHangs, Writer
from agent.errors import ConfigurationError, JournalError, NewerJournal
from agent.portable import lock_file, unlock_file
from agent.record.events import Event, Image, dump_event
from agent.record.log import Journal
from agent.record.rows import Damage, Database, Rows, is_torn, open_table, read_rows, table_rows

SCHEMA = 1
"""Version of the tables. A newer one is only read: nothing is written to it."""

SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""Endings of picture files by their media type."""

KEPT_SUFFIX = SUFFIX | {"application/pdf": "pdf", "text/plain": "txt"}
"""Endings of all that lies beside a journal under the hash of its bytes."""

_OUTER = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    }
)
"""What goes wrong around a database; all else is wrong in it."""

_BUSY = 0.5
"""Seconds for which another program's lock on the database is waited for."""

_OPENING = 6
"""How many times as long opening may take as one event: a large, torn one is rescued then."""

_TABLE = "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, event TEXT)"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_HASH = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


class SessionJournal(Journal, Protocol):
    """A journal that keeps pictures and the system prompt as well."""

    def put_image(self, image: EncodedImage) -> Image: ...

    def put_content(self, data: bytes, media_type: str) -> str: ...

    def image_base64(self, sha256: str) -> str | None: ...

    def damage(self, images: Iterable[Image] = ()) -> Damage:
        """What could not be read of the events, of the prompt and of these pictures."""
        ...

    @property
    def prompt(self) -> str | None: ...

    @prompt.setter
    def prompt(self, text: str) -> None: ...

    def close(self) -> None: ...


def session_folder(data_dir: Path, session_id: str) -> Path:
    """Where a session lies.

    Raises:
        ConfigurationError: the id could not be a folder's name.
    """
    if not _ID.fullmatch(session_id):
        raise ConfigurationError(
            f"“{session_id}” is not a session's id: use letters, digits, dot, dash, underscore."
        )
    return data_dir / "sessions" / session_id


def list_sessions(data_dir: Path) -> list[str]:
    """Ids of all journaled sessions, the most recently used first."""
    found = (data_dir / "sessions").glob("*/events.db")
    named = (path for path in found if _ID.fullmatch(path.parent.name))
    return [path.parent.name for path in sorted(named, key=_last_used, reverse=True)]


def remove_session(data_dir: Path, session_id: str) -> None:
    """Delete a session for good, its home too. It disappears at once or not at all.

    Raises:
        JournalError: there is none of that id, it is open, or the disk refuses.
        ConfigurationError: the id could not be a folder's name.
    """
    folder, trash = session_folder(data_dir, session_id), data_dir / "trash"
    if not folder.is_dir():
        raise JournalError(f"There is no session {session_id} in {data_dir}.")
    try:
        with _opened(folder / "lock") as lock:
            lock_file(lock)
            trash.mkdir(mode=0o700, exist_ok=True)
            home = real_home(folder / "home")
            folder.rename(Path(tempfile.mkdtemp(dir=trash)) / session_id)
    except BlockingIOError:
        raise JournalError(
            f"Session {session_id} is open in another process; close it there first."
        ) from None
    except OSError as error:
        raise JournalError(
            f"The session's folder {folder} cannot be deleted ({error.strerror}); check its owner."
        ) from error
    for place in (trash, home):
        remove_tree(place)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of a file that is made if it is not there; what is no file is not waited for."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def last_used(data_dir: Path, session_id: str) -> float:
    """When something was last written down, in Unix seconds; 0 if never."""
    path = session_folder(data_dir, session_id) / "events.db"
    return _last_used(path) if path.exists() else 0.0


def _last_used(path: Path) -> float:
    wal = path.with_name("events.db-wal")
    times = []
    for each in (path, wal):
        with contextlib.suppress(OSError):  # it may be deleted meanwhile
            times.append(each.stat().st_mtime)
    return max(times, default=0.0)


def read_journal(path: Path) -> Rows:
    """What a session's ``events.db`` holds, read without opening the session.

    Raises:
        JournalError: it is no journal, or nothing of it can be reached.
    """
    try:
        with closing(open_table(path)) as db:
            return read_rows(table_rows(db)[0])
    except sqlite3.Error as error:
        raise JournalError(
            f"The journal {path} cannot be read ({error}). It was left as it is: move its "
            "folder aside to keep it."
        ) from error


def read_prompt(folder: Path) -> str | None:
    """The system prompt kept in a session's folder; empty if none was, None if unreadable."""
    path = folder / "prompt.md"
    try:
        if path.is_file():
            return path.read_text("utf-8")
        return None if path.exists() else ""  # a pipe would be waited for
    except (OSError, UnicodeDecodeError):
        return None


def image_file(folder: Path, sha256: str) -> Path | None:
    """The file of a picture below ``folder``, or None when it is not there."""
    return _kept(folder, sha256, SUFFIX.values())


def kept_file(folder: Path, sha256: str) -> Path | None:
    """The file of a picture or an attachment below ``folder``, or None when it is not there."""
    return _kept(folder, sha256, KEPT_SUFFIX.values())


def _kept(folder: Path, sha256: str, suffixes: Iterable[str]) -> Path | None:
    if not _HASH.fullmatch(sha256):
        return None
    paths = (folder / "images" / f"{sha256}.{suffix}" for suffix in suffixes)
    return next((path for path in paths if path.is_file()), None)


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


class SqliteJournal:
    """The journal of one session; see the module's text for the layout.

    Raises:
        JournalError: it is in use, damaged, from a newer version, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._db: sqlite3.Connection | None = None
        self._damage = Damage()
        self._path = str(folder / "events.db")
        self._file = (0, 0)
        """Device and number of the database, as long as it lies where it was."""

        self._unwanted: list[int] = []
        """Rows of which was told that they are not written."""

        self._writer = Writer(f"journal {folder.name}")
        self._closed = False
        try:
            self._on_disk(self._open, longer=_OPENING)
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        try:
            (self.folder / "images").mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
            lock_file(self._lock)
        except BlockingIOError:
            raise JournalError(
                f"Session {self.folder.name} is open in another process; close it there first."
            ) from None
        except OSError as error:
            raise JournalError(
                f"The journal's folder {self.folder} cannot be used ({error.strerror}); "
                "check its owner and the free space, or set SAYSO_DATA_DIR."
            ) from error
        path = self.folder / "events.db"
        if path.exists() and not path.is_file():
            raise self._damaged("events.db is not a file")
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connect()

    def _connect(self) -> None:
        self._db = sqlite3.connect(
            self._path,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY,
            factory=Database,
        )
        self._file = _identity(self._path)
        self._writer.disk = self._file[0]
        self._guarded(self._prepare)

    def _prepare(self) -> None:
        try:
            self._set_up()
            sound = self._connection().execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.DatabaseError as error:
            if not is_torn(error):
                raise
            sound = False
        if not sound:  # what can be read still may spoil what is written beside it
            self._rescue(table_rows(self._connection())[0])

    def _set_up(self) -> None:
        db = self._connection()
        version = self._version()
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        if version < SCHEMA:
            db.execute(_TABLE)
            db.execute(f"PRAGMA user_version={SCHEMA}")

    def _version(self) -> int:
        (version,) = self._connection().execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise NewerJournal(
                f"Session {self.folder.name} was written by a newer version of Sayso (its journal "
                f"is of version {version}, this one writes {SCHEMA}). Here it can be replayed and "
                "exported, and its files taken; go on with it in the newer program that wrote it."
            )
        return int(version)

    def write(self, event: Event) -> None:
        """Commit one event.

        Raises:
            JournalError: it could not be written; what was there before is untouched.
        """
        self.write_row(event.seq, dump_event(event))

    def write_row(self, key: int, content: str | bytes) -> None:
        """Commit one row as it is; where its key is taken by a damaged row, under another.

        Raises:
            JournalError: it could not be written; what was there before is untouched.
        """
        self._connection()
        self._on_disk(lambda: self._insert(key, content), self._take_back)

    def _insert(self, key: int, content: str | bytes) -> int:
        """Returns the key that it got."""
        insert, db = "INSERT INTO events VALUES (?, ?)", self._connection()
        if _identity(self._path) != self._file:
            raise FileNotFoundError  # SQLite goes on writing to a file that is deleted
        self._remove_unwanted()
        try:
            db.execute(insert, (key, content))
        except sqlite3.IntegrityError:
            key = -1 - secrets.randbits(62)
            db.execute(insert, (key, content))
        return key

    def _take_back(self, key: int) -> None:
        self._unwanted.append(key)
        self._remove_unwanted()

    def _remove_unwanted(self) -> None:
        while self._unwanted:
            self._connection().execute("DELETE FROM events WHERE seq = ?", self._unwanted[-1:])
            self._unwanted.pop()

    def read(self) -> Iterable[Event]:
        """All events in order; each stands at its number (`agent.record.rows`).

        Raises:
            JournalError: the file is no journal, or nothing of it can be reached.
        """
        return list(self.read_rows().events)

    def read_rows(self) -> Rows:
        """The events, with what is stored of those that cannot be read.

        Raises:
            JournalError: as `read`.
        """
        stored, torn = self._guarded(lambda: table_rows(self._connection()))
        if torn:
            self._guarded(lambda: self._rescue(stored))
        rows = read_rows(stored)
        self._damage = rows.damage
        return rows

    def damage(self, images: Iterable[Image] = ()) -> Damage:
        """What could not be read at the last `read`, of the prompt and of these pictures."""
        named = {image.sha256 for image in images}
        lost = sum(self.image_bytes(sha256) is None for sha256 in named)
        return replace(self._damage, pictures=lost)

    def _rescue(self, stored: Iterable[tuple[int, bytes | None]]) -> None:
        """Go on in a new file with what could be reached; the damaged one stays beside it."""
        path, fresh = self.folder / "events.db", self.folder / "events.new"
        self._version()
        try:
            fresh.unlink(missing_ok=True)
            os.close(os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(fresh)) as db, db:
                db.execute(_TABLE)
                db.execute(f"PRAGMA user_version={SCHEMA}")
                row = "INSERT INTO events VALUES (?, CAST(? AS TEXT))"
                db.executemany(row, stored)
            self._connection().close()
            self._db = None
            aside = self._aside("events-damaged", ".db")
            wal = path.with_name("events.db-wal")
            if wal.exists():
                wal.rename(aside.with_name(f"{aside.name}-wal"))
            path.with_name("events.db-shm").unlink(missing_ok=True)
            os.link(path, aside)
            fresh.replace(path)
        except OSError as error:
            raise self._unwritable(error) from error
        self._connect()

    def _aside(self, stem: str, suffix: str) -> Path:
        """A name that nothing has yet, for what is kept beside."""
        names = (self.folder / f"{stem}-{number}{suffix}" for number in itertools.count(1))
        return next(path for path in names if not path.exists())

    def put_image(self, image: EncodedImage) -> Image:
        """Keep a picture; equal bytes are kept once.

        Raises:
            JournalError: the disk refuses.
        """
        digest = self.put_content(image.data, image.media_type)
        return Image(
            sha256=digest, media_type=image.media_type, width=image.width, height=image.height
        )

    def put_content(self, data: bytes, media_type: str) -> str:
        """Keep what the model is given, of a type in `KEPT_SUFFIX`; returns its SHA-256.

        Raises:
            JournalError: the disk refuses.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.folder / "images" / f"{digest}.{KEPT_SUFFIX[media_type]}"
        self._on_disk(lambda: self._keep(path, data))
        return digest

    def _keep(self, path: Path, data: bytes) -> None:
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._write_file(path, data)

    def image_path(self, sha256: str) -> Path | None:
        """The file of a picture or attachment, or None when it is not here."""
        return kept_file(self.folder, sha256)

    def image_bytes(self, sha256: str) -> bytes | None:
        """A picture's bytes, or None when it is gone or no longer what it was."""
        path = self.image_path(sha256)
        try:
            data = path.read_bytes() if path is not None else b""
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def image_base64(self, sha256: str) -> str | None:
        """A picture or attachment as the model is sent it, or None when it is gone."""
        data = self.image_bytes(sha256)
        return base64.b64encode(data).decode() if data is not None else None

    @property
    def prompt(self) -> str | None:
        """The system prompt that the session was begun with; None if it cannot be read."""
        return read_prompt(self.folder) or None

    @prompt.setter
    def prompt(self, text: str) -> None:
        self._on_disk(lambda: self._keep_prompt(text))

    def _keep_prompt(self, text: str) -> None:
        path = self.folder / "prompt.md"
        if read_prompt(self.folder) is None:
            path.rename(self._aside("prompt-damaged", ".md"))
            self._damage = replace(self._damage, prompt=True)
        self._write_file(path, text.encode())

    def close(self) -> None:
        """Release the files; the session can then be opened elsewhere.

        Where the disk hangs, that happens when it answers again.
        """
        if not self._closed:
            self._closed = True
            self._writer.last(self._release)

    def _release(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._remove_unwanted()
            self._db.close()
            self._db = None
        if self._lock is not None:
            unlock_file(self._lock)
            os.close(self._lock)
            self._lock = None

    def _write_file(self, path: Path, data: bytes) -> None:
        """Write beside, then rename: a cut leaves the old file or the new, never half."""
        beside = path.with_name(f".{path.name}.new")
        try:
            handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            beside.replace(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def _on_disk(
        self, work: Callable[[], T], undo: Callable[[T], object] | None = None, *, longer: float = 1
    ) -> T:
        """Have the journal's thread do it; see `Writer.do`."""
        try:
            return self._guarded(lambda: self._writer.do(work, undo, longer=longer))
        except DiskHangs as error:
            raise JournalError(
                f"The disk does not answer: nothing can be written down in {self.folder}. "
                "Wait until it does, then say what to do next."
            ) from error
        except FileNotFoundError as error:
            raise JournalError(
                f"The session's folder {self.folder} was moved or deleted. Put it back, then say "
                "what to do next; or start a new session."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OUTER:
                raise self._unwritable(error) from error
            raise self._damaged(str(error)) from error

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise JournalError(f"Session {self.folder.name} is closed; resume it to go on.")
        return self._db

    def _unwritable(self, error: Exception) -> JournalError:
        return JournalError(
            f"The journal in {self.folder} cannot be written ({error}); free some disk space "
            "or check the folder's owner, then say what to do next. Nothing was lost."
        )

    def _damaged(self, why: str) -> JournalError:
        return JournalError(
            f"The journal in {self.folder} is damaged ({why}). It was left as it is: move the "
            "folder aside to keep it, and start a new session."
        )
