"""From trials to answers: one row an arm, one comparison an arm against the baseline.

Only trials that say something of their arm (`TrialResult.completed`) are measured.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agent.experiments.measures import compared
from agent.experiments.plan.spec import Experiment, counted
from agent.experiments.plan.trial import TrialResult
from agent.experiments.sequential import compare_always
from agent.experiments.statistics import (
    Comparison,
    Estimate,
    compare_ratio,
    compare_scores,
    compare_success,
    holm,
    mean_over_tasks,
    mean_value,
    pass_at_k,
    pass_hat_k,
    success_rate,
)

_UNEVEN = 0.1
"""Difference of arms' shares of errors from which on it is told."""


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """One arm's results."""

    name: str
    statuses: dict[str, int]
    intention: Estimate
    """Success with errors counted as failures; what a person stopped is in neither."""

    completed: Estimate
    """Success: errors are ours, and left out."""

    score: Estimate
    seconds: Estimate
    dollars: Estimate
    """US$ of a trial, those of errors and of stopped ones included."""

    dollars_per_trial: float
    dollars_per_success: float
    approvals_per_success: float
    pass_at: dict[int, float]
    pass_hat: dict[int, float]
    means: dict[str, float]
    """Mean of every metric over the trials that have it."""


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """One arm against the baseline, on the tasks that both tried."""

    arm: str
    baseline: str
    success: Comparison
    score: Comparison
    """Difference of mean scores, on tasks that both completed."""

    ratios: dict[str, Comparison]
    fixed: tuple[str, ...]
    """Tasks whose rate rose by half or more."""

    broken: tuple[str, ...]
    pairs: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Task → rate of the baseline, rate of the arm."""

    primary: str = "success"
    """The measure of the hypothesis; its p alone is corrected for several arms."""

    comparisons: int = 1
    """For how many of them."""

    sequential: bool = False
    """Whether the test of the primary measure holds however often one looks."""

    @property
    def main(self) -> Comparison:
        """The comparison of the primary measure."""
        whole = {"success": self.success, "score": self.score}
        return whole.get(self.primary) or self.ratios[self.primary]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that a report or a page needs."""

    arms: dict[str, ArmSummary]
    comparisons: dict[str, ArmComparison]
    planned: int
    done: int
    """Trials that say something of their arm."""

    missing: int
    notes: tuple[str, ...]


def analyse(experiment: Experiment, results: Sequence[TrialResult]) -> Analysis:
    """Summaries of all arms, and comparisons of all others with the baseline."""
    names = list(experiment.arms)
    tasks = [task.id for task in experiment.tasks]
    by_arm = {name: [r for r in results if r.arm == name] for name in names}
    arms = {name: summarise(name, by_arm[name], experiment) for name in names}
    base = experiment.reference
    raw = {
        name: _against(name, base, by_arm[name], by_arm[base], tasks, experiment)
        for name in names
        if name != base
    }
    corrected = holm([c.main for c in raw.values()])
    comparisons = {
        name: replace(_with_main(comparison, main), comparisons=len(raw))
        for (name, comparison), main in zip(raw.items(), corrected, strict=True)
    }
    done = sum(r.completed for r in results)
    planned = len(experiment.cells())
    return Analysis(arms, comparisons, planned, done, planned - done, _notes(results, planned))


