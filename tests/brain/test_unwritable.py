"""A journal that cannot be written: words are refused, nothing is done, and it goes on later."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.record import events as ev
from agent.record.journal import SqliteJournal, session_folder
from agent.session.session import Session
from agent.testing.memory import MemorySessionJournal
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import ToolCall, ToolResult


class FullJournal(MemorySessionJournal):
    """Refuses while ``full``."""

    full = False

    def write(self, event: ev.Event) -> None:
        if self.full:
            raise JournalError("The journal cannot be written; free some disk space.")
        super().write(event)


async def test_words_that_cannot_be_written_down_halt_the_hands_until_there_is_room(settings):
    journal, desktop, told = FullJournal(), FakeDesktop(), []
    model = ScriptedModel([[*says("Here I am."), *done()]])
    session = Session(settings, "one", journal, desktop=desktop, model=model, tools=(FakeTool(),))
    session.on_trouble.append(told.append)
    await session.open()
    journal.full = True
    with pytest.raises(JournalError):
        session.say("Hello")
    assert desktop.input.halted
    assert "free some disk space" in session.trouble
    journal.full = False
    session.say("Hello again")
    await session.wait_idle(20)
    assert not desktop.input.halted
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    assert [bool(text) for text in told] == [True, False]
    await session.close()


# What a disk does to a journal ---------------------------------------------------------------

Fault = Callable[[Session], AbstractContextManager[None]]


def database(session: Session) -> sqlite3.Connection:
    assert isinstance(session.journal, SqliteJournal)
    return session.journal._connection()


@contextmanager
def read_only(session: Session) -> Iterator[None]:
    database(session).execute("PRAGMA query_only=1")
    yield
    database(session).execute("PRAGMA query_only=0")


@contextmanager
def failing(session: Session) -> Iterator[None]:
    """The system refuses to write what makes a file longer: SQLite's error of in- and output."""
    folder = session_folder(session.settings.data_dir, session.id)
    size = (folder / "events.db-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def moved_away(session: Session) -> Iterator[None]:
    folder = session_folder(session.settings.data_dir, session.id)
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    yield
    elsewhere.rename(folder)


@contextmanager
def locked(session: Session) -> Iterator[None]:
    """Another program is writing to the database, and does not end."""
    path = session_folder(session.settings.data_dir, session.id) / "events.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def hanging(session: Session) -> Iterator[None]:
    """The write goes to the disk, and does not come back until the disk answers again."""
    answers, db = threading.Event(), database(session)
    db.create_function("disk", 0, lambda: answers.wait(60))
    db.execute("CREATE TEMP TRIGGER hang AFTER INSERT ON main.events BEGIN SELECT disk(); END")
    yield
    answers.set()  # the trigger stays, and waits no more: the connection is another thread's


FAULTS = {
    read_only: "free some disk space",
    failing: "free some disk space",
    moved_away: "Put it back",
    locked: "locked",
    hanging: "does not answer",
}


@dataclass
class AtWork:
    """A session in the middle of an action."""

    session: Session
    desktop: FakeDesktop
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[str] = field(default_factory=list)

    async def act(self, call: ToolCall) -> ToolResult:
        await self.let_go.wait()
        return ToolResult("ok", await self.desktop.screenshot())

    async def trouble(self, *, there: bool) -> None:
        async with asyncio.timeout(60):
            while bool(self.session.trouble) != there:
                await asyncio.sleep(0.01)

    @property
    def last(self) -> ev.TaskFinished:
        return self.session.log.of(ev.TaskFinished)[-1]


@pytest.fixture
async def at_work(settings) -> AsyncIterator[AtWork]:
    desktop = FakeDesktop()
    scripts = [[*says("I click."), *call(), *done("tool_use")]]
    scripts += [[*says(f"Done {number}."), *done()] for number in range(3)]
    session = Session.create(
        settings, session_id="one", desktop=desktop, model=ScriptedModel(scripts), tools=()
    )
    work = AtWork(session, desktop)
    session.tools = session._agent.tools = (FakeTool(work.act),)
    session.on_trouble.append(work.told.append)
    await session.open()
    session.say("Click.")
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=60)
    yield work
    await session.close()


def stored(path: Path) -> list[ev.Event]:
    journal = SqliteJournal(path)
    try:
        return list(journal.read())
    finally:
        journal.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_task_whose_journal_fails_is_stopped_told_and_followed_by_others(
    at_work: AtWork, fault: Fault
) -> None:
    """And not a word of what was told, nor one more, is in the journal afterwards."""
    session = at_work.session
    with fault(session):
        at_work.let_go.set()
        await at_work.trouble(there=True)
        assert FAULTS[fault] in session.trouble
        assert at_work.desktop.input.halted
        await session.wait_idle(60)
        with pytest.raises(JournalError):
            session.say("Go on.")
        session.stop("You pressed Stop.")
        assert session.trouble
    await at_work.trouble(there=False)
    assert (at_work.last.outcome, "written down" in at_work.last.summary) == ("failed", True)
    assert session.status.task_id is None
    assert session.status.who == "idle"
    session.say("Again.")
    await session.wait_idle(60)
    assert (at_work.last.outcome, at_work.last.summary) == ("done", "Done 0.")
    assert not at_work.desktop.input.halted
    await session.close()
    assert stored(session_folder(session.settings.data_dir, "one")) == list(session.log)


async def test_a_disk_that_hangs_is_waited_for_once_and_holds_up_neither_stop_nor_the_end(
    at_work: AtWork,
) -> None:
    session, loop = at_work.session, asyncio.get_running_loop()
    with hanging(session):
        at_work.let_go.set()
        await at_work.trouble(there=True)
        began = loop.time()
        for _ in range(20):
            session.stop("You pressed Stop.")
            with pytest.raises(JournalError, match="does not answer"):
                session.say("Go on.")
        await session.close()
        once = loop.time() - began
    assert once < 20  # a wait for each would be more than a minute
    async with asyncio.timeout(60):
        while not reopened(session):
            await asyncio.sleep(0.05)
    again = Session.resume(session.settings, "one", desktop=FakeDesktop(), tools=())
    assert [e.seq for e in again.log] == list(range(len(again.log)))
    assert again.log.of(ev.ActionFinished) == []
    await again.discard()


def reopened(session: Session) -> bool:
    """Whether the journal was let go of."""
    try:
        stored(session_folder(session.settings.data_dir, session.id))
    except JournalError:
        return False
    return True


async def test_a_trouble_that_passes_between_tasks_is_over_by_itself(settings) -> None:
    session = Session.create(
        settings,
        session_id="one",
        desktop=FakeDesktop(),
        model=ScriptedModel([[*says("Here."), *done()]]),
        tools=(),
    )
    await session.open()
    work = AtWork(session, session.desktop)
    with read_only(session), pytest.raises(JournalError):
        session.say("Hello")
    await work.trouble(there=False)
    assert session.log.of(ev.Failed)[-1].where == "journal"
    assert session.log.of(ev.TaskStarted) == []
    session.say("Hello")
    await session.wait_idle(60)
    assert work.last.outcome == "done"
    await session.close()
