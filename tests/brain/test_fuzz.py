"""Fuzzed answers through the real SDK and loop; the long form is ``script/fuzz``."""

from __future__ import annotations

import random
from typing import Any

from agent.testing.fuzz import fuzz
from agent.testing.fuzz_answers import fuzzed, spoil


async def test_no_fuzzed_answer_poisons_a_session() -> None:
    """After each of them a plain instruction works, and nothing failed inside Sayso."""
    found = await fuzz(20261129, cases=100, seconds=12)
    assert found.cases
    assert found.faults == []


def test_a_case_is_made_again_from_its_seed_and_number() -> None:
    """Whatever other cases came between."""
    first = [fuzzed(random.Random(f"7/{number}")) for number in range(500)]
    assert [fuzzed(random.Random(f"7/{number}")) for number in range(500)] == first


def test_what_is_spoilt_twice_spoils_no_other_case() -> None:
    """As the server's messages are, in which a hostile value may be spoilt further."""

    def case(number: int) -> dict[str, Any]:
        message: dict[str, Any] = {"type": "user_input", "context": {"text": "hello"}}
        chance = random.Random(f"7/{number}")
        for _ in range(4):
            spoil(message, chance)
        return message

    first = [repr(case(number)) for number in range(1_000)]
    assert [repr(case(number)) for number in range(1_000)] == first
