"""A session records its files before each task, and puts them back on request."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agent.desktop.server.guardian import used_bytes
from agent.errors import DesktopError, FilesError
from agent.files.names import safe_name
from agent.record import events as ev
from agent.record.journal import SqliteJournal
from agent.session.files import BUSY, NO_RECORD, RUNNING, STALE
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult

Deed = Callable[[], object]
Make = Callable[..., Awaitable[Session]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "notes.txt").write_text("before")
    return home


@pytest.fixture
async def make(tmp_path: Path, home: Path) -> AsyncIterator[Make]:
    """Opens sessions whose n-th task carries out the n-th deed; closes them all."""
    sessions: list[Session] = []

    async def make(*deeds: Deed, session_id: str = "", **changes: object) -> Session:
        left = list(deeds)

        async def act(_: ToolCall) -> ToolResult:
            await asyncio.to_thread(left.pop(0))
            return ToolResult("ok")

        settings = Settings(_env_file=None, data_dir=tmp_path / "data", model="offline").model_copy(
            update=changes
        )
        scripts = [
            [*call(), *done("tool_use")],
            [*says("Done."), *done()],
        ] * max(len(deeds), 1)
        parts = {
            "desktop": FakeDesktop(home=home),
            "model": ScriptedModel(scripts),
            "tools": (FakeTool(act),),
        }
        open_it = Session.resume if session_id else Session.create
        made = open_it(settings, session_id=session_id or None, **parts)  # type: ignore[arg-type]
        sessions.append(made)
        await made.open()
        return made

    yield make
    for session in sessions:
        await session.close()


async def run(session: Session, text: str = "Change the files.") -> str:
    task_id = session.say(text)
    await session.wait_idle(30)
    return task_id


def texts(home: Path) -> dict[str, str]:
    return {str(p.relative_to(home)): p.read_text() for p in home.rglob("*") if p.is_file()}


async def test_a_task_is_put_back_and_that_is_undone(make: Make, home: Path) -> None:
    def deed() -> None:
        (home / "notes.txt").write_text("after")
        (home / "made").mkdir()
        (home / "made/report.txt").write_text("report")

    session = await make(deed)
    task_id = await run(session, "Write a report.")
    plan = await session.files.changes()
    assert {c.path: (c.what, c.does) for c in plan.changes} == {
        "made": ("created", "is deleted"),
        "made/report.txt": ("created", "is deleted"),
        "notes.txt": ("changed", "becomes what it was"),
    }
    assert texts(home)["notes.txt"] == "after", "showing it changes nothing"
    result = await session.files.put_back(token=plan.token)
    assert texts(home) == {"notes.txt": "before"}
    assert not (home / "made").exists()
    assert result.text == "As before again: “notes.txt”. Deleted: “made”, “made/report.txt”."
    (finished,) = session.log.of(ev.PutBackFinished)
    assert (finished.outcome, finished.done, finished.task_id) == ("done", 3, task_id)
    await session.files.undo()
    assert texts(home) == {"notes.txt": "after", "made/report.txt": "report"}


async def test_the_model_is_told_with_its_next_message(make: Make, home: Path) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"), lambda: None)
    await run(session, "Change the notes.")
    await session.files.put_back()
    await run(session, "Go on.")
    asked = session.model.requests[2][-1]["content"]
    words = " ".join(block.get("text", "") for block in asked)
    assert "The person undid what the task “Change the notes.” did to the files." in words
    assert "As before again: “notes.txt”." in words
    assert words.index("undid") < words.index("Go on.")
    assert not session.model.faults


async def test_the_first_action_waits_for_the_record(make: Make, home: Path) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"))
    gate, release = threading.Event(), session.files.store
    assert release is not None
    record = release.record

    def slow(*given: object) -> object:
        gate.wait(30)
        return record(*given)  # type: ignore[arg-type]

    release.record = slow  # type: ignore[method-assign, assignment]
    session.say("Change the notes.")
    await session.log.wait_for(lambda e: e.kind == "action_proposed", timeout=30)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not session.log.of(ev.ActionStarted)
    assert texts(home) == {"notes.txt": "before"}
    gate.set()
    await session.wait_idle(30)
    kinds = [event.kind for event in session.log]
    assert kinds.index("files_recorded") < kinds.index("action_started")
    await session.files.put_back()
    assert texts(home) == {"notes.txt": "before"}


async def test_it_is_refused_while_a_task_runs_and_nothing_changes(make: Make, home: Path) -> None:
    session = await make()
    session.model._scripts = iter([[*says("I am"), hang]])
    session.say("Do it.")
    await session.log.wait_for(lambda e: e.kind == "block_finished", timeout=30)
    with pytest.raises(FilesError, match="A task is running"):
        await session.files.put_back()
    assert session.files.refusal() == RUNNING
    session.stop("enough")
    assert session.files.refusal() == ""


async def test_of_two_pages_at_once_one_puts_back_and_the_other_is_told(
    make: Make, home: Path
) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"))
    await run(session)
    one, other = (await session.files.changes(), await session.files.changes())
    assert one.token == other.token
    results = await asyncio.gather(
        session.files.put_back(token=one.token),
        session.files.put_back(token=other.token),
        return_exceptions=True,
    )
    assert [str(r) for r in results if isinstance(r, FilesError)] == [BUSY]
    assert len(session.log.of(ev.PutBackFinished)) == 1
    with pytest.raises(FilesError, match="files changed after this was shown"):
        await session.files.put_back(token=other.token)
    assert texts(home) == {"notes.txt": "before"}


async def test_what_was_shown_is_what_is_done(make: Make, home: Path) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"))
    await run(session)
    shown = await session.files.changes()
    (home / "notes.txt").write_text("mine")
    with pytest.raises(FilesError) as refused:
        await session.files.put_back(token=shown.token)
    assert str(refused.value) == STALE
    assert texts(home) == {"notes.txt": "mine"}
    anew = await session.files.changes()
    assert [c.conflict for c in anew.conflicts] == ["notes.txt was changed since."]
    with pytest.raises(FilesError, match="kept unless chosen"):
        await session.files.put_back(token=anew.token)
    result = await session.files.put_back(token=anew.token, choose=["notes.txt"])
    assert texts(home) == {"notes.txt": "before"}
    assert result.kept == ()
    await session.files.undo()
    assert texts(home) == {"notes.txt": "mine"}


async def test_only_this_tasks_changes_are_undone(make: Make, home: Path) -> None:
    session = await make(
        lambda: (home / "first").write_text("1"),
        lambda: [(home / "second").write_text("2"), (home / "notes.txt").write_text("two")],
    )
    first, second = await run(session), await run(session)
    await session.files.put_back(first)
    assert texts(home) == {"second": "2", "notes.txt": "two"}
    await session.files.put_back(second)
    assert texts(home) == {"notes.txt": "before"}


async def test_a_task_that_begins_meanwhile_waits_until_files_are_put_back(
    make: Make, home: Path
) -> None:
    seen: list[dict[str, str]] = []
    session = await make(
        lambda: (home / "notes.txt").write_text("after"),
        lambda: [seen.append(texts(home)), (home / "more").write_text("more")],
    )
    first = await run(session)
    putting = asyncio.create_task(session.files.put_back(first))
    await session.log.wait_for(lambda e: e.kind == "put_back_started", timeout=30)
    second = await run(session, "And now?")
    await putting
    assert seen == [{"notes.txt": "before"}]
    assert [c.path for c in (await session.files.changes(second)).changes] == ["more"]


async def test_nothing_is_put_back_between_tasks_that_follow_each_other_by_themselves(
    make: Make, home: Path
) -> None:
    """It is asked for in the very moment in which the first one ends."""
    deeds = (home / "notes.txt").write_text
    session = await make(lambda: deeds("first"), lambda: deeds("second"))
    asked: list[asyncio.Task[object]] = []

    def ask(event: ev.Event) -> None:
        if isinstance(event, ev.TaskFinished) and not asked:
            asked.append(asyncio.create_task(session.files.put_back()))

    session.log.subscribe(ask)
    session.say("Write the first.")
    session.say("Write the second.")
    await session.wait_idle(30)
    with pytest.raises(FilesError) as refused:
        await asked[0]
    assert str(refused.value) == RUNNING
    assert texts(home) == {"notes.txt": "second"}
    assert session.log.of(ev.PutBackStarted) == []
    await session.files.put_back()
    assert texts(home) == {"notes.txt": "first"}


async def test_after_a_kill_a_resumed_session_puts_the_task_back(
    make: Make, home: Path, tmp_path: Path
) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"))
    task_id = await run(session)
    await session.log.wait_for(lambda e: e.kind == "files_recorded" and e.moment == "after")
    copy = [
        event
        for event in session.log
        if not (isinstance(event, ev.FilesRecorded) and event.moment == "after")
    ]
    await session.close()
    assert isinstance(session.journal, SqliteJournal)
    journal = SqliteJournal(session.journal.folder)
    journal._connection().execute("DELETE FROM events")
    for number, event in enumerate(e for e in copy if e.kind != "session_closed"):
        journal.write(event.model_copy(update={"seq": number}))
    journal.close()
    again = await make(session_id=session.id)
    plan = await again.files.changes(task_id)
    assert [c.path for c in plan.ready] == ["notes.txt"]
    await again.files.put_back(task_id)
    assert texts(home) == {"notes.txt": "before"}


async def test_a_put_back_that_a_kill_cut_off_is_told_to_the_person_and_the_model(
    make: Make, home: Path
) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"))
    task_id = await run(session)
    await session.files.changes()
    session.log.append(ev.PutBackStarted(put_back_id="p1", task_id=task_id, count=1))
    await session.close()
    again = await make(session_id=session.id)
    (finished,) = again.log.of(ev.PutBackFinished)
    assert finished.outcome == "cut"
    assert "cut off by a restart" in finished.text
    assert "restart cut it off" in again.log.of(ev.UserMessage)[-1].text
    await again.files.put_back(task_id)
    assert texts(home) == {"notes.txt": "before"}


async def test_a_recording_that_fails_is_told_and_does_not_stop_the_task(
    make: Make, home: Path
) -> None:
    session = await make(lambda: None, home.mkdir)
    await run(session)
    await session.files.changes()
    (home / "notes.txt").unlink()
    home.rmdir()
    task_id = await run(session)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    failed = [e for e in session.log.of(ev.FilesRecorded) if e.task_id == task_id]
    assert "home folder is not there" in failed[0].error
    with pytest.raises(FilesError, match="could not be recorded before this task: The session's"):
        await session.files.changes(task_id)


async def test_a_session_without_records_says_so(make: Make, home: Path) -> None:
    session = await make(lambda: (home / "notes.txt").write_text("after"), record_bytes=0)
    await run(session)
    assert session.files.refusal() == NO_RECORD
    with pytest.raises(FilesError, match="keeps no record"):
        await session.files.put_back()
    assert not session.log.of(ev.FilesRecorded)


async def test_two_homes_in_a_row_that_are_equal_cost_one_record(make: Make, home: Path) -> None:
    session = await make(lambda: None, lambda: None)
    await run(session)
    await run(session)
    await session.files.changes()
    records = session.log.of(ev.FilesRecorded)
    assert [e.moment for e in records] == ["before", "after"] * 2
    assert len({e.record for e in records}) == 1
    assert records[0].files == 1
    assert records[0].most == session.settings.record_bytes


async def test_files_come_in_and_go_out(make: Make, home: Path, tmp_path: Path) -> None:
    session = await make()
    files = session.files
    (tmp_path / "-mine.txt").write_text("mine")
    assert await files.upload(tmp_path / "-mine.txt", "Documents") == "Documents/_-mine.txt"
    assert await files.read("Documents/_-mine.txt") == b"mine"
    await files.write("Documents/new.txt", "words")
    await files.write("Documents/new.txt", "other words")
    assert [e.path for e in (await files.list("Documents")).entries] == [
        "Documents/_-mine.txt",
        "Documents/new.txt",
    ]
    out = tmp_path / "out"
    out.mkdir()
    assert (await files.download("Documents/new.txt", out)).read_text() == "other words"
    with pytest.raises(FilesError, match="is there already"):
        await files.download("Documents/new.txt", out)
    packed = await files.archive(["Documents", "notes.txt"], out / "all.zip")
    with zipfile.ZipFile(packed) as zipped:
        assert zipped.read("Documents/new.txt") == b"other words"
        assert zipped.read("notes.txt") == b"before"
    with pytest.raises(FilesError):
        await files.archive(["Documents", "none"], out / "broken.zip")
    assert not (out / "broken.zip").exists()
    (home / "link").symlink_to(tmp_path / "-mine.txt")
    for refused in (files.read("link"), files.write("link", "x"), files.write("../x", "x")):
        with pytest.raises(FilesError):
            await refused
    assert (tmp_path / "-mine.txt").read_text() == "mine"
    assert not [name for name in os.listdir(home / "Documents") if name.startswith(".")]


@pytest.mark.parametrize(
    "name", ["caf\udce9.txt", "two\nlines", "-rf", "n" * 251 + ".txt", "\udce9" * 255]
)
async def test_any_name_that_a_disk_holds_comes_out_and_is_put_back(
    make: Make, home: Path, tmp_path: Path, name: str
) -> None:
    """Latin-1, a newline, a leading dash, and as many letters as there may be."""
    session = await make(lambda: (home / name).write_text("after"))
    await session.files.write(name, "before")
    await run(session)
    assert await session.files.read(name) == b"after"
    out = tmp_path / "out"
    out.mkdir()
    came = await session.files.download(name, out)
    assert came.read_text() == "after"
    assert came.name.isprintable()
    with zipfile.ZipFile(await session.files.archive([""], out / "all.zip")) as packed:
        assert sorted(packed.read(each) for each in packed.namelist()) == [b"after", b"before"]
    await session.files.put_back()
    assert (home / name).read_text() == "before"
    assert await session.files.upload(came, "in") == f"in/{safe_name(came.name)}"


async def test_a_name_that_no_disk_holds_is_a_sentence(make: Make, home: Path) -> None:
    session = await make()
    for name, why in (("n" * 300, "too long"), ("a\0b", "not a path"), ("\ud800", "no name can")):
        for refused in (session.files.read(name), session.files.write(name, "x")):
            with pytest.raises(FilesError, match=why):
                await refused
    assert sorted(os.listdir(home)) == ["notes.txt"]


async def test_what_does_not_fit_into_the_home_stays_out(
    make: Make, home: Path, tmp_path: Path
) -> None:
    """The bound of the home holds for Python's calls, too; at its edge, they are carried out."""
    session = await make()
    session.log.append(ev.HomeChanged(state="open", limit=100_000))
    left = 100_000 - used_bytes(str(home))
    (tmp_path / "large").write_bytes(bytes(left + 1))
    for refused in (
        session.files.upload(tmp_path / "large"),
        session.files.write("large", bytes(left + 1)),
    ):
        with pytest.raises(FilesError, match="The home may hold 100 kB"):
            await refused
    assert sorted(os.listdir(home)) == ["notes.txt"]
    await session.files.write("fits", bytes(left))
    assert (home / "fits").stat().st_size == left


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_download_that_finds_the_disk_full_leaves_nothing_half(
    make: Make, home: Path, tmp_path: Path
) -> None:
    session = await make()
    await session.files.write("large", os.urandom(2_000_000))
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(FilesError, match="No space left"):
            await session.files.download("large", disk)
        with pytest.raises(FilesError, match="No space left"):
            await session.files.archive(["large"], disk / "large.zip")
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_files_say_what_they_are_before_the_desktop_has_started(tmp_path: Path) -> None:
    """The last line of a notebook's cell must not be a traceback."""

    class NotStarted(FakeDesktop):
        @property
        def home(self) -> Path:
            raise DesktopError("The desktop is not running.")

    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline")
    session = Session.create(settings, desktop=NotStarted(), model=ScriptedModel([]), tools=())
    assert "is not running" in repr(session.files)
    await session.close()


async def test_a_closed_sessions_files_say_what_to_do(make: Make) -> None:
    session = await make()
    await session.close()
    files = session.files
    for refused in (files.list(), files.read("notes.txt"), files.write("x", "x"), files.put_back()):
        with pytest.raises(FilesError, match="The session is closed"):
            await refused
