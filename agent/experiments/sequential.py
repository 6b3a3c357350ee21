"""A test and an interval that hold whenever one stops: for studies declared ``sequential``.

Each task is a bet on the difference of two arms, made before its outcome is known. Under "the mean
difference is m" nobody's capital grows in expectation, so that it ever becomes twentyfold with a
chance of 5 % at most (Ville): m is then left out. The capital is spread over many bets of both
signs, which need not know the size of the effect. Looking costs nothing, at the price of wider
intervals.

Source: Waudby-Smith & Ramdas 2024, *Estimating means of bounded random variables by betting*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agent.experiments.statistics import Comparison, Estimate

Floats = npt.NDArray[np.float64]

METHOD = "confidence sequence by betting"
TEST = "betting, valid at any time"

_MEANS = np.linspace(-1.0, 1.0, 801)
"""Differences that are held for true in turn; 0 is among them."""

_STAKES = np.linspace(0.04, 0.96, 24)
"""Shares of what a bet may stake at the most without going bankrupt."""


_RICH = 500.0
"""Logarithm of a capital beyond which nothing changes."""

_SURE = 1e-6
"""Stands for the nothing that a bet can lose against the least and the greatest mean."""


def compare_always(differences: Sequence[float], *, level: float = 0.95) -> Comparison:
    """B against A from differences of tasks (-1 to 1), in the order that was fixed before.

    The p is the least that was reached on the way, the interval what was never left out: both
    come from one capital, and only get sharper with each task.
    """
    moved = np.asarray(differences, dtype=float)
    if not len(moved):
        nothing = Estimate(math.nan, math.nan, math.nan, "no common tasks", 0)
        return Comparison(nothing, math.nan, "none")
    capital = _capital(moved)
    held = _MEANS[capital < 1 / (1 - level)]
    value = float(moved.mean())
    low, high = (float(held[0]), float(held[-1])) if len(held) else (value, value)
    p = min(1.0, 1 / float(capital[len(_MEANS) // 2]))
    estimate = Estimate(value, min(low, value), max(high, value), METHOD, len(moved))
    return Comparison(estimate, p, TEST, p)


def _capital(differences: Floats) -> Floats:
    """The most that the bets against each mean difference ever had, from a capital of one."""
    # Who bets on more than m loses 1 + m a share at the worst, so that no stake goes bankrupt.
    up, down = (1 / np.maximum(worst, _SURE) for worst in (1 + _MEANS, 1 - _MEANS))
    bets = np.concatenate([np.outer(_STAKES, up), -np.outer(_STAKES, down)])
    grown = np.zeros_like(bets)
    most = np.ones_like(_MEANS)
    for difference in differences:
        grown += np.log1p(bets * (difference - _MEANS))
        most = np.maximum(most, np.exp(np.minimum(grown, _RICH)).mean(axis=0))
    return np.asarray(most)
