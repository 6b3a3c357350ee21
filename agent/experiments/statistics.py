"""Estimates, intervals and tests for paired experiments; the task is the unit.

Repeats of one task are not independent: they enter as the task's rate. Each result names
the method that was used, since the degenerate cases (all pass, all tie, few tasks) need others
than the usual ones. Checked by simulation in ``docs/statistics.md``.

An interval and its p never contradict each other: where a test and an interval of another
method disagree about "no difference", the more cautious one decides (`_agreed`).

Sources: Miller 2024, *Adding Error Bars to Evals* (clusters, pairing); Chen et al. 2021
(pass@k); Newcombe 1998 and Agresti & Min 2005 (intervals of paired proportions).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.experiments.extras import extra

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]
FEW_TASKS = 20
"""Under this many tasks intervals lean on few; results say so."""

SIGNIFICANT = 0.05
"""From this p on no difference is claimed."""

LEVEL = 0.95
"""Of intervals, unless another one is asked for."""

FEWEST = 5
"""Under this many tasks a spread between them says too little for Student's t."""

RESAMPLES = 4999

_EXACT_UP_TO = 14
"""Differences up to which all sign flips are tried; whole ones are counted out at any number."""

_MOST_SUMS = 20_000
"""Sums of whole differences up to which their flips are counted out."""

_STUDENT = "paired t over tasks"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; ``method`` names how the interval was found."""

    value: float
    low: float
    high: float
    method: str
    tasks: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A on the same tasks. For ratios ``estimate`` is B ÷ A."""

    estimate: Estimate
    p: float
    test: str
    p_holm: float = math.nan
    """Corrected for all comparisons of the experiment; equal to ``p`` when there is one."""


def pass_at_k(passed: int, tries: int, k: int) -> float:
    """Chance that one of ``k`` tries passes: 1 - C(n-c, k) / C(n, k); NaN if n < k."""
    if k < 1 or tries < k:
        return math.nan
    return 1.0 - math.comb(tries - passed, k) / math.comb(tries, k)


def pass_hat_k(passed: int, tries: int, k: int) -> float:
    """Chance that all of ``k`` tries pass: C(c, k) / C(n, k); NaN if n < k."""
    if k < 1 or tries < k:
        return math.nan
    return math.comb(passed, k) / math.comb(tries, k)


def mean_over_tasks(values: Sequence[float]) -> float:
    """Mean of the defined values; NaN if there is none."""
    defined = [value for value in values if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else math.nan


def success_rate(
    tasks: Sequence[tuple[int, int]], *, level: float = LEVEL, seed: int = 0
) -> Estimate:
    """Mean success of one arm from (passed, tries) of each task.

    Wilson where every task passes always or never and where all rates are equal (repeats
    then add nothing: a task counts as one try); else a bootstrap over tasks.
    """
    tasks = [(c, n) for c, n in tasks if n > 0]
    if not tasks:
        return Estimate(math.nan, math.nan, math.nan, "no tries", 0)
    rates = np.array([c / n for c, n in tasks])
    note = _few(len(tasks))
    if set(rates) <= {0.0, 1.0} or _constant(rates):
        share = float(rates.mean())
        found = _wilson_share(share, len(tasks), level)
        return Estimate(share, *found, "Wilson over tasks", len(tasks), note)
    low, high = _bootstrap(rates, level, seed)
    return Estimate(
        float(rates.mean()), max(0.0, low), min(1.0, high), "task bootstrap", len(tasks), note
    )


def mean_value(values: Sequence[float], *, level: float = LEVEL, seed: int = 0) -> Estimate:
    """Mean over tasks of some measure (seconds, dollars), with a bootstrap over tasks."""
    kept = np.array([v for v in values if not math.isnan(v)])
    if not len(kept):
        return Estimate(math.nan, math.nan, math.nan, "no values", 0)
    value = float(kept.mean())
    if len(kept) < 2 or _constant(kept):
        note = "one value only" if len(kept) < 2 else "all values are equal"
        return Estimate(value, math.nan, math.nan, "no interval", len(kept), note)
    low, high = _bootstrap(kept, level, seed)
    return Estimate(value, low, high, "task bootstrap", len(kept), _few(len(kept)))


def compare_success(
    a: Sequence[tuple[int, int]],
    b: Sequence[tuple[int, int]],
    *,
    level: float = LEVEL,
    seed: int = 0,
) -> Comparison:
    """Difference in mean success, B minus A; (passed, tries) of the same tasks in order."""
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x[1] and y[1]]
    if not pairs:
        nothing = Estimate(math.nan, math.nan, math.nan, "no common tasks", 0)
        return Comparison(nothing, math.nan, "none")
    if all(x[1] == y[1] == 1 for x, y in pairs):
        return _single_tries([(bool(x[0]), bool(y[0])) for x, y in pairs], level)
    diffs = np.array([y[0] / y[1] - x[0] / x[1] for x, y in pairs])
    p, test = sign_flip(diffs * math.lcm(*(n for pair in pairs for _, n in pair)), seed=seed)
    value = float(diffs.mean())
    if set(diffs) <= {-1.0, 0.0, 1.0} or _constant(diffs) or len(diffs) < FEWEST:
        method, counts = "score interval over tasks", _as_counts(pairs)

        def interval(level: float) -> Ends:
            low, high = _paired_score(counts, len(pairs), level)
            return min(low, value), max(high, value)
    else:
        method = "adjusted t over tasks"
        weight = float(np.mean([half_pair_weight(n) for pair in pairs for _, n in pair]))

        def interval(level: float) -> Ends:
            low, high = _adjusted_t(diffs, weight, level)
            return min(low, value), max(high, value)

    estimate = Estimate(value, *interval(level), method, len(pairs), _few(len(pairs)))
    return _agreed(Comparison(estimate, p, test, p), interval, level)


