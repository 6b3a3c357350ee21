"""A day's money: whose it was, when the day is over, and what models have a price."""

from __future__ import annotations

import time
from pathlib import Path

from agent.events import SessionImported, TurnFinished, Usage
from agent.journal import SqliteJournal, session_folder
from agent.log import EventLog
from agent.models.pricing import costs
from agent.spending import Spending

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
