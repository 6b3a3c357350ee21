"""Which stretch of a text is meant."""

from __future__ import annotations

import pytest

from agent.models.offline.spans import Stretch, find, occurrences

FOX = "The quick brown fox jumps over the lazy dog."
END = len(FOX)
LINES = "First line here.\nSecond line is longer.\nThird line ends."
BLOCKS = "One.\nTwo.\n\nThree.\n"


@pytest.mark.parametrize(
    ("text", "caret", "stretch", "meant"),
    [
        (FOX, END, Stretch(phrase="quick"), "quick"),
        (FOX, END, Stretch(phrase="BROWN fox"), "brown fox"),
        (FOX, END, Stretch(phrase="brow"), None),
        (FOX, END, Stretch(phrase="quick", until="fox"), "quick brown fox"),
        (FOX, END, Stretch(phrase="fox", until="quick"), None),
        (FOX, 0, Stretch("word", "next"), "The"),
        (FOX, 1, Stretch("word", "next"), "quick"),
        (FOX, 6, Stretch("word"), "quick"),
        (FOX, END, Stretch("word", "last", 2), "lazy dog"),
        (FOX, 0, Stretch("word", "last"), "dog"),
        (FOX, 0, Stretch("word", "previous"), None),
        (FOX, 9, Stretch("word", "previous"), "quick"),
        (FOX, END, Stretch("word", "first", 2), "The quick"),
        (FOX, END, Stretch("character", "last", 3), "og."),
        (FOX, 1, Stretch("character", "previous", 3), "T"),
        (FOX, 0, Stretch("character", "next", 3), "The"),
        (FOX, END, Stretch("character", "next"), None),
        (LINES, len(LINES), Stretch("line", "previous"), "Second line is longer."),
        (LINES, 20, Stretch("line"), "Second line is longer."),
        (LINES, 0, Stretch("line", "next"), "Second line is longer."),
        (LINES, 0, Stretch("line", "last"), "Third line ends."),
        (LINES, 0, Stretch("line", "previous"), None),
        (LINES, 50, Stretch("line", "first", 2), "First line here.\nSecond line is longer."),
        ("One is here. Two is here.", 0, Stretch("sentence"), "One is here."),
        ("One is here. Two is here.", 25, Stretch("sentence", "last"), "Two is here."),
        ("It is 3.5 cm. Yes!", 0, Stretch("sentence"), "It is 3.5 cm."),
        (BLOCKS, 0, Stretch("paragraph"), "One.\nTwo."),
        (BLOCKS, 0, Stretch("paragraph", "next"), "Three."),
        (LINES, 0, Stretch("paragraph"), "First line here."),
        (FOX, 0, Stretch("all"), FOX),
        ("", 0, Stretch("all"), None),
        ("", 0, Stretch("word"), None),
        ("one two one", 11, Stretch(phrase="one"), "one"),
    ],
)
def test_a_stretch_is_found_where_people_mean_it(text, caret, stretch, meant):
    span = find(text, caret, stretch)
    assert (None if span is None else text[slice(*span)]) == meant


def test_of_several_the_nearest_to_the_caret_is_meant():
    assert find("one two one", 11, Stretch(phrase="one")) == (8, 11)
    assert find("one two one", 0, Stretch(phrase="one")) == (0, 3)


def test_marks_between_words_need_not_be_said():
    assert occurrences("Dear Anna, I am late", "anna i am") == [(5, 15)]
    assert occurrences("cost $5", "$5") == [(5, 7)]
