"""Records that can be filtered: events of a session, or messages of its voice line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.record import events as ev
from dashboard.voice.client.wire import Message
from dashboard.words import t

_SAYS = 240
_FIRST = ("text", "question", "reason", "error", "summary", "lane", "name", "state", "title")
_SKIPPED = frozenset({"seq", "at", "kind", "type", "t", "n"})


@dataclass(frozen=True, slots=True)
class Record:
    """One row: what it is, a line about it, and the whole of it."""

    n: int
    at: float
    kind: str
    says: str
    group: str
    """Task of an event; direction of a message."""

    whole: ev.BaseEvent | dict[str, Any] = field(repr=False)

    def row(self) -> dict[str, Any]:
        """For the list."""
        return {"n": self.n, "at": self.at, "kind": self.kind, "says": self.says} | {
            "group": self.group
        }

    def full(self) -> dict[str, Any]:
        """As JSON has it."""
        whole = self.whole
        return whole if isinstance(whole, dict) else whole.model_dump(mode="json")

    def contains(self, text: str) -> bool:
        """Whether the words occur anywhere in it; ``text`` is in lower case."""
        whole = self.whole
        raw = json.dumps(whole, default=str) if isinstance(whole, dict) else whole.model_dump_json()
        return text in raw.lower() or text in self.says.lower()


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown: of these kinds (all if none is named), this group, with this text."""

    kinds: frozenset[str] = frozenset()
    group: str = ""
    text: str = ""

    @classmethod
    def read(cls, message: dict[str, Any]) -> Filter:
        kinds = message.get("kinds")
        named = frozenset(map(str, kinds)) if isinstance(kinds, list) else frozenset[str]()
        text = str(message.get("text", ""))[:200].strip().lower()
        return cls(named, str(message.get("group", "")), text)

    def passes(self, record: Record) -> bool:
        """Whether a record is shown."""
        if self.kinds and record.kind not in self.kinds:
            return False
        if self.group and record.group != self.group:
            return False
        return not self.text or record.contains(self.text)


class Ledger:
    """All records so far, and which of them the filter lets through."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.shown: list[int] = []
        self.filter = Filter()
        self.kinds: Counter[str] = Counter()
        self.groups: dict[str, str] = {}
        self._task = ""

    def __len__(self) -> int:
        return len(self.records)

    def add_event(self, event: ev.Event) -> None:
        """A row for an event; it belongs to the task that is under way."""
        if isinstance(event, ev.TaskStarted):
            self._task = event.task_id
            self.groups[event.task_id] = event.text[:60]
        self._add(event.at, event.kind, _says(event), self._task, event)
        if isinstance(event, ev.TaskFinished):
            self._task = ""

    def add_message(self, message: Message) -> None:
        """A row for a message of the voice line."""
        self.groups = {"in": t("From the page"), "out": t("To the page")}
        says = summary(message.body)
        self._add(message.at, message.kind, says, message.direction, message.body)

    def _add(
        self, at: float, kind: str, says: str, group: str, whole: ev.BaseEvent | dict[str, Any]
    ) -> None:
        record = Record(len(self.records), at, kind, says, group, whole)
        self.records.append(record)
        self.kinds[kind] += 1
        if self.filter.passes(record):
            self.shown.append(record.n)

    def search(self, wanted: Filter, records: Sequence[Record]) -> list[int]:
        """Which of ``records`` pass; may be called in a thread."""
        return [record.n for record in records if wanted.passes(record)]

    def rows(self, begin: int, end: int) -> list[dict[str, Any]]:
        """Rows of what is shown, by place."""
        return [self.records[n].row() for n in self.shown[max(0, begin) : max(0, end)]]


def _says(event: ev.Event) -> str:
    if isinstance(event, ev.ProgramStarted):
        lines = [f"{program.line}{_whence(program)}" for program in event.programs]
        return _bounded(" · ".join([*lines, *filter(None, [event.approval_id])]))
    return summary(event.model_dump())


def _whence(program: ev.StartedProgram) -> str:
    """Who started it, as far as that is known."""
    by = f"{program.how}, by {program.by[0]}" if program.by else program.how
    return f" ({by})"


def summary(fields: dict[str, Any]) -> str:
    """One line: the words of a record first, then whatever else it has."""
    first = [str(fields[name]) for name in _FIRST if fields.get(name) not in (None, "")]
    rest = [
        f"{name}={_short(value)}"
        for name, value in fields.items()
        if name not in _FIRST and name not in _SKIPPED and value not in (None, "", {}, [], ())
    ]
    rest.sort(key=lambda part: part.partition("=")[0].endswith("_id"))  # names of things come last
    return _bounded(" · ".join([*first, *rest]))


def _bounded(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SAYS else line[: _SAYS - 1] + "…"


def _short(value: object) -> str:
    short = round(value, 2) if isinstance(value, float) else value
    text = json.dumps(short, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
