"""One page on an experiment, in Markdown or HTML, after the form of a paired study."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.experiments.measures import measures
from agent.experiments.plan.amending import Amendment
from agent.experiments.plan.design import differing_fields, fields_in_words
from agent.experiments.plan.power import forecast
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results import page
from agent.experiments.results.compare import Analysis, ArmComparison, analyse
from agent.experiments.results.words import (
    NONE,
    chance,
    difference,
    number,
    percent,
    points,
    ratio,
    verdicts,
    when,
)
from agent.experiments.run.earlier import earlier_runs
from agent.experiments.run.rescore import outdated
from agent.experiments.run.store import Store
from agent.experiments.statistics import FEW_TASKS

_SEEN = 0.005
"""Less than this is 0.00 on the page."""


def report(store: Store, *, kind: str = "markdown") -> str:
    """The report of an experiment's folder; ``kind`` is ``markdown`` or ``html``.

    Raises:
        ConfigurationError: the folder is no experiment's, or a library is missing.
    """
    text = _markdown(store)
    return _html(store, text) if kind == "html" else text


def write_reports(store: Store) -> list[str]:
    """Write ``report.md`` and ``report.html`` into the folder; returns their paths."""
    text = _markdown(store)
    written = []
    for content, name in ((text, "report.md"), (_html(store, text), "report.html")):
        path = store.folder / name
        path.write_text(content, "utf-8")
        written.append(str(path))
    return written


def _html(store: Store, text: str) -> str:
    return page.html(f"Experiment: {store.experiment.name}", text)


def _markdown(store: Store) -> str:
    looks = store.look("report")
    experiment, results = store.experiment, store.results()
    analysis = analyse(experiment, results)
    comparisons = analysis.comparisons.values()
    about: dict[str, Any] = {"commit": "", "lock": "", "sayso": "", **store.about}
    amendments = store.amendments
    guess = forecast(experiment, earlier=results)
    return page.markdown(
        about=about,
        amendments=_amendments(amendments),
        analysis=analysis,
        arms=_arms(experiment),
        begun=when(about.get("created", 0)),
        cells=_cells(experiment, results),
        comparisons=[(c, _measured(c, len(comparisons))) for c in comparisons],
        detectable=guess.detectable,
        diffs=_diffs(experiment),
        earlier=earlier_runs(store.folder.parent, experiment, but=store.folder),
        experiment=experiment,
        few_tasks=FEW_TASKS,
        hypothesis_changed=_changed(amendments, "hypothesis"),
        looks=looks,
        means=_means(analysis),
        methods=_methods(analysis),
        outdated=len(outdated(store, results=results)),
        places=_places(results),
        primary_changed=_changed(amendments, "primary"),
        rescored=store.rescored,
        retries=sum(r.attempt for r in results),
        same=_same(experiment),
        sparse=guess.sparse,
        spent=store.spent,
        success=_success(analysis),
        tries=_tries(analysis),
        verdicts=verdicts(analysis, looks),
        wordings=_wordings(experiment),
    )


def prompt_diff(experiment: Experiment, a: str, b: str) -> str:
    """Unified diff of two arms' prompts; empty when they are the same."""
    old, new = (experiment.arms[name].prompt_text.splitlines() for name in (a, b))
    return "\n".join(difflib.unified_diff(old, new, a, b, lineterm="", n=1))


@dataclass(frozen=True, slots=True)
class _Table:
    header: list[str]
    rows: list[list[str]]
    exploring: bool = False
    """Whether a measure stands in it that is not the primary one."""


def _amendments(found: Sequence[Amendment]) -> _Table:
    rows = [[when(one.at), str(one.trials), "; ".join(one.changes)] for one in found]
    return _Table(["when", "trials done by then", "what changed"], rows)


def _changed(amendments: Sequence[Amendment], field: str) -> int:
    """How many trials were done when a field was last changed; 0 if none was."""
    trials = [a.trials for a in amendments if any(c.startswith(f"{field}:") for c in a.changes)]
    return max(trials, default=0)


def _wordings(experiment: Experiment) -> list[str]:
    """Which arms were given the goal in tasks without their wording."""
    found = []
    for name, arm in experiment.arms.items():
        lacking = [task.id for task in experiment.tasks if not task.has_wording(arm.phrasing)]
        if lacking:
            found.append(f"{name} was given the goal in {', '.join(lacking)}")
    return found


