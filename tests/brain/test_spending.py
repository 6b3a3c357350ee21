"""A day's money: whose it was, when the day is over, and what models have a price."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.models.pricing import costs
from agent.record.events import SessionImported, TurnFinished, Usage, dump_event
from agent.record.journal import SqliteJournal, session_folder
from agent.record.log import EventLog
from agent.record.spending import Spending
from agent.session.imported import mark_imported

NOON = time.mktime((2026, 11, 29, 12, 0, 0, 0, 0, -1))
DAY = 86_400.0


def turn(dollars: float, at: float = NOON) -> TurnFinished:
    usage = Usage(dollars=dollars)
    return TurnFinished(turn_id="t", stop_reason="end_turn", at=at, usage=usage)


def test_a_cap_is_reached_at_its_very_sum() -> None:
    spending = Spending(2.0, 3.0, lambda: NOON)
    spending.add(turn(1.99), "anna")
    assert spending.refusal("anna") == ""
    spending.add(turn(0.01), "anna")
    assert "2.00 dollars that one person" in spending.refusal("anna")
    assert spending.refusal("ben") == ""
    spending.add(turn(1.0), "ben")
    assert "3.00 dollars that this server" in spending.refusal("carl")
    assert "SAYSO_DAILY_DOLLARS." in spending.refusal("carl")


def test_a_cap_that_is_near_is_told_once_a_day() -> None:
    now = [NOON]
    spending = Spending(2.0, 4.0, lambda: now[0])
    spending.add(turn(1.59), "anna")
    assert spending.notice("anna") == ""
    spending.add(turn(0.01), "anna")
    assert spending.notice("anna") == (
        "You have used 1.60 of the 2.00 dollars that one person may spend here a day."
    )
    assert spending.notice("anna") == ""
    spending.add(turn(1.6), "ben")
    assert spending.notice("anna") == (
        "Everybody together has used 3.20 of the 4.00 dollars that this server may spend a day."
    )
    assert spending.notice("ben").count("dollars") == 2
    now[0] += DAY
    assert spending.notice("anna") == ""
    spending.add(turn(1.9, now[0]), "anna")
    assert spending.notice("anna")
    assert Spending(0.0, 0.0, lambda: NOON).notice("anna") == ""


def test_nought_is_no_cap_and_midnight_begins_anew() -> None:
    now = [NOON]
    endless, capped = Spending(0.0, 0.0, lambda: now[0]), Spending(1.0, 0.0, lambda: now[0])
    for each in (endless, capped):
        each.add(turn(10.0**6), "anna")
        each.add(turn(10.0**6, NOON - DAY), "ben")  # yesterday's
    assert endless.refusal("anna") == ""
    assert capped.refusal("anna")
    assert capped.refusal("ben") == ""
    now[0] += DAY
    assert capped.refusal("anna") == ""


def test_a_clock_that_is_set_back_over_midnight_forgets_nothing() -> None:
    now = [NOON]
    spending = Spending(1.0, 0.0, lambda: now[0])
    spending.add(turn(1.0), "anna")
    now[0] -= DAY
    assert spending.refusal("anna") == ""
    now[0] += DAY
    assert spending.refusal("anna")


@pytest.mark.parametrize("dollars", ["1e9", "-1e9", "NaN", "Infinity"])
def test_an_import_that_was_never_resumed_counts_nothing(tmp_path: Path, dollars: str) -> None:
    """Whoever made it could write any sum into it: one that uses up or lifts everybody's cap."""
    now = time.time()
    brought = SqliteJournal(session_folder(tmp_path, "brought"))
    row = dump_event(turn(0.25, now))
    assert '"dollars":0.25' in row
    brought.write_row(0, row.replace('"dollars":0.25', f'"dollars":{dollars}'))
    mark_imported(brought.folder)
    brought.close()
    own = SqliteJournal(session_folder(tmp_path, "own"))
    EventLog(journal=own, now=lambda: now).append(turn(1.0))
    own.close()
    for each, all_ in ((1.0, 0.0), (0.0, 1.0)):
        spending = Spending(each, all_)
        spending.read(tmp_path, lambda _: "anna")
        assert spending.refusal("anna")
    spending = Spending(1.5, 1.5)
    spending.read(tmp_path, lambda _: "anna")
    assert spending.refusal("anna") == ""


@pytest.mark.parametrize("dollars", [-5.0, float("nan"), float("inf")])
def test_what_is_no_price_changes_no_sum(dollars: float) -> None:
    spending = Spending(2.0, 0.0, lambda: NOON)
    spending.add(turn(1.0), "anna")
    spending.add(turn(dollars), "anna")
    assert spending.refusal("anna") == ""
    spending.add(turn(1.0), "anna")
    assert spending.refusal("anna")


def test_stored_sessions_count_but_not_what_was_brought_with_an_import(tmp_path: Path) -> None:
    """Nor what cannot be read."""
    now = time.time()
    journal = SqliteJournal(session_folder(tmp_path, "one"))
    log = EventLog(journal=journal, now=lambda: now)
    log.append(turn(50.0))
    log.append(SessionImported())
    log.append(turn(1.5))
    journal.close()
    damaged = session_folder(tmp_path, "two")
    damaged.mkdir(parents=True)
    (damaged / "events.db").write_bytes(b"no database")
    spending = Spending(1.5, 0.0)
    spending.read(tmp_path, {"one": "anna", "two": "anna"}.__getitem__)
    assert spending.refusal("anna")
    more = Spending(1.6, 0.0)
    more.read(tmp_path, {"one": "anna", "two": "anna"}.__getitem__)
    assert more.refusal("anna") == ""


def test_only_models_with_a_price_are_held_to_it() -> None:
    assert costs("claude-opus-5")
    assert costs("us.anthropic.claude-of-tomorrow-20270101-v1:0")
    assert not costs("offline")
    assert not costs("qwen3-vl")
