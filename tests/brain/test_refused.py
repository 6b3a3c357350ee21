"""Why an action was not executed, as people read it."""

from __future__ import annotations

import re

import pytest

from agent.session import refused
from agent.session.permissions import SHOWN
from agent.session.refused import reason

WORDED_FOR_THE_MODEL = [
    value
    for name, value in vars(refused).items()
    if re.fullmatch("[A-Z][A-Z_]+", name) and isinstance(value, str)
]


@pytest.mark.parametrize("words", WORDED_FOR_THE_MODEL)
def test_every_refusal_has_words_for_people(words: str) -> None:
    """They speak to the person, in the conversation and as the end of a sentence."""
    for said in (SHOWN[words], reason(words)):
        assert said.endswith(".")
        assert "person" not in said
        assert "Ask" not in said
    assert not reason(words)[0].isupper()


def test_other_words_stay_as_they_are() -> None:
    assert reason("The disk is full.") == "The disk is full."
