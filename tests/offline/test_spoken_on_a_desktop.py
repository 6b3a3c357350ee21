"""A part of all sentences on the real desktop, another in every run, and no untrue answer.

``SAYSO_THOROUGH=1``: all of them, as ``script/check commands`` has it. ``SAYSO_SEED`` chooses the
part; the name of a test that fails names its sentence.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from spoken_cases import Case, every_case, sample
from spoken_stage import Kept, RealStage, play

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

SEED = int(os.environ.get("SAYSO_SEED") or time.time() // 3600)
"""Changes by the hour: the three lanes of one run collect the same tests."""

TRIED = [case for case in every_case() if not case.open]
if not os.environ.get("SAYSO_THOROUGH"):
    TRIED = sample(TRIED, 1, SEED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[RealStage]:
    desktop = Kept()
    await desktop.start()
    yield RealStage(desktop)
    await desktop.end()


@pytest.mark.parametrize("case", TRIED, ids=lambda case: f"{case.set}-{case.id}")
async def test_a_sentence_does_what_it_says(stage: RealStage, case: Case, tmp_path: Path) -> None:
    """Looked up in windows, accessible objects, files and the clipboard."""
    played = await play(stage, case, tmp_path)
    assert (played.verdict, played.why) == ("right", ""), played.answers
