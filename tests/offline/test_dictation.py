"""Spoken marks, capitals, numbers, addresses and emoji, written out."""

from __future__ import annotations

import pytest

from agent.models.offline.dictation import dictated, emoji, mark_named
from agent.models.offline.words import lexicon


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("cap hello cap world", "Hello World"),
        ("the cap of the bottle", "the cap of the bottle"),
        ("caps on hello world caps off and so on", "Hello World and so on"),
        ("all caps danger and go", "DANGER and go"),
        ("all caps on keep out all caps off please do", "KEEP OUT please do"),
        ("no caps Anna", "anna"),
        ("over no space board", "overboard"),
        ("open parentheses hello close parentheses", "(hello)"),
        ("fifty percent sign", "fifty%"),
        ("well hyphen known", "well-known"),
        ("wait for it dot dot dot", "wait for it..."),
        ("bread ampersand butter", "bread & butter"),
        ("Anna apostrophe s book", "Anna's book"),
        ("hello, comma, how are you?", "hello, how are you?"),
        ("I am late period new line bye", "I am late.\nbye"),
        ("for a long period of time", "for a long period of time"),
        ("a dash of salt", "a dash of salt"),
        ("numeral twenty five apples", "25 apples"),
        ("anna dot smith at example dot com", "anna.smith@example.com"),
        ("www dot example dot com slash help", "www.example.com/help"),
        ("see notes dot txt today", "see notes.txt today"),
        ("meet me at the station", "meet me at the station"),
        ("thumbs up emoji", "👍"),
        ("it is a literal comma", "it is a comma"),
        ("hello world.", "hello world"),
        ("One. Two.", "One. Two."),
        ('"Hello, comma."', "Hello, comma."),
        ("copyright sign 2026", "© 2026"),
        ("dollar sign 5", "$5"),
        ("x equals sign y", "x = y"),
    ],
)
def test_what_is_said_is_written_as_people_mean_it(said: str, typed: str):
    assert dictated(said) == typed


@pytest.mark.parametrize(
    ("said", "style", "typed"),
    [
        ("C A T", "spelled", "CAT"),
        ("alpha bravo capital charlie seven", "spelled", "abC7"),
        ("see ay tee", "spelled", "cat"),
        ("hello world", "title", "Hello World"),
        ("hello world", "upper", "HELLO WORLD"),
        ("hello world", "joined", "helloworld"),
    ],
)
def test_a_style_holds_for_the_whole(said: str, style: str, typed: str):
    assert dictated(said, style) == typed


@pytest.mark.parametrize("entry", lexicon()["punctuation"], ids=lambda entry: entry[0])
def test_each_mark_is_written_by_its_name_and_kept_by_literal(entry: list[str]):
    name, mark = entry[0], entry[1]
    assert mark.strip() in dictated(f"left {name} right") or mark.isspace()
    assert name not in dictated(f"left {name} right")
    assert dictated(f"left literal {name} right") == f"left {name} right"


def test_a_mark_alone_is_one_and_the_end_of_a_line_is_a_command():
    assert mark_named("Comma.")
    assert not mark_named("new line")
    assert not mark_named("comma and more")


def test_an_emoji_that_nobody_knows_is_left_as_words():
    assert emoji("grinning") == "😀"
    assert emoji("wet cardboard") == ""
    assert dictated("wet cardboard emoji") == "wet cardboard emoji"
