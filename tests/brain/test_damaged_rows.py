"""A stored session of which a part cannot be read: the rest opens, and what is lost is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conversations import build_messages
from test_journal import open_session, played

from agent.__main__ import main
from agent.errors import JournalError, NewerJournal
from agent.record import events as ev
from agent.record.export import export_session, import_session, read_export
from agent.record.journal import SqliteJournal, read_journal, session_folder
from agent.record.measure import measured
from agent.record.rows import MOST_MISSING, read_lines, read_rows
from agent.record.spending import Spending
from agent.replay import build_timeline, load_recording
from agent.replay.bundle import export_recording, unpack_export
from agent.session.history import HEADLESS, UNKNOWN
from agent.session.session import Session
from agent.settings import Settings

Harm = Callable[[sqlite3.Connection], object]


def harm(folder: Path, *statements: str | tuple[str, tuple[object, ...]]) -> None:
    """Do something to a closed session's table."""
    with closing(sqlite3.connect(folder / "events.db")) as db, db:
        for statement in statements:
            sql, given = statement if isinstance(statement, tuple) else (statement, ())
            db.execute(sql, given)


def contents(folder: Path) -> dict[int, object]:
    """What lies in the table."""
    with closing(sqlite3.connect(folder / "events.db")) as db:
        return dict(db.execute("SELECT seq, CAST(event AS BLOB) FROM events"))


def seq_of(folder: Path, kind: str) -> int:
    """Number of the last event of a kind."""
    events = read_journal(folder / "events.db").events
    return next(event.seq for event in reversed(events) if event.kind == kind)


def edited(seq: int, **fields: object) -> tuple[str, tuple[object, ...]]:
    """Sets fields of a row's JSON."""
    pairs = [part for name, value in fields.items() for part in (f"$.{name}", value)]
    marks = ", ".join("?" for _ in pairs)
    return f"UPDATE events SET event = json_set(event, {marks}) WHERE seq = ?", (*pairs, seq)


def replaced(seq: int, content: object) -> tuple[str, tuple[object, ...]]:
    """Puts something else into a row."""
    return "UPDATE events SET event = ? WHERE seq = ?", (content, seq)


async def resumed(settings: Settings) -> Session:
    """The session, open again."""
    session = open_session(settings, resume=True)
    await session.open()
    return session


def told(session: Session) -> str:
    """What was said about its journal."""
    return " ".join(e.error for e in session.log.of(ev.Failed) if e.where == "journal")


BAD_ROWS = {
    "no JSON": "this is no JSON",
    "empty": "",
    "null": None,
    "a number": 17,
    "bytes": b"\xff\xfe\x00",
    "latin-1": b'{"kind":"failed","where":"caf\xe9"}',
    "nul": '{"kind":"failed","seq":3,"at":1,"where":"a\x00b","error":""}',
    "half": '{"kind":"failed","seq":3,"at":1,"whe',
    "two lines": '{"kind":\n"martian"}\n',
    "list": "[]",
    "deep": "[" * 5000 + "]" * 5000,
    "no seq": '{"kind":"failed","at":1,"where":"x","error":""}',
    "wrong type": '{"kind":"failed","seq":3,"at":"soon","where":"x","error":""}',
    "nan": '{"kind":"failed","seq":3,"at":NaN,"where":"x","error":""}',
    "infinite inside": '{"kind":"setting_changed","seq":3,"at":1,"name":"x","value":1e999}',
    "long ago": '{"kind":"failed","seq":3,"at":-5,"where":"x","error":""}',
    "negative": '{"kind":"failed","seq":-3,"at":1,"where":"x","error":""}',
    "far": '{"kind":"failed","seq":999999999999,"at":1,"where":"x","error":""}',
    "taken": '{"kind":"failed","seq":1,"at":1,"where":"x","error":""}',
    "no block": '{"kind":"block_finished","seq":3,"at":1,"turn_id":"t","index":0,"block":{}}',
    "half a call": '{"kind":"block_finished","seq":3,"at":1,"turn_id":"t","index":0,'
    '"block":{"type":"tool_use","id":"a"}}',
    "gift": '{"kind":"turn_finished","seq":3,"at":1,"turn_id":"t","stop_reason":"end_turn",'
    '"usage":{"dollars":-100}}',
    "surrogate": '{"kind":"failed","seq":3,"at":1,"where":"\\ud83d","error":""}',
    "unknown kind": '{"kind":"teleported","seq":3,"at":1,"where":"Mars"}',
}


