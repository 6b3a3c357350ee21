"""One page on an experiment, in Markdown or HTML, after the form of a paired study."""

from __future__ import annotations

import difflib
import math
import time
from collections.abc import Sequence
from typing import Any

from agent.experiments.measures import measures
from agent.experiments.plan.design import differing_fields, fields_in_words
from agent.experiments.plan.power import forecast
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.compare import Analysis, ArmComparison, analyse
from agent.experiments.results.page import Page
from agent.experiments.results.words import (
    NONE,
    chance,
    difference,
    number,
    percent,
    points,
    ratio,
    verdict,
)
from agent.experiments.run.store import Store
from agent.experiments.statistics import FEW_TASKS

_SEEN = 0.005
"""Less than this is 0.00 on the page."""


def report(store: Store, *, kind: str = "markdown") -> str:
    """The report of an experiment's folder; ``kind`` is ``markdown`` or ``html``.

    Raises:
        ConfigurationError: the folder is no experiment's, or a library is missing.
    """
    page = build_page(store, store.look("report"))
    return page.html() if kind == "html" else page.markdown()


def write_reports(store: Store) -> list[str]:
    """Write ``report.md`` and ``report.html`` into the folder; returns their paths."""
    page = build_page(store, store.look("report"))
    written = []
    for text, name in ((page.markdown(), "report.md"), (page.html(), "report.html")):
        path = store.folder / name
        path.write_text(text, "utf-8")
        written.append(str(path))
    return written


def build_page(store: Store, looks: int) -> Page:
    """The report's blocks; ``looks`` were taken before all trials were done."""
    experiment, results = store.experiment, store.results()
    analysis = analyse(experiment, results)
    page = Page(f"Experiment: {experiment.name}")
    _answer(page, experiment, analysis)
    _design(page, experiment)
    _results(page, analysis)
    for comparison in analysis.comparisons.values():
        _comparison(page, comparison, len(analysis.comparisons))
    _details(page, analysis)
    _cells(page, experiment, results)
    page.head("Limits of this study")
    page.items(_limits(experiment, analysis, looks))
    page.head("How it was run")
    page.items(_circumstances(store, experiment, analysis, results))
    return page


def prompt_diff(experiment: Experiment, a: str, b: str) -> str:
    """Unified diff of two arms' prompts; empty when they are the same."""
    old, new = (experiment.arms[name].prompt_text.splitlines() for name in (a, b))
    return "\n".join(difflib.unified_diff(old, new, a, b, lineterm="", n=1))


def _answer(page: Page, experiment: Experiment, analysis: Analysis) -> None:
    page.items(
        [
            f"Hypothesis, written before: {experiment.hypothesis or 'none'}",
            *(verdict(comparison) for comparison in analysis.comparisons.values()),
            (
                f"{len(experiment.arms)} arms x {len(experiment.tasks)} tasks x "
                f"{experiment.repeats} repeats = {analysis.planned} trials; {analysis.done} done"
            ),
            *analysis.notes,
        ]
    )


def _design(page: Page, experiment: Experiment) -> None:
    page.head("Arms")
    differing = differing_fields(experiment)
    if differing:
        page.table(
            ["arm", *differing],
            [
                [name, *(_short(values[name], 80) for values in differing.values())]
                for name in experiment.arms
            ],
        )
    first = fields_in_words(next(iter(experiment.arms.values())))
    same = (f"{f} {value}" for f, value in first.items() if f not in differing)
    page.text(f"The same in all arms: {'; '.join(same)}.")
    for name in experiment.arms:
        if name != experiment.reference and (
            diff := prompt_diff(experiment, experiment.reference, name)
        ):
            page.code(diff)


def _results(page: Page, analysis: Analysis) -> None:
    page.head("Results")
    paid = any(arm.dollars_per_trial > 0 for arm in analysis.arms.values())
    header = ["arm", "success", "success if completed", "score", "seconds"]
    rows = []
    for name, arm in analysis.arms.items():
        row = [name, percent(arm.intention), percent(arm.completed)]
        row += [number(arm.score), number(arm.seconds)]
        each = arm.dollars_per_success
        row += [NONE if math.isnan(each) else f"{each:.3f}"] if paid else []
        rows.append(row)
    page.table([*header, "US$ a success"] if paid else header, rows)
    methods: dict[str, list[str]] = {}
    for name, arm in analysis.arms.items():
        methods.setdefault(arm.intention.method, []).append(name)
    how = "; ".join(f"{method} ({', '.join(names)})" for method, names in methods.items())
    page.text(
        "In brackets: 95 % intervals over tasks. “Success” counts errors as failures, “if "
        "completed” leaves them out. “Seconds” are the agent's: waiting for the person is left "
        f"out. Intervals of success by: {how}."
    )
    ks = sorted({k for arm in analysis.arms.values() for k in arm.pass_at})
    page.table(
        ["arm", *(f"pass@{k}" for k in ks), *(f"pass^{k}" for k in ks), "trials by status"],
        [
            [name, *_shares(arm.pass_at, ks), *_shares(arm.pass_hat, ks), _statuses(arm.statuses)]
            for name, arm in analysis.arms.items()
        ],
    )
    page.text("pass@k: the chance that one of k tries passes; pass^k: that all of them do.")


