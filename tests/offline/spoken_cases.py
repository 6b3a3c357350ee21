"""The sentences of `spoken/`, each with the desktop before it and the effect that it must have.

Four sets, by area: what people said, the rows of Microsoft's list for Voice Access, those of
Apple's list for editing text by Voice Control, and more of our own.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("spoken")
SETS = ("people", "voice_access", "voice_control", "more")
FLOOR = FOLDER / "floor.yaml"
"""How many of each set and area are right: all that are not marked as open."""

_ON_TEXT = frozenset(
    {"wins", "text", "keys", "after", "selected"},
)
_OF_TEXT = frozenset(
    {"text", "textstrip", "textnorm", "textre", "sel", "caret", "caretline", "clip", "same"}
)
_SAID = frozenset({"refuse", "says", "saysnot"})


@dataclass(frozen=True)
class Case:
    """One sentence, or several in turn, of a set."""

    set: str
    area: str
    id: str
    say: tuple[str, ...]
    want: dict[str, Any]
    """What is looked up, by the names of `spoken_effects.CHECKS`."""

    given: dict[str, Any] = field(default_factory=dict)
    """The desktop before, as `spoken_stage` sets it."""

    also: tuple[str, ...] = ()
    """Other ways to say the last sentence, which must mean the same."""

    does: str = ""
    """What a published list says that it does."""

    open: str = ""
    """Why it is not right yet; empty if it is."""

    @property
    def key(self) -> str:
        return f"{self.set}/{self.area}"

    @property
    def in_text(self) -> bool:
        """Whether all of it happens in the text of one editor: it can be tried in memory."""
        here = self.given.get("wins") == ["editor"] and self.given.keys() <= _ON_TEXT
        if any("click" in sentence.lower() for sentence in self.say):
            return False
        return here and self.want.keys() <= _OF_TEXT | _SAID and bool(self.want.keys() & _OF_TEXT)


@functools.cache
def cases(name: str) -> tuple[Case, ...]:
    """All sentences of a set."""
    data = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    texts: dict[str, str] = data.pop("texts", {})
    return tuple(_case(name, area, row, texts) for area, rows in data.items() for row in rows)


def every_case() -> list[Case]:
    """All sentences of all sets."""
    return [case for name in SETS for case in cases(name)]


def _case(name: str, area: str, row: dict[str, Any], texts: dict[str, str]) -> Case:
    given = {k: _text(v, texts) for k, v in row.get("given", {}).items()}
    return Case(
        name,
        area,
        row["id"],
        _several(row["say"]),
        {k: _text(v, texts) for k, v in row["want"].items()},
        given,
        _several(row.get("also", ())),
        row.get("does", ""),
        row.get("open", ""),
    )


def _several(said: str | Sequence[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _text(value: Any, texts: dict[str, str]) -> Any:
    """A value with the names of texts in it replaced by the texts."""
    if isinstance(value, list):
        return [_text(part, texts) for part in value]
    return texts.get(value, value) if isinstance(value, str) else value


def sample(found: Iterable[Case], each: int, seed: int) -> list[Case]:
    """At most ``each`` of every set and area, chosen by a seed."""
    by_area: dict[str, list[Case]] = {}
    for case in found:
        by_area.setdefault(case.key, []).append(case)
    chooser = random.Random(seed)
    return [c for rows in by_area.values() for c in chooser.sample(rows, min(each, len(rows)))]


def floor() -> dict[str, int]:
    """Right sentences by set and area, as kept."""
    kept: dict[str, int] = yaml.safe_load(FLOOR.read_text("utf-8"))
    return kept
