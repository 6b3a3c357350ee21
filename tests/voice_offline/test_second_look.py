"""Which guess at a sentence replaces the words that were heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dashboard.voice.speech.constrained_decoding import Guess
from dashboard.voice.speech.rescoring import likeliest


class Guesses:
    """A guide that has found these, each as likely as what was heard."""

    def __init__(self, *found: Guess) -> None:
        self._found = list(found)

    def best(self, _states: object) -> list[Guess]:
        return self._found

    def score(self, _states: object, _text: str) -> float:
        return -5.0


@pytest.mark.parametrize(
    ("heard", "guess", "led", "hints", "counts"),
    [
        ("Search on Google for weather.", "Search on Google for whether.", 0.8, 0.0, False),
        ('Create a folder called "Invoices".', "Create a folder called Envoices.", 0.8, 0.0, False),
        ("Add a full stop at the end.", "Add a full stop at the inn.", 0.5, 1.5, False),
        ("Type hello karma.", "Type hello comma.", 0.7, 1.5, True),
        ("Write click notes.", "Right click notes.", 1.0, 0.0, True),
        ("Open the taxi editor.", "Open the text editor.", 1.0, 0.0, True),
        ("Typhollo there.", "Type hello there.", 0.3, 0.0, True),
        ("I'll do that.", "And do that.", 1.0, 0.0, False),
        ("I'll do that.", "Undo that.", 1.0, 0.0, True),
    ],
)
def test_a_guess_counts_where_the_grammar_led_to_it(
    heard: str, guess: str, led: float, hints: float, *, counts: bool
) -> None:
    """Among free words it tries few, and "and do that" is seldom what was said."""
    guide: Any = Guesses(Guess(guess, -5.0, led, hints))
    assert likeliest(guide, [np.zeros((1, 1), np.float32)], heard) == (guess if counts else heard)
