"""The journal keeps everything, privately, and says plainly when it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from conversations import build_messages

from agent.desktop.base import DesktopStatus
from agent.errors import ConfigurationError, JournalError, SaysoError
from agent.record import events as ev
from agent.record.export import export_session, import_session
from agent.record.journal import SqliteJournal, list_sessions, remove_session, session_folder
from agent.record.log import EventLog
from agent.replay import load_recording
from agent.session.session import Session
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import ToolCall, ToolResult


async def pictured(call: ToolCall) -> ToolResult:
    return ToolResult("ok", await FakeDesktop().screenshot())


def script() -> list[list]:
    return [[*says("I click."), *call(), *done("tool_use")], [*says("Done."), *done()]]


def open_session(settings, session_id: str = "one", *, resume: bool = False) -> Session:
    make = Session.resume if resume else Session.create
    return make(
        settings,
        session_id=session_id,
        desktop=FakeDesktop(),
        model=ScriptedModel(script()),
        tools=(FakeTool(pictured),),
    )


async def played(settings, session_id: str = "one") -> Path:
    """A session that was worked in and closed."""
    session = open_session(settings, session_id)
    await session.open()
    session.say("Click.")
    await session.wait_idle(20)
    await session.close("over")
    return session_folder(settings.data_dir, session_id)


async def test_only_the_owner_may_read_it(settings):
    folder = await played(settings)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {"events.db", "prompt.md"} <= {path.name for path in files}
    assert list_sessions(settings.data_dir) == ["one"]


async def test_equal_pictures_are_kept_once(settings):
    folder = await played(settings)
    assert len(list((folder / "images").iterdir())) == 1


@pytest.mark.parametrize("prompt", ["default", "/nowhere/gone.md", __file__])
async def test_a_resumed_session_has_the_same_messages_and_prompt(settings, prompt: str):
    """Whatever the settings name by now, and whether or not that file is still there."""
    folder = await played(settings)
    before = SqliteJournal(folder)
    messages = build_messages(before.read(), before.image_base64)
    before.close()
    session = open_session(settings.model_copy(update={"prompt": prompt}), resume=True)
    await session.open()
    *before_it, told = session._agent.history.messages()
    assert before_it == messages
    assert told["content"][0]["text"].startswith("The desktop was restarted.")
    assert "You are Sayso" in session._agent.system
    first, last = session.log.of(ev.SessionOpened)
    assert last.resumed
    assert last.prompt_hash == first.prompt_hash
    await session.close()


async def test_a_session_opens_in_one_process_at_a_time(settings):
    session = open_session(settings)
    with pytest.raises(JournalError, match="open in another process"):
        open_session(settings, resume=True)
    session.journal.close()
    open_session(settings, resume=True).journal.close()


def test_ids_are_names_of_folders_and_nothing_else(settings):
    for wrong in ("../x", "a/b", "", ".hidden", "x" * 200):
        with pytest.raises(ConfigurationError):
            session_folder(settings.data_dir, wrong)


async def test_a_taken_id_and_a_missing_session_are_told(settings):
    await played(settings)
    with pytest.raises(JournalError, match="already"):
        open_session(settings)
    with pytest.raises(JournalError, match="no session two"):
        open_session(settings, "two", resume=True)


@pytest.mark.parametrize("damage", ["bytes", "newer", "table"])
async def test_a_file_that_is_no_journal_is_refused_with_advice_and_left_alone(settings, damage):
    folder = await played(settings)
    path = folder / "events.db"
    if damage == "bytes":
        (folder / "events.db-wal").unlink(missing_ok=True)
        path.write_bytes(b"not a database at all, just words" * 99)
    else:
        statement = {"newer": "PRAGMA user_version = 99", "table": "DROP TABLE events"}[damage]
        with sqlite3.connect(path) as db:
            db.execute(statement)
        db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"start a new session|newer program"):
        open_session(settings, resume=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize("name", ["events.db", "prompt.md", "lock"])
async def test_what_is_no_file_is_neither_waited_for_nor_a_bug(settings, name: str, make):
    """A pipe would be read for ever, on the loop of all sessions."""
    folder = await played(settings)
    (folder / name).unlink()
    make(folder / name)
    with contextlib.suppress(SaysoError):
        open_session(settings, resume=True).journal.close()
    with contextlib.suppress(SaysoError):
        load_recording(folder)
    if name == "events.db":
        with pytest.raises(JournalError, match="is not a file"):
            open_session(settings, resume=True)
    with contextlib.suppress(JournalError):  # a lock that is a folder is named
        remove_session(settings.data_dir, "one")
    assert folder.exists() == (name == "lock" and make is os.mkdir)


async def test_a_picture_that_was_altered_is_gone_and_the_session_goes_on(settings):
    """Half a picture would be refused by the service with every further request."""
    folder = await played(settings)
    (picture,) = (folder / "images").iterdir()
    picture.write_bytes(picture.read_bytes()[:40])
    session = open_session(settings, resume=True)
    await session.open()
    assert "no longer available" in str(session._agent.history.messages())
    session.say("Again.")
    await session.wait_idle(20)
    assert session.model.faults == []
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    await session.close()


async def test_a_full_disk_stops_the_hands_and_leaves_the_session_whole(settings):
    """The real thing, from SQLite: the database may not grow any further."""
    session = open_session(settings)
    await session.open()
    db = session.journal._connection()
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    said = "Write this down. " * 999
    before = len(session.log)
    with pytest.raises(JournalError, match="free some disk space"):
        session.say(said)
    assert len(session.log) == before
    db.execute("PRAGMA max_page_count=1000000")
    session.say("Click.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    await session.close()


async def test_a_disk_that_fills_during_a_task_halts_the_input_and_says_so(settings):
    session = open_session(settings)
    await session.open()
    db = session.journal._connection()

    def fill(event: ev.Event) -> None:
        if event.kind == "turn_started":
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count={pages}")
            session.model._scripts = iter([[*says("long " * 9999), *call(), *done()], *script()])

    unsubscribe = session.log.subscribe(fill)
    session.say("Click.")
    await session.wait_idle(20)
    unsubscribe()
    assert "free some disk space" in session.trouble
    assert session.desktop.input.halted
    assert not session.tools[0].began
    db.execute("PRAGMA max_page_count=1000000")
    session.say("Again.")
    await session.wait_idle(20)
    assert session.trouble == ""
    assert session.log.of(ev.TaskFinished)[-1].summary == "Done."
    await session.close()


async def test_a_desktop_that_changes_with_the_disk_full_or_after_the_end_harms_nothing(settings):
    session = open_session(settings)
    await session.open()
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    db = session.journal._connection()
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count={pages}")
    session._desktop_changed(DesktopStatus("died", True, False, "", "It fell over. " * 999))
    while not session.trouble:
        await asyncio.sleep(0)
    assert "free some disk space" in session.trouble
    assert session.desktop.input.halted
    await session.close("x" * 9999)
    session._desktop_changed(DesktopStatus("stopped", True, False, ""))
    for _ in range(5):
        await asyncio.sleep(0)
    assert faults == []


async def test_a_listener_that_fails_is_noted_and_harms_nobody(settings, caplog):
    session = open_session(settings)

    def fails(event: ev.Event) -> None:
        raise ValueError("a bug in a pane")

    session.log.subscribe(fails)
    await session.open()
    session.say("Click.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    assert "a bug in a pane" in caplog.text
    await session.close()


async def test_an_unusable_folder_is_told(settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(JournalError, match="SAYSO_DATA_DIR"):
        open_session(settings.model_copy(update={"data_dir": blocked}))


async def test_an_export_opens_alone_and_can_be_taken_in_again(settings, tmp_path):
    folder = await played(settings)
    out = export_session(settings.data_dir, "one", tmp_path / "export")
    about = json.loads((out / "session.json").read_text())
    assert about["session_id"] == "one"
    assert "sayso" in about["versions"]
    assert (out / "prompt.md").read_text() == (folder / "prompt.md").read_text()
    elsewhere = tmp_path / "elsewhere"
    assert import_session(out, elsewhere) == "one"
    original, copy = SqliteJournal(folder), SqliteJournal(session_folder(elsewhere, "one"))
    assert list(original.read()) == list(copy.read())
    assert build_messages(copy.read(), copy.image_base64) == build_messages(
        original.read(), original.image_base64
    )
    original.close()
    copy.close()
    session = open_session(settings.model_copy(update={"data_dir": elsewhere}), resume=True)
    await session.open()
    session.say("Again.")
    await session.wait_idle(20)
    assert session.model.faults == []
    await session.close()


@pytest.mark.parametrize("harm", ["about", "count", "prompt", "taken", "all lines"])
async def test_a_harmed_export_is_refused_whole(settings, tmp_path, harm):
    await played(settings)
    out = export_session(settings.data_dir, "one", tmp_path / "export")
    target = settings.data_dir if harm == "taken" else tmp_path / "elsewhere"
    lines = (out / "events.jsonl").read_text().splitlines(keepends=True)
    match harm:
        case "all lines":
            (out / "events.jsonl").write_text("{}\n" * len(lines))
        case "about":
            (out / "session.json").write_text("[]")
        case "count":
            about = json.loads((out / "session.json").read_text())
            (out / "session.json").write_text(json.dumps(about | {"events": "many"}))
        case "prompt":
            (out / "prompt.md").write_bytes(b"\xff\xfe")
        case _:
            pass
    with pytest.raises(JournalError):
        import_session(out, target)
    assert harm == "taken" or not (target / "sessions" / "one").exists()


@pytest.mark.parametrize("name", ["session.json", "events.jsonl", "prompt.md"])
async def test_a_pipe_in_an_export_is_refused_and_not_waited_for(settings, tmp_path, name: str):
    await played(settings)
    folder = export_session(settings.data_dir, "one", tmp_path / "out")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(JournalError, match="is not a file"):
        import_session(folder, tmp_path / "elsewhere")


async def test_an_export_does_not_overwrite(settings, tmp_path):
    await played(settings)
    (tmp_path / "export" / "images").mkdir(parents=True)
    with pytest.raises(JournalError, match="new folder"):
        export_session(settings.data_dir, "one", tmp_path / "export")


def test_a_streamed_word_costs_one_statement_however_many_were_written(settings):
    """Each is committed by itself, so that nothing is lost: what it costs must not grow."""
    journal = SqliteJournal(settings.data_dir / "sessions" / "quick")
    log, done = EventLog(journal), []
    journal._connection().set_trace_callback(done.append)
    for number in range(500):
        log.append(ev.TextStreamed(turn_id="t", text=f"word {number}"))
    journal._connection().set_trace_callback(None)
    assert len(done) == 500
    assert all(statement.startswith("INSERT INTO events") for statement in done)
    assert len(list(journal.read())) == 500
    journal.close()