@pytest.mark.parametrize("key", [None, "three", 1.5, b"3"], ids=repr)
async def test_a_key_that_is_no_number_costs_only_its_row(settings: Settings, key: object) -> None:
    """The schema of a damaged file may say that it is one, or anything else."""
    folder = await played(settings)
    many = len(read_journal(folder / "events.db").events)
    harm(
        folder,
        "ALTER TABLE events RENAME TO old",
        "CREATE TABLE events (seq, event)",
        "INSERT INTO events SELECT * FROM old",
        ("UPDATE events SET seq = ? WHERE seq = 3", (key,)),
    )
    events = read_journal(folder / "events.db").events
    assert [event.seq for event in events] == list(range(many))
    journal = SqliteJournal(folder)
    assert len(list(journal.read())) == many
    journal.close()


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS.keys())
async def test_a_bad_row_costs_only_itself(settings: Settings, tmp_path: Path, row: object) -> None:
    """It is named, kept as it is, and everything else opens, works on, goes out and comes in."""
    folder = await played(settings)
    before = read_journal(folder / "events.db").events
    harm(folder, replaced(3, row))
    kept = contents(folder)[3]
    session = await resumed(settings)
    assert "row 3." in told(session)
    assert "1 event of this session could not be read" in told(session)
    events = tuple(session.log)
    assert [event.seq for event in events] == list(range(len(events)))
    assert [*events[:3], *events[4 : len(before)]] == [*before[:3], *before[4:]]
    session.say("Again.")
    await session.wait_idle(20)
    assert session.model.faults == []
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    await session.close()
    assert contents(folder)[3] == kept
    recording = load_recording(folder)
    assert recording.damage.unreadable == (3,)
    labels = [step.label for step in build_timeline(recording.events).steps]
    assert labels.count("Event 3 could not be read") == 1
    out = export_session(settings.data_dir, "one", tmp_path / "out")
    assert read_export(out).unreadable == (3,)
    import_session(out, tmp_path / "elsewhere")
    copy = session_folder(tmp_path / "elsewhere", "one")
    assert contents(copy)[3] == (kept or b"")
    assert load_recording(copy).events == recording.events
    packed = export_recording(folder, tmp_path / "a.zip", "folder")
    assert read_export(unpack_export(packed, tmp_path / "unpacked")).unreadable == (3,)


async def test_what_is_lost_is_told_once_until_it_is_something_else(settings: Settings) -> None:
    folder = await played(settings)
    harm(folder, replaced(3, "x"))
    for _ in range(2):
        session = await resumed(settings)
        await session.close()
    assert told(session).count("row 3.") == 1
    harm(folder, replaced(5, "x"))
    session = await resumed(settings)
    assert "rows 3, 5." in told(session)
    await session.close()


async def test_missing_rows_are_named_and_new_ones_go_on_behind_them(settings: Settings) -> None:
    folder = await played(settings)
    rows = contents(folder)
    harm(folder, "DELETE FROM events WHERE seq IN (2, 3, 7)")
    session = await resumed(settings)
    assert "3 events are missing: rows 2\N{EN DASH}3, 7." in told(session)
    assert session.log[len(rows)].kind == "session_opened"
    await session.close()
    kept = contents(folder)
    assert all(kept[key] == row for key, row in rows.items() if key not in (2, 3, 7))
    assert max(kept) == len(session.log) - 1


