"""What work relies on is folded before anybody hears of an event, and stops all when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from agent.errors import GuardFailed, JournalError
from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.approval import Approvals
from agent.session.history import History
from agent.session.limits import Limits
from agent.session.session import Session
from agent.session.status import Status
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says

CLICKS = [[*call("left_click", coordinate=[at, at]), *done("tool_use")] for at in range(12)]
SCRIPT = [*CLICKS, [*says("Done."), *done()]]


class Broken(Exception):
    """The fault that is put in."""


class BrokenLimits(Limits):
    def add(self, event: ev.Event, at: float | None = None) -> None:
        if isinstance(event, ev.TurnStarted):
            raise Broken
        super().add(event, at)

    def follow(self, settings: object) -> None:
        raise Broken


class BrokenHistory(History):
    def add(self, event: ev.Event) -> None:
        if isinstance(event, ev.ActionFinished):
            raise Broken
        super().add(event)


class BrokenApprovals(Approvals):
    def add(self, event: ev.Event) -> None:
        if isinstance(event, ev.ActionProposed):
            raise Broken
        super().add(event)


class BrokenStatus(Status):
    def model_copy(self, **given: object) -> Status:
        raise Broken


class BrokenGate(asyncio.Event):
    def set(self) -> None:
        raise Broken


def limits(session: Session) -> None:
    session._agent.limits = BrokenLimits(session.settings)


def history(session: Session) -> None:
    session._agent.history = BrokenHistory(session.journal.image_base64)


def approvals(session: Session) -> None:
    session._agent.approvals = BrokenApprovals()


def status(session: Session) -> None:
    session._tracker.status = BrokenStatus(**dict(session.status))


def gate(session: Session) -> None:
    session.control._free = BrokenGate()


def changes(session: Session) -> None:
    limits(session)
    session.change("max_turns", 4)


def programs(session: Session) -> None:
    session._agent.programs._hands = None  # type: ignore[assignment]
    session.take_control()


def by_hand(session: Session) -> None:
    session.manual._run = object()  # type: ignore[assignment]


@pytest.fixture
async def session(settings) -> Session:
    settings = settings.model_copy(update={"max_turns": 3})
    made = Session.create(
        settings, desktop=FakeDesktop(), model=ScriptedModel(SCRIPT), tools=(FakeTool(),)
    )
    await made.open()
    return made


@pytest.mark.parametrize(
    "broken",
    [limits, history, approvals, status, gate, changes, programs, by_hand],
    ids=lambda broken: broken.__name__,
)
async def test_a_guard_that_fails_stops_the_work_like_a_journal_that_cannot_be_written(
    session: Session, broken: Callable[[Session], None], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    session.on_trouble.append(told.append)
    try:
        broken(session)
        session.say("Click around.")
    except GuardFailed:
        pass
    async with asyncio.timeout(30):
        while not (session.trouble or session.log.of(ev.TaskFinished)):
            await asyncio.sleep(0)
    await session.wait_idle(30)
    end = len(session.log)
    assert told == [session.trouble]
    assert "End this session and open it again" in session.trouble
    assert session.desktop.input.halted
    assert len(session.log.of(ev.TurnStarted)) <= 1
    assert session.log.of(ev.TaskFinished) == []
    logged = [r for r in caplog.records if r.levelno >= logging.ERROR and r.exc_info]
    assert any(r.exc_info and "guard" in r.message for r in logged)
    with pytest.raises(JournalError):
        session.say("Go on.")
    session.stop("You pressed Stop.")
    assert session.desktop.input.halted
    assert len(session.log) == end
    assert session.trouble
    session.manual._run = None
    await session.close()
    again = Session.resume(
        session.settings,
        session.id,
        desktop=FakeDesktop(),
        model=ScriptedModel([[*says("Here."), *done()]]),
        tools=(FakeTool(),),
    )
    await again.open()
    again.say("Go on.")
    await again.wait_idle(30)
    assert again.log.of(ev.TaskFinished)[-1].outcome == "done"
    await again.close()


def test_guards_fold_an_event_before_any_listener_hears_of_it_whoever_came_first() -> None:
    log, order = EventLog(), []
    log.subscribe(lambda event: order.append("listener"))
    leave = log.guard(lambda event: order.append("guard"))
    log.append(ev.HoldBegan(reason=""))
    assert order == ["guard", "listener"]
    leave()
    log.append(ev.HoldEnded(reason=""))
    assert order[2:] == ["listener"]


def test_a_guard_that_fails_keeps_no_other_from_the_event_and_lets_no_later_one_in() -> None:
    failed: list[GuardFailed] = []
    log, folded, heard = EventLog(on_guard_failed=failed.append), [], []

    def breaks(event: ev.Event) -> None:
        raise Broken

    log.guard(breaks)
    log.guard(folded.append)
    log.subscribe(heard.append)
    for _ in range(2):
        with pytest.raises(GuardFailed):
            log.append(ev.HoldBegan(reason=""))
    assert [len(each) for each in (log, folded, heard, failed)] == [1, 1, 1, 1]


def test_a_listener_that_fails_is_logged_and_harms_nobody(caplog) -> None:
    log, heard = EventLog(), []

    def breaks(event: ev.Event) -> None:
        raise Broken

    log.subscribe(breaks)
    log.subscribe(heard.append)
    log.append(ev.HoldBegan(reason=""))
    log.append(ev.HoldEnded(reason=""))
    assert len(heard) == 2
    assert [record.exc_info[0] for record in caplog.records] == [Broken, Broken]
