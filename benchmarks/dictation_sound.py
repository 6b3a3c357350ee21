"""Dictation by sound: sentences with their marks said aloud, as dictation takes them down."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final

import voices
import yaml
from rapidfuzz.distance import Levenshtein

from agent.models.offline.dictation import continued, fitted, transcribed
from agent.models.offline.words import number_words
from dashboard.voice.speech.hypotheses import choose_dictated
from dashboard.voice.speech.text import words

_MARKS: Final = ',.?!:;"()-\n'
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_DIGITS = re.compile(r"\b(\d{1,4})(st|nd|rd|th)?\b")


@functools.cache
def sentences() -> dict[str, list[str]]:
    """Those of ``dictated.yaml``, by kind: ``seen`` and ``new``."""
    found: dict[str, list[str]] = yaml.safe_load(
        Path(__file__).with_name("dictated.yaml").read_text("utf-8")
    )
    return found


@dataclass
class Dictation:
    """What one voice's sentences came to."""

    kind: str
    voice: str
    words: int = 0
    word_errors: int = 0
    marks: int = 0
    marks_right: int = 0
    sentences_right: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)
    """What was to be written, and what was."""


def written(said: str) -> str:
    """A dictated sentence as it is typed into an empty text."""
    return fitted(continued(said)[0], "", "")


def heard(said: str, voice: voices.Voice, *, twice: bool = True) -> str:
    """The same, said aloud and transcribed; ``twice`` with the second look."""
    quiet = voices.silence(0.3)
    sound = voices.sequence(quiet, voices.speech(said, voice), quiet)
    ears = voices.recognizer()
    plain = ears.transcribe(sound)
    text = choose_dictated(plain, ears.dictation(sound, plain)) if twice else plain
    return written(transcribed(text))


def read_aloud(text: str) -> str:
    """Numbers in words: to write them in digits is no error."""
    return _DIGITS.sub(lambda m: _ordinal(int(m[1])) if m[2] else _cardinal(int(m[1])), text)


def _cardinal(value: int) -> str:
    small = ("zero", *number_words())
    if value < 20:
        return small[value]
    for size, name in ((1000, " thousand"), (100, " hundred"), (10, "")):
        if value >= size:
            many, rest = divmod(value, size)
            head = small[many + 18] if size == 10 else f"{_cardinal(many)}{name}"
            joint = " and " if size == 100 else " "
            return f"{head}{joint}{_cardinal(rest)}" if rest else head
    raise ValueError(f"{value} is no number to count by")


def _ordinal(value: int) -> str:
    before, space, last = _cardinal(value).rpartition(" ")
    usual = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return f"{before}{space}{_ORDINALS.get(last, usual)}"


def marks_right(expected: str, got: str) -> tuple[int, int]:
    """Marks behind the words that they were said behind; and all, with those too many."""
    want, have = _marked(expected), _marked(got)
    steps = Levenshtein.opcodes([word for word, _ in want], [word for word, _ in have])
    pairs = [
        (left[1], right[1])
        for step in steps
        for left, right in zip_longest(
            want[step.src_start : step.src_end],
            have[step.dest_start : step.dest_end],
            fillvalue=("", ""),
        )
    ]
    right = sum(len(mark) for mark, other in pairs if mark == other)
    return right, sum(max(len(mark), len(other)) for mark, other in pairs)


def _marked(text: str) -> list[tuple[str, str]]:
    """Each word with the marks behind it; those before the first belong to an empty word."""
    found: list[tuple[str, str]] = [("", "")]
    for piece in _pieces(text):
        if piece[0] in _MARKS:
            found[-1] = (found[-1][0], found[-1][1] + piece)
        else:
            found.append((piece, ""))
    return found


def _pieces(text: str) -> list[str]:
    spaced = "".join(f" {c} " if c in _MARKS else c for c in text.lower().replace("\n", " \v "))
    return [piece.replace("\v", "\n") for piece in spaced.split(" ") if piece.strip(" ")]


def dictate(kind: str, said: Sequence[str], voice: voices.Voice, *, twice: bool) -> Dictation:
    """Sentences of one kind, once each by one voice."""
    table = Dictation(kind, voice)
    for sentence in said:
        want, got = read_aloud(written(sentence)), read_aloud(heard(sentence, voice, twice=twice))
        wrong, of = voices.word_errors(want, got)
        right, marks = marks_right(want, got)
        table.words, table.word_errors = table.words + of, table.word_errors + wrong
        table.marks, table.marks_right = table.marks + marks, table.marks_right + right
        if words(want) == words(got) and right == marks:
            table.sentences_right += 1
        else:
            table.missed.append((want, got))
    return table
