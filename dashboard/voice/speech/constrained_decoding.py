"""Recognition led by what can be said: the likeliest sentence of a network of words.

A beam search over the recogniser's own probabilities in which only words that can come next
are allowed. It always finds something; whether that is what was said is for the caller to
decide, by comparing its likelihood with that of the words found without guidance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from agent.models.offline.grammar_graph import GrammarGraph, Place, Places
from agent.models.offline.words import lexicon
from dashboard.voice.speech.moonshine import END, WIDEST, Floats, Hearing, Moonshine
from dashboard.voice.speech.text import words

_FREE: Final = 3
"""Tokens tried where any word may be said."""
_LONGEST: Final = 60
"""Tokens."""
_HINT: Final = 1.5
"""Added to the logarithm for a word that is expected where any word may be said."""
_HOPELESS: Final = 14.0
"""Behind the best by so much, a beginning is given up."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A sentence that can be said."""

    text: str
    likelihood: float
    """Natural logarithm."""
    led: float
    """Share of its words that the network led to; the others were free."""
    hints: float
    """What its expected words weigh, such as *comma* in a dictation."""


@dataclass(frozen=True, slots=True)
class _Said:
    """Whole words so far: where they lead, how many there are, how many were free."""

    places: Places
    words: int = 0
    free: int = 0
    hints: int = 0
    """Words that were expected where any word may be said, as *comma* in a dictation."""


@dataclass(slots=True)
class _Path:
    """A beginning of a sentence; ``word`` holds the tokens of the word under way."""

    said: _Said
    likelihood: float = 0.0
    tokens: list[int] = field(default_factory=list)
    word: tuple[int, ...] = ()
    row: int = 0

    @property
    def rank(self) -> float:
        """By what beginnings are compared."""
        return self.likelihood + _HINT * self.said.hints


_Moves = dict[int, tuple[_Said, tuple[int, ...]]]


@dataclass(slots=True)
class _Spelling:
    """A tree of tokens that spell the words which can come next."""

    next: dict[int, _Spelling] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)


class Guide:
    """Looks for sentences of the grammar in sound."""

    def __init__(self, model: Moonshine, graph: GrammarGraph) -> None:
        self._model, self.graph = model, graph
        self._tokens = model.tokens
        marks = [model.tokens.mark(mark) for mark in ",.?!"]
        self._marks = [mark for mark in marks if mark is not None]
        self._spellings: dict[Places, _Spelling] = {}

    def best(self, states: Floats) -> list[Guess]:
        """The likeliest sentences, best first, each in its likeliest spelling.

        Args:
            states: what `Moonshine.listen` made of the sound.
        """
        logs, hearing = self._model.begin(states)
        paths, found = [_Path(_Said(self.graph.start))], list[Guess]()
        for _ in range(_LONGEST):
            paths = self._grow(paths, logs, found)
            top = max((g.likelihood + g.hints for g in found), default=-np.inf)
            paths = [p for p in paths if p.rank > top - 1.0][:WIDEST]
            if not paths:
                break
            logs, hearing = self._step(hearing, paths)
        found.sort(key=lambda g: -(g.likelihood + g.hints))
        spelt: dict[tuple[str, ...], Guess] = {}
        for guess in found:
            spelt.setdefault(tuple(words(guess.text)), guess)
        return list(spelt.values())

    def score(self, states: Floats, text: str) -> float:
        """How likely ``text`` is."""
        return self._model.score(states, self._tokens.sentence(text))

    def _step(self, hearing: Hearing, paths: list[_Path]) -> tuple[Floats, Hearing]:
        rows, tokens = [p.row for p in paths], [p.tokens[-1] for p in paths]
        for number, path in enumerate(paths):
            path.row = number
        return self._model.step(hearing, rows, tokens)

    def _grow(self, paths: list[_Path], logs: Floats, found: list[Guess]) -> list[_Path]:
        grown: list[_Path] = []
        for path in paths:
            row = logs[path.row]
            for token, (said, word) in self._moves(path, row).items():
                likelihood = path.likelihood + float(row[token])
                longer = _Path(said, likelihood, [*path.tokens, token], word, path.row)
                if token == END:
                    found.append(self._guess(path, longer))
                else:
                    grown.append(longer)
        grown.sort(key=lambda p: -p.rank)
        return [p for p in grown[:WIDEST] if p.rank > grown[0].rank - _HOPELESS]

    def _guess(self, path: _Path, whole: _Path) -> Guess:
        said = whole.said
        led = (said.words - said.free) / max(1, said.words)
        return Guess(self._tokens.text(path.tokens), whole.likelihood, led, _HINT * said.hints)

    def _moves(self, path: _Path, row: Floats) -> _Moves:
        """Tokens that may follow, with where they lead."""
        moves: _Moves = {}
        spelling = self._follow(path)
        if spelling is not None:
            moves = {token: (path.said, (*path.word, token)) for token in spelling.next}
        said = self._close(path, spelling)
        if said is not None:
            self._next_word(said, path, moves)
        self._wander(path, said, row, moves)
        return moves

    def _follow(self, path: _Path) -> _Spelling | None:
        spelling: _Spelling | None = self._spelling(path.said.places)
        for token in path.word:
            spelling = spelling.next.get(token) if spelling else None
        return spelling

    def _close(self, path: _Path, spelling: _Spelling | None) -> _Said | None:
        """What is said when the word under way ends here; None if it cannot."""
        said = path.said
        if not path.word:
            return said if path.tokens else None
        free = self.graph.free(said.places)
        led = spelling.ends if spelling else []
        ended = led or ([self._tokens.text(list(path.word)).lower()] if free else [])
        places = frozenset[Place]().union(*(self.graph.after(said.places, w) for w in ended))
        if not places:
            return None
        hint = any(self.graph.hinted(said.places, word) for word in led)
        return _Said(places, said.words + 1, said.free + (not led), said.hints + hint)

    def _next_word(self, said: _Said, path: _Path, moves: _Moves) -> None:
        if path.word:
            for token in self._spelling(said.places).next:
                moves[token] = (said, (token,))
            for mark in self._marks:
                moves[mark] = (said, ())
        if self.graph.complete(said.places):
            moves[END] = (said, ())

    def _wander(self, path: _Path, said: _Said | None, row: Floats, moves: _Moves) -> None:
        """The likeliest tokens, where any word may be said."""
        inside = self.graph.free(path.said.places)
        after = said if said is not None and self.graph.free(said.places) else None
        if not inside and after is None:
            return
        for token in np.argpartition(row, -_FREE)[-_FREE:].tolist():
            if token in moves or token in (END, *self._marks):
                continue
            if not self._tokens.begins_word(token):
                if path.word and inside:
                    moves[token] = (path.said, (*path.word, token))
            elif after is not None:
                moves[token] = (after, (token,))

    def _spelling(self, places: Places) -> _Spelling:
        if places not in self._spellings:
            root = _Spelling()
            for word in self.graph.words(places):
                for form in _forms(word):
                    self._add(root, word, form)
            self._spellings[places] = root
        return self._spellings[places]

    def _add(self, root: _Spelling, word: str, form: str) -> None:
        tokens = self._tokens.word(form)
        at = root
        for token in tokens:
            at = at.next.setdefault(token, _Spelling())
        if tokens:
            at.ends.append(word)


def _forms(word: str) -> list[str]:
    """How the recogniser may spell a word: with a capital, in another country's way."""
    other = [w for w, meant in lexicon()["spellings"].items() if meant == word and " " not in w]
    forms = [word, *other]
    return list(dict.fromkeys([*forms, *(form.capitalize() for form in forms)]))
