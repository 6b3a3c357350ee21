"""Stored events, read as far as they can be: one bad row does not close a session.

A journal's row or an export's line that is no event of this version is left as it lies. In
the log its place is taken by `Unreadable`, so that an event's number is always its place;
so are the places of rows that are missing. A row without a place (its number is taken, or
cannot be right) is a stray: kept and counted, but in no log.

Where a row's key and the number in its event differ, the event stands at its own number if
that is free.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pydantic

from agent.errors import JournalError
from agent.record import events as ev
from agent.sanitize import LARGEST

LONGEST = 64 * 1024**2
"""Bytes of a row that is read at most."""

LONGEST_LINE = 8 * 1000**2
"""Bytes of an export's line that is read at most; the longest events are tools' outputs."""

MOST_BYTES = 250 * 1000**2
"""Bytes of an export's log that is read at most."""

MOST_LINES = 300_000
"""Lines of an export's log that are read at most: some 600 MB of memory, and half a minute."""

MOST_MISSING = 100_000
"""Numbers that may be missing before a row's number is taken to be wrong."""

_PROBES = 200_000
"""Rows looked for one by one between two damaged pages."""

_LAST = 1e11
"""Unix seconds of the latest event that is believed."""

_UNBOUND_NUMBER = re.compile(rb"NaN|Infinity|[eE]\+?\d{2}|\d{19}")
_TORN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR_SHORT_READ})
_BLOCKS: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "tool_use": {"id": str, "name": str, "input": dict},
    "thinking": {"thinking": str},
}
"""What the model's history reads of a block, by its type."""

Why = Literal["damaged", "newer", "missing"]


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a stored session could not be read, by the rows' numbers."""

    unreadable: tuple[int, ...] = ()
    newer: int = 0
    """How many of them a newer version seems to have written."""

    missing: tuple[int, ...] = ()
    partial: tuple[int, ...] = ()
    """Events that were read without fields which this version does not know."""

    pictures: int = 0
    """Pictures that are gone, or no longer what they were."""

    prompt: bool = False
    """Whether the system prompt could not be read."""

    def __bool__(self) -> bool:
        return self != Damage()

    def __str__(self) -> str:
        """The damage in sentences for a person; empty if there is none."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if many := len(self.unreadable):
            yield (
                f"{_events(many)} of this session could not be read: "
                f"{_numbers(self.unreadable)}. What is stored of {_them(many)} was left as it is."
            )
        if self.newer:
            seems = "seems" if self.newer == 1 else "seem"
            of = "It" if self.newer == many == 1 else f"{self.newer} of them"
            yield f"{of} {seems} to be of a newer version of Sayso: open the session with that."
        if self.missing:
            verb = "is" if len(self.missing) == 1 else "are"
            yield f"{_events(len(self.missing))} {verb} missing: {_numbers(self.missing)}."
        if self.partial:
            yield (
                f"{_events(len(self.partial))} had details of a newer version, which were "
                f"passed over: {_numbers(self.partial)}."
            )
        if self.pictures:
            are = "picture is" if self.pictures == 1 else "pictures are"
            yield f"{self.pictures} {are} missing or altered."
        if self.prompt:
            yield "The system prompt could not be read."


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read.

    Attributes:
        events: All events; each stands at its number.
        raw: What is stored where an event could not be read, or not in full, by number.
        strays: Stored rows without a place in ``events``: key and content.
        partial: Numbers of events that were read without unknown fields.
    """

    events: tuple[ev.Event, ...] = ()
    raw: Mapping[int, bytes] = field(default_factory=dict)
    strays: tuple[tuple[int, bytes], ...] = ()
    partial: tuple[int, ...] = ()

    @property
    def damage(self) -> Damage:
        """What could not be read; pictures are not looked at."""
        gaps = [event for event in self.events if isinstance(event, ev.Unreadable)]
        bad = [gap.seq for gap in gaps if gap.why != "missing"]
        return Damage(
            unreadable=tuple(sorted([*bad, *(key for key, _ in self.strays)])),
            newer=sum(gap.why == "newer" for gap in gaps),
            missing=tuple(gap.seq for gap in gaps if gap.why == "missing"),
            partial=self.partial,
        )

    def lines(self) -> Iterator[bytes]:
        """One line for each row, as `read_lines` takes them."""
        for event in self.events:
            raw = self.raw.get(event.seq)
            if raw is not None:
                yield _line(event.seq, raw, self._why(event))
            elif not isinstance(event, ev.Unreadable):
                yield ev.dump_event(event).encode()
        for key, raw in self.strays:
            yield _line(key, raw, "damaged")

    def stored(self) -> Iterator[tuple[int, str | bytes]]:
        """Key and content of each row, as `read_rows` takes them; strays have keys below 0."""
        for event in self.events:
            raw = self.raw.get(event.seq)
            if raw is not None:
                yield event.seq, _text_or_bytes(raw)
            elif not isinstance(event, ev.Unreadable):
                yield event.seq, ev.dump_event(event)
        for number, (_, raw) in enumerate(self.strays):
            yield -1 - number, _text_or_bytes(raw)

    def _why(self, event: ev.Event) -> Why:
        return event.why if isinstance(event, ev.Unreadable) else "damaged"


