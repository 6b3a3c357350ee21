"""A session's journal that a disk, a program or a person has changed."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from conversations import build_messages
from recorded import record

from agent.errors import JournalError
from agent.record import events as ev
from agent.record.journal import SqliteJournal, read_journal
from agent.record.rows import read_lines
from agent.replay import build_timeline
from agent.replay.timeline import as_json as timeline_json
from agent.session.imported import brought, brought_prompt, own
from agent.session.status import Status, reduce_status
from agent.testing.fuzz_answers import as_json, scrambled, spoil
from fuzzing.run import Target

_KEYS = (-1, 0, 3, 10**6, 2**63 - 1, -(2**63))


class _Journals:
    """One played session, harmed anew in each case."""

    def __init__(self, sound: Path, folder: Path) -> None:
        self._sound, self._folder = sound, folder

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._sound, self._folder)
        chance.choice([_harm_file, _harm_rows, _harm_rows, _harm_both])(self._folder, chance)
        try:
            seen = read_journal(self._folder / "events.db").events
        except JournalError:
            seen = None
        try:
            journal = SqliteJournal(self._folder)
        except JournalError:
            return "refused", []
        try:
            return _gone_on(journal, seen)
        except JournalError:
            return "refused", []
        finally:
            journal.close()


def _gone_on(journal: SqliteJournal, seen: Sequence[ev.Event] | None) -> tuple[str, list[str]]:
    rows = journal.read_rows()
    faults = wrong(rows.events)
    again = read_lines(list(rows.lines()), count=len(rows.events))
    if [e.kind for e in again.events] != [e.kind for e in rows.events]:
        faults.append("an export's lines are read otherwise")
    if seen is not None and [e.kind for e in seen] != [e.kind for e in rows.events]:
        faults.append("it reads otherwise when it is opened")
    note = ev.Failed(seq=len(rows.events), at=2e9, where="fuzz", error="after the damage")
    journal.write(note)
    if note not in list(journal.read()):
        faults.append("what is written after the damage is not read")
    str(rows.damage), journal.damage(image for e in rows.events for image in ev.images_of(e))
    return ("damaged" if rows.damage else "whole"), faults


def wrong(events: Sequence[ev.Event]) -> list[str]:
    """What is wrong with events that were read; everything derived from them is made."""
    faults = []
    if [event.seq for event in events] != list(range(len(events))):
        faults.append("an event's number is not its place")
    status = Status()
    for event in events:
        status = reduce_status(status, event)
        if not isinstance(event, ev.Unreadable) and ev.load_event(ev.dump_event(event)) != event:
            faults.append(f"{event.kind} is not read as it was written")
    json.dumps(timeline_json(build_timeline(events)), allow_nan=False)
    json.dumps(build_messages(events, lambda _: None), allow_nan=False)
    own(events), brought(events), brought_prompt(events)
    return faults


def _harm_both(folder: Path, chance: random.Random) -> None:
    _harm_rows(folder, chance)
    _harm_file(folder, chance)


def _harm_file(folder: Path, chance: random.Random) -> None:
    """Bytes of the database, or files beside it."""
    path = folder / "events.db"
    data = bytearray(path.read_bytes())
    match chance.randrange(5):
        case 0:
            data = bytearray(scrambled(bytes(data), chance))
        case 1:
            del data[chance.randrange(len(data)) :]
        case 2:  # a page is zeros, or another one
            page = 4096 * chance.randrange(max(1, len(data) // 4096))
            data[page : page + 4096] = chance.choice([bytes(4096), data[:4096], b"\xff" * 4096])
        case 3:
            for _ in range(chance.randint(1, 60)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case _:
            name = chance.choice(
                ["events.db-wal", "events.db-shm", "events.db-journal", "prompt.md"]
            )
            (folder / name).write_bytes(chance.randbytes(chance.choice([0, 32, 5000])))
    path.write_bytes(data)


def _harm_rows(folder: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(folder / "events.db")) as db, db:
        keys = [key for (key,) in db.execute("SELECT seq FROM events")]
        for _ in range(chance.choice([1, 1, 2, 5])):
            with contextlib.suppress(sqlite3.IntegrityError):
                _harm_row(db, chance.choice(keys), chance)


def _harm_row(db: sqlite3.Connection, key: int, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            db.execute("DELETE FROM events WHERE seq = ?", (key,))
        case 1:
            db.execute("UPDATE events SET seq = ? WHERE seq = ?", (chance.choice(_KEYS), key))
        case 2:
            odd: Any = chance.choice([None, 17, 1.5, b"\xff\0", "", "[" * 5000, "x" * 10**6])
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute("UPDATE events SET event = ? WHERE seq = ?", (odd, key))
        case _:
            row = db.execute(
                "SELECT CAST(event AS BLOB) FROM events WHERE seq = ?", (key,)
            ).fetchone()
            if row is not None:
                text = spoilt_line((row[0] or b"").decode("utf-8", "replace"), chance)
                db.execute("UPDATE events SET event = ? WHERE seq = ?", (text, key))


def spoilt_line(line: str, chance: random.Random) -> bytes:
    """An event's JSON with something wrong in it."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return scrambled(line.encode() or b" ", chance)
    for _ in range(chance.choice([1, 1, 3])):
        if isinstance(event, dict) and event:
            spoil(event, chance)
    written = as_json(event).encode("utf-8", "surrogatepass")
    return scrambled(written, chance) if chance.random() < 0.2 else written


@contextlib.asynccontextmanager
async def journals(folder: Path) -> AsyncIterator[Target]:
    """A session is played first."""
    name = await record(folder, "write the list", "close it")
    yield _Journals(folder / "sessions" / name, folder / "harmed")
