"""Whether words that were heard are meant for the agent.

With Hume, EVI's model decides that. Offline nobody does, and a television must neither
redirect a task nor begin one. During a task an utterance counts if the planner understands
it, if it begins as a correction or a request does, or if it names what is on the screen;
while nothing runs also if it begins with a verb that asks for something, or, where a model
can answer, as questions do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from agent.models.offline import parse
from agent.models.offline.words import strip_front
from dashboard.voice.intents import phrases, words_of

_LABEL_MATCH = 90.0
"""rapidfuzz ratio from which a short utterance counts as a label of the screen."""
_NAMING = 5
"""At most as many words name a thing; more are a sentence about it."""
_LONGEST = 40
"""More words than a person says to a computer in one breath, unless dictating."""
_ONE = re.compile(r"\b(one|ones|this|that|left|right|top|bottom|first|second|last|again)$")


def likeliest(text: str, readings: Iterable[str]) -> str:
    """``text``, unless the planner understands only another reading of the same sound."""
    if not parse(text).unknown:
        return text
    return next((reading for reading in readings if not parse(reading).unknown), text)


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whether words are for the agent, by what it is doing."""

    at_work: bool
    """During a task."""

    idle: bool
    """While nothing runs."""

    undecided: bool
    """Whether an interim like this may still become something for the agent."""


EVERYBODY = Addressees(at_work=True, idle=True, undecided=True)
"""Where nobody need ask."""


class AddresseeDetector:
    """Tells words for the agent from words in the room.

    Args:
        answers: whether the agent answers free questions; the planner does not.
    """

    def __init__(self, *, answers: bool = True) -> None:
        self._answers = answers
        self._labels: tuple[str, ...] = ()

    def learn(self, labels: Iterable[str]) -> None:
        """What is on the screen and can be named."""
        self._labels = tuple(label.lower() for label in labels if label)

    def of(self, text: str) -> Addressees:
        """Whether ``text`` is meant for the agent."""
        words = words_of(text)
        at_work = self._at_work(text, words)
        return Addressees(
            at_work=at_work,
            idle=at_work or self._asks(words_of(strip_front(text))),
            undecided=at_work or len(words) < _NAMING,
        )

    def _at_work(self, text: str, words: list[str]) -> bool:
        if not words or len(words) > _LONGEST:
            return False
        return _begins(text, words) or self._names(words) or not parse(text).unknown

    def _asks(self, words: list[str]) -> bool:
        """Whether they begin as a request does, or a question that can be answered."""
        if not words or len(words) > _LONGEST:
            return False
        known = phrases()
        return words[0] in known["requests"] or (self._answers and words[0] in known["questions"])

    def _names(self, words: list[str]) -> bool:
        if len(words) > _NAMING:
            return False
        said = " ".join(words)
        if _ONE.search(said):
            return True
        return (
            process.extractOne(said, self._labels, scorer=fuzz.ratio, score_cutoff=_LABEL_MATCH)
            is not None
        )


def _begins(text: str, words: list[str]) -> bool:
    said = " ".join(words)
    if re.match(r"\s*(no|nope|not|wait|sorry)\s*[,.!;:-]", text, re.IGNORECASE):
        return True
    return any(said == start or said.startswith(start + " ") for start in phrases()["addresses"])
