"""Before running: which effect the design can detect, what it costs, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agent.experiments.extras import extra
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.providers import provider_of

EFFECTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35)
WANTED = 0.8
"""Chance of detection that counts as enough."""

_DIFFICULTY = 1.6
_BASE = 0.6
_VARIES = 0.5
_DOLLARS_A_TURN = 0.02
_SECONDS_A_TURN = 6.0
_TURNS = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect of an experiment. Money in US$, times in seconds."""

    trials: int
    detectable: float | None
    """Smallest difference in success found with a chance of 80 %; None: none up to 0.35."""

    power: dict[float, float]
    """Difference → chance of detection."""

    dollars: float
    worst_dollars: float
    seconds: float
    basis: str
    """What the cost estimate rests on."""


def forecast(
    experiment: Experiment, *, slots: int = 2, earlier: Sequence[TrialResult] = ()
) -> Forecast:
    """Detectable effect, price and duration, from earlier trials of the same arms if given."""
    tasks, repeats = len(experiment.tasks), experiment.repeats
    chances = {effect: power(tasks, repeats, effect) for effect in EFFECTS}
    enough = [effect for effect, chance in chances.items() if chance >= WANTED]
    each = tasks * repeats
    costs = {name: _cost(experiment, name, earlier) for name in experiment.arms}
    return Forecast(
        trials=len(experiment.cells()),
        detectable=min(enough) if enough else None,
        power=chances,
        dollars=each * sum(cost[0] for cost in costs.values()),
        worst_dollars=each * sum(a.max_dollars for a in experiment.arms.values() if not a.unpaid),
        seconds=each * sum(cost[1] for cost in costs.values()) / max(1, slots),
        basis="; ".join(f"{name}: {cost[2]}" for name, cost in costs.items()),
    )


@lru_cache(maxsize=256)
def power(tasks: int, repeats: int, effect: float, *, runs: int = 300, seed: int = 1) -> float:
    """Chance that a paired sign-flip at 5 % finds a mean difference in success.

    Tasks' difficulties are logit-normal (SD 1.6, mean success 0.6) and respond differently
    (SD 0.5). ``runs`` simulated experiments: ± 5 points.
    """
    rng = np.random.default_rng(seed)
    shift = _shift(effect)
    found = 0
    base = np.log(_BASE / (1 - _BASE)) * np.sqrt(1 + (_DIFFICULTY / 1.7) ** 2)
    for _ in range(runs):
        logit = base + _DIFFICULTY * rng.standard_normal(tasks)
        moved = logit + shift + _VARIES * rng.standard_normal(tasks)
        a = rng.binomial(repeats, _rate(logit)) / repeats
        b = rng.binomial(repeats, _rate(moved)) / repeats
        found += _flips(b - a, rng) < 0.05
    return found / runs


def _flips(diffs: np.ndarray, rng: np.random.Generator, flips: int = 400) -> float:
    """A quick Monte-Carlo sign flip for simulations."""
    signs = rng.choice((-1.0, 1.0), size=(flips, len(diffs)))
    reached = np.abs(signs @ diffs) >= abs(diffs.sum()) - 1e-12
    return float((reached.sum() + 1) / (flips + 1))


@lru_cache(maxsize=64)
def _shift(effect: float) -> float:
    """The shift in logits that moves mean success by ``effect``."""
    rng = np.random.default_rng(0)
    base = np.log(_BASE / (1 - _BASE)) * np.sqrt(1 + (_DIFFICULTY / 1.7) ** 2)
    logit = base + _DIFFICULTY * rng.standard_normal(20_000)
    noise = _VARIES * rng.standard_normal(20_000)
    start = _rate(logit).mean()
    optimize = extra("scipy.optimize")
    most = float(_rate(logit + 12 + noise).mean() - start)
    if effect >= most:
        return 12.0
    return float(
        optimize.brentq(lambda s: _rate(logit + s + noise).mean() - start - effect, -1, 12)
    )


def _rate(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-logit)))


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