async def test_an_event_of_a_newer_version_is_told_from_damage(settings: Settings) -> None:
    """Unknown kinds are kept, unknown fields are passed over; the newer program has it all."""
    folder = await played(settings)
    seen = seq_of(folder, "action_finished")
    harm(folder, edited(3, kind="teleported"), edited(4, mood="good"))
    harm(folder, edited(seen, **{"image.depth": 32}))
    rows = contents(folder)
    session = await resumed(settings)
    assert "It seems to be of a newer version" in told(session)
    assert f"passed over: rows 4, {seen}." in told(session)
    finished = session.log[seen]
    assert isinstance(finished, ev.ActionFinished)
    assert finished.image is not None
    await session.close()
    assert {key: contents(folder)[key] for key in rows} == rows


async def test_a_newer_journal_is_read_but_not_gone_on_with(
    settings: Settings, tmp_path: Path
) -> None:
    folder = await played(settings)
    harm(folder, "PRAGMA user_version = 99")
    before = (folder / "events.db").read_bytes()
    with pytest.raises(NewerJournal, match="newer version"):
        await resumed(settings)
    assert len(load_recording(folder).events) > 5
    out = export_session(settings.data_dir, "one", tmp_path / "out")
    assert import_session(out, tmp_path / "elsewhere") == "one"
    assert (folder / "events.db").read_bytes() == before


async def test_an_older_journal_is_gone_on_with(settings: Settings) -> None:
    folder = await played(settings)
    harm(folder, "PRAGMA user_version = 0")
    session = await resumed(settings)
    assert told(session) == ""
    await session.close()


@pytest.mark.parametrize("lost", ["action_finished", "action_started action_finished"])
async def test_an_action_whose_result_is_lost_is_not_called_interrupted(
    settings: Settings, lost: str
) -> None:
    """Nobody interrupted it. The model is told that its result is not known."""
    folder = await played(settings)
    for kind in lost.split():
        harm(folder, replaced(seq_of(folder, kind), "lost"))
    session = await resumed(settings)
    messages = str(build_messages(session.log, session.journal.image_base64))
    assert UNKNOWN in messages
    assert "interrupted" not in messages
    session.say("Again.")
    await session.wait_idle(20)
    assert session.model.faults == []
    await session.close()


async def test_a_task_whose_end_is_lost_is_not_called_stopped_by_a_restart(
    settings: Settings,
) -> None:
    folder = await played(settings)
    harm(folder, replaced(seq_of(folder, "task_finished"), "lost"))
    harm(folder, replaced(seq_of(folder, "session_closed"), "lost"))
    session = await resumed(settings)
    assert "not known" in session.log.of(ev.TaskFinished)[-1].summary
    await session.close()


async def test_a_conversation_without_its_beginning_is_still_one(settings: Settings) -> None:
    """The service wants the person's words first."""
    folder = await played(settings)
    harm(folder, replaced(0, "lost"), replaced(seq_of(folder, "user_message"), "lost"))
    events = read_journal(folder / "events.db").events
    for event in events:
        if isinstance(event, ev.UserMessage):
            harm(folder, replaced(event.seq, "lost"))
    session = await resumed(settings)
    messages = session._agent.history.messages()
    assert messages[0] == {"role": "user", "content": [{"type": "text", "text": HEADLESS}]}
    assert session._agent.system.startswith((folder / "prompt.md").read_text()[:40])
    session.say("Again.")
    await session.wait_idle(20)
    assert session.model.faults == []
    await session.close()


async def test_a_picture_that_is_gone_or_altered_is_named(settings: Settings) -> None:
    folder = await played(settings)
    (picture,) = (folder / "images").iterdir()
    picture.write_bytes(b"another")
    assert load_recording(folder).damage.pictures == 1
    picture.unlink()
    session = await resumed(settings)
    assert "1 picture is missing or altered." in told(session)
    await session.close()


