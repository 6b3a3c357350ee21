"""Words around and inside a command: politeness, fillers, numbers."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen
fourteen fifteen sixteen seventeen eighteen nineteen"""
_UNITS = tuple(_SMALL.split())
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 20 + 10 * i for i, word in enumerate(_DECADES.split())}
_TIMES = {"once": 1, "twice": 2, "thrice": 3, "a": 1, "an": 1, "couple": 2, "few": 3, "half": 1}
_HOMOPHONES = {"won": 1, "to": 2, "too": 2, "for": 4, "fore": 4, "ate": 8}


@functools.cache
def lexicon() -> dict[str, Any]:
    """The data of ``words.yaml``."""
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
    return data


def number_words() -> tuple[str, ...]:
    """One to nineteen, then the tens."""
    return (*_UNITS[1:], *_TENS)


def number(text: str) -> int | None:
    """The number that words or digits say ("twenty five", "12", "twice"), or None."""
    words = [w for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in ("and", "times", "of")]
    if not words:
        return None
    if len(words) == 1 and words[0] in _HOMOPHONES:
        return _HOMOPHONES[words[0]]
    total = 0
    for word in words:
        value = _value(word)
        if value is None:
            if word == "hundred":
                total = max(total, 1) * 100
                continue
            return None
        total = total + value if total % 100 == 0 or (total % 10 == 0 and value < 10) else value
    return total


def _value(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    if word in _UNITS:
        return _UNITS.index(word)
    return _TENS.get(word, _TIMES.get(word))


def ordinal(word: str) -> int | None:
    """1 for "first", -1 for "last", 2 for "two" or "2"; None for other words."""
    place: int | None = lexicon()["ordinals"].get(word.lower())
    return place if place is not None else number(word)


@functools.cache
def alternatives(kind: str, part: str = "") -> str:
    """A pattern for any of the phrases of a list of ``words.yaml``, the longest first."""
    phrases = lexicon()[kind][part] if part else lexicon()[kind]
    return "|".join(re.escape(w) for w in sorted(phrases, key=len, reverse=True))


@functools.cache
def _front() -> re.Pattern[str]:
    words = f"{alternatives('wake')}|{alternatives('openers')}"
    commaed = alternatives("openers_with_comma")
    pause = r"\s*[,.!?:;]+\s*"
    kept = "|".join(
        rf"{word} (?:{alternatives('kept_openers', word)})\b" for word in lexicon()["kept_openers"]
    )
    return re.compile(
        rf"^(?!{kept})(?:(?:{commaed}){pause}|(?:{words})(?:{pause}|\s+))(?=\S)", re.IGNORECASE
    )


@functools.cache
def _back(kind: str) -> re.Pattern[str]:
    comma = r"\s*,\s*" if kind == "dictation_closers" else r"\s*,?\s+"
    return re.compile(rf"(?<=\S){comma}(?:{alternatives(kind)})[.!?]*$", re.IGNORECASE)


def strip_front(text: str) -> str:
    """Without wake words, politeness and fillers before the verb."""
    text = text.strip(" \t\n,;:")
    while (shorter := _front().sub("", text, count=1)) != text:
        text = shorter.strip(" \t\n,;:")
    return text


def strip_back(text: str, kind: str = "closers") -> str:
    """Without politeness at the end and without closing punctuation."""
    text = (
        text.strip().rstrip(".!?,;:\N{HORIZONTAL ELLIPSIS} ") if kind == "closers" else text.strip()
    )
    while (shorter := _back(kind).sub("", text, count=1)) != text:
        text = shorter
    return text


@functools.cache
def _spellings() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives('spellings')})\b", re.IGNORECASE)


@functools.cache
def _fillers() -> re.Pattern[str]:
    return re.compile(rf"(?:^|(?<=\s))(?:{alternatives('fillers')})[,.]?\s+", re.IGNORECASE)


def tidy(text: str) -> str:
    """A clause that is not dictation, in the spelling of the grammar."""
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = _fillers().sub("", text)
    table = lexicon()["spellings"]
    return _spellings().sub(lambda match: str(table[match[0].lower()]), text)
