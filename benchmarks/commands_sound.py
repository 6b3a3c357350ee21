"""Commands and dictation by sound: ``script/bench commands_sound [--few N] [--seed S] [--json]``.

``commands``: sentences of the help, of what people say that is right as text, and other phrasings
of the same (`phrasings.txt`): how many still mean the same, and of how many something else was
heard that takes something away. ``dictation``: sentences with their marks said aloud, as the mode
for dictation takes them down: word errors, and marks that stand where they were said. Two natural
voices in a quiet room, unless ``--voices`` or ``--sound`` names others.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/offline")]

import voices  # noqa: E402 - needs the path above
from bad_sound import CHANGES  # noqa: E402
from spoken_cases import cases  # noqa: E402

from agent.experiments.statistics import success_rate  # noqa: E402
from agent.models.offline import parse  # noqa: E402
from benchmarks import dictation_sound, voice_understood  # noqa: E402
from benchmarks.dictation_sound import dictate  # noqa: E402

VOICES: Final[tuple[voices.Voice, ...]] = ("heart", "joe")


def sentences(seed: int) -> dict[str, list[str]]:
    """The commands of each kind, in an order that the seed gives."""
    told = {said.lower().rstrip(".?!") for said in voice_understood.COMMANDS}
    people = {case.say[-1] for case in cases("people") if not case.open}
    others = (s for s in sorted(people) if s.lower().rstrip(".?!") not in told)
    kinds = {
        "help": list(voice_understood.COMMANDS),
        "people": [said for said in others if not parse(said).unknown],
        "phrasings": [said for said in _phrasings() if not parse(said).unknown],
    }
    for found in kinds.values():
        random.Random(seed).shuffle(found)
    return kinds


def _phrasings() -> list[str]:
    return (ROOT / "benchmarks/phrasings.txt").read_text("utf-8").splitlines()


def commands(
    kind: str, said: Sequence[str], voice: voices.Voice, few: int, sound: str
) -> dict[str, Any]:
    """Sentences of one kind by one voice."""
    row = voice_understood.measure(voice, None, few, said, CHANGES.get(sound))
    right = success_rate([(n < row.understood, 1) for n in range(row.said)])
    return {
        "kind": kind,
        "voice": voice,
        "sound": sound,
        "right": row.understood,
        "said": row.said,
        "interval": (right.low, right.high),
        "word_errors": row.errors,
        "words": row.words,
        "missed": row.missed,
        "harmful": row.harmful,
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="script/bench commands_sound", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--few", type=int, default=1000, help="sentences of each kind")
    parser.add_argument("--seed", type=int, default=1, help="which, with --few")
    parser.add_argument("--only", choices=("commands", "dictation"))
    parser.add_argument("--kinds", nargs="+", help="help, people, phrasings; seen, new")
    parser.add_argument("--voices", nargs="+", default=VOICES)
    parser.add_argument("--sound", default="good", choices=("good", *CHANGES), help="of commands")
    parser.add_argument("--once", action="store_true", help="dictation without its second look")
    asked = parser.parse_args()
    told: dict[str, list[dict[str, Any]]] = {}
    if asked.only != "dictation":
        told["commands"] = [
            commands(kind, said, voice, asked.few, asked.sound)
            for kind, said in sentences(asked.seed).items()
            for voice in asked.voices
            if not asked.kinds or kind in asked.kinds
        ]
    if asked.only != "commands":
        told["dictation"] = [
            asdict(dictate(kind, said[: asked.few], voice, twice=not asked.once))
            for kind, said in dictation_sound.sentences().items()
            for voice in asked.voices
            if not asked.kinds or kind in asked.kinds
        ]
    print(json.dumps(told, indent=1, ensure_ascii=False) if asked.json else _table(told))


def _table(told: dict[str, list[dict[str, Any]]]) -> str:
    lines = []
    for row in told.get("commands", []):
        low, high = row["interval"]
        lines.append(
            f"{row['kind']:10} {row['voice']:6} {row['right']} of {row['said']} mean the same "
            f"(95 %: {low:.0%} to {high:.0%}), {len(row['harmful'])} would take something away"
        )
        lines += [f"    said: {said!r}  heard: {got!r}" for said, got in row["missed"]]
    for row in told.get("dictation", []):
        share = row["word_errors"] / max(1, row["words"])
        lines.append(
            f"dictation {row['kind']:5} {row['voice']:6} "
            f"word errors {row['word_errors']} of {row['words']} ({share:.1%}), "
            f"marks right {row['marks_right']} of {row['marks']}, "
            f"sentences without fault {row['sentences_right']}"
        )
        lines += [f"    meant: {want!r}  written: {got!r}" for want, got in row["missed"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