@dataclass(frozen=True, slots=True)
class _Found:
    """A row as it was found, and what could be made of it."""

    key: int
    raw: bytes
    event: ev.Event | None
    why: Why = "damaged"
    partial: bool = False


def read_rows(rows: Iterable[tuple[int, bytes | None]]) -> Rows:
    """The events of a journal's rows, in the order of their keys."""
    return _arranged([_read(key, data) for key, data in rows])


def read_lines(lines: Iterable[bytes], *, count: int = 0) -> Rows:
    """The events of an export's lines; ``count`` is how many there should be."""
    given = list(lines)
    found: list[_Found] = []
    after = 0
    for line in given:
        read = _read(after, line)
        number = read.event.seq if read.event is not None else _number(line, after)
        found.append(_Found(number, read.raw, read.event, read.why, read.partial))
        after = number + 1 if 0 <= number < len(given) + MOST_MISSING else after + 1
    return _arranged([_unwrapped(each) for each in found], count)


def file_lines(path: Path) -> Iterator[bytes]:
    """The lines of an export's file, bounded whatever it holds.

    A line that is too long comes as an empty one, which is no event.

    Raises:
        JournalError: all of it, or the number of its lines, is more than can be read.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise JournalError(
            f"{path} is larger than {MOST_BYTES // 10**6} MB, which no session's log is; "
            "export the session again."
        )
    many = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            many += 1
            if many > MOST_LINES:
                raise JournalError(f"{path} has more than {MOST_LINES:,} lines, too many to read.")
            whole = line.endswith(b"\n") or len(line) <= LONGEST_LINE
            while not line.endswith(b"\n") and (rest := file.readline(LONGEST_LINE)):
                line = rest
            yield line.rstrip(b"\r\n") if whole else b""


def table_rows(db: sqlite3.Connection) -> tuple[list[tuple[int, bytes | None]], bool]:
    """Key and content of all rows that can be reached, and whether a page was damaged.

    Raises:
        sqlite3.DatabaseError: the file is no journal, or cannot be read at all.
    """
    first, whole = _sweep(db, "ASC")
    if whole:
        return first, False
    if not first:  # a file that was cut off is read only so
        db.execute("PRAGMA writable_schema=ON")
        first, _ = _sweep(db, "ASC")
    last, _ = _sweep(db, "DESC")
    begin = first[-1][0] + 1 if first else 0
    end = last[-1][0] if last else begin
    between = _probe(db, range(max(begin, end - _PROBES), end))
    reached = dict([*first, *between, *last])
    if not reached:
        raise sqlite3.DatabaseError("none of its events can be reached")
    return sorted(reached.items()), True


class Database(sqlite3.Connection):
    """Raises sqlite3's errors alone, whatever bytes a damaged schema puts into their words."""

    def execute(self, *given: Any) -> sqlite3.Cursor:
        """As in `sqlite3.Connection`."""
        try:
            return super().execute(*given)
        except UnicodeDecodeError:
            error = sqlite3.DatabaseError("malformed database schema")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error from None