async def test_a_prompt_that_cannot_be_read_is_kept_aside(settings: Settings) -> None:
    folder = await played(settings)
    (folder / "prompt.md").write_bytes(b"\xff\xfe")
    assert load_recording(folder).damage.prompt
    session = await resumed(settings)
    assert "The system prompt could not be read." in told(session)
    assert (folder / "prompt-damaged-1.md").read_bytes() == b"\xff\xfe"
    assert "You are Sayso" in (folder / "prompt.md").read_text()
    await session.close()


def test_a_row_whose_key_is_wrong_stands_at_its_own_number(settings: Settings) -> None:
    """Keys only say where a row lies; numbers that agree go first."""
    lines = [ev.TextStreamed(turn_id="t", text=f"{n}", seq=n) for n in range(6)]
    rows = [(event.seq + 1000, ev.dump_event(event).encode()) for event in lines]
    assert read_rows(rows).events == tuple(lines)
    doubled = [*rows, (4, ev.dump_event(lines[2].model_copy(update={"text": "x"})).encode())]
    assert read_rows(doubled).events == tuple(lines)
    assert len(read_rows(doubled).strays) == 1


def test_a_new_event_finds_a_place_whatever_keys_are_taken(settings: Settings) -> None:
    journal = SqliteJournal(settings.data_dir / "sessions" / "one")
    for key in (3, -1, -(2**63)):
        journal.write_row(key, "what is this")
    for number in range(6):
        journal.write(ev.TextStreamed(turn_id="t", text=f"{number}", seq=number))
    rows = journal.read_rows()
    journal.close()
    texts = [event.text for event in rows.events if isinstance(event, ev.TextStreamed)]
    assert texts == [str(number) for number in range(6)]
    assert len(rows.strays) == 3


def test_a_number_may_be_far_away_but_not_too_far() -> None:
    """At its edge: so many numbers may be missing, and no more."""
    for number, read in ((1 + MOST_MISSING, 1), (2 + MOST_MISSING, 0)):
        last = ev.TextStreamed(turn_id="t", text="last", seq=number)
        first = ev.TextStreamed(turn_id="t", text="first", seq=0)
        rows = read_lines(ev.dump_event(event).encode() for event in (first, last))
        assert sum(isinstance(e, ev.TextStreamed) for e in rows.events) == 1 + read
        assert len(rows.strays) == 1 - read


@pytest.mark.parametrize("damage", ["a page in the middle", "the end cut off"])
async def test_a_torn_file_gives_what_can_be_reached(settings: Settings, damage: str) -> None:
    """The damaged file is kept beside, and the session goes on in a new one."""
    folder = session_folder(settings.data_dir, "one")
    journal = SqliteJournal(folder)
    for number in range(3000):
        journal.write(ev.TextStreamed(turn_id="t", text=f"word {number}", seq=number))
    journal.close()
    path = folder / "events.db"
    data = bytearray(path.read_bytes())
    middle = len(data) // 8192 * 4096
    if damage == "the end cut off":
        path.write_bytes(data[: middle - 100])
    else:
        data[middle : middle + 4096] = bytes(4096)
        path.write_bytes(data)
    torn = path.read_bytes()
    session = await resumed(settings)
    texts = [event.text for event in session.log.of(ev.TextStreamed)]
    assert len(texts) > (1400 if damage == "the end cut off" else 2900)
    assert damage != "a page in the middle" or "word 2999" in texts
    assert damage != "a page in the middle" or "events are missing" in told(session)
    assert (folder / "events-damaged-1.db").read_bytes() == torn
    await session.close()
    session = await resumed(settings)
    assert [event.text for event in session.log.of(ev.TextStreamed)] == texts
    await session.close()
    assert not (folder / "events-damaged-2.db").exists()


