"""How many random cases a property is tried with: some in every run, all by ``script/check``."""

from __future__ import annotations

import os

THOROUGH = "SAYSO_THOROUGH" in os.environ
"""Set by ``script/check``: what takes minutes is run whole."""
SHARE = 15
"""Every run tries one case of so many."""


def cases(thorough: int) -> int:
    """The number of cases for this run, out of those that a thorough one tries."""
    return thorough if THOROUGH else thorough // SHARE
