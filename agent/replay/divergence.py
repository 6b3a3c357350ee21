"""Two sessions side by side: what they share, and where they first part.

Compared are instructions and the actions that were carried out, normalised: case, spacing
and punctuation of words, and pixels within a control, make no difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from agent.record import events as ev
from agent.session.describe import describe, point_of

_NEAR = 12
"""Pixels within which two clicks on something nameless count as the same."""

_IGNORED = frozenset({"id", "coordinate", "start_coordinate"})
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Deed:
    """An instruction or an action, ready to be compared."""

    seq: int
    what: Literal["instruction", "action"]
    label: str
    key: str
    """Equal for actions that count as the same, places apart."""

    place: tuple[int, int] | None = None
    """Where on the screen, for what has no name there."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison; one side is None where only the other did something."""

    a: Deed | None
    b: Deed | None
    same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sessions, action by action."""

    rows: tuple[Row, ...]
    first: int | None
    """Index of the first row that differs; None if both did the same."""

    note: str
    """The difference in a sentence."""


def compare(a: Sequence[ev.Event], b: Sequence[ev.Event]) -> Comparison:
    """Line two sessions up and find the first divergence."""
    one, two = deeds(a)[:_MOST], deeds(b)[:_MOST]
    shared = 0
    while shared < min(len(one), len(two)) and _same(one[shared], two[shared]):
        shared += 1
    rows = [Row(x, y, same=True) for x, y in zip(one[:shared], two[:shared], strict=True)]
    rows += _aligned(one[shared:], two[shared:])
    first = next((n for n, row in enumerate(rows) if not row.same), None)
    return Comparison(tuple(rows), first, _note(rows, first))


def deeds(events: Sequence[ev.Event]) -> list[Deed]:
    """Instructions, and actions that were carried out, in order."""
    ran = {event.action_id for event in events if isinstance(event, ev.ActionStarted)}
    return list(_deeds(events, ran))


def _deeds(events: Sequence[ev.Event], ran: set[str]) -> Iterator[Deed]:
    begun = False
    for event in events:
        match event:
            case ev.TaskStarted():
                begun = True
                yield Deed(event.seq, "instruction", event.text, _words(event.text))
            case ev.UserMessage(origin="person", cuts=True) if begun:
                yield Deed(event.seq, "instruction", event.text, _words(event.text))
            case ev.ActionProposed() if event.action_id in ran:
                yield _action(event)
            case _:
                pass


def _action(event: ev.ActionProposed) -> Deed:
    given = {k: _plain(v) for k, v in event.input.items() if k not in _IGNORED}
    named = event.target.get("name") or ""
    point = point_of(event.input.get("coordinate"))
    start = point_of(event.input.get("start_coordinate"))
    role = event.target.get("role", "")
    key = json.dumps([event.name, given, _words(named), role if named else ""], sort_keys=True)
    if start is not None:
        key += f" from {start[0] // _NEAR},{start[1] // _NEAR}"
    return Deed(event.seq, "action", describe(event), key, None if named else point)


def _same(a: Deed, b: Deed) -> bool:
    if a.what != b.what or a.key != b.key or (a.place is None) != (b.place is None):
        return False
    if a.place is None or b.place is None:
        return True
    return all(abs(x - y) <= _NEAR for x, y in zip(a.place, b.place, strict=True))


def _aligned(one: Sequence[Deed], two: Sequence[Deed]) -> Iterator[Row]:
    """After the sessions part, equal actions are found again by key."""
    matcher = SequenceMatcher(None, [_coarse(d) for d in one], [_coarse(d) for d in two], False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for n in range(max(i2 - i1, j2 - j1)):
            a = one[i1 + n] if i1 + n < i2 else None
            b = two[j1 + n] if j1 + n < j2 else None
            same = tag == "equal" and a is not None and b is not None and _same(a, b)
            yield Row(a, b, same)


def _coarse(deed: Deed) -> tuple[Any, ...]:
    place = deed.place
    return (deed.what, deed.key, place and (place[0] // _NEAR, place[1] // _NEAR))


def _note(rows: Sequence[Row], first: int | None) -> str:
    if not rows:
        return "Nothing was done in either session."
    if first is None:
        return f"Both did the same {len(rows)} things."
    a, b = rows[first].a, rows[first].b
    if a is not None and b is not None:
        if a.what == b.what == "instruction":
            return f"They were told different things: A “{a.label}”, B “{b.label}”."
        return f"Step {first + 1} differs. A: {a.label}. B: {b.label}."
    only, label = ("A", a.label) if a is not None else ("B", b.label if b is not None else "")
    return f"At step {first + 1}, only {only} went on: {label}."


def _plain(value: object) -> object:
    return _spaced(value) if isinstance(value, str) else value


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> str:
    kept = "".join(c if c.isalnum() else " " for c in text.casefold())
    return _spaced(kept)