def test_a_schema_that_is_no_text_is_damage(settings: Settings) -> None:
    """SQLite's own words then hold bytes that are no letters, wherever it is asked."""
    folder = session_folder(settings.data_dir, "one")
    journal = SqliteJournal(folder)
    journal.write(ev.TextStreamed(turn_id="t", text="first", seq=0))
    journal.close()
    path = folder / "events.db"
    path.write_bytes(path.read_bytes().replace(b"TABLE events", b"T\xd4BLE events"))
    with pytest.raises(JournalError):
        read_journal(path)
    with pytest.raises(JournalError):
        SqliteJournal(folder)
    assert len(measured(settings.data_dir)) == 1
    Spending(1.0, 1.0).read(settings.data_dir, str)


def test_what_is_written_into_a_spoilt_page_is_read(settings: Settings) -> None:
    """Its rows can all be read, but what is added to it would spoil the last."""
    folder = session_folder(settings.data_dir, "one")
    journal = SqliteJournal(folder)
    for number in range(10):
        journal.write(ev.TextStreamed(turn_id="t", text="word", seq=number))
    journal.close()
    path = folder / "events.db"
    data = bytearray(path.read_bytes())
    table = len(data) - 4096  # the begin of the cells' area, in the header of the table's page
    data[table + 5 : table + 7] = (4096).to_bytes(2, "big")
    path.write_bytes(data)
    assert len(read_journal(path).events) == 10
    journal = SqliteJournal(folder)
    added = ev.TextStreamed(turn_id="t", text="added", seq=10)
    journal.write(added)
    assert list(journal.read())[-1] == added
    assert len(list(journal.read())) == 11
    journal.close()
    assert (folder / "events-damaged-1.db").read_bytes() == bytes(data)


@pytest.mark.parametrize("number", ["1e308", '"99999999999999999999999"'])
def test_a_number_that_could_not_be_written_again_is_damage(number: str) -> None:
    line = '{"seq":0,"at":1.0,"kind":"screen_seen","action_id":"a",'
    line += '"image":{"sha256":"x","media_type":"image/png",'
    rows = read_lines([f'{line}"width":{number},"height":1}}}}'.encode()])
    assert rows.damage.unreadable == (0,)
    rows = read_lines([f'{line}"width":{2**63},"height":1}}}}'.encode()])
    assert [ev.load_event(ev.dump_event(event)) for event in rows.events] == list(rows.events)
    assert not rows.damage


def test_a_huge_row_is_not_taken_into_memory(settings: Settings) -> None:
    folder = session_folder(settings.data_dir, "one")
    journal = SqliteJournal(folder)
    journal.write(ev.TextStreamed(turn_id="t", text="first", seq=0))
    journal.close()
    harm(folder, "INSERT INTO events VALUES (1, zeroblob(67108865))")
    rows = read_journal(folder / "events.db")
    assert rows.damage.unreadable == (1,)
    assert rows.raw == {1: b""}


def _spoil(folder: Path, chance: random.Random) -> set[int]:
    """Damage some rows somehow; returns their keys."""
    keys = sorted(contents(folder))
    hit = set(chance.sample(keys, chance.randint(1, min(8, len(keys)))))
    for key in hit:
        bad = chance.choice([*BAD_ROWS.values(), "delete", "flip", "cut"])
        row = bytes(contents(folder)[key])
        match bad:
            case "delete":
                harm(folder, ("DELETE FROM events WHERE seq = ?", (key,)))
            case "flip":
                at = chance.randrange(len(row))
                harm(folder, replaced(key, row[:at] + bytes([row[at] ^ 0x80]) + row[at + 1 :]))
            case "cut":
                harm(folder, replaced(key, row[: chance.randrange(len(row))]))
            case _:
                harm(folder, replaced(key, bad))
    return hit


