"""Squares of the grid as they are said."""

from __future__ import annotations

import pytest

from agent.models.offline.overlay import squares_of


@pytest.mark.parametrize(
    ("said", "path"),
    [("5 3 1", [5, 3, 1]), ("531", [5, 3, 1]), ("five three", [5, 3]), ("5, 3", [5, 3]), ("", [])],
)
def test_squares_are_heard_one_in_the_other(said: str, path: list[int]) -> None:
    assert squares_of(said) == path


@pytest.mark.parametrize("said", ["0", "5 0", "ten", "5 x", "view"])
def test_what_is_no_square_is_none(said: str) -> None:
    assert squares_of(said) is None
