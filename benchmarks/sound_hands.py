"""Random control cases on a real desktop: ``SAYSO_CASES`` of them, 500 if it is not set."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from agent.testing.hands_cases import play_cases

_KINDS = {
    "invalid history": "invalid histories",
    "after stop": "actions after Stop",
    "held": "held keys or buttons after Stop",
    "untrue": "untrue statements to the model",
}


async def measure() -> dict[str, float]:
    """How many faults of each kind; each is printed to stderr."""
    with tempfile.TemporaryDirectory(prefix="sayso-sound-") as folder:
        report = await play_cases(int(os.environ.get("SAYSO_CASES", "500")), Path(folder))
    for fault in report.faults:
        print(fault, file=sys.stderr)
    counted = {words: float(report.counts[kind]) for kind, words in _KINDS.items()}
    return {"cases": report.cases, "actions": report.actions, **counted}
