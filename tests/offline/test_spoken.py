"""Sentences of people and of published lists: what must come of each, in a text and in counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from editor_in_memory import EditorStage
from spoken_cases import Case, cases, every_case, floor
from spoken_effects import CHECKS
from spoken_stage import play

_GOALS = {"people": 0.9, "voice_access": 0.85, "voice_control": 0.85}
"""The share of each set that must be right."""

_REASON = 5
"""Words of a reason at least."""

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


def test_what_is_right_is_what_the_floor_says() -> None:
    """Exactly: no row begins or stops to count without the floor being changed."""
    assert Counter(case.key for case in every_case() if not case.open) == floor()


def test_what_is_not_right_says_why_and_is_declined() -> None:
    """A row cannot be set aside because it broke: what is open is refused and changes nothing."""
    open_rows = [case for case in every_case() if case.open]
    assert open_rows
    for case in open_rows:
        assert len(case.open.split()) >= _REASON, case.id
        assert case.open.endswith("."), case.id
        assert case.want == {"same": True, "refuse": True}, case.id


@pytest.mark.parametrize(("name", "share"), _GOALS.items())
def test_the_floor_is_at_the_goals(name: str, share: float) -> None:
    """Whatever is edited, no set may fall below what it must reach."""
    right = sum(count for key, count in floor().items() if key.partition("/")[0] == name)
    assert right >= share * len(cases(name))
