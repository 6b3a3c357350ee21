"""Whether words that were heard are meant for the agent, by what they say.

With Hume, EVI's model decides that. Offline nobody does, and a television must neither
redirect a task nor begin one. During a task an utterance counts if the planner understands
it, if it begins as a correction or a request does, or if it names what is on the screen;
while nothing runs also if it begins with a verb that asks for something, or, where a model
can answer, as questions do. Words that say themselves whom they are for ("pass me the salt, mum")
count in neither case, and after the agent's name everything does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz import fuzz, process

from agent.models.offline import parse
from agent.models.offline.words import strip_front
from dashboard.voice.phrases import phrases
from dashboard.voice.words import words_of

Attention = Literal["everything", "addressed", "named"]
"""To what of all that is heard the agent pays attention: to everything, to what sounds as if it
were said to it, or to what begins with its name. A command to stop always counts."""

_LABEL_MATCH = 90.0
"""rapidfuzz ratio from which a short utterance counts as a label of the screen."""
_NAMING = 5
"""At most as many words name a thing; more are a sentence about it."""
_LONGEST = 40
"""More words than a person says to a computer in one breath, unless dictating."""
_TELLING: Final = 4_000
"""Letters from the beginning of a text that tell whom it is for."""
_ONE = re.compile(r"\b(one|ones|this|that|left|right|top|bottom|first|second|last|again)$")
_TOPIC_LETTERS: Final = 4
"""Shorter words than this are no topic."""
_CALLED, _ELSEWHERE, _TELLS, _OWNED = -4, -2, -1, -1
"""What speaks for somebody else: how that person is called; a thing that is at no computer; a
sentence that tells something; something of one's own that is at no computer."""


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

    elsewhere: bool = False
    """Whether they say themselves that they are for somebody else."""


EVERYBODY = Addressees(at_work=True, idle=True, undecided=True)
"""Where nobody need ask."""


class AddresseeDetector:
    """Tells words for the agent from words in the room.

    Args:
        answers: whether the agent answers free questions; the planner does not.
        attention: to what it pays attention.
    """

    def __init__(self, *, answers: bool = True, attention: Attention = "addressed") -> None:
        self.answers = answers
        self._labels: tuple[str, ...] = ()
        self._shown: frozenset[str] = frozenset()
        self.attention: Attention = attention

    def learn(self, labels: Iterable[str]) -> None:
        """What is on the screen and can be named."""
        self._labels = tuple(label.lower() for label in labels if label)
        self._shown = frozenset(word for label in self._labels for word in words_of(label))

    def for_others(self, words: Sequence[str], playing: str = "") -> bool:
        """Whether words say themselves that they are for somebody else in the room."""
        return _for_others(words, {*words_of(playing), *self._shown}) <= _ELSEWHERE

    def of(self, text: str, playing: str = "") -> Addressees:
        """Whether ``text`` is meant for the agent, which says or has just said ``playing``."""
        text = text[:_TELLING]
        words = words_of(text)
        if self.attention == "everything" or is_named(words):
            return EVERYBODY
        if self.attention == "named":
            return Addressees(at_work=False, idle=False, undecided=may_become_named(words))
        if self.for_others(words, playing):
            return Addressees(at_work=False, idle=False, undecided=False, elsewhere=True)
        at_work = self._at_work(text, words)
        return Addressees(
            at_work=at_work,
            idle=at_work or self._asks(words_of(strip_front(text))),
            undecided=at_work or len(words) < _NAMING,
        )

    def evidence(self, text: str, playing: str = "") -> int:
        """How much says that ``text``, spoken while the agent says ``playing``, is for it.

        From 1 on it is; below 0 it is for somebody else.
        """
        text = text[:_TELLING]
        words = words_of(text)
        if not words:
            return 0
        spoken = {*words_of(playing), *self._shown}
        return _for_others(words, spoken) + sum(self._cues(text, words, playing))

    def _cues(self, text: str, words: list[str], playing: str) -> Iterable[bool]:
        known = phrases()
        asked = words_of(strip_front(text))
        yield bool(asked) and asked[0] in known["requests"]
        yield bool(asked) and asked[0] in known["questions"] and self.answers
        yield begins_with(words, known["corrections"]) and len(words) > 1
        yield _at_computer(words)
        yield any(word in known["talk_words"] for word in words)
        yield bool(_topics(words) & _topics(words_of(playing)))
        yield self._labelled(words)
        yield len(words) > 1 and not parse(text).unknown

    def _at_work(self, text: str, words: list[str]) -> bool:
        if not words or len(words) > _LONGEST:
            return False
        return self._begins(text, words) or self._names(words) or not parse(text).unknown

    def _begins(self, text: str, words: list[str]) -> bool:
        """Whether they begin as a correction does, or as a request to a computer."""
        if re.match(r"\s*(no|nope|not|wait|sorry)\s*[,.!;:-]", text, re.IGNORECASE):
            return True
        known = phrases()
        polite = next((p for p in known["polite_openers"] if begins_with(words, [p])), None)
        if polite is not None:
            asked = words_of(strip_front(text))
            return bool(asked) and asked[0] in known["requests"]
        return begins_with(words, known["addresses"])

    def _asks(self, words: list[str]) -> bool:
        """Whether they begin as a request does, or a question that can be answered."""
        if not words or len(words) > _LONGEST:
            return False
        known = phrases()
        return words[0] in known["requests"] or (self.answers and words[0] in known["questions"])

    def _names(self, words: list[str]) -> bool:
        if len(words) > _NAMING:
            return False
        tells = words[:1] != [] and words[0] in phrases()["narratives"]
        return (_ONE.search(" ".join(words)) is not None and not tells) or self._labelled(words)

    def _labelled(self, words: list[str]) -> bool:
        said = " ".join(words)
        return (
            process.extractOne(said, self._labels, scorer=fuzz.ratio, score_cutoff=_LABEL_MATCH)
            is not None
        )