def half_pair_weight(tries: int) -> float:
    """What half a pair of each kind (-1 and 1), that is added to the tasks, adds to their squares.

    A task's rate of many tries is known better, so that the addition weighs less; for single
    tries it is that of Agresti and Min.
    """
    return 1 / tries


def compare_scores(
    a: Sequence[float], b: Sequence[float], *, level: float = LEVEL, seed: int = 0
) -> Comparison:
    """Difference in mean score, B minus A; scores (0 to 1) of the same tasks in order."""
    found = compare_means(a, b, level=level, seed=seed)
    low, high = max(-1.0, found.estimate.low), min(1.0, found.estimate.high)
    if math.isnan(found.estimate.low):
        return found
    return replace(found, estimate=replace(found.estimate, low=low, high=high))


def compare_means(
    a: Sequence[float], b: Sequence[float], *, level: float = LEVEL, seed: int = 0
) -> Comparison:
    """Difference in the mean of any measure, B minus A; values of the same tasks in order."""
    diffs = np.array([y - x for x, y in zip(a, b, strict=True)], dtype=float)
    if not len(diffs):
        nothing = Estimate(math.nan, math.nan, math.nan, "no common tasks", 0)
        return Comparison(nothing, math.nan, "none")
    value, (p, test) = float(diffs.mean()), sign_flip(diffs, seed=seed)
    if len(diffs) < 2 or _constant(diffs):
        note = "one pair only" if len(diffs) < 2 else "all differences are equal"
        estimate = Estimate(value, math.nan, math.nan, "no interval", len(diffs), note)
        return Comparison(estimate, p, test, p)

    def interval(level: float) -> Ends:
        return _student(diffs, level)

    estimate = Estimate(value, *interval(level), _STUDENT, len(diffs), _few(len(diffs)))
    return _agreed(Comparison(estimate, p, test, p), interval, level)


def compare_ratio(
    a: Sequence[float], b: Sequence[float], *, level: float = LEVEL, seed: int = 0
) -> Comparison:
    """Ratio B ÷ A of positive measures by paired log ratios; pairs with a zero are left out."""
    logs = np.array([math.log(y / x) for x, y in zip(a, b, strict=True) if x > 0 and y > 0])
    if not len(logs):
        nothing = Estimate(math.nan, math.nan, math.nan, "no positive pairs", 0)
        return Comparison(nothing, math.nan, "none")
    value = math.exp(float(logs.mean()))
    p, test = sign_flip(logs, seed=seed)
    if len(logs) < 2 or _constant(logs):
        note = "one pair only" if len(logs) < 2 else "all ratios are equal"
        estimate = Estimate(value, math.nan, math.nan, "no interval", len(logs), note)
        return Comparison(estimate, p, test, p)

    def interval(level: float) -> Ends:
        low, high = _student(logs, level)
        return math.exp(low), math.exp(high)

    estimate = Estimate(value, *interval(level), f"{_STUDENT}, logs", len(logs), _few(len(logs)))
    return _agreed(Comparison(estimate, p, test, p), interval, level, nothing=1.0)


