"""Random actions and controls on a real desktop: a few, or 500 by ``script/check hands``."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import THOROUGH

from agent.testing.hands_cases import play_cases

pytestmark = [pytest.mark.desktop, pytest.mark.slow]


async def test_random_control_leaves_nothing_held_undone_or_untrue(tmp_path: Path) -> None:
    """No invalid history, no deed after a stop, no key held, no untrue word to the model."""
    report = await play_cases(500 if THOROUGH else 8, tmp_path)
    assert report.faults == []
    assert report.actions > 0
