"""Fuzzed answers through the real SDK and loop; the long form is ``script/fuzz``."""

from __future__ import annotations

import random

from agent.testing.fuzz import fuzz
from agent.testing.fuzz_answers import fuzzed


async def test_no_fuzzed_answer_poisons_a_session() -> None:
    """After each of them a plain instruction works, and nothing failed inside Sayso."""
    found = await fuzz(20261129, cases=100, seconds=12)
    assert found.cases
    assert found.faults == []


def test_a_case_is_made_again_from_its_seed_and_number() -> None:
    for number in range(50):
        assert fuzzed(random.Random(f"7/{number}")) == fuzzed(random.Random(f"7/{number}"))
