"""Commands and dictation by sound: ``script/bench commands_sound [--few N] [--seed S] [--json]``.

``commands``: sentences of the help, and of what people say that is right as text, spoken by two
natural voices: how many still mean the same. ``dictation``: sentences with their marks said aloud,
as the mode for dictation takes them down: word errors, and marks that stand where they were said.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/offline")]

import voices  # noqa: E402 - needs the path above
from rapidfuzz.distance import Levenshtein  # noqa: E402
from spoken_cases import cases  # noqa: E402

from agent.experiments.statistics import success_rate  # noqa: E402
from agent.models.offline import parse  # noqa: E402
from agent.models.offline.dictation import continued, fitted, transcribed  # noqa: E402
from benchmarks import voice_understood  # noqa: E402
from dashboard.voice.speech.text import words  # noqa: E402

DICTATED: Final = (
    "dear Anna comma thank you for your letter full stop",
    "I will be there at noon period do not wait for me exclamation mark",
    "are you coming to the meeting question mark",
    "we need milk comma bread and butter full stop",
    "first open the window colon then close the door full stop",
    "the weather is lovely today semicolon we should go outside period",
    "he asked comma where is my coat question mark",
    "open quotes good morning close quotes she said period",
    "the report is late again comma but it is nearly done full stop",
    "please call me back tomorrow exclamation mark",
    "my train leaves early comma so I must go now period",
    "this is a well hyphen known problem full stop",
    "see the list below colon new line apples new line pears",
    "kind regards comma new line Peter",
    "thank you very much period new paragraph it was a pleasure full stop",
    "the price open parenthesis without tax close parenthesis is too high period",
    "yes comma I agree with you full stop",
    "what a wonderful surprise exclamation mark",
    "I have read your message comma and I will answer soon period",
    "do you know the way question mark I am lost full stop",
)
VOICES: Final[tuple[voices.Voice, ...]] = ("heart", "joe")
_MARKS: Final = ',.?!:;"()-\n'


@dataclass
class Dictation:
    """What one voice's sentences came to."""

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


def heard(said: str, voice: voices.Voice) -> str:
    """The same, said aloud and transcribed."""
    quiet = voices.silence(0.3)
    sound = voices.sequence(quiet, voices.speech(said, voice), quiet)
    return written(transcribed(voices.recognizer().transcribe(sound)))


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


def dictate(voice: voices.Voice, few: int) -> Dictation:
    """All sentences once by one voice."""
    table = Dictation(voice)
    for said in DICTATED[:few]:
        want, got = written(said), heard(said, voice)
        wrong, of = voices.word_errors(want, got)
        right, marks = marks_right(want, got)
        table.words, table.word_errors = table.words + of, table.word_errors + wrong
        table.marks, table.marks_right = table.marks + marks, table.marks_right + right
        if words(want) == words(got) and right == marks:
            table.sentences_right += 1
        else:
            table.missed.append((want, got))
    return table


def sentences(seed: int) -> dict[str, list[str]]:
    """The commands of each kind, in an order that the seed gives."""
    told = {said.lower().rstrip(".?!") for said in voice_understood.COMMANDS}
    people = {case.say[-1] for case in cases("people") if not case.open}
    others = (s for s in sorted(people) if s.lower().rstrip(".?!") not in told)
    kinds = {
        "help": list(voice_understood.COMMANDS),
        "people": [said for said in others if not parse(said).unknown],
    }
    for found in kinds.values():
        random.Random(seed).shuffle(found)
    return kinds


def commands(kind: str, said: Sequence[str], voice: voices.Voice, few: int) -> dict[str, Any]:
    """Sentences of one kind by one voice in a quiet room."""
    row = voice_understood.measure(voice, None, few, said)
    right = success_rate([(n < row.understood, 1) for n in range(row.said)])
    return {
        "kind": kind,
        "voice": voice,
        "right": row.understood,
        "said": row.said,
        "interval": (right.low, right.high),
        "word_errors": row.errors,
        "words": row.words,
        "missed": row.missed,
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="script/bench commands_sound", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--few", type=int, default=1000, help="sentences of each kind")
    parser.add_argument("--seed", type=int, default=1, help="which, with --few")
    parser.add_argument("--only", choices=("commands", "dictation"))
    asked = parser.parse_args()
    told: dict[str, list[dict[str, Any]]] = {}
    if asked.only != "dictation":
        told["commands"] = [
            commands(kind, said, voice, asked.few)
            for kind, said in sentences(asked.seed).items()
            for voice in VOICES
        ]
    if asked.only != "commands":
        told["dictation"] = [asdict(dictate(voice, asked.few)) for voice in VOICES]
    print(json.dumps(told, indent=1, ensure_ascii=False) if asked.json else _table(told))


def _table(told: dict[str, list[dict[str, Any]]]) -> str:
    lines = []
    for row in told.get("commands", []):
        low, high = row["interval"]
        lines.append(
            f"{row['kind']:10} {row['voice']:6} {row['right']} of {row['said']} mean the same "
            f"(95 %: {low:.0%} to {high:.0%})"
        )
        lines += [f"    said: {said!r}  heard: {got!r}" for said, got in row["missed"]]
    for row in told.get("dictation", []):
        share = row["word_errors"] / max(1, row["words"])
        lines.append(
            f"dictation  {row['voice']:6} "
            f"word errors {row['word_errors']} of {row['words']} ({share:.1%}), "
            f"marks right {row['marks_right']} of {row['marks']}, "
            f"sentences without fault {row['sentences_right']}"
        )
        lines += [f"    meant: {want!r}  written: {got!r}" for want, got in row["missed"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
