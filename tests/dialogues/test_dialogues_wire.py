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


ELSEWHERE = [dialogue for dialogue in load(Path(__file__).parent) if not dialogue.browser]
"""What is spoken at the page need not be spoken here too."""


@pytest.mark.parametrize("dialogue", ELSEWHERE, ids=lambda d: d.title)
async def test_dialogue(wire: Wire, dialogue: Dialogue):
    """Each step comes true."""
    await Player(wire).play(dialogue)
