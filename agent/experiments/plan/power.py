"""Before running: which effect the design can detect, what it costs, and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from agent.experiments.batch import compare_many
from agent.experiments.extras import extra
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.statistics import SIGNIFICANT, smallest_p
from agent.providers import provider_of

EFFECTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35)
WANTED = 0.8
"""Chance of detection that counts as enough."""

SPARSE = 0.25
"""Share of the tasks that hold the whole effect, in the second of the two forecasts."""

RUNS = 2000
"""Simulated experiments of a forecast."""

_DIFFICULTY = 1.6
_BASE = 0.6
_VARIES = 0.5
_LEAST, _MOST = 0.05, 0.95
_DOLLARS_A_TURN = 0.02
_SECONDS_A_TURN = 6.0
_TURNS = 12

_Logits = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect of an experiment. Money in US$, times in seconds."""

    trials: int
    detectable: float | None
    """Smallest difference in success found with a chance of 80 %; None: none up to 0.35."""

    power: dict[float, float]
    """Difference → chance of detection, where every task responds about alike."""

    dollars: float
    worst_dollars: float
    seconds: float
    basis: str
    """What the cost estimate rests on."""

    left: int = 0
    """Trials that are still to be run; money and time are theirs alone."""

    sparse: dict[float, float] = field(default_factory=dict)
    """The same where a quarter of the tasks holds the whole effect and the rest none of it."""

    base: float = _BASE
    """Mean success of the baseline that the chances rest on: measured, or 0.6."""

    comparisons: int = 1
    """Arms against the baseline, for which p is corrected."""


def forecast(
    experiment: Experiment, *, slots: int = 2, earlier: Sequence[TrialResult] = ()
) -> Forecast:
    """Detectable effect, price and duration, from earlier trials of the same arms if given."""
    tasks, repeats = len(experiment.tasks), experiment.repeats
    comparisons, base = max(1, len(experiment.arms) - 1), _base(experiment, earlier)
    even, sparse = (_chances(tasks, repeats, base, s, comparisons) for s in (1.0, SPARSE))
    enough = [effect for effect, chance in even.items() if chance >= WANTED]
    done = {(r.arm, r.task, r.repeat) for r in earlier if r.completed}
    left = [arm for arm, task, n in experiment.cells() if (arm, task.id, n) not in done]
    costs = {name: _cost(experiment, name, earlier) for name in experiment.arms}
    arms = experiment.arms
    return Forecast(
        trials=len(experiment.cells()),
        detectable=min(enough) if enough else None,
        power=even,
        dollars=sum(costs[name][0] for name in left),
        worst_dollars=sum(arms[name].max_dollars for name in left if not arms[name].unpaid),
        seconds=sum(costs[name][1] for name in left) / max(1, slots),
        basis="; ".join(f"{name}: {cost[2]}" for name, cost in costs.items()),
        left=len(left),
        sparse=sparse,
        base=base,
        comparisons=comparisons,
    )


def _chances(
    tasks: int, repeats: int, base: float, share: float, comparisons: int
) -> dict[float, float]:
    """Difference → chance of detection, of those that the tasks can hold."""
    found = {
        effect: power(tasks, repeats, effect, base=base, share=share, comparisons=comparisons)
        for effect in EFFECTS
    }
    return {effect: chance for effect, chance in found.items() if not math.isnan(chance)}


@lru_cache(maxsize=1024)
def power(
    tasks: int,
    repeats: int,
    effect: float,
    *,
    base: float = _BASE,
    share: float = 1.0,
    comparisons: int = 1,
    runs: int = RUNS,
    seed: int = 1,
) -> float:
    """Chance that the analysis finds a mean difference in success: its test and its interval.

    Tasks' difficulties are logit-normal (SD 1.6, mean success ``base``). The effect is a shift
    of that ``share`` of the tasks, which respond differently (SD 0.5). p counts as corrected for
    ``comparisons``. 2,000 simulated experiments tell it to ± 2 points. NaN if so few tasks
    cannot hold so large an effect.
    """
    shift = _shift(effect / share, base) if effect < share else math.inf
    if math.isinf(shift):
        return math.nan
    limit = SIGNIFICANT / comparisons
    if smallest_p(tasks) >= limit:
        return 0.0
    rng = np.random.default_rng(seed)
    size = (runs, tasks)
    logit = _middle(base) + _DIFFICULTY * rng.standard_normal(size)
    responds = rng.random(size) < share
    moved = logit + responds * (shift + _VARIES * rng.standard_normal(size))
    a, b = (rng.binomial(repeats, _rate(x)) for x in (logit, moved))
    return float(compare_many(a, b, repeats).found(limit).mean())


@lru_cache(maxsize=256)
def _shift(effect: float, base: float) -> float:
    """The shift in logits that moves mean success by ``effect``; infinite if none does."""
    rng = np.random.default_rng(0)
    logit = _middle(base) + _DIFFICULTY * rng.standard_normal(20_000)
    noise = _VARIES * rng.standard_normal(20_000)
    start = _rate(logit).mean()
    optimize = extra("scipy.optimize")
    most = float(_rate(logit + 12 + noise).mean() - start)
    if effect >= most:
        return math.inf
    return float(
        optimize.brentq(lambda s: _rate(logit + s + noise).mean() - start - effect, -1, 12)
    )


def _middle(base: float) -> float:
    """The mean logit of difficulties under which mean success is about ``base``."""
    return math.log(base / (1 - base)) * math.sqrt(1 + (_DIFFICULTY / 1.7) ** 2)


def _rate(logit: _Logits) -> _Logits:
    return np.asarray(1 / (1 + np.exp(-logit)))


def _base(experiment: Experiment, earlier: Sequence[TrialResult]) -> float:
    """The baseline's measured success, to the nearest of twenty; or the usual guess."""
    mine = [r.passed for r in earlier if r.arm == experiment.reference and r.completed]
    if not mine:
        return _BASE
    return min(_MOST, max(_LEAST, round(20 * sum(mine) / len(mine)) / 20))


def _cost(
    experiment: Experiment, name: str, earlier: Sequence[TrialResult]
) -> tuple[float, float, str]:
    """US$, seconds and basis of one trial of an arm."""
    arm = experiment.arms[name]
    known = [r for r in earlier if r.arm == name and r.completed]
    if known:
        dollars = [r.metrics.get("dollars", 0.0) for r in known]
        seconds = [r.ended - r.started for r in known]
        return sum(dollars) / len(known), sum(seconds) / len(known), f"{len(known)} earlier trials"
    if arm.unpaid:
        return 0.0, provider_of(arm.model)[0].seconds, "costs nothing"
    guess = min(arm.max_dollars, _TURNS * _DOLLARS_A_TURN)
    return guess, _TURNS * _SECONDS_A_TURN, f"a guess of {_TURNS} turns a trial"
