"""Commands understood end to end: what was heard means what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import voices
from bad_sound import Change

from agent.models.offline import HELP, parse
from agent.models.offline.answers import calculate
from agent.models.offline.sentences import takes_away
from agent.models.offline.words import number
from dashboard.voice.addressee_detection import likeliest
from dashboard.voice.intents import FREE, Moment, classify
from dashboard.voice.speech.text import words
from dashboard.voice.speech.vocabulary import correct

SHORT = ("Stop.", "Wait.", "Go on.", "Scratch that.", "Start over.", "What are you doing?")
COMMANDS = tuple(example for topic in HELP for example in topic.examples) + SHORT
WORKING = Moment(running=True)
NAMES = ("Save As", "Documents", "OK", "notes", "Find", "File", "Search", "Mousepad", "Terminal")
"""What stands on the screen while the commands are said."""


@dataclass(frozen=True)
class Row:
    voice: voices.Voice
    noise: float | None
    understood: int
    said: int
    errors: int
    words: int
    missed: tuple[tuple[str, str], ...]
    harmful: tuple[tuple[str, str], ...] = ()
    """Of those, what would take something away that nobody asked to be taken."""


def measure(
    voice: voices.Voice,
    noise: float | None,
    few: int,
    commands: Sequence[str] = COMMANDS,
    change: Change | None = None,
) -> Row:
    """The first few of the commands once, by one voice at one noise level.

    ``change`` is what a bad microphone or line makes of them.
    """
    understood = errors = total = 0
    missed = []
    commands = commands[:few]
    for seed, command in enumerate(commands):
        heard = _hear(command, voice, noise, seed, change)
        wrong, of = voices.word_errors(command, heard)
        errors, total = errors + wrong, total + of
        if same(command, heard):
            understood += 1
        else:
            missed.append((command, heard))
    harmful = tuple(pair for pair in missed if harms(*pair))
    return Row(voice, noise, understood, len(commands), errors, total, tuple(missed), harmful)


def harms(said: str, heard: str) -> bool:
    """Whether what was heard, and not what was said, takes something away."""
    return takes_away(heard) and not takes_away(said)


def same(said: str, heard: str) -> bool:
    """Whether both mean the same to the conversation and to the planner."""
    meant, got = (classify(text, WORKING) for text in (said, heard))
    if meant != got or meant not in FREE:
        return meant == got
    return _plan(said) == _plan(heard)


def _plan(text: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (command.intent, {slot: _slot(slot, said) for slot, said in command.slots.items()})
        for command in parse(text).commands
    ]


def _slot(slot: str, said: str) -> str:
    """Words without case and marks; numbers and sums by what they come to."""
    if slot == "sum":
        return str(calculate(said))
    value = None if slot in ("text", "phrase") else number(said)
    return " ".join(words(said)) if value is None else str(value)


def _hear(
    command: str, voice: voices.Voice, noise: float | None, seed: int, change: Change | None
) -> str:
    quiet = voices.silence(0.3)
    said = voices.sequence(quiet, voices.speech(command, voice), quiet)
    said = said if noise is None else voices.with_noise(said, noise, seed=seed)
    said = said if change is None else change(said, seed)
    heard, readings = voices.hear(said, NAMES)
    heard = correct(heard, NAMES)
    meant = classify(heard, WORKING) in FREE
    return likeliest(heard, readings) if meant else heard
