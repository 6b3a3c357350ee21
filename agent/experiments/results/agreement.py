"""Whether two runs of the same cases come to the same end, case by case."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from agent.experiments.extras import extra
from agent.experiments.plan.trial import TrialResult


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two runs."""

    cases: int
    """Arms by tasks that both runs have to an end."""

    same: int
    kappa: float
    """Cohen's: 1 for the same ends, 0 for what chance gives. NaN where all ends are alike, so that
    there is nothing to agree about."""

    low: float
    high: float
    """95 % interval."""


def agreement(results: Iterable[TrialResult]) -> Agreement:
    """Of the first two repeats of each case."""
    ends: dict[tuple[str, str], dict[int, bool]] = {}
    for result in results:
        if result.completed and result.repeat < 2:
            ends.setdefault((result.arm, result.task), {})[result.repeat] = result.passed
    pairs = [(both[0], both[1]) for both in ends.values() if len(both) == 2]
    table = np.zeros((2, 2))
    for first, second in pairs:
        table[int(first), int(second)] += 1
    same = int(table.trace())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all alike: 0 / 0 is the answer
        kappa = extra("statsmodels.stats.inter_rater").cohens_kappa
        found = kappa(table) if pairs else None
    if found is None or math.isnan(float(found.kappa)):
        return Agreement(len(pairs), same, math.nan, math.nan, math.nan)
    low, high = float(found.kappa_low), float(found.kappa_upp)
    return Agreement(len(pairs), same, float(found.kappa), low, high)
