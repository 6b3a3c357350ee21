"""How likely English words follow one another: the trigrams in PocketSphinx's package."""

from __future__ import annotations

import re
from typing import Final

from pocketsphinx import Config, LogMath, NGramModel, get_model_path

_BEGIN, _END = "<s>", "</s>"
_UNKNOWN: Final = -13.0
"""Natural logarithm for a word that the model does not know, as a rare word has it."""
_NUMBER: Final = -6.0
"""The same for digits."""
_MARK: Final = -3.0
"""The same for a mark within a sentence."""
_PIECE = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)?|\d+|[^\w\s]|\n")
_SENTENCE_ENDS: Final = ".!?\n"


class EnglishText:
    """Tells written English from words that only sound like it."""

    def __init__(self) -> None:
        self._logs = LogMath()
        self._model = NGramModel(Config(), self._logs, get_model_path("en-us/en-us.lm.bin"))

    def likelihood(self, text: str) -> float:
        """Natural logarithm of the probability of ``text``, marks and ends of lines included."""
        total, before = 0.0, [_BEGIN]
        for piece in _PIECE.findall(text):
            if piece in _SENTENCE_ENDS:
                total += self._next(before, _END) if before != [_BEGIN] else _MARK
                before = [_BEGIN]
            elif piece[0].isalpha():
                word = piece.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
                total += self._next(before, word)
                before = [before[-1], word]
            else:
                total += _NUMBER if piece.isdigit() else _MARK
        return total

    def _next(self, before: list[str], word: str) -> float:
        log = self._logs.log_to_ln(self._model.prob([word, *before[::-1]]))
        return max(float(log), _UNKNOWN)
