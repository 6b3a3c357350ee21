"""Which guess at a sentence replaces the words that were heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dashboard.voice.speech.constrained_decoding import Guess
from dashboard.voice.speech.rescoring import likeliest


class Guesses:
    """A guide that has found these, each as likely as what was heard."""

    def __init__(self, *found: Guess, behind: float = 0.0) -> None:
        self._found, self._behind = list(found), behind

    def best(self, _states: object) -> list[Guess]:
        return self._found

    def score(self, _states: object, text: str) -> float:
        guessed = any(text == guess.text for guess in self._found)
        return -5.0 - self._behind * guessed


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


@pytest.mark.parametrize(
    ("heard", "guess", "counts"),
    [
        ("Elect the last word.", "Select the last word.", True),
        ("Elite the last word.", "Delete the last word.", False),
        ("Close notes.", "Delete notes.", True),
        ("Those the window.", "Close the window.", False),
        ("Pope in the terminal.", "Open the terminal.", True),
        ("And the command date.", "Run the command date.", False),
        ("I'll do that.", "Undo that.", False),
        ("Shop.", "Stop.", False),
    ],
)
def test_what_takes_something_away_must_have_been_heard_well(
    heard: str, guess: str, *, counts: bool
) -> None:
    """A guess less likely than the words as they were heard is enough for other commands."""
    guide: Any = Guesses(Guess(guess, -5.0, 1.0, 0.0), behind=4.0)
    assert likeliest(guide, [np.zeros((1, 1), np.float32)], heard) == (guess if counts else heard)
