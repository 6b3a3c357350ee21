"""What becomes of words that come while a task runs: after it, instead of it, or part of it.

Decided by the words alone, with ``fate.yaml`` as data, and the same for words that were typed,
spoken or passed on by a voice's model. A person can change it afterwards (`Session.change_fate`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Fate = Literal["after", "redirect", "join"]
"""``after``: a task of its own when the running one is over. ``redirect``: cuts in at once.
``join``: the model reads it after the current results, within the task."""

How = Literal["after", "redirect", "join", "queue"]
"""What a caller may ask for; ``queue`` is an older name of ``join``."""

Words = tuple[str, ...]

DICTATED = "Type this as it is said: "
"""Before words, in the model's history, that were said while dictation was on."""

_FEW = 3
"""Dictated words up to which an *instead* behind them is none of them."""

_INSTEAD = re.compile(
    r"(?P<text>.*\S)(?:(?P<pause>\s*,\s*)|\s+)instead"
    r"(?:,?\s+(?:please|thanks|thank you|for me))?[.!?]*",
    re.IGNORECASE | re.DOTALL,
)
_QUOTES = '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}'
_VERBATIM = re.compile(f"[:{_QUOTES}]")


def fate_of(text: str) -> Fate:
    """What ``text`` asks for with regard to the task that runs; ``after`` if in doubt."""
    known = _known()
    words = _without_closings(_without_openings(_words(text)))
    if _begins(words, known["replace"]) or _pauses(text):
        return "redirect"
    if _begins(words, known["join"]):
        return "join"
    if _begins(words, known["dictation"]):
        return "redirect" if without_instead(text) != text.strip() else "after"
    if _ends(words, known["replace_ends"]) or _holds(words, known["replace_within"]):
        return "redirect"
    return "join" if _ends(words, known["join_ends"]) else "after"


def without_instead(text: str) -> str:
    """A dictation, or the whole sentence with one, without the *instead* that ends it.

    It belongs to what is dictated after a colon, in quotation marks, and after more than a few
    words, unless there was a pause: "type bye instead" corrects, "I will do it instead" may not.
    """
    text = text.strip()
    found = _INSTEAD.fullmatch(text)
    if found is None:
        return text
    if _VERBATIM.search(found["text"]):
        return found["text"] if found["text"][-1] in _QUOTES else text
    dictation = _known()["dictation"]
    words = _without_openings(_words(found["text"]))
    verb = _begins(words, dictation) or ()
    short = len(words) - len(verb) <= _FEW
    return found["text"] if short or found["pause"] else text


def fate_named(how: How) -> Fate:
    """The fate that a caller asks for."""
    return "join" if how == "queue" else how


@cache
def _known() -> dict[str, tuple[Words, ...]]:
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("fate.yaml").read_text("utf-8"))
    replace, join = data["replace"], data["join"]
    return {
        "openings": _phrases(data["openings"]),
        "replace": _phrases(replace["begins"]),
        "paused": _phrases(replace["begins_with_comma"]),
        "replace_ends": _phrases(replace["ends"]),
        "replace_within": _phrases(replace["within"]),
        "closings": _phrases(data["closings"]),
        "join": _phrases(join["begins"]),
        "join_ends": _phrases(join["ends"]),
        "dictation": _phrases(data["dictation"]),
    }


def _phrases(lines: Sequence[str]) -> tuple[Words, ...]:
    return tuple(_words(line) for line in lines)


def _words(text: str) -> Words:
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return tuple(re.findall(r"\w+(?:'\w+)*", plain))


def _without_openings(words: Words) -> Words:
    openings = _known()["openings"]
    while (found := _begins(words[:-1], openings)) is not None:
        words = words[len(found) :]
    return words


def _without_closings(words: Words) -> Words:
    closings = _known()["closings"]
    while (found := next((p for p in closings if _ends(words, (p,))), None)) is not None:
        words = words[: -len(found)]
    return words


def _begins(words: Words, phrases: tuple[Words, ...]) -> Words | None:
    return next((p for p in phrases if words[: len(p)] == p), None)


def _ends(words: Words, phrases: tuple[Words, ...]) -> bool:
    return any(len(words) > len(p) and words[-len(p) :] == p for p in phrases)


def _holds(words: Words, phrases: tuple[Words, ...]) -> bool:
    """Whether one of the phrases stands between other words."""
    inner = words[1:-1]
    return any(inner[at : at + len(p)] == p for p in phrases for at in range(len(inner)))


def _pauses(text: str) -> bool:
    """Whether it begins with words that correct only before a pause."""
    front, mark, _ = re.sub(r"[.!;:\N{EN DASH}\N{EM DASH}]", ",", text).partition(",")
    return bool(mark) and _without_openings(_words(front)) in _known()["paused"]
