"""What all sessions of a server have cost today, read from their logs, and when that is enough."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from agent.record.events import SessionImported, TurnFinished
from agent.record.events.base import BaseEvent
from agent.record.journal import last_used, list_sessions, session_folder
from agent.record.rows import open_table
from agent.session.imported import is_brought

_COSTS = (
    "SELECT event FROM events WHERE event LIKE '%\"turn_finished\"%' OR event LIKE ? ORDER BY seq"
)
_IMPORT = '%"session_imported"%'
NEAR = 0.8
"""Share of a day's money at which people are told of it."""

UNNAMED = "unnamed"
"""Whose is what people without a name of their own spend: together they are one person. Each could
be another person with every visit."""

_DAYS = 3
"""Days that are remembered."""


class Spending:
    """Counts dollars of the current day, by whose they are. A day ends at the server's midnight.

    Args:
        each: dollars that one person may spend a day; 0 for no cap.
        all: dollars that everybody together may; 0 for no cap.
        now: Unix seconds.
    """

    def __init__(self, each: float, all: float, now: Callable[[], float] = time.time) -> None:  # noqa: A002
        self._each, self._all, self._now = each, all, now
        self._spent: dict[tuple[int, int], dict[str, float]] = {}
        """By day: a clock that is set back over midnight, and forth again, forgets nothing."""

        self._told: set[tuple[tuple[int, int], str, str]] = set()
        """Day, owner and cap of each notice."""

        self._past: dict[str, list[TurnFinished]] = {}
        self._owner_of: Callable[[str], str] = str

    def read(self, data_dir: Path, owner_of: Callable[[str], str]) -> None:
        """Count what the stored sessions cost today, before the server began. It reads the disk.

        Whose they are is asked once it matters: not before the server knows who signs in.
        """
        self._owner_of = owner_of
        midnight = _midnight(self._now())
        for session_id in list_sessions(data_dir):
            if last_used(data_dir, session_id) < midnight:
                return
            self._past[session_id] = list(_turns(session_folder(data_dir, session_id)))

    def add(self, event: BaseEvent, owner: str) -> None:
        """Take in an event of a session of ``owner``."""
        if not isinstance(event, TurnFinished) or _day(event.at) != _day(self._now()):
            return
        self.pay(event.usage.dollars, owner)

    def pay(self, dollars: float, owner: str) -> None:
        """Take in what something else of ``owner`` has cost just now: a trial, for instance."""
        today = self._today()
        if math.isfinite(dollars) and dollars > 0:
            today[owner] = today.get(owner, 0.0) + dollars

    def refusal(self, owner: str) -> str:
        """Why nothing more may be spent today, in a sentence with a way out; empty if it may."""
        self._count_past()
        today = self._today()
        if self._each and today.get(owner, 0.0) >= self._each:
            return (
                f"{_who(owner)} used the {self._each:.2f} dollars that one person may spend here a "
                f"day. {_WAY_OUT.format('SAYSO_DAILY_DOLLARS_EACH')}"
            )
        if self._all and sum(today.values()) >= self._all:
            return (
                f"Everybody together has used the {self._all:.2f} dollars that this server may "
                f"spend a day. {_WAY_OUT.format('SAYSO_DAILY_DOLLARS')}"
            )
        return ""

    def notice(self, owner: str) -> str:
        """That most of what may be spent today is; in a sentence, once a day for each cap."""
        self._count_past()
        today = self._today()
        mine, everybodys = today.get(owner, 0.0), sum(today.values())
        told = []
        if self._is_new("each", owner, mine, self._each):
            told.append(
                f"{_who(owner)} used {mine:.2f} of the {self._each:.2f} dollars that one person "
                "may spend here a day."
            )
        if self._is_new("all", owner, everybodys, self._all):
            told.append(
                f"Everybody together has used {everybodys:.2f} of the {self._all:.2f} dollars "
                "that this server may spend a day."
            )
        return " ".join(told)

    def _is_new(self, cap: str, owner: str, used: float, allowed: float) -> bool:
        day = _day(self._now())
        due = allowed > 0 and used >= NEAR * allowed and (day, owner, cap) not in self._told
        if due:
            self._told = {each for each in self._told if each[0] in self._spent}
            self._told.add((day, owner, cap))
        return due

    def _count_past(self) -> None:
        past, self._past = self._past, {}
        for session_id, turns in past.items():
            owner = self._owner_of(session_id)
            for turn in turns:
                self.add(turn, owner)

    def _today(self) -> dict[str, float]:
        today = self._spent.setdefault(_day(self._now()), {})
        for old in tuple(self._spent)[:-_DAYS]:
            del self._spent[old]
        return today


_WAY_OUT = (
    "Go on after midnight, choose a model that costs nothing, or have whoever runs the server "
    "raise {}."
)


def _who(owner: str) -> str:
    if owner == UNNAMED:
        return "Everybody without a name of their own has together"
    return "You have"


def _day(at: float) -> tuple[int, int]:
    when = time.localtime(at)
    return when.tm_year, when.tm_yday


def _midnight(at: float) -> float:
    when = time.localtime(at)
    return time.mktime((when.tm_year, when.tm_mon, when.tm_mday, 0, 0, 0, 0, 0, -1))


def _turns(folder: Path) -> Iterator[TurnFinished]:
    """The turns of a stored session that were made here; those of an import were paid elsewhere."""
    if is_brought(folder):
        return
    found: list[TurnFinished] = []
    with contextlib.suppress(sqlite3.Error), closing(open_table(folder / "events.db")) as db:
        for (text,) in db.execute(_COSTS, (_IMPORT,)):
            with contextlib.suppress(ValidationError):
                found.append(TurnFinished.model_validate_json(text))
                continue
            with contextlib.suppress(ValidationError):
                SessionImported.model_validate_json(text)
                found.clear()
    yield from found
