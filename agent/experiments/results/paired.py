"""Two arms task by task, and every arm's price of success: what comparing views draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.compare import analyse, compare_arms, rates
from agent.experiments.results.words import NOTHING, verdict
from agent.experiments.statistics import Comparison, Estimate

Change = Literal["fixed", "better", "same", "worse", "broken", "missing"]
"""``fixed`` and ``broken``: the rate moved by half or more; ``missing``: one arm has no try."""


@dataclass(frozen=True, slots=True)
class Tries:
    """One arm on one task. Rate and score are NaN without a try."""

    passed: int
    tries: int
    rate: float
    score: float
    """Mean score of completed trials, 0 to 1."""

    trials: tuple[str, ...]
    """Ids of all that were begun, in the order of repeats; those that ended in errors too."""

    reason: str
    """The first reason against it; empty if all passed."""


@dataclass(frozen=True, slots=True)
class TaskPair:
    """One task under both arms."""

    task: str
    a: Tries
    b: Tries
    difference: float
    """Rate of B minus rate of A; NaN if one is missing."""

    change: Change


@dataclass(frozen=True, slots=True)
class ArmPoint:
    """One arm's price and success, with intervals over tasks."""

    arm: str
    success: Estimate
    dollars: Estimate
    """US$ of a trial."""

    dollars_per_success: float
    """NaN if nothing passed."""

    seconds: Estimate
    time: dict[str, float]
    """Mean seconds of a trial by what they went to: ``model``, ``tools``, ``person``, ``rest``."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """B against A on the same tasks."""

    a: str
    b: str
    tasks: tuple[TaskPair, ...]
    success: Comparison
    """Difference B minus A, with interval, p, and the methods' names."""

    ratios: dict[str, Comparison]
    """``seconds``, ``dollars``, ``turns``: B ÷ A on tasks that both completed."""

    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    verdict: str
    """The comparison in a sentence."""

    notes: tuple[str, ...]
    """Errors, missing and cancelled trials, in sentences."""


def pair(
    experiment: Experiment,
    results: Sequence[TrialResult],
    a: str = "",
    b: str = "",
    *,
    looks: int = 0,
) -> Pairing:
    """Two arms task by task.

    Args:
        experiment: the definition.
        results: of all arms, as `Store.results` has them.
        a: the arm to compare with; the baseline if empty.
        b: the other one; the first arm besides ``a`` if empty.
        looks: how often results were looked at before the end, for the verdict.

    Raises:
        ConfigurationError: there is no such arm, or no second one; or statsmodels is missing.
    """
    a = a or experiment.reference
    b = b or next((name for name in experiment.arms if name != a), "")
    for name in (a, b):
        if name not in experiment.arms:
            known = ", ".join(experiment.arms)
            raise ConfigurationError(f"There is no arm “{name}” to compare; there are: {known}.")
    analysis = analyse(experiment, results)
    # Against the baseline p is corrected for all comparisons that the experiment planned.
    planned = analysis.comparisons.get(b) if a == experiment.reference else None
    compared = planned or compare_arms(experiment, results, a, b)
    pairs = tuple(_task(task.id, a, b, results) for task in experiment.tasks)
    return Pairing(
        a=a,
        b=b,
        tasks=pairs,
        success=compared.success,
        ratios=compared.ratios,
        fixed=compared.fixed,
        broken=compared.broken,
        verdict=verdict(compared, looks) if analysis.done else NOTHING,
        notes=analysis.notes,
    )


def cost_and_success(
    experiment: Experiment, results: Sequence[TrialResult]
) -> tuple[ArmPoint, ...]:
    """One point an arm, in the experiment's order.

    Raises:
        ConfigurationError: a library of the extra ``lab`` is missing.
    """
    arms = analyse(experiment, results).arms
    return tuple(
        ArmPoint(
            arm=name,
            success=arm.completed,
            dollars=arm.dollars,
            dollars_per_success=arm.dollars_per_success,
            seconds=arm.seconds,
            time=_time(arm.means),
        )
        for name, arm in arms.items()
    )


def _task(task: str, a: str, b: str, results: Sequence[TrialResult]) -> TaskPair:
    one, two = (_tries(r for r in results if (r.arm, r.task) == (arm, task)) for arm in (a, b))
    difference = two.rate - one.rate
    return TaskPair(task, one, two, difference, _change(difference))


def _change(difference: float) -> Change:
    if math.isnan(difference):
        return "missing"
    if abs(difference) >= 0.5:
        return "fixed" if difference > 0 else "broken"
    if difference == 0:
        return "same"
    return "better" if difference > 0 else "worse"


def _tries(found: Iterable[TrialResult]) -> Tries:
    mine = sorted((r for r in found if r.status != "cancelled"), key=lambda r: r.repeat)
    passed, tries = next(iter(rates(mine).values()), (0, 0))
    scores = [r.score for r in mine if r.completed]
    return Tries(
        passed=passed,
        tries=tries,
        rate=passed / tries if tries else math.nan,
        score=sum(scores) / len(scores) if scores else math.nan,
        trials=tuple(r.id for r in mine),
        reason=next((f"{r.status}: {r.reason or r.error}" for r in mine if not r.passed), ""),
    )


def _time(means: dict[str, float]) -> dict[str, float]:
    wall = means.get("wall_seconds", 0.0)
    parts = {
        "model": means.get("model_seconds", 0.0),
        "tools": means.get("tool_seconds", 0.0),
        "person": means.get("human_seconds", 0.0),
    }
    return parts | {"rest": max(0.0, wall - sum(parts.values()))}
