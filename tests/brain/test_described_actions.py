"""What an action is called before people."""

from __future__ import annotations

from typing import Any

import pytest

from agent.record import events as ev
from agent.session.describe import describe


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "Left"}, "Press Left"),
        ({"text": "Left", "repeat": 1}, "Press Left"),
        ({"text": "Left", "repeat": 11}, "Press Left, 11 times"),
        ({"text": "Left", "repeat": "many"}, "Press Left"),
    ],
)
def test_keys_are_named_with_how_often_they_are_pressed(given: dict[str, Any], words: str):
    event = ev.ActionProposed(
        action_id="a",
        turn_id="t",
        tool="computer",
        name="key",
        input=given,
        target={},
        action_hash="",
    )
    assert describe(event) == words
