"""`statistics.compare_success` for many simulated experiments of one size at once.

A forecast and the tables of ``docs/statistics.md`` rest on thousands of experiments; the same
methods are computed here on whole arrays. ``tests/lab/test_batch.py`` holds both against each
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from agent.experiments.extras import extra
from agent.experiments.statistics import FEWEST, LEVEL, SIGNIFICANT, half_pair_weight

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Many:
    """Comparisons of many experiments, an entry each."""

    value: Floats
    low: Floats
    high: Floats
    p: Floats
    """Of the sign flip, or of McNemar for single tries; not held back by the interval."""

    def found(self, limit: float = SIGNIFICANT) -> npt.NDArray[np.bool_]:
        """Where a difference is claimed: p is below ``limit`` and the interval agrees."""
        return (self.p < limit) & ~((self.low <= 0) & (self.high >= 0))


def compare_many(a: Counts, b: Counts, repeats: int) -> Many:
    """B against A; passes of ``repeats`` tries each, experiments by tasks."""
    moved = b - a
    tasks = moved.shape[1]
    p, value = flips(moved), moved.mean(axis=1) / repeats
    reach, middle = _few(moved / repeats, tasks)
    if repeats > 1 and tasks >= FEWEST:
        reach_t, middle_t = _usual(moved / repeats, tasks, repeats)
        sizes = np.abs(moved)
        whole = ((sizes == 0) | (sizes == repeats)).all(axis=1)
        few = whole | (np.ptp(moved, axis=1) == 0)
        reach, middle = np.where(few, reach, reach_t), np.where(few, middle, middle_t)
    low, high = np.maximum(-1, middle - reach), np.minimum(1, middle + reach)
    if repeats > 1:
        low, high = np.minimum(low, value), np.maximum(high, value)
    widened = p >= SIGNIFICANT
    low, high = (
        np.where(widened, np.minimum(low, 0), low),
        np.where(widened, np.maximum(high, 0), high),
    )
    return Many(value, low, high, p)


def flips(moved: Counts) -> Floats:
    """P of the sign flip of whole differences, counted out: a row an experiment.

    The distribution of the sum comes from its characteristic function, a cosine a task.
    """
    total = int(np.abs(moved).sum(axis=1).max(initial=0))
    if not total:
        return np.ones(len(moved))
    size = 2 * total + 1
    angles = 2 * np.pi * np.arange(total + 1) / size
    waves = np.ones((len(moved), total + 1))
    for step in range(1, int(np.abs(moved).max()) + 1):
        times = (np.abs(moved) == step).sum(axis=1)
        waves *= np.cos(step * angles) ** times[:, None]
    chances = np.fft.irfft(waves, size, axis=1)  # of the sums 0 … total, then of -total … -1
    sums = np.minimum(np.arange(size), size - np.arange(size))
    far = sums[None, :] >= np.abs(moved.sum(axis=1))[:, None]
    return np.asarray(np.clip((chances * far).sum(axis=1), 0.0, 1.0))


def _few(rates: Floats, tasks: int) -> tuple[Floats, Floats]:
    """Reach and middle of the score interval (`statistics._paired_score`)."""
    gained = np.where(rates > 0, rates, 0).sum(axis=1) + 0.5
    lost = -np.where(rates < 0, rates, 0).sum(axis=1) + 0.5
    size = tasks + 2.0
    spread = np.maximum(0, gained + lost - (gained - lost) ** 2 / size)
    return _z() * np.sqrt(spread) / size, (gained - lost) / size


def _usual(rates: Floats, tasks: int, repeats: int) -> tuple[Floats, Floats]:
    """Reach and middle of the adjusted t interval (`statistics._adjusted_t`)."""
    size = tasks + 2.0
    middle = rates.sum(axis=1) / size
    square = (np.square(rates).sum(axis=1) + half_pair_weight(repeats)) / size
    return _t(tasks) * np.sqrt((square - middle**2) / size), middle


@lru_cache(maxsize=64)
def _t(tasks: int) -> float:
    return float(extra("scipy.stats").t.ppf(0.5 + LEVEL / 2, tasks - 1))


@lru_cache(maxsize=1)
def _z() -> float:
    return float(extra("scipy.stats").norm.ppf(0.5 + LEVEL / 2))