def sign_flip(differences: Sequence[float] | Floats, *, seed: int = 0) -> tuple[float, str]:
    """Two-sided p of "no difference" by flipping signs; ties carry no weight. With its name.

    Of whole differences, as passes out of equally many tries are, all flips are counted out.
    """
    moved = np.array([d for d in np.asarray(differences, dtype=float) if abs(d) > 1e-12])
    if not len(moved):
        return 1.0, "sign flip: all tie"
    if len(moved) == 1 or abs(moved.sum()) < 1e-9:  # no flip is nearer to "no difference"
        return 1.0, "exact sign flip"
    whole = np.rint(moved).astype(np.int64)
    if np.abs(moved - whole).max() < 1e-9 and np.abs(whole).sum() <= _MOST_SUMS:
        return _counted_flips(whole), "exact sign flip"
    test = extra("scipy.stats").permutation_test
    exact = len(moved) <= _EXACT_UP_TO
    result = test(
        (moved,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf if exact else 19_999,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(result.pvalue)), "exact sign flip" if exact else "Monte Carlo sign flip"


def smallest_p(tasks: int, comparisons: int = 1) -> float:
    """What p can be at the least, if every task changes in one direction: 2 / 2**tasks.

    With several comparisons the smallest of them is multiplied by their number (Holm).
    """
    return min(1.0, comparisons * 2.0 ** (1 - tasks))


def tasks_needed(comparisons: int = 1) -> int:
    """Tasks from which on a difference can be significant at 5 % at all."""
    return next(n for n in range(1, 64) if smallest_p(n, comparisons) < SIGNIFICANT)


def holm(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same with p corrected for their number (Holm); undefined ones stay so."""
    defined = [c for c in comparisons if not math.isnan(c.p)]
    if not defined:
        return list(comparisons)
    correct = extra("statsmodels.stats.multitest").multipletests
    corrected = iter(correct([c.p for c in defined], method="holm")[1])
    return [
        c
        if math.isnan(c.p)
        else Comparison(c.estimate, c.p, c.test, min(1.0, float(next(corrected))))
        for c in comparisons
    ]


# Inside ----------------------------------------------------------------------------------


def _single_tries(pairs: Sequence[tuple[bool, bool]], level: float) -> Comparison:
    """One binary try per task and arm: exact McNemar and a score-type interval."""
    fixed = sum(y and not x for x, y in pairs)
    broken = sum(x and not y for x, y in pairs)
    mcnemar = extra("statsmodels.stats.contingency_tables").mcnemar
    table = [[0, fixed], [broken, 0]]
    p = float(mcnemar(table, exact=True).pvalue) if fixed + broken else 1.0

    def interval(level: float) -> Ends:
        return _paired_score((fixed, broken), len(pairs), level)

    value, method = (fixed - broken) / len(pairs), "Agresti-Min score interval"
    estimate = Estimate(value, *interval(level), method, len(pairs), _few(len(pairs)))
    found = Comparison(estimate, min(1.0, p), "exact McNemar", min(1.0, p))
    return _agreed(found, interval, level)


def _agreed(
    found: Comparison, interval: Callable[[float], Ends], level: float, nothing: float = 0.0
) -> Comparison:
    """The same, so that p and interval say the same of "no difference".

    Where p allows it and the interval does not, the interval is widened to it; where the
    interval allows it and p does not, p is that of the interval: both only get more cautious.
    """
    low, high = found.estimate.low, found.estimate.high
    allowed, held = found.p >= 1 - level, low <= nothing <= high
    if allowed == held:
        return found
    if held:
        p = _p_of(interval, nothing, level)
        return replace(found, p=p, p_holm=p, test=f"{found.test}, held back by its interval")
    method = f"{found.estimate.method}, widened to what p allows"
    low, high = min(low, nothing), max(high, nothing)
    wider = replace(found.estimate, method=method, low=low, high=high)
    return replace(found, estimate=wider)


def _p_of(interval: Callable[[float], Ends], nothing: float, level: float) -> float:
    """One minus the widest level at which the interval leaves "no difference" out."""
    inside, outside = level, 0.0
    for _ in range(14):
        middle = (inside + outside) / 2
        low, high = interval(middle)
        inside, outside = (middle, outside) if low <= nothing <= high else (inside, middle)
    return 1 - outside


def _paired_score(counts: tuple[float, float], tasks: int, level: float) -> tuple[float, float]:
    """Interval of a paired difference with half a pair added to each cell (Agresti & Min)."""
    fixed, broken = counts[0] + 0.5, counts[1] + 0.5
    size = tasks + 2.0
    value = (fixed - broken) / size
    spread = math.sqrt(max(0.0, (fixed + broken) - (fixed - broken) ** 2 / size)) / size
    reach = _z(level) * spread
    return max(-1.0, value - reach), min(1.0, value + reach)


def _as_counts(pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> tuple[float, float]:
    diffs = [y[0] / y[1] - x[0] / x[1] for x, y in pairs]
    return sum(d for d in diffs if d > 0), -sum(d for d in diffs if d < 0)


def _counted_flips(moved: npt.NDArray[np.int64]) -> float:
    """P of the sign flip: the distribution of the sum, built up difference by difference."""
    total = int(np.abs(moved).sum())
    chances = np.zeros(2 * total + 1)
    chances[total] = 1.0
    for size in np.abs(moved):
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    sums = np.abs(np.arange(-total, total + 1))
    return min(1.0, float(chances[sums >= abs(int(moved.sum()))].sum()))


def _wilson_share(share: float, tasks: int, level: float) -> tuple[float, float]:
    """Wilson's interval for a share of ``tasks`` that need not be a whole number."""
    z = _z(level)
    middle = (share + z * z / (2 * tasks)) / (1 + z * z / tasks)
    spread = share * (1 - share) / tasks + z * z / (4 * tasks * tasks)
    reach = z * math.sqrt(spread) / (1 + z * z / tasks)
    return max(0.0, min(middle - reach, share)), min(1.0, max(middle + reach, share))


def _student(values: Floats, level: float) -> Ends:
    """Student's t interval of the mean of differences."""
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    reach, middle = _t(level, len(values)) * error, float(values.mean())
    return middle - reach, middle + reach


def _adjusted_t(values: Floats, weight: float, level: float) -> Ends:
    """The t interval after half a pair of each kind was added, as the score interval does it.

    Student's alone covers too little where tasks pass nearly always; BCa also where few tasks
    hold the effect (``docs/statistics.md``).
    """
    size = len(values) + 2.0
    middle = float(values.sum()) / size
    square = (float(np.square(values).sum()) + weight) / size
    reach = _t(level, len(values)) * math.sqrt((square - middle**2) / size)
    return max(-1.0, middle - reach), min(1.0, middle + reach)


def _bootstrap(values: Floats, level: float, seed: int) -> tuple[float, float]:
    """BCa over tasks; percentiles where BCa is undefined."""
    stats: Any = extra("scipy.stats")
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = stats.bootstrap(
                (values,),
                np.mean,
                confidence_level=level,
                n_resamples=RESAMPLES,
                method=method,
                vectorized=True,
                rng=np.random.default_rng(seed),
            ).confidence_interval
        if not (math.isnan(found.low) or math.isnan(found.high)):
            break
    return float(found.low), float(found.high)


def _t(level: float, tasks: int) -> float:
    return float(extra("scipy.stats").t.ppf(0.5 + level / 2, tasks - 1))


def _z(level: float) -> float:
    return float(extra("scipy.stats").norm.ppf(0.5 + level / 2))


def _constant(values: Floats) -> bool:
    return bool(np.ptp(values) < 1e-12)


def _few(tasks: int) -> str:
    noun = "task" if tasks == 1 else "tasks"
    return f"only {tasks} {noun}: add tasks rather than repeats" if tasks < FEW_TASKS else ""
