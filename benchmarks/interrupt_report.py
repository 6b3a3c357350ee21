"""The table of DesktopInterrupt: a row an agent, with intervals, by intent and moment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from agent.experiments.plan.desktop_interrupt import INTENTS, MOMENTS
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.agreement import agreement
from agent.experiments.statistics import success_rate

Summary = Callable[[Sequence[float]], str]


def _median(values: Sequence[float]) -> str:
    p50, p95 = np.percentile(values, [50, 95])
    return f"{p50:.2f}, {p95:.2f}"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}"


def _share(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.0f} %"


COLUMNS: tuple[tuple[str, str, Summary], ...] = (
    ("last_input_seconds", "time to last input s (p50, p95)", _median),
    ("late_actions", "late actions", _mean),
    ("undone", "side effects undone", _share),
    ("unheard_words", "unheard words", _share),
    ("needless_stops", "needless stops", _mean),
    ("needless_tasks", "needless tasks", _mean),
    ("unsaid_words", "unsaid words", _mean),
    ("understood_seconds", "taken in s (p50, p95)", _median),
    ("in_moment", "in the moment", _share),
    ("at_work", "at work", _share),
)
"""Numbers of a trial, what a table calls them, and how those of many become one."""


def rows(experiment: Experiment, results: Sequence[TrialResult]) -> dict[str, dict[str, str]]:
    """Arm → column → what stands there, with the number of cases that it is of."""
    return {
        arm: _row([r for r in results if r.arm == arm and r.completed], results, arm)
        for arm in experiment.arms
    }


def _row(mine: Sequence[TrialResult], every: Sequence[TrialResult], arm: str) -> dict[str, str]:
    row = {"success": success(mine)}
    for name, label, summary in COLUMNS:
        values = [r.metrics[name] for r in mine if name in r.metrics]
        row[label] = f"{summary(values)}, n={len(values)}" if values else "-"
    errors = sum(r.status == "error" for r in every if r.arm == arm)
    return row | {"errors of ours": str(errors)}


def success(results: Iterable[TrialResult]) -> str:
    """Share of cases that ended well, with its 95 % interval over cases."""
    by: dict[str, list[bool]] = {}
    for result in results:
        by.setdefault(result.task, []).append(result.passed)
    if not by:
        return "-"
    found = success_rate([(sum(tries), len(tries)) for tries in by.values()])
    low, high = 100 * found.low, 100 * found.high
    return f"{100 * found.value:.0f} % [{low:.0f}, {high:.0f}], n={len(by)}"


def by_kind(
    experiment: Experiment, results: Sequence[TrialResult]
) -> dict[str, dict[str, dict[str, str]]]:
    """Arm → intent → moment → passed of tried."""
    asked = {task.id: task.interruption for task in experiment.tasks}
    table: dict[str, dict[str, dict[str, str]]] = {}
    for arm in experiment.arms:
        for intent in INTENTS:
            for moment in MOMENTS:
                cell = [
                    r.passed
                    for r in results
                    if r.arm == arm
                    and r.completed
                    and (kind := asked.get(r.task)) is not None
                    and (kind.intent, kind.moment) == (intent, moment)
                ]
                told = f"{sum(cell)}/{len(cell)}" if cell else ""
                table.setdefault(arm, {}).setdefault(intent, {})[moment] = told
    return table


def agreed(results: Sequence[TrialResult]) -> str:
    """How far two runs agree, in a sentence; nothing if there was one run."""
    found = agreement(results)
    if not found.cases:
        return ""
    if math.isnan(found.kappa):
        return f"Two runs: {found.same} of {found.cases} cases end alike, all in the same way."
    interval = f"[{found.low:.2f}, {min(1.0, found.high):.2f}]"
    return (
        f"Two runs: {found.same} of {found.cases} cases end alike, κ {found.kappa:.2f} {interval}."
    )


def unproved(results: Sequence[TrialResult], wanted: dict[str, str]) -> list[str]:
    """Trials of the reference arms that did not end as they must, a line each."""
    return [
        f"{r.arm} on {r.task}: {r.status}, not {wanted[r.arm]}. {r.error or r.reason}"
        for r in results
        if r.arm in wanted and r.status != wanted[r.arm]
    ]


def markdown(experiment: Experiment, results: Sequence[TrialResult]) -> str:
    """The tables as a page shows them."""
    table = rows(experiment, results)
    labels = list(next(iter(table.values())))
    lines = [f"| | {' | '.join(table)} |", "|---" * (len(table) + 1) + "|"]
    lines += [
        f"| {label} | {' | '.join(row[label] for row in table.values())} |" for label in labels
    ]
    for arm, kinds in by_kind(experiment, results).items():
        lines += ["", f"{arm}, passed of tried:", "", f"| | {' | '.join(MOMENTS)} |"]
        lines += ["|---" * (len(MOMENTS) + 1) + "|"]
        lines += [f"| {intent} | {' | '.join(cells.values())} |" for intent, cells in kinds.items()]
    return "\n".join([*lines, *filter(None, ["", agreed(results)])])


def as_json(
    experiment: Experiment, results: Sequence[TrialResult], tasks: Sequence[Task]
) -> dict[str, Any]:
    """Everything, with each case's numbers."""
    kinds = {task.id: task.interruption for task in tasks}
    return {
        "rows": rows(experiment, results),
        "by_kind": by_kind(experiment, results),
        "agreement": agreed(results),
        "cases": [
            {
                "arm": r.arm,
                "task": r.task,
                "repeat": r.repeat,
                "status": r.status,
                "reason": r.error or r.reason,
                "intent": kind.intent,
                "moment": kind.moment,
                **{name: r.metrics[name] for name, _, _ in COLUMNS if name in r.metrics},
            }
            for r in results
            if (kind := kinds[r.task]) is not None
        ],
    }
