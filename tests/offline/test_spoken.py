"""Sentences of people and of published lists: what must come of each, in a text and in counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from editor_in_memory import EditorStage
from spoken_cases import Case, cases, every_case, floor
from spoken_effects import CHECKS
from spoken_stage import play

IN_TEXT = [case for case in every_case() if case.in_text and not case.open]


@pytest.mark.parametrize("case", IN_TEXT, ids=lambda case: f"{case.set}-{case.id}")
async def test_words_do_in_a_text_what_they_say(case: Case, tmp_path: Path) -> None:
    """In an editor in memory, that does with keys what the real ones do."""
    played = await play(EditorStage(), case, tmp_path)
    assert (played.verdict, played.why) == ("right", ""), played.answers


def test_an_effect_that_is_not_there_is_no_right_answer() -> None:
    """What is wanted is looked up, also where nothing happened."""
    assert len({case.id for case in IN_TEXT}) > 100
    assert all(case.want for case in every_case())


async def test_a_claim_without_its_effect_is_untrue(tmp_path: Path) -> None:
    """The judge sees through words: the answer is that it was written, the text is another."""
    case = Case("x", "x", "x", ("Type hello",), {"text": "goodbye"}, {"wins": ["editor"]})
    played = await play(EditorStage(), case, tmp_path)
    assert played.verdict == "untrue"


async def test_a_refusal_is_no_claim(tmp_path: Path) -> None:
    case = Case("x", "x", "x", ("Fly me to the moon",), {"text": "moon"}, {"wins": ["editor"]})
    played = await play(EditorStage(), case, tmp_path)
    assert played.verdict == "declined"


def test_the_published_lists_are_whole() -> None:
    """Every row of both lists, and every sentence that was handed to us, has a check."""
    assert len(cases("voice_access")) == 197
    assert len(cases("voice_control")) == 143
    assert len(cases("people")) == 271
    assert all(case.want.keys() <= CHECKS.keys() for case in every_case())
    named = Counter((case.set, case.area, case.id) for case in every_case())
    assert max(named.values()) == 1


def test_what_is_right_never_falls_below_the_floor() -> None:
    """A row that is marked as open lowers its area's count; the floor only rises."""
    right = Counter(case.key for case in every_case() if not case.open)
    below = {key: (right[key], least) for key, least in floor().items() if right[key] < least}
    assert not below
    assert set(floor()) == {case.key for case in every_case()}