def summarise(name: str, results: Sequence[TrialResult], experiment: Experiment) -> ArmSummary:
    """One arm."""
    begun = [r for r in results if r.status != "cancelled"]
    completed = [r for r in results if r.completed]
    with_errors = [*completed, *(r for r in results if r.status == "error")]
    counts, whole = list(_counts(with_errors).values()), list(rates(results).values())
    passes = sum(r.passed for r in completed)
    dollars = sum(r.metrics.get("dollars", 0.0) for r in begun)
    asked = sum(r.metrics.get("approvals_asked", 0.0) for r in completed)
    ks = sorted({1, experiment.repeats})
    seed = experiment.seed
    return ArmSummary(
        name=name,
        statuses=dict(Counter(r.status for r in results)),
        intention=success_rate(counts, seed=seed),
        completed=success_rate(whole, seed=seed),
        score=mean_value(_task_means(completed, lambda r: r.score), seed=seed),
        seconds=mean_value(_task_means(completed, _metric("seconds")), seed=seed),
        dollars=mean_value(_task_dollars(begun), seed=seed),
        dollars_per_trial=dollars / len(begun) if begun else math.nan,
        dollars_per_success=dollars / passes if passes else math.nan,
        approvals_per_success=asked / passes if passes else math.nan,
        pass_at={k: mean_over_tasks([pass_at_k(c, n, k) for c, n in whole]) for k in ks},
        pass_hat={k: mean_over_tasks([pass_hat_k(c, n, k) for c, n in whole]) for k in ks},
        means=_means(completed),
    )


def compare_arms(
    experiment: Experiment, results: Sequence[TrialResult], a: str, b: str
) -> ArmComparison:
    """Any arm ``b`` against any arm ``a``, by itself: p is not corrected for other looks."""
    mine, theirs = ([r for r in results if r.arm == name] for name in (b, a))
    tasks = [task.id for task in experiment.tasks]
    return _against(b, a, mine, theirs, tasks, experiment)


def rates(results: Iterable[TrialResult]) -> dict[str, tuple[int, int]]:
    """Passes and tries of each task, of the trials that say something of the arm."""
    return _counts(r for r in results if r.completed)


def _against(
    name: str,
    base: str,
    results: Sequence[TrialResult],
    reference: Sequence[TrialResult],
    tasks: Sequence[str],
    experiment: Experiment,
) -> ArmComparison:
    seed = experiment.seed
    mine, theirs = rates(results), rates(reference)
    common = [task for task in tasks if task in mine and task in theirs]
    pairs = {t: (_rate(theirs[t]), _rate(mine[t])) for t in common}
    found = ArmComparison(
        arm=name,
        baseline=base,
        success=compare_success([theirs[t] for t in common], [mine[t] for t in common], seed=seed),
        score=_scores(results, reference, common, seed),
        ratios={name: _ratio(results, reference, common, name, seed) for name in compared()},
        fixed=tuple(t for t, (a, b) in pairs.items() if b - a >= 0.5),
        broken=tuple(t for t, (a, b) in pairs.items() if a - b >= 0.5),
        pairs=pairs,
        primary=experiment.primary,
    )
    if not experiment.sequential:
        return found
    stream = list(_stream(experiment, results, reference))
    return replace(_with_main(found, compare_always(stream)), sequential=True)


def _stream(
    experiment: Experiment, results: Sequence[TrialResult], reference: Sequence[TrialResult]
) -> Iterator[float]:
    """Differences of the tasks that are done, in order, up to the first that is still to come.

    Which tasks are in it must not depend on how they ended; those with errors of ours are out.
    """
    metric = _SEQUENTIAL[experiment.primary]
    for task in experiment.tasks:
        both = [[r for r in side if r.task == task.id] for side in (reference, results)]
        a, b = ([metric(r) for r in side if r.completed] for side in both)
        if min(len(a), len(b)) >= experiment.repeats:
            yield _mean(b) - _mean(a)
        elif not any(r.status == "error" for side in both for r in side):
            return


_SEQUENTIAL: dict[str, Callable[[TrialResult], float]] = {
    "success": lambda result: float(result.passed),
    "score": lambda result: result.score,
}


def _scores(
    results: Sequence[TrialResult],
    reference: Sequence[TrialResult],
    tasks: Sequence[str],
    seed: int,
) -> Comparison:
    mine, theirs = (_by_task(r, lambda result: result.score) for r in (results, reference))
    both = [t for t in tasks if mine.get(t) and theirs.get(t)]
    return compare_scores(
        [_mean(theirs[t]) for t in both], [_mean(mine[t]) for t in both], seed=seed
    )


