"""One clause against the sentence templates of ``grammar.yaml``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from hassil import Intents, recognize_all
from hassil.recognize import RecognizeResult

_KEEP_WHOLE = ("text", "command", "name")


@functools.cache
def _data() -> dict[str, Any]:
    """What ``grammar.yaml`` holds."""
    text = Path(__file__).with_name("grammar.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def trait(name: str) -> frozenset[str]:
    """The intents that share a trait."""
    return frozenset(_data()["traits"][name])


@functools.cache
def corrected() -> dict[str, str]:
    """By intent: the slot that a correction of it means."""
    return {intent: slot for slot, named in _data()["corrected"].items() for intent in named}


@functools.cache
def kinds() -> dict[str, str]:
    """What each slot names: a kind of the grammar, or its own name where it has values."""
    named = {slot: kind for kind, slots in _data()["kinds"].items() for slot in slots}
    return {slot: named.get(slot, slot) for slot in _data()["lists"]}


@functools.cache
def valued() -> tuple[str, ...]:
    """Slots that hold what is meant, not what was said."""
    named = {slot for slots in _data()["kinds"].values() for slot in slots}
    return tuple(slot for slot in _data()["lists"] if slot not in named)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do: an intent of the grammar with its words, and the clause it came from."""

    intent: str
    slots: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def slot(self, name: str) -> str:
        return self.slots.get(name, "")

    def having(self, **slots: str) -> Command:
        return replace(self, slots={**self.slots, **slots})


@functools.cache
def intents() -> Intents:
    """The compiled grammar; loaded once."""
    return Intents.from_dict(_data())


@functools.cache
def afterwards() -> Intents:
    """The grammar of what means something only behind what was said before."""
    return Intents.from_dict({**_data(), "intents": _data()["afterwards"]})


@dataclass(frozen=True, slots=True)
class Match:
    """A command, and how many letters of the clause are a template's or one of a slot's values."""

    command: Command
    literal: int


def match(
    clause: str,
    accept: Callable[[Command], bool] = lambda _: True,
    grammar: Callable[[], Intents] = intents,
) -> Match | None:
    """The acceptable template that fits best: most literal text; of equals the first."""
    best: Match | None = None
    for result in recognize_all(clause, grammar()):
        slots = _slots(result, clause)
        if any(not value for name, value in slots.items() if _spoken(result, name)):
            continue
        literal = int(result.text_chunks_matched) + _meant(result)
        command = Command(result.intent.name, slots, clause)
        if (best is None or literal > best.literal) and accept(command):
            best = Match(command, literal)
    return best


def _meant(result: RecognizeResult) -> int:
    """The letters that slots with values took: they are as sure as a template's own words."""
    spans = (result.entities[slot].text_span for slot in valued() if slot in result.entities)
    return sum(end - begin for begin, end in (span for span in spans if span is not None))


def _spoken(result: RecognizeResult, name: str) -> bool:
    return result.entities[name].text_span is not None


def _slots(result: RecognizeResult, clause: str) -> dict[str, str]:
    slots: dict[str, str] = {}
    for name, entity in result.entities.items():
        if entity.text_span is None:
            slots[name] = str(entity.value)
            continue
        begin, end = entity.text_span
        if name in valued():
            slots[name] = str(entity.value)
            continue
        if name in ("text", "command"):
            end = _with_marks(clause, end, last=_is_last(result, end))
        said = clause[begin:end].strip()
        slots[name] = said if name in _KEEP_WHOLE else said.strip(' ,.;:!?"“”')
    return slots


def _is_last(result: RecognizeResult, end: int) -> bool:
    spans = [e.text_span for e in result.entities.values() if e.text_span is not None]
    return all(span[1] <= end for span in spans)


def _with_marks(clause: str, end: int, *, last: bool) -> int:
    """Dictation keeps its closing punctuation, which the templates do not see."""
    if last and not clause[end:].strip(" .,!?;:\"'“”)…"):
        return len(clause)
    return end
