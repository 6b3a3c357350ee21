"""The sessions of a process: whose they are, how long they live, what a restart keeps."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from secrets import token_hex

import pytest
from pilot_sessions import factory
from recorded import record

from agent.errors import ConfigurationError, JournalError
from agent.models.base import ModelRequest
from agent.record.events import (
    Failed,
    Heard,
    QuestionAnswered,
    QuestionAsked,
    Replied,
    TaskFinished,
    TaskStarted,
    TurnFinished,
    Usage,
)
from agent.record.events.base import BaseEvent
from agent.record.export import export_session
from agent.record.journal import SqliteJournal
from agent.record.spending import Spending
from agent.session import session as session_module
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_kernel import WatchedDesktop
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, says
from dashboard.page import Page
from dashboard.web import registry
from dashboard.web.memory import memory
from dashboard.web.ownership import Card, Ownership
from dashboard.web.registry import Entry, NoSuchSessionError, ServerFullError, Sessions
from dashboard.web.say import say_once
from dashboard.web.voice import NoVoice
from dashboard.web.workbench import Workbench, make_workbench

Make = Callable[..., Sessions]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes registries over one data folder, as restarts do."""
    made: list[Sessions] = []
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]

    def sessions(limit: int = 8, unwatched: float = 1800.0) -> Sessions:
        ownership = Ownership(tmp_path)
        made.append(
            Sessions(
                factory(settings),
                lambda _: NoVoice("No voice in this test."),
                ownership,
                limit=limit,
                unwatched=unwatched,
            )
        )
        return made[-1]

    yield sessions
    for each in made:
        await each.close_all("the test is over")


