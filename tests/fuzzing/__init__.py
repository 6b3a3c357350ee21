"""Fuzzed input for everything that reads what strangers wrote; see `script/fuzz`."""

from __future__ import annotations

from agent.testing import fuzz as answers
from agent.testing.fuzz import Found
from fuzzing.archives import archives
from fuzzing.evi import evi
from fuzzing.journals import journals
from fuzzing.rfb import rfb
from fuzzing.run import Opened, fuzz

DOORS: dict[str, Opened] = {"evi": evi, "journals": journals, "archives": archives, "rfb": rfb}
TARGETS = ("answers", *DOORS)
"""``answers`` are those of a model, with the inputs of tools in them."""


async def fuzz_target(name: str, seed: int, **bounds: float) -> Found:
    """Do so many ``cases``, or for so many ``seconds``, from case ``first`` on."""
    if name == "answers":
        return await answers.fuzz(seed, **bounds)  # type: ignore[arg-type]
    return await fuzz(DOORS[name], seed, **bounds)  # type: ignore[arg-type]