def _comparison(page: Page, c: ArmComparison, comparisons: int) -> None:
    page.head(f"{c.arm} against {c.baseline}")
    measures = {"success": (c.success, points), "score": (c.score, difference)}
    measures |= {name: (found, ratio) for name, found in c.ratios.items()}
    rows = []
    for name, (found, shown) in measures.items():
        if math.isnan(found.estimate.value):
            continue
        primary = name == c.primary
        p = chance(found.p)
        if primary and comparisons > 1:
            p += f"; {chance(found.p_holm)} corrected for {comparisons} comparisons"
        label = f"{name} (primary)" if primary else name
        how = f"{found.estimate.method}; {found.test}"
        rows.append([label, shown(found.estimate), p, how])
    page.table(["measure", f"{c.arm} against {c.baseline}", "p", "interval; test"], rows)
    if any(name != c.primary for name in measures):
        page.text("Measures besides the primary one are for exploring: their p is not corrected.")
    page.items(
        [
            f"Fixed by {c.arm} (rate up by half or more): {', '.join(c.fixed) or 'none'}",
            f"Broken by {c.arm} (rate down by half or more): {', '.join(c.broken) or 'none'}",
        ]
    )


def _details(page: Page, analysis: Analysis) -> None:
    means = {name: arm.means for name, arm in analysis.arms.items()}
    rows = [
        [kind.heading, *(_mean(found.get(name)) for found in means.values())]
        for name, kind in measures("report").items()
        if any(found.get(name, 0.0) >= _SEEN for found in means.values())
        or (kind.kept and any(name in found for found in means.values()))
    ]
    if rows:
        page.head("Means over completed trials")
        page.table(["measure", *means], rows)


def _cells(page: Page, experiment: Experiment, results: Sequence[TrialResult]) -> None:
    page.head("Task by task")
    names, rows = list(experiment.arms), []
    for task in experiment.tasks:
        cells = [[r for r in results if (r.arm, r.task) == (name, task.id)] for name in names]
        label = f"{task.id} (screen only)" if task.gui_only else task.id
        rows.append([label, *(_cell(cell) for cell in cells)])
    page.table(["task", *names], rows)
    page.text(
        "Passes / tries, then the first reason against it. One trial in full: python -m "
        f"agent.experiments show {experiment.name} ARM--TASK--REPEAT."
    )


def _limits(experiment: Experiment, analysis: Analysis, looks: int) -> list[str]:
    lines = [
        "The task is the unit; repeats of a task enter as its rate.",
        "Intervals are over tasks like these, on this desktop; other tasks may differ.",
        _power(experiment),
    ]
    if len(experiment.tasks) < FEW_TASKS:
        lines.append(
            f"Only {len(experiment.tasks)} tasks: only large effects show. Add tasks rather "
            "than repeats."
        )
    if looks:
        lines.append(f"Results were looked at {looks} times before the end: p is too small.")
    rates = {arm.completed.value for arm in analysis.arms.values()}
    if len(rates) > 1:
        lines.append(
            "Seconds, turns and money are of all completed trials, failed ones too: an arm that "
            "gives up early looks quick and cheap."
        )
    shells = {arm.shell_allowed for arm in experiment.arms.values()}
    if len(shells) > 1:
        lines.append("Some arms may use the shell and others not: compare them with care.")
    if analysis.missing:
        lines.append(f"{analysis.missing} trials are missing.")
    return lines


def _power(experiment: Experiment) -> str:
    detectable = forecast(experiment).detectable
    if detectable is None:
        return (
            "For arms of middling success this design finds differences of up to 35 points with "
            "a chance under 80 %: “no clear difference” would say little."
        )
    return (
        f"For arms of middling success this design finds differences from {100 * detectable:.0f} "
        "points on with a chance of 80 %; smaller ones may well be there unseen."
    )


def _circumstances(
    store: Store, experiment: Experiment, analysis: Analysis, results: Sequence[TrialResult]
) -> list[str]:
    about: dict[str, Any] = store.about
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(about.get("created", 0)))
    attempts = sum(r.attempt for r in results)
    lines = [
        (
            f"Begun {when}; definition {experiment.hash[:12]}; commit "
            f"{str(about.get('commit', ''))[:12] or 'unknown'}; lock file "
            f"{str(about.get('lock', ''))[:12] or 'none'}"
        ),
        f"Spent: {store.spent:.2f} of {experiment.budget:.2f} US$",
        f"Errors that were tried again: {attempts}",
    ]
    varying = {name: {r.environment.get(name, "") for r in results} - {""} for name in _PLACES}
    lines += [f"{_PLACES[name]}: {', '.join(sorted(v))}" for name, v in varying.items() if v]
    packages = {
        f"{name.removeprefix('package ')} {version}"
        for r in results
        for name, version in r.environment.items()
        if name.startswith("package ")
    }
    return [*lines, f"Programs: {', '.join(sorted(packages))}"] if packages else lines


_PLACES = {"host": "Hosts", "cpus": "Cores", "system": "Systems", "python": "Python"}


def _shares(values: dict[int, float], ks: Sequence[int]) -> list[str]:
    found = (values.get(k, math.nan) for k in ks)
    return [NONE if math.isnan(v) else f"{100 * v:.0f} %" for v in found]


def _statuses(counts: dict[str, int]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items())) or "none"


def _mean(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _cell(cell: Sequence[TrialResult]) -> str:
    tried = [r for r in cell if r.status != "cancelled"]
    if not tried:
        return NONE
    wrong = next((f"{r.status}: {r.reason or r.error}" for r in tried if not r.passed), "")
    passes = f"{sum(r.passed for r in tried)}/{len(tried)}"
    return f"{passes} {_short(wrong, 90)}".strip()


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