def _ratio(
    results: Sequence[TrialResult],
    reference: Sequence[TrialResult],
    tasks: Sequence[str],
    metric: str,
    seed: int,
) -> Comparison:
    """Over tasks that both completed at least once."""
    mine, theirs = (_by_task(r, _metric(metric)) for r in (results, reference))
    both = [t for t in tasks if mine.get(t) and theirs.get(t)]
    return compare_ratio(
        [_mean(theirs[t]) for t in both], [_mean(mine[t]) for t in both], seed=seed
    )


def _with_main(comparison: ArmComparison, main: Comparison) -> ArmComparison:
    """The same with another comparison of the primary measure."""
    if comparison.primary == "success":
        return replace(comparison, success=main)
    if comparison.primary == "score":
        return replace(comparison, score=main)
    return replace(comparison, ratios=comparison.ratios | {comparison.primary: main})


def _notes(results: Sequence[TrialResult], planned: int) -> tuple[str, ...]:
    notes = []
    errors = Counter(f"{r.error_class}: {r.advice}" for r in results if r.status == "error")
    notes += [f"{counted(n, 'trial')} ended in {text}" for text, n in errors.most_common()]
    for status, words in _UNCOUNTED.items():
        reasons = Counter(r.reason for r in results if r.status == status)
        notes += [f"{counted(n, 'trial')} {words}: {text}" for text, n in reasons.most_common()]
    if len(results) < planned:
        notes.append(f"{planned - len(results)} of {planned} trials are not there yet.")
    return (*notes, *_uneven(results), *_mixed(results))


_UNCOUNTED = {"stopped_by_user": "stopped amid their work", "cancelled": "never ran"}


def _uneven(results: Sequence[TrialResult]) -> Iterator[str]:
    """Errors are no failures, but where one arm has most of them the rest is a selection."""
    ended = [r for r in results if r.completed or r.status == "error"]
    tries = Counter(r.arm for r in ended)
    errors = Counter(r.arm for r in ended if r.status == "error")
    shares = [errors[arm] / tries[arm] for arm in tries]
    if shares and max(shares) - min(shares) > _UNEVEN:
        told = ", ".join(f"{arm} {errors[arm]} of {tries[arm]}" for arm in tries)
        yield f"Errors, which are left out, are uneven: {told}. Compare with care."


def _mixed(results: Sequence[TrialResult]) -> Iterator[str]:
    versions = Counter(r.environment.get("sayso", "") for r in results if r.completed)
    versions.pop("", None)
    if len(versions) > 1:
        told = ", ".join(f"{name} ({counted(n, 'trial')})" for name, n in versions.most_common())
        yield f"The trials were run by {len(versions)} versions of Sayso: {told}."


def _counts(results: Iterable[TrialResult]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for r in results:
        passed, tries = found.get(r.task, (0, 0))
        found[r.task] = (passed + r.passed, tries + 1)
    return found


def _rate(counts: tuple[int, int]) -> float:
    return counts[0] / counts[1]


def _metric(name: str) -> Callable[[TrialResult], float]:
    return lambda result: result.metrics.get(name, math.nan)


def _by_task(
    results: Iterable[TrialResult], value: Callable[[TrialResult], float]
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for r in results:
        if r.completed and not math.isnan(number := value(r)):
            found[r.task].append(number)
    return found


def _task_means(
    results: Iterable[TrialResult], value: Callable[[TrialResult], float]
) -> list[float]:
    return [_mean(values) for values in _by_task(results, value).values()]


def _task_dollars(results: Iterable[TrialResult]) -> list[float]:
    found: dict[str, list[float]] = defaultdict(list)
    for r in results:
        found[r.task].append(r.metrics.get("dollars", 0.0))
    return [_mean(values) for values in found.values()]


def _means(results: Iterable[TrialResult]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for result in results:
        for name, value in result.metrics.items():
            found[name].append(value)
    return {name: _mean(values) for name, values in sorted(found.items())}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