def _arms(experiment: Experiment) -> _Table:
    differing = differing_fields(experiment)
    rows = [
        [name, *(_short(values[name], 80) for values in differing.values())]
        for name in experiment.arms
    ]
    return _Table(["arm", *differing], rows if differing else [])


def _same(experiment: Experiment) -> str:
    differing = differing_fields(experiment)
    first = fields_in_words(next(iter(experiment.arms.values())))
    return "; ".join(f"{f} {value}" for f, value in first.items() if f not in differing)


def _diffs(experiment: Experiment) -> list[str]:
    base = experiment.reference
    found = (prompt_diff(experiment, base, name) for name in experiment.arms if name != base)
    return [diff for diff in found if diff]


def _success(analysis: Analysis) -> _Table:
    paid = any(arm.dollars_per_trial > 0 for arm in analysis.arms.values())
    header = ["arm", "success", "errors as failures", "score", "seconds"]
    rows = []
    for name, arm in analysis.arms.items():
        row = [name, percent(arm.completed), percent(arm.intention)]
        row += [number(arm.score), number(arm.seconds)]
        each = arm.dollars_per_success
        row += [NONE if math.isnan(each) else f"{each:.3f}"] if paid else []
        rows.append(row)
    return _Table([*header, "US$ a success"] if paid else header, rows)


def _methods(analysis: Analysis) -> str:
    methods: dict[str, list[str]] = {}
    for name, arm in analysis.arms.items():
        methods.setdefault(arm.completed.method, []).append(name)
    return "; ".join(f"{method} ({', '.join(names)})" for method, names in methods.items())


def _tries(analysis: Analysis) -> _Table:
    ks = sorted({k for arm in analysis.arms.values() for k in arm.pass_at})
    return _Table(
        ["arm", *(f"pass@{k}" for k in ks), *(f"pass^{k}" for k in ks), "trials by status"],
        [
            [name, *_shares(arm.pass_at, ks), *_shares(arm.pass_hat, ks), _statuses(arm.statuses)]
            for name, arm in analysis.arms.items()
        ],
    )


def _measured(c: ArmComparison, comparisons: int) -> _Table:
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
    header = ["measure", f"{c.arm} against {c.baseline}", "p", "interval; test"]
    return _Table(header, rows, any(name != c.primary for name in measures))


def _means(analysis: Analysis) -> _Table:
    means = {name: arm.means for name, arm in analysis.arms.items()}
    rows = [
        [kind.heading, *(_mean(found.get(name)) for found in means.values())]
        for name, kind in measures("report").items()
        if any(found.get(name, 0.0) >= _SEEN for found in means.values())
        or (kind.kept and any(name in found for found in means.values()))
    ]
    return _Table(["measure", *means], rows)


def _cells(experiment: Experiment, results: Sequence[TrialResult]) -> _Table:
    names, rows = list(experiment.arms), []
    for task in experiment.tasks:
        cells = [[r for r in results if (r.arm, r.task) == (name, task.id)] for name in names]
        label = f"{task.id} (screen only)" if task.gui_only else task.id
        rows.append([label, *(_cell(cell) for cell in cells)])
    return _Table(["task", *names], rows)


def _places(results: Sequence[TrialResult]) -> dict[str, list[str]]:
    """What trials ran on: heading → the values that occur."""
    found = {
        heading: sorted({r.environment.get(name, "") for r in results} - {""})
        for name, heading in _PLACES.items()
    }
    packages = {
        f"{name.removeprefix('package ')} {version}"
        for r in results
        for name, version in r.environment.items()
        if name.startswith("package ")
    }
    return {**found, "Programs": sorted(packages)}


_PLACES = {"host": "Hosts", "cpus": "Cores", "system": "Systems", "python": "Python"}


def _shares(values: dict[int, float], ks: Sequence[int]) -> list[str]:
    found = (values.get(k, math.nan) for k in ks)
    return [NONE if math.isnan(v) else f"{100 * v:.0f} %" for v in found]


def _statuses(counts: dict[str, int]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items())) or "none"


def _mean(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _cell(cell: Sequence[TrialResult]) -> str:
    begun = [r for r in cell if r.status != "cancelled"]
    if not begun:
        return NONE
    tried = [r for r in begun if r.completed]
    wrong = next((f"{r.status}: {r.reason or r.error}" for r in begun if not r.passed), "")
    passes = f"{sum(r.passed for r in tried)}/{len(tried)}" if tried else NONE
    return f"{passes} {_short(wrong, 90)}".strip()


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
