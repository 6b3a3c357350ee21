"""Whole dialogues without a browser: the raw protocol, real ears, real voice, real desktop."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogue import Dialogue, Player, load
from wire import Wire

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest.mark.parametrize("dialogue", load(Path(__file__).parent), ids=lambda d: d.title)
async def test_dialogue(wire: Wire, dialogue: Dialogue):
    """Each step comes true."""
    await Player(wire).play(dialogue)
