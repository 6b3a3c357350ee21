"""A second look at dictated words: any words may come, and names of marks are expected.

The sound is decoded in several ways at once, each a little different where the recogniser is
unsure: a beam search over the mean of their probabilities. What it finds is weighed by how
well it reads as English once its marks are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np

from agent.models.offline.dictation import continued, transcribed
from agent.models.offline.words import lexicon
from dashboard.voice.speech.audio import RATE, Samples, resample
from dashboard.voice.speech.language_model import EnglishText
from dashboard.voice.speech.moonshine import BEGIN, END, Floats, Hearing, Moonshine
from dashboard.voice.speech.rescoring import ways

_WIDE: Final = 6
"""Beginnings that are followed at once."""
_TRIED: Final = 5
"""Tokens with which each is gone on with."""
_EXPECTED: Final = 3.0
"""Added to the logarithm for each word of a mark's name."""
_PER_SECOND: Final = 8
"""Tokens in a second of speech, at most."""
_LONGEST: Final = 15.0
"""Seconds; longer speech would cost too much."""
_READS: Final = 0.3
"""What it counts how likely words are as English, beside how likely they are as this sound."""
_USUAL: Final = 5.0
"""How unlikely (natural logarithm) a usual word is, so that fewer words are no better."""
_NEAR: Final = 6.0
"""Behind the likeliest sound by so much, nothing is chosen however well it reads."""
_MARKED: Final = 1.5
"""Added to the logarithm for each mark that is written."""
_MARKS: Final = ',.;:!?-()\n"“”'


@dataclass(slots=True)
class _Name:
    """A place in the tree of tokens that spell names of marks."""

    next: dict[int, _Name] = field(default_factory=dict)
    worth: float = 0.0
    """What it adds to be here."""
    whole: float = 0.0
    """What of that stays when the name ends here."""


@dataclass(slots=True)
class _Path:
    """A beginning of what may have been said."""

    tokens: list[int]
    likelihood: float
    kept: float
    """For names of marks that are whole."""
    at: _Name
    row: int

    @property
    def rank(self) -> float:
        return self.likelihood + self.kept + self.at.worth


@dataclass(frozen=True, slots=True)
class Reading:
    """Words that may have been said."""

    text: str
    likelihood: float
    """Natural logarithm, the mean of all ways."""
    marks: float
    """What the marks named in it add to that."""


class DictationDecoder:
    """Decodes free words."""

    def __init__(self, model: Moonshine, marks: Iterable[str], expected: float = _EXPECTED) -> None:
        self._model, self._root = model, _Name()
        for name in marks:
            parts = name.split()
            for said in {name, " ".join([parts[0].capitalize(), *parts[1:]]), name.title()}:
                self._add(model.tokens.sentence(said), expected * len(parts))

    def _add(self, tokens: Sequence[int], worth: float) -> None:
        at = self._root
        for number, token in enumerate(tokens, 1):
            at = at.next.setdefault(token, _Name())
            at.worth = max(at.worth, worth * number / len(tokens))
        at.whole = worth

    def decode(self, sounds: Sequence[Floats], seconds: float) -> list[Reading]:
        """What was most likely said, best first.

        Args:
            sounds: what `Moonshine.listen` made of the ways to hear it.
            seconds: how long it lasts.
        """
        longest = 4 + round(_PER_SECOND * seconds)
        begun = [self._model.begin(sound) for sound in sounds]
        logs, hearings = _mean([log for log, _ in begun]), [hearing for _, hearing in begun]
        paths, found = [_Path([BEGIN], 0.0, 0.0, self._root, 0)], list[Reading]()
        for _ in range(longest):
            paths = self._grow(paths, logs, found)
            best = max((r.likelihood + r.marks for r in found), default=-np.inf)
            paths = [path for path in paths if path.rank > best - 2.0]
            if not paths:
                break
            logs, hearings = self._step(hearings, paths)
        return sorted(found, key=lambda r: -(r.likelihood + r.marks))

    def _step(
        self, hearings: Sequence[Hearing], paths: Sequence[_Path]
    ) -> tuple[Floats, list[Hearing]]:
        rows, tokens = [path.row for path in paths], [path.tokens[-1] for path in paths]
        steps = [self._model.step(hearing, rows, tokens) for hearing in hearings]
        for row, path in enumerate(paths):
            path.row = row
        return _mean([log for log, _ in steps]), [hearing for _, hearing in steps]

    def _grow(self, paths: Sequence[_Path], logs: Floats, found: list[Reading]) -> list[_Path]:
        grown: list[_Path] = []
        for path in paths:
            row = logs[path.row]
            for token in {*np.argpartition(row, -_TRIED)[-_TRIED:].tolist(), *path.at.next}:
                longer = self._longer(path, token, float(row[token]))
                if token != END:
                    grown.append(longer)
                elif path.tokens != [BEGIN]:
                    text = self._model.tokens.text(path.tokens[1:])
                    found.append(Reading(text, longer.likelihood, longer.kept))
        grown.sort(key=lambda path: -path.rank)
        return grown[:_WIDE]

    def _longer(self, path: _Path, token: int, log: float) -> _Path:
        kept, at = path.kept, path.at.next.get(token)
        if at is None:
            kept += path.at.whole
            at = self._root.next.get(token, self._root)
        return _Path([*path.tokens, token], path.likelihood + log, kept, at, path.row)


def _mean(logs: Sequence[Floats]) -> Floats:
    mean: Floats = np.mean(logs, axis=0)
    return mean


class DictationRescorer:
    """Looks at the sound of dictated words again.

    Args:
        model: shared with others; one caller at a time.
    """

    def __init__(self, model: Moonshine) -> None:
        self._model = model
        self._decoder = DictationDecoder(model, [name for name, *_ in lexicon()["punctuation"]])
        self._english = EnglishText()

    def readings(self, samples: Samples, plain: str) -> list[str]:
        """``plain`` and, before it if it is likelier, what else may have been said."""
        if not plain or len(samples) > RATE * _LONGEST:
            return [plain]
        sounds = [self._model.listen(way) for way in _ways(samples)]
        found = {plain: self._score(sounds, plain)}
        found |= {r.text: r.likelihood for r in self._decoder.decode(sounds, len(samples) / RATE)}
        best = self._best(found, plain)
        return [plain] if written(best) == written(plain) else [best, plain]

    def _score(self, sounds: Sequence[Floats], text: str) -> float:
        tokens = self._model.tokens.sentence(text)
        return sum(self._model.score(sound, tokens) for sound in sounds) / len(sounds)

    def _best(self, found: Mapping[str, float], plain: str) -> str:
        """Of those that sound nearly as likely as the likeliest, what reads best."""
        heard = {text: likelihood + _marked(text) for text, likelihood in found.items()}
        near = (text for text in heard if heard[text] > max(heard.values()) - _NEAR)
        return max(near, key=lambda text: (heard[text] + self._reads(text), text == plain))

    def _reads(self, text: str) -> float:
        """What the words themselves add, whatever they sounded like."""
        typed = written(text)
        return _READS * (self._english.likelihood(typed) + _USUAL * len(typed.split()))


def _marked(text: str) -> float:
    typed = written(text)
    return _MARKED * sum(typed.count(mark) for mark in _MARKS)


@lru_cache(maxsize=64)
def written(heard: str) -> str:
    """A transcript of dictated words as it is typed."""
    return continued(transcribed(heard))[0]


def _ways(samples: Samples) -> list[Samples]:
    """The sound as it is, with silence around it, with its high notes raised, a tenth shorter."""
    return [*ways(samples), resample(samples, 10, 9)]
