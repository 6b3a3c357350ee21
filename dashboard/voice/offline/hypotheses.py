"""Which of several readings of the same sound could have been said to a computer?

The recogniser is cheap, so it reads an utterance more than once, with the sound changed a
little. The plain reading stands unless another one has clearly more words that people say
to computers (`lexicon.txt`) or that the client has named; readings that agree count too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from rapidfuzz.distance import Levenshtein

from dashboard.voice.offline.text import words

_AGREEMENT = 0.5
"""Weight of a reading's nearness to the others against its share of known words."""
_MARGIN = 0.04
"""By how much another reading must be better than the plain one."""


@cache
def _lexicon() -> frozenset[str]:
    text = files("dashboard.voice.offline").joinpath("lexicon.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def choose(readings: Sequence[str], vocabulary: Iterable[str] = ()) -> str:
    """The best of ``readings``, of which the first is the plain one."""
    said = [words(reading) for reading in readings]
    if len(said) < 2 or not said[0]:
        return readings[0] if readings else ""
    known = _lexicon() | {word for phrase in vocabulary for word in words(phrase)}
    scores = [_score(each, said, known) for each in said]
    best = max(range(len(scores)), key=lambda n: (scores[n], -n))
    return readings[best] if scores[best] > scores[0] + _MARGIN else readings[0]


def _score(said: list[str], others: list[list[str]], known: frozenset[str]) -> float:
    if not said:
        return 0.0
    share = sum(word in known for word in said) / len(said)
    near = sum(Levenshtein.normalized_similarity(said, other) for other in others) - 1
    return share + _AGREEMENT * near / (len(others) - 1)
