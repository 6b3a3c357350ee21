"""Events of a class are found as a look at the whole log would find them."""

from __future__ import annotations

from test_damaged_rows import harm
from test_journal import open_session, played

from agent.record import events as ev
from agent.record.journal import SqliteJournal
from agent.record.log import EventLog
from agent.settings import Settings

KINDS: list[type[ev.BaseEvent]] = [
    ev.BaseEvent,
    ev.UserMessage,
    ev.TaskStarted,
    ev.TurnStarted,
    ev.BlockFinished,
    ev.Unreadable,
    ev.Compacted,
]


def scanned(log: EventLog, kind: type[ev.BaseEvent]) -> list[ev.Event]:
    return [event for event in log if isinstance(event, kind)]


def check(log: EventLog) -> None:
    for kind in KINDS:
        found = scanned(log, kind)
        assert log.of(kind) == found
        assert log.last(kind) == (found[-1] if found else None)


class Order(ev.UserMessage):
    """A class below another one."""


async def test_rows_that_are_read_and_rows_that_come(settings: Settings) -> None:
    """Also where rows cannot be read, and where some are missing."""
    folder = await played(settings)
    harm(
        folder,
        "DELETE FROM events WHERE seq IN (2, 3)",
        "UPDATE events SET event = 'nonsense' WHERE seq = 5",
    )
    journal = SqliteJournal(folder)
    log = EventLog(journal)
    assert len(log.of(ev.Unreadable)) >= 2
    assert [event.seq for event in log] == list(range(len(log)))
    check(log)
    log.append(ev.UserMessage(text="Go on."))
    check(log)
    journal.close()


def test_a_class_holds_those_below_it_in_order() -> None:
    log = EventLog()
    check(log)
    for kind in (ev.UserMessage, Order, ev.UserMessage):
        log.append(kind(text=kind.__name__))
        check(log)
    assert [event.text for event in log.of(ev.UserMessage)] == [
        "UserMessage",
        "Order",
        "UserMessage",
    ]
    assert [event.text for event in log.of(Order)] == ["Order"]


async def test_a_session_that_runs_has_its_index(settings: Settings) -> None:
    session = open_session(settings)
    await session.open()
    session.say("Click.")
    await session.wait_idle(20)
    check(session.log)
    found = session.log.of(ev.BlockFinished)
    found.clear()
    assert session.log.of(ev.BlockFinished)
    await session.close()
