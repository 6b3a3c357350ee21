"""A second look at an utterance: was it something that can be said here?

The plain transcript stands unless a sentence that the planner understands, made of the
grammar's words and of the names that show, is about as likely for the same sound. Sound is
looked at in three ways, which differ where the recogniser is unsure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from agent.models.offline import parse
from agent.models.offline.grammar_graph import GrammarGraph
from agent.models.offline.sentences import DICTATION, Plan, takes_away
from agent.models.offline.words import lexicon
from dashboard.voice.intents import is_stop
from dashboard.voice.phrases import phrases
from dashboard.voice.speech.audio import RATE, Samples, levelled
from dashboard.voice.speech.constrained_decoding import Guess, Guide
from dashboard.voice.speech.moonshine import Floats, Moonshine
from dashboard.voice.speech.text import words

_TRUST: Final = 6.0
"""How much less likely (natural logarithm) than the plain words a sentence may be that the
network led to word by word; one that is half dictation, half of it."""
_TRUST_LITTLE: Final = 2.5
"""The same for a command to stop, and for one that takes something away where the plain words do
not. Noise is ten and more away from it."""
_PHRASES: Final = (
    "stop_words",
    "stop_phrases",
    "hold_phrases",
    "resume_phrases",
    "scratch_phrases",
    "start_over_phrases",
    "asides",
)
"""What is said besides commands. What approves is not among it: it is heard plainly or not."""
_LONGEST: Final = 12.0
"""Seconds; longer speech is no command, and costs more."""


class Rescorer:
    """Looks for what can be said in sound that has been transcribed."""

    def __init__(self, model: Moonshine) -> None:
        self._model = model
        self._guide = lru_cache(maxsize=8)(self._make_guide)
        self._guide(())

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        """``plain`` and, before it if it is likelier, what can be said instead.

        A plain transcript that can be said word by word is not looked at again.
        """
        if not plain or len(samples) > RATE * _LONGEST:
            return [plain]
        guide = self._guide(names)
        if guide.graph.covers(plain) and not repeats_unsaid(plain):
            return [plain]
        heard = [self._model.listen(way) for way in ways(samples)]
        best = likeliest(guide, heard, plain)
        return [best, plain] if best != plain else [plain]

    def _make_guide(self, names: tuple[str, ...]) -> Guide:
        said = [phrase for kind in _PHRASES for phrase in phrases()[kind]]
        return Guide(self._model, GrammarGraph(names, said))


def likeliest(guide: Guide, ways: list[Floats], plain: str) -> str:
    """``plain``, or what the guide finds instead in the sound, looked at in these ways."""
    trust: dict[str, float] = {}
    for way in ways:
        guesses = (guess for guess in guide.best(way)[:2] if not _no_better(guess, plain))
        trust |= {guess.text: _trust(guess, plain) for guess in guesses}
    trust[plain] = 0.0
    score = {
        text: more + sum(guide.score(way, text) for way in ways) / len(ways)
        for text, more in trust.items()
    }
    return max(score, key=lambda text: (score[text], text == plain))


def _trust(guess: Guess, plain: str) -> float:
    grave = is_stop(guess.text) or (takes_away(guess.text) and not takes_away(plain))
    return guess.led * (_TRUST_LITTLE if grave else _TRUST) + guess.hints


def repeats_unsaid(text: str) -> bool:
    """Whether words mean "again" without saying so: "and do that", much like "undo that"."""
    repeats = any(command.intent == "again" for command in parse(text).commands)
    return repeats and not {*lexicon()["said_again"]} & {*words(text)}


def _no_better(guess: Guess, plain: str) -> bool:
    """Whether a guess only has other words than ``plain`` where any word may be said.

    There the guide tries few words, while the plain transcript was chosen among all. Marks that
    the guide finds are worth more, and so is a command where there was only text to type.
    """
    if repeats_unsaid(guess.text):
        return True
    heard, other = parse(plain), parse(guess.text)
    if guess.led == 1 or not (heard.commands and other.commands):
        return False
    meant, instead = ([c.intent for c in plan.commands] for plan in (heard, other))
    if meant == instead:
        return _marks(other) <= _marks(heard)
    return instead[-1] in DICTATION and meant[-1] not in DICTATION


def _marks(plan: Plan) -> int:
    slots = "".join(slot for command in plan.commands for slot in command.slots.values())
    return sum(slots.count(mark) for mark in ",.;:!?\n")


def ways(samples: Samples) -> list[Samples]:
    """The sound as it is, with silence around it, and with its high notes raised."""
    pause = np.zeros(RATE // 2, np.float32)
    brighter = np.diff(samples * np.float32(0.6), prepend=samples[:1]) + samples * np.float32(0.4)
    return [samples, np.concatenate([pause, samples, pause]), levelled(brighter)]