async def until(true: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_session_is_its_owners_alone(make: Make) -> None:
    """Another browser's session looks like none at all."""
    sessions = make()
    entry = sessions.create("anna")
    assert sessions.find(entry.id, "anna") is entry
    assert sessions.find(entry.id, "ben") is None
    assert sessions.find(entry.id, None) is None
    for session_id in (entry.id, "20260101-000000-none", "../anna"):
        with pytest.raises(NoSuchSessionError, match="no such session"):
            sessions.attach("ben", session_id)
    assert len(sessions) == 1


async def test_a_page_comes_back_to_its_session(make: Make) -> None:
    """By name, or to the newest without one."""
    sessions = make()
    first, second = sessions.create("anna"), sessions.create("anna")
    assert sessions.attach("anna", first.id) is first
    assert sessions.attach("anna") is second


async def test_a_restart_resumes_for_the_owner_only(make: Make) -> None:
    """What was journaled is attached again by its id."""
    before = make()
    entry = before.create("anna")
    before.open(entry)
    await until(lambda: entry.session.status.desktop == "ready")
    entry.session.say("repeat remember this")
    await entry.session.wait_idle(20)
    await before.close_all("restart")
    after = make()
    with pytest.raises(NoSuchSessionError):
        after.attach("ben", entry.id)
    assert [listed.name for listed in after.listed("anna")] == ["repeat remember this"]
    again = after.attach("anna", entry.id)
    assert again.id == entry.id
    assert again.name == "repeat remember this"


async def test_a_session_nobody_began_leaves_nothing(make: Make, tmp_path: Path) -> None:
    """A page fetched by a robot costs no desktop and no disk."""
    sessions = make()
    entry, page = sessions.create("anna"), object()
    entry.pages.add(page)
    sessions.leave(entry, page)
    await until(lambda: not len(sessions) and not list((tmp_path / "sessions").iterdir()))


async def test_the_memory_of_an_ended_session_is_given_back(make: Make) -> None:
    """Also if no page shows it."""
    sessions = make()
    entry = sessions.create("anna")
    sessions.open(entry)
    await until(lambda: entry.session.status.desktop == "ready")
    memory.forget()
    await sessions.close(entry.id)
    assert memory.waits
    memory.forget()


async def test_a_session_whose_record_was_emptied_keeps_its_files(
    make: Make, tmp_path: Path
) -> None:
    """Its page may be left before it was opened, as that of a session nobody began."""
    before = make()
    entry = await begun(before)
    await before.close_all("restart")
    folder = tmp_path / "sessions" / entry.id
    (folder / "events.db").write_bytes(b"")
    (folder / "home" / "letter.txt").write_text("mine")
    after, page = make(), object()
    again = after.attach("anna", entry.id)
    again.pages.add(page)
    after.leave(again, page)
    await after.close_all("the test is over")
    assert (folder / "home" / "letter.txt").read_text() == "mine"


async def test_a_session_works_on_without_a_page_and_is_closed_later(make: Make) -> None:
    """An idle desktop that nobody looks at is not kept for ever, its words are."""
    sessions = make(unwatched=0.05)
    entry, page = sessions.create("anna"), object()
    entry.pages.add(page)
    sessions.open(entry)
    await until(lambda: entry.session.status.desktop == "ready")
    sessions.leave(entry, page)
    await until(lambda: not len(sessions))
    await sessions.wake(entry.id, "anna")
    assert sessions.attach("anna", entry.id).id == entry.id


async def test_a_full_server_retires_the_oldest_idle_session(make: Make) -> None:
    """It can be resumed; one that is looked at, at work or asked something is left alone."""
    sessions = make(limit=4)
    working, watched, older, newer = [await begun(sessions) for _ in range(4)]
    working.session.say("work forever")
    await until(lambda: working.session.status.turn_id is not None)
    watched.pages.add("page")
    older.session.say("repeat once more")
    await older.session.wait_idle(20)  # used last: the other one is the oldest now
    fresh = sessions.create("ben")
    sessions.open(fresh)
    await until(lambda: fresh.session.status.desktop == "ready")
    assert newer.session.status.closed
    assert [e.session.status.closed for e in (working, watched, older)] == [False] * 3
    card = sessions.ended(newer.id, "anna")
    assert card is not None
    assert "made room" in card.ended
    assert sessions.ended(newer.id, "ben") is None
    assert sessions.attach("anna", newer.id).id == newer.id


async def test_a_session_that_asks_something_is_not_retired(make: Make) -> None:
    sessions = make(limit=1)
    entry = await begun(sessions)
    entry.session.say("list the files")
    await until(lambda: entry.session.status.pending_approval is not None)
    with pytest.raises(ServerFullError, match="1 session is running"):
        sessions.create("ben")
    entry.session.stop("enough")
    await entry.session.wait_idle(20)
    assert sessions.create("ben")


async def test_a_session_with_an_open_question_is_not_retired(make: Make) -> None:
    """Even where nothing else is under way in it."""
    sessions = make(limit=1)
    entry = await begun(sessions)
    assert entry.idle
    entry.session.log.append(QuestionAsked(question_id="q", text="Which one?"))
    with pytest.raises(ServerFullError):
        sessions.create("ben")
    entry.session.log.append(QuestionAnswered(question_id="q", text="That one."))
    assert sessions.create("ben")


async def test_a_full_server_says_so(make: Make) -> None:
    """As long as the sessions still start, none of them is idle."""
    sessions = make(limit=1)
    sessions.open(sessions.create("anna"))
    with pytest.raises(ServerFullError, match="End one of yours"):
        sessions.create("anna")
    with pytest.raises(ServerFullError, match="Wait until one is free"):
        sessions.create("ben")


class Receipts:
    """What a page is told has been taken."""

    def __init__(self) -> None:
        self.posted: list[dict[str, str]] = []

    def post(self, message: dict[str, str]) -> None:
        self.posted.append(message)


class Lingering(FakeDesktop):
    """A desktop that goes when it is let go."""

    gone: asyncio.Event

    async def stop(self) -> None:
        await self.gone.wait()
        await super().stop()


async def test_words_wait_while_another_session_goes_to_make_room(tmp_path: Path) -> None:
    """They stand after the beginning of theirs, whether by its page or by a request."""
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    gone = asyncio.Event()

    def lingering(_: str | None) -> Session:
        desktop = Lingering()
        desktop.gone = gone
        model = ScriptedModel([[*says("Yes."), *done()]])
        return Session.create(settings, desktop=desktop, model=model, tools=())

    voice = NoVoice("No voice in this test.")
    sessions = Sessions(lingering, lambda _: voice, Ownership(tmp_path), limit=1)
    first, second = sessions.create("anna"), sessions.create("anna")
    sessions.open(first)
    await until(lambda: first.idle)
    assert not second.starting
    sessions.open(second)
    assert second.starting
    page = object.__new__(Page)
    page._entry, page._taken, page._link = second, deque(), Receipts()  # type: ignore[assignment]
    page.act({"type": "say", "text": "repeat what the page said", "receipt": "the page's own"})
    waits = asyncio.create_task(second.until_open())
    await asyncio.wait([waits], timeout=0.1)
    assert not waits.done()
    assert not second.session.log.of(TaskStarted)
    gone.set()
    await asyncio.wait_for(waits, 20)
    say_once(second, "an id of its own", "repeat after the beginning")
    await until(lambda: bool(page._link.posted))  # type: ignore[attr-defined]
    kinds = [event.kind for event in second.session.log]
    assert kinds.index("session_opened") < kinds.index("task_started")
    heard = {event.text for event in second.session.log.of(Heard)}
    assert heard == {"repeat what the page said", "repeat after the beginning"}
    await second.session.wait_idle(20)
    await sessions.close_all("the test is over")


async def test_a_page_that_comes_when_the_room_is_gone_says_so(make: Make) -> None:
    """Two pages are made, one has room: the other opens no desktop beyond the limit."""
    sessions = make(limit=1)
    first, second = sessions.create("anna"), sessions.create("anna")
    sessions.open(first)
    sessions.open(second)
    assert second.opening is None
    (failed,) = second.session.log.of(Failed)
    assert "as many as this server allows" in failed.error


async def test_the_limit_is_a_setting(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, max_sessions=1, _env_file=None)  # type: ignore[call-arg]
    bench = make_workbench(settings, factory)
    bench.sessions.open(bench.sessions.create("anna"))
    with pytest.raises(ServerFullError):
        bench.sessions.create("ben")
    await bench.close()


async def test_one_person_has_so_many_sessions_and_leaves_room_for_others(tmp_path: Path) -> None:
    """Their own oldest idle one makes room; others' are left alone."""
    settings = Settings(data_dir=tmp_path, max_sessions_each=2, _env_file=None)  # type: ignore[call-arg]
    bench = make_workbench(settings, factory)
    sessions = bench.sessions
    first, second = await begun(sessions), await begun(sessions)
    others = sessions.create("ben")
    sessions.open(others)
    third = await begun(sessions)
    assert [first.session.status.closed, others.session.status.closed] == [True, False]
    for entry in (second, third):
        entry.pages.add("page")
    with pytest.raises(ServerFullError, match=r"2 sessions of yours are running, .* End one"):
        sessions.create("anna")
    sessions.open(sessions.create("ben"))
    assert len(sessions.running("ben")) == 2
    await bench.close()


class Paid(ScriptedModel):
    """A model that has a price."""

    name = "claude-opus-5"


def costly(settings: Settings) -> Callable[..., Session]:
    """Makes sessions each turn of which costs three dollars."""

    def make(session_id: str | None) -> Session:
        parts = {
            "desktop": WatchedDesktop(width=640, height=400, home=settings.data_dir),
            "model": Paid(lambda _: [*says("Done."), *done(dollars=3.0)]),
            "tools": [FakeTool()],
        }
        if session_id is None:
            return Session.create(settings, session_id=f"paid-{token_hex(6)}", **parts)
        return Session.resume(settings, session_id, **parts)

    return make


async def test_a_days_money_is_capped_for_each_and_for_all(tmp_path: Path) -> None:
    """The task that would cost more ends with a sentence; a restart does not forget."""
    caps = {"daily_dollars_each": 5.0, "daily_dollars": 7.0}
    settings = Settings(data_dir=tmp_path, **caps, _env_file=None)  # type: ignore[arg-type]

    async def outcomes(owner: str, session_id: str | None, times: int) -> list[str]:
        entry = bench.sessions.attach(owner, session_id, person=owner)
        bench.sessions.open(entry)
        assert entry.opening is not None
        await entry.opening
        since = len(entry.session.log)
        for _ in range(times):
            entry.session.say("do it")
            await entry.session.wait_idle(20)
        ended = [e for e in tuple(entry.session.log)[since:] if isinstance(e, TaskFinished)]
        said[owner] = [e.text for e in entry.session.log.of(Replied)]
        return [entry.id, *(e.summary if e.outcome == "limit" else e.outcome for e in ended)]

    said: dict[str, list[str]] = {}
    bench = make_workbench(settings, costly)
    bench.identity.login = True
    annas, *told = await outcomes("anna", None, 3)
    assert told[0] == told[1]
    assert told[2].startswith("You have used the 5.00 dollars that one person may spend")
    _, once, refused = await outcomes("ben", None, 2)
    assert once == told[0]
    assert refused.startswith("Everybody together has used the 7.00 dollars")
    assert said["anna"] == []
    assert said["ben"] == [
        "Everybody together has used 6.00 of the 7.00 dollars that this server may spend a day."
    ]
    await bench.close()
    bench = make_workbench(settings, costly)
    bench.identity.login = True
    assert (await outcomes("anna", annas, 1))[1] == told[2]
    assert (await outcomes("carl", None, 1))[1] == refused
    await bench.close()


@pytest.mark.parametrize("way_in", ["guests", "one password"])
async def test_who_comes_back_as_somebody_else_has_no_more_sessions_or_money(
    tmp_path: Path, way_in: str
) -> None:
    """A guest without cookies, or another name with the password of all: counted as one person.

    Who has a name of their own is not kept waiting by them.
    """
    caps = {"daily_dollars_each": 6.0, "max_sessions_each": 2}
    settings = Settings(data_dir=tmp_path, **caps, _env_file=None)  # type: ignore[arg-type]

    async def begin(owner: str, person: str) -> Entry:
        entry = bench.sessions.attach(owner, person=person)
        bench.sessions.open(entry)
        assert entry.opening is not None
        await entry.opening
        entry.pages.add("page")
        return entry

    async def works(entry: Entry) -> str:
        entry.session.say("do it")
        await entry.session.wait_idle(20)
        ended = entry.session.log.of(TaskFinished)[-1]
        return ended.summary if ended.outcome == "limit" else ended.outcome

    def come_in() -> Workbench:
        bench = make_workbench(settings, costly)
        bench.identity.login = True
        bench.identity.names_proven = way_in == "guests"
        return bench

    def name(number: int) -> str:
        return "" if way_in == "guests" else f"name {number}"

    bench = come_in()
    first = await begin("visit1", name(1))
    second = await begin("visit2", name(2))
    assert [await works(first), await works(second)] == ["done", "done"]
    refused = await works(first)
    assert refused.startswith("Everybody without a name of their own has together used the 6.00")
    assert await works(second) == refused
    with pytest.raises(ServerFullError, match="2 sessions of people without a name"):
        bench.sessions.create("visit3", person=name(3))
    if way_in == "guests":
        assert await works(await begin("anna", "anna")) == "done"
    await bench.close()
    bench = come_in()
    assert await works(await begin("visit4", name(4))) == refused
    await bench.close()


async def test_an_ended_session_stays_so_until_it_is_resumed(make: Make) -> None:
    """One that the server took along goes on as soon as its page is back."""
    sessions = make()
    ended, taken = await begun(sessions), await begun(sessions)
    await sessions.close(ended.id, "You ended it.")
    await sessions.close_all("The server was stopped.")
    after = make()
    card = after.ended(ended.id, "anna")
    assert card is not None
    assert card.ended == "You ended it."
    assert after.ended(taken.id, "anna") is None
    for wrong in (("ben", ended.id), ("anna", "20260101-000000-none")):
        with pytest.raises(NoSuchSessionError):
            await after.wake(wrong[1], wrong[0])
    assert after.ended(ended.id, "anna") is not None
    await after.wake(ended.id, "anna")
    assert after.ended(ended.id, "anna") is None
    after.open(after.attach("anna", ended.id))
    assert [listed.ended for listed in after.listed("anna")] == ["", ""]


async def test_a_session_is_ended_and_deleted_though_whoever_asked_is_gone(make: Make) -> None:
    """A page goes when its session ends, and takes its tasks along."""
    sessions = make()
    ended, deleted = await begun(sessions), await begun(sessions)
    asked = [
        asyncio.ensure_future(sessions.close(ended.id, "You ended it.")),
        asyncio.ensure_future(sessions.delete(deleted.id, "anna")),
    ]
    await asyncio.sleep(0)
    for each in asked:
        each.cancel()
    await until(lambda: ended.session.status.closed and not sessions.owns("anna", deleted.id))
    await until(lambda: sessions.ended(ended.id, "anna") is not None)


async def test_a_session_that_is_just_ending_is_waited_for(make: Make) -> None:
    """Resume and Delete, pressed at once, find it closed."""
    sessions = make()
    first, second = await begun(sessions), await begun(sessions)
    ending = [asyncio.ensure_future(sessions.close(e.id, "You ended it.")) for e in (first, second)]
    await asyncio.sleep(0)
    await sessions.wake(first.id, "anna")
    sessions.open(sessions.attach("anna", first.id))
    await sessions.delete(second.id, "anna")
    await asyncio.gather(*ending)
    assert sessions.folder(second.id, "anna") is None


async def test_a_link_to_a_session_that_is_just_ending_says_so(make: Make) -> None:
    """Not that it is open in another process, which it is not."""
    sessions = make()
    entry = await begun(sessions)
    ending = asyncio.ensure_future(sessions.close(entry.id, "You ended it."))
    await asyncio.sleep(0)
    with pytest.raises(ConfigurationError, match="being ended"):
        sessions.attach("anna", entry.id)
    await ending
    assert sessions.attach("anna", entry.id).id == entry.id


async def test_a_title_outlives_restarts(make: Make) -> None:
    """It goes before the first task's words; taken back, those are shown again."""
    before = make()
    entry = await begun(before)
    assert before.rename(entry.id, "anna", "  My   errands ")
    assert entry.name == "My errands"
    await before.close_all("restart")
    after = make()
    assert [listed.name for listed in after.listed("anna")] == ["My errands"]
    assert after.attach("anna", entry.id).name == "My errands"
    assert after.rename(entry.id, "anna", "")
    assert [listed.name for listed in after.listed("anna")] == ["repeat this"]


async def test_a_journaled_session_is_renamed_without_being_opened(make: Make) -> None:
    before = make()
    entry = await begun(before)
    await before.close_all("restart")
    after = make()
    assert after.rename(entry.id, "anna", "Errands")
    assert len(after) == 0
    assert [listed.name for listed in after.listed("anna")] == ["Errands"]


async def test_a_deleted_session_is_gone_from_the_disk(make: Make, tmp_path: Path) -> None:
    """Events, pictures and prompt; one that runs is ended first."""
    sessions = make()
    running, kept = await begun(sessions), await begun(sessions)
    await sessions.delete(running.id, "anna")
    assert running.session.status.closed
    assert [listed.id for listed in sessions.listed("anna")] == [kept.id]
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == [kept.id]
    assert not (tmp_path / "trash").exists()
    await sessions.close(kept.id, "done")
    await sessions.delete(kept.id, "anna")
    assert list((tmp_path / "sessions").iterdir()) == []


async def test_a_session_whose_parts_hang_is_deleted_all_the_same(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its voice, its model and a tool never end, not even when they are cancelled."""
    monkeypatch.setattr(registry, "_FAREWELL", 0.1)
    monkeypatch.setattr(session_module, "_FAREWELL", 0.1)
    sessions = make()
    entry = await begun(sessions)
    released = asyncio.Event()

    async def hang() -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    for part in (entry.conductor, entry.session.model, entry.session.tools[0]):
        part.close = hang  # type: ignore[method-assign]
    async with asyncio.timeout(60):
        await sessions.delete(entry.id, "anna")
    assert entry.session.status.closed
    assert not list((tmp_path / "sessions").glob("*"))
    released.set()


async def test_nobody_else_renames_or_deletes(make: Make, tmp_path: Path) -> None:
    """Another browser's wish changes nothing, whether the session runs or not."""
    sessions = make()
    entry = await begun(sessions)
    for _ in ("running", "journaled"):
        assert not sessions.rename(entry.id, "ben", "mine")
        assert sessions.folder(entry.id, "ben") is None
        assert sessions.folder(entry.id, None) is None
        with pytest.raises(ConfigurationError, match="no such session"):
            await sessions.delete(entry.id, "ben")
        assert sessions.folder(entry.id, "anna") == tmp_path / "sessions" / entry.id
        assert [listed.name for listed in sessions.listed("anna")] == ["repeat this"]
        await sessions.close(entry.id, "done")


async def test_an_import_that_the_disk_cannot_give_an_owner_leaves_no_session(
    tmp_path: Path,
) -> None:
    """Half a session would be nobody's, and stay for good."""

    class FullOwnership(Ownership):
        def put(self, session_id: str, card: Card) -> None:
            """As with a disk that refuses."""

    settings = Settings(data_dir=tmp_path / "in", _env_file=None)  # type: ignore[call-arg]
    exported = export_session(tmp_path, await record(tmp_path, "hello"), tmp_path / "out")
    parts = factory(settings), lambda _: NoVoice("No voice in this test.")
    with pytest.raises(JournalError, match="free some disk space"):
        await asyncio.to_thread(
            Sessions(*parts, FullOwnership(settings.data_dir)).adopt, exported, "anna"
        )
    assert list((settings.data_dir / "sessions").iterdir()) == []
    whole = Sessions(*parts, Ownership(settings.data_dir))
    session_id, _ = await asyncio.to_thread(whole.adopt, exported, "anna")
    assert whole.owns("anna", session_id)


async def test_a_session_open_elsewhere_is_not_deleted(make: Make, tmp_path: Path) -> None:
    """The terminal may have it: nothing is lost under its hands."""
    sessions = make()
    entry = await begun(sessions)
    await sessions.close(entry.id, "done")
    elsewhere = SqliteJournal(tmp_path / "sessions" / entry.id)
    try:
        with pytest.raises(JournalError, match="open in another process"):
            await sessions.delete(entry.id, "anna")
        assert list(elsewhere.read())
    finally:
        elsewhere.close()


async def begun(sessions: Sessions) -> Entry:
    """A session of Anna's in which something was done."""
    entry = sessions.create("anna")
    sessions.open(entry)
    await until(lambda: entry.session.status.desktop == "ready")
    entry.session.say("repeat this")
    await entry.session.wait_idle(20)
    return entry


class LostCount(Spending):
    """Fails whenever something is to be counted."""

    def add(self, event: BaseEvent, owner: str) -> None:
        raise ZeroDivisionError


async def test_money_that_cannot_be_counted_is_not_spent(make: Make) -> None:
    sessions = make()
    sessions.spending = LostCount(0.0, 0.0)
    entry = sessions.create("anna")
    sessions.open(entry)
    await until(lambda: bool(entry.session.trouble))
    assert entry.session.log.failed
    with pytest.raises(JournalError):
        entry.session.say("repeat hello")


class NoStart(Session):
    """Fails when it is opened."""

    async def open(self) -> None:
        raise ZeroDivisionError("no start")


async def test_a_session_that_does_not_start_says_so_and_the_log_has_the_traceback(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = make()
    entry = sessions.create("anna")
    entry.session.__class__ = NoStart
    sessions.open(entry)
    await until(lambda: bool(entry.session.log.of(Failed)))
    assert "no start" in entry.session.log.of(Failed)[0].error
    assert [r.exc_info[0] for r in caplog.records if r.exc_info] == [ZeroDivisionError]


class WarmedModel(ScriptedModel):
    """Counts how often its service reads ahead, and how far the session was by then."""

    def __init__(self, entry_of: Callable[[], Entry]) -> None:
        super().__init__([])
        self.opened: list[bool] = []
        self._entry_of = entry_of

    async def warm(self, request: ModelRequest) -> Usage:
        self.opened.append(self._entry_of().session.opened)
        assert request.system
        assert not request.messages
        return Usage(cache_creation_input_tokens=5000, dollars=0.01)


async def test_who_looks_has_prompt_and_tools_read_ahead(make: Make) -> None:
    """Once the session is open, and not again for the next page; one that is not open costs
    nothing.
    """
    sessions = make()
    entry = sessions.create("anna")
    model = WarmedModel(lambda: entry)
    entry.session._agent.model = model
    sessions.warm(entry)
    sessions.open(entry)
    sessions.warm(entry)
    await until(lambda: entry.session.log.last(TurnFinished) is not None)
    sessions.warm(entry)
    entry.session.log.append(Replied(text="Later."))
    await until(lambda: not sessions._closing)
    assert model.opened == [True]
    assert entry.session.status.usage.dollars == 0.01