def begins_with(words: Sequence[str], starts: Iterable[str]) -> bool:
    """Whether ``words`` begin with one of the phrases ``starts``."""
    said = " ".join(words)
    return any(said == start or said.startswith(f"{start} ") for start in starts)


def is_named(words: Sequence[str]) -> bool:
    """Whether words begin with the agent's name: "hey computer, …"."""
    known = phrases()
    rest = list(words)
    while rest and rest[0] in known["fillers"] and rest[0] not in known["names"]:
        rest = rest[1:]
    return bool(rest) and rest[0] in known["names"]


def may_become_named(words: Sequence[str]) -> bool:
    """Whether the next word may be the agent's name: nothing but fillers was said."""
    return all(word in phrases()["fillers"] for word in words)


def _for_others(words: Sequence[str], here: Collection[str]) -> int:
    """Evidence that somebody else is meant: 0, or negative.

    A thing of the house is at a computer where its word is ``here``: on the screen, or just said.
    """
    known = phrases()
    if words and words[0] in known["dictations"]:
        return 0
    out = _CALLED if _calls_somebody(words) else 0
    things = [word for word in words if word in known["elsewhere_words"] and word not in here]
    said = f" {' '.join(words)} "
    if (things and not _on_a_screen(words)) or any(
        f" {phrase} " in said for phrase in known["elsewhere_phrases"]
    ):
        out += _ELSEWHERE
    if len(words) > 1 and words[0] in known["narratives"]:
        out += _TELLS
    owned = any(word in known["own_words"] for word in words)
    return out + (_OWNED if owned and not _at_computer(words) else 0)


def _at_computer(words: Sequence[str]) -> bool:
    return any(word in phrases()["computer_words"] for word in words)


def _on_a_screen(words: Sequence[str]) -> bool:
    """Whether they ask for something that is done at a computer: "select milk"."""
    known, text = phrases(), strip_front(" ".join(words))
    asked = words_of(text)
    if not asked:
        return False
    if asked[0] in known["screen_verbs"]:
        return True
    of_a_home = known["home_words"]
    if not any(word in known["computer_words"] and word not in of_a_home for word in asked):
        return False
    return asked[0] in known["requests"] or not parse(text).unknown


def _calls_somebody(words: Sequence[str]) -> bool:
    """Whether it begins or ends with how somebody in the room is called."""
    known = phrases()
    polite = {*known["fillers"], *known["politeness"]}
    inner = list(words)
    while inner and inner[0] in polite:
        inner = inner[1:]
    while inner and inner[-1] in polite:
        inner = inner[:-1]
    return len(words) > 1 and bool(inner) and {inner[0], inner[-1]} & set(known["others"]) != set()


def _topics(words: Sequence[str]) -> set[str]:
    plain = phrases()["plain_words"]
    return {word for word in words if len(word) >= _TOPIC_LETTERS and word not in plain}