def open_table(path: Path) -> Database:
    """A session's ``events.db`` for reading, whether or not the session is open.

    Nobody has a journal without a write-ahead log open. Reading it as a file that does not change
    leaves none behind, which would look as if the session had just been used.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, factory=Database)


def is_torn(error: sqlite3.DatabaseError) -> bool:
    """Whether pages of the file are damaged or gone."""
    return getattr(error, "sqlite_errorcode", 0) in _TORN


_BYTES = "CAST(event AS BLOB)"
_KEY = "CASE typeof(seq) WHEN 'integer' THEN seq ELSE -1 END"
"""A number whatever a damaged schema makes of the column."""

_SELECT = f"SELECT {_KEY}, CASE WHEN length({_BYTES}) <= {LONGEST} THEN {_BYTES} END FROM events"  # noqa: S608 - constants


def _sweep(
    db: sqlite3.Connection, order: Literal["ASC", "DESC"]
) -> tuple[list[tuple[int, bytes | None]], bool]:
    rows: list[tuple[int, bytes | None]] = []
    try:
        rows.extend(db.execute(f"{_SELECT} ORDER BY seq {order}"))
    except sqlite3.DatabaseError as error:
        if not is_torn(error):
            raise
        return rows, False
    return rows, True


def _probe(db: sqlite3.Connection, keys: Iterable[int]) -> Iterator[tuple[int, bytes | None]]:
    for key in keys:
        try:
            row = db.execute(f"{_SELECT} WHERE seq = ?", (key,)).fetchone()
        except sqlite3.DatabaseError:
            continue
        if row is not None:
            yield row


# One row -----------------------------------------------------------------------------


def _read(key: int, data: bytes | None) -> _Found:
    raw = data if data is not None else b""
    event, why, partial = _event(raw)
    if isinstance(event, ev.Unreadable):  # only in exports, around what is no line
        return _Found(key, raw, None, event.why)
    return _Found(key, raw, event, why, partial)


def _event(raw: bytes) -> tuple[ev.Event | None, Why, bool]:
    """The event of a row; else why there is none. The last: whether fields were left out."""
    try:
        event, partial = ev.load_event(raw), False
    except pydantic.ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        kinds = {fault["type"] for fault in faults}
        if kinds != {"extra_forbidden"}:
            return None, "newer" if kinds == {"union_tag_invalid"} else "damaged", False
        lean = _without(raw, [fault["loc"][1:] for fault in faults])
        if lean is None:
            return None, "newer", False
        event, partial = lean, True
    return (event, "damaged", partial) if _sound(event, raw) else (None, "damaged", False)


def _without(raw: bytes, places: Sequence[tuple[int | str, ...]]) -> ev.Event | None:
    """The event without the fields at ``places``."""
    try:
        record = json.loads(raw)
        for *path, name in places:
            holder = record
            for step in path:
                holder = holder[step]
            del holder[name]
        return ev.load_event(json.dumps(record))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _sound(event: ev.Event, raw: bytes) -> bool:
    """Whether an event holds what everything that is derived from it takes for granted."""
    if event.seq < 0 or not (math.isfinite(event.at) and 0 <= event.at < _LAST):
        return False
    if _UNBOUND_NUMBER.search(raw) and not _bounded(event.model_dump()):
        return False
    if isinstance(event, ev.BlockFinished):
        wanted = _BLOCKS.get(str(event.block.get("type")), {})
        named = isinstance(event.block.get("type"), str)
        return named and all(isinstance(event.block.get(k), kind) for k, kind in wanted.items())
    if isinstance(event, ev.TurnFinished | ev.TurnCounted):
        return all(value >= 0 for value in event.usage.model_dump().values())
    return True


def _bounded(value: Any) -> bool:
    """Whether each number is one that is written as it is."""
    match value:
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) <= LARGEST
        case dict():
            return all(_bounded(each) for each in value.values())
        case list() | tuple():
            return all(_bounded(each) for each in value)
        case _:
            return True


def _number(line: bytes, otherwise: int) -> int:
    """The number that an unreadable line says it has, if it says so."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return otherwise
    number = record.get("seq") if isinstance(record, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else otherwise


# All rows ----------------------------------------------------------------------------


def _arranged(found: Sequence[_Found], count: int = 0) -> Rows:
    end = len(found) + MOST_MISSING
    places: dict[int, _Found] = {}
    strays: list[_Found] = []

    def settle(row: _Found, number: int) -> bool:
        free = 0 <= number < end and number not in places
        if free:
            places[number] = row
        return free

    def own(row: _Found) -> bool:
        return row.event is not None and row.event.seq == row.key

    others = [row for row in found if not own(row)]
    strays += [row for row in found if own(row) and not settle(row, row.key)]
    displaced = [row for row in others if row.event is None or not settle(row, row.event.seq)]
    strays += [row for row in displaced if not settle(_spoilt(row), row.key)]
    return _told(places, strays, min(count, end))


def _spoilt(row: _Found) -> _Found:
    return _Found(row.key, row.raw, None, row.why)


def _told(places: Mapping[int, _Found], strays: Sequence[_Found], count: int) -> Rows:
    length = max([count, *(number + 1 for number in places)])
    events: list[ev.Event] = []
    at = next((row.event.at for _, row in sorted(places.items()) if row.event is not None), 0.0)
    for number in range(length):
        row = places.get(number)
        if row is not None and row.event is not None:
            at = row.event.at
            events.append(row.event)
        else:
            why: Why = row.why if row is not None else "missing"
            events.append(ev.Unreadable.model_construct(seq=number, at=at, why=why))
    kept = {n: row.raw for n, row in sorted(places.items()) if row.event is None or row.partial}
    partial = tuple(n for n, row in sorted(places.items()) if row.event is not None and row.partial)
    return Rows(tuple(events), kept, tuple((row.key, row.raw) for row in strays), partial)


# As lines ------------------------------------------------------------------------------


def _line(key: int, raw: bytes, why: Why) -> bytes:
    """The row itself where it is a line that says its number; else wrapped in an event."""
    try:
        plain = bool(raw.decode().strip()) and len(raw.splitlines()) == 1 == len(raw.split(b"\n"))
    except UnicodeDecodeError:
        plain = False
    if plain and _number(raw, key + 1) == key:
        return raw
    wrapped = ev.Unreadable(seq=key, why=why, row=base64.b64encode(raw).decode())
    return ev.dump_event(wrapped).encode()


def _unwrapped(found: _Found) -> _Found:
    """A row that was wrapped for an export, as it was."""
    if found.event is not None or b'"unreadable"' not in found.raw:
        return found
    try:
        wrapped = ev.load_event(found.raw)
        if not isinstance(wrapped, ev.Unreadable):
            return found
        raw = base64.b64decode(wrapped.row, validate=True)
    except (pydantic.ValidationError, binascii.Error, ValueError):
        return found
    inner = _read(wrapped.seq, raw)
    return _Found(wrapped.seq, raw, inner.event, inner.why, inner.partial)


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


_TO = "\N{EN DASH}"


# Words ---------------------------------------------------------------------------------


def _events(many: int) -> str:
    return "1 event" if many == 1 else f"{many:,} events"


def _them(many: int) -> str:
    return "it" if many == 1 else "them"


def _numbers(numbers: Sequence[int], most: int = 12) -> str:
    """Rows in words: single ones and runs."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [f"{a}" if a == b else f"{a}{_TO}{b}" for a, b in runs[:most]]
    more = f" and {len(runs) - most} more places" if len(runs) > most else ""
    return f"{'row' if len(numbers) == 1 else 'rows'} {', '.join(shown)}{more}"
