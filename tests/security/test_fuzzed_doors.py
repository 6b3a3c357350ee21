"""Fuzzed input at each door that strangers can reach; the long form is ``script/fuzz``."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager

import pytest
from fuzzing import DOORS, fuzz_target
from fuzzing.run import fuzz


@pytest.mark.parametrize("door", DOORS)
async def test_no_fuzzed_input_does_harm(door: str) -> None:
    """Nothing raises, hangs, is logged as an error or takes much memory; the next one works."""
    found = await fuzz_target(door, 20261129, cases=60, seconds=12)
    assert found.cases
    assert found.faults == []


class Clumsy:
    """Does wrong what a case can do wrong."""

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        match chance.randrange(3):
            case 0:
                raise KeyError("not foreseen")
            case 1:
                return f"{len(b'x' * (60 << 20))} bytes", []
        return "told", ["told by the case"]


async def test_what_goes_wrong_in_a_case_is_told_with_seed_and_number(tmp_path) -> None:
    """And in the same words when the case is done again."""

    @asynccontextmanager
    async def clumsy(_):
        yield Clumsy()

    found = await fuzz(clumsy, 3, cases=12, most=30 << 20)
    assert len(found.faults) == found.cases == 12
    told = "\n".join(found.faults)
    assert all(part in told for part in ("not foreseen", " it takes ", "told by the case"))
    for number in range(12):
        again = await fuzz(clumsy, 3, first=number, cases=1, most=30 << 20)
        [fault] = again.faults
        assert fault.split(" it takes ")[0] == found.faults[number].split(" it takes ")[0]