async def test_any_damage_of_some_rows_loses_no_other(settings: Settings, tmp_path: Path) -> None:
    """Resumed, worked in, replayed, exported, imported: nothing raises, no good row is lost."""
    folder = await played(settings)
    whole = read_journal(folder / "events.db").events
    clean = (folder / "events.db").read_bytes()
    for seed in range(40):
        (folder / "events.db").write_bytes(clean)
        hit = _spoil(folder, random.Random(seed))
        good = [event for event in whole if event.seq not in hit]
        rows = read_journal(folder / "events.db")
        assert [event for event in rows.events if event in good] == good, seed
        assert set(rows.damage.unreadable) | set(rows.damage.missing) <= hit | {len(whole)}, seed
        session = await resumed(settings)
        session.say("Again.")
        await session.wait_idle(20)
        assert session.model.faults == [], seed
        await session.close()
        out = export_session(settings.data_dir, "one", tmp_path / f"out-{seed}")
        import_session(out, tmp_path / "in", session_id=f"s{seed}")
        again = read_journal(session_folder(tmp_path / "in", f"s{seed}") / "events.db")
        assert again.events == read_journal(folder / "events.db").events, seed


def test_random_bytes_are_never_more_than_damage() -> None:
    """Lines of anything: rows come out, or nothing does."""
    chance = random.Random(7)
    for _ in range(300):
        lines = [chance.randbytes(chance.randint(0, 60)) for _ in range(chance.randint(0, 6))]
        rows = read_lines(b"\n".join(lines).splitlines(), count=chance.randint(0, 9))
        assert all(isinstance(event, ev.Unreadable) for event in rows.events)
        again = read_lines(list(rows.lines()))
        assert again.damage.unreadable == rows.damage.unreadable
        assert sorted(again.raw.values()) == sorted(rows.raw.values())


@pytest.mark.parametrize("harmed", ["no bytes", "no rows"])
async def test_an_emptied_record_is_told_once_and_costs_no_file(
    settings: Settings, harmed: str
) -> None:
    """It is none of a new session, which may be thrown away with all that is in its folder."""
    folder = await played(settings)
    letter = folder / "home" / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("mine")
    if harmed == "no rows":
        harm(folder, "DELETE FROM events")
    else:
        (folder / "events.db").write_bytes(b"")
    given_up = open_session(settings, resume=True)
    await given_up.discard()
    for _ in range(2):
        session = await resumed(settings)
        assert told(session).count("This session's record is empty.") == 1
        await session.close()
    assert letter.read_text() == "mine"
    fresh = open_session(settings, "two")
    await fresh.open()
    assert told(fresh) == ""
    await fresh.close()


@pytest.mark.parametrize("harmed", ["picture", "line", "lost line", "half", "end"])
async def test_a_harmed_export_comes_in_without_what_is_harmed(
    settings: Settings,
    tmp_path: Path,
    harmed: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "command"))
    await played(settings)
    out = export_session(settings.data_dir, "one", tmp_path / "export")
    path = out / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    match harmed:
        case "picture":
            next((out / "images").iterdir()).write_bytes(b"other")
        case "line":
            path.write_bytes(b"".join([*lines[:3], b"{}\n", *lines[4:]]))
        case "lost line":
            path.write_bytes(b"".join(lines[:3] + lines[4:]))
        case "half":
            path.write_bytes(b"".join(lines)[:-40])
        case _:
            path.write_bytes(b"".join(lines[:-2]))
    damage = read_export(out)
    last = len(lines) - 1
    expected = {
        "picture": "1 picture is missing or altered.",
        "line": "could not be read: row 3.",
        "lost line": "1 event is missing: row 3.",
        "half": f"could not be read: row {last}.",
        "end": f"2 events are missing: rows {last - 1}\N{EN DASH}{last}.",
    }[harmed]
    assert expected in str(damage)
    target = tmp_path / "elsewhere"
    assert main(["--import", str(out), "two"]) == 0
    assert expected in capsys.readouterr().out
    import_session(out, target)
    copy = load_recording(session_folder(target, "one"))
    assert len([e for e in copy.events if not isinstance(e, ev.Unreadable)]) >= last - 1
    assert not list((session_folder(target, "one") / "images").iterdir()) or harmed != "picture"
