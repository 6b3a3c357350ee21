"""Whole dialogues at the page: Chromium, a WAV for a microphone, the sound that came out."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from dialogue import Dialogue, Player, load
from page_stage import PageStage, paged

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
AT_THE_PAGE = [dialogue for dialogue in load(Path(__file__).parent) if dialogue.browser]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[PageStage]:
    """One page for the module's dialogues."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with paged(Path(folder)) as ready:
            yield ready


@pytest.mark.parametrize("dialogue", AT_THE_PAGE, ids=lambda d: d.title)
async def test_dialogue_at_the_page(stage: PageStage, dialogue: Dialogue):
    """Each step comes true, on the desktop, in the log and in the sound."""
    await Player(stage).play(dialogue)
