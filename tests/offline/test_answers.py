"""Questions that need no hands."""

from __future__ import annotations

import pytest

from agent.models.offline.answers import calculate
from agent.models.offline.sentences import parse


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("15 percent of 80", 12),
        ("twenty five times four", 100),
        ("one hundred and five minus 5", 100),
        ("7 divided by 2", 3.5),
        ("2 plus 2 times 3", 8),
        ("(3 + 4) * 2", 14),
        ("one over zero", None),
        ("9 ** 9 ** 9", None),
        ("__import__('os')", None),
        ("the first line", None),
        ("12", None),
        ("1" * 400 + " plus 1", None),
    ],
)
def test_a_sum_is_worked_out_and_anything_else_is_none(said: str, result: float | None):
    assert calculate(said) == (None if result is None else pytest.approx(result))


def test_what_is_no_sum_is_not_taken_for_one():
    assert parse("what is 5 plus 7").commands[0].intent == "sum"
    assert parse("what is on the screen").commands[0].intent == "look"


def test_a_dictation_for_somebody_else_to_write_is_not_understood():
    assert parse("write me a poem about spring").unknown
    assert parse("write a poem").unknown
    assert parse("write a letter to Anna").unknown
    assert parse("write a poem is a song").commands[0].slot("text") == "a poem is a song"
    assert parse("type a poem").commands[0].slot("text") == "a poem"
