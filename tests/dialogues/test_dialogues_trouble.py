"""Dialogues at the page while the voice service fails: what is seen, what is lost, the way out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from dialogue import Dialogue, Player, load
from trouble_stage import TroubleStage, troubled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[TroubleStage]:
    """One page for the module's dialogues."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with troubled(Path(folder)) as ready:
            yield ready


@pytest.mark.parametrize(
    "dialogue", load(Path(__file__).parent / "troubles"), ids=lambda d: d.title
)
async def test_trouble_at_the_page(stage: TroubleStage, dialogue: Dialogue):
    """Each step comes true, on the desktop, in the log, on the page and in the sound."""
    await Player(stage).play(dialogue)
