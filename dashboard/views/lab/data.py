"""What the Lab's pages show, as plain JSON. All of it reads the disk: call it in a thread."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from agent.errors import ConfigurationError
from agent.experiments.live import RunProgress
from agent.experiments.plan.spec import trial_id
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.compare import analyse
from agent.experiments.results.gate import Gate, gate
from agent.experiments.results.paired import ArmPoint, Pairing, Tries, cost_and_success, pair
from agent.experiments.results.prompts import PromptUse, PromptVersion, changes, prompt_history
from agent.experiments.results.words import verdicts
from agent.experiments.run.rescore import current_tasks, outdated
from agent.experiments.run.store import Store
from agent.experiments.statistics import Comparison, Estimate
from dashboard.views.lab.records import Records
from dashboard.words import t

Plain = dict[str, Any]

LETTERS = {
    "passed": "p", "failed": "f", "limit": "l", "error": "e", "stopped_by_user": "s",
    "cancelled": "c", "running": "r", "queued": "q", "": ".",
}  # fmt: skip
"""One letter a trial, so that a grid of thousands stays small."""


def listing(records: Records, *, judge: bool = True) -> list[Plain]:
    """A row an experiment, the latest first; a folder that cannot be read tells why.

    Verdicts take a moment: without ``judge`` they are None where they are still to come.
    """
    rows = []
    for folder in records.folders():
        try:
            rows.append(_row(records, folder, judge))
        except (ConfigurationError, OSError) as error:
            rows.append({"folder": folder, "name": folder, "fault": str(error)})
    return rows


def _row(records: Records, folder: str, judge: bool) -> Plain:
    experiment, results = records.experiment(folder), records.results(folder)
    planned = len(experiment.cells())
    store = records.store(folder)
    ended = sum(r.completed for r in results)
    errors = sum(r.status == "error" for r in results)
    return {
        "folder": folder,
        "name": experiment.name,
        "arms": list(experiment.arms),
        "tasks": len(experiment.tasks),
        "repeats": experiment.repeats,
        "planned": planned,
        "to_do": planned - ended,
        "errors": errors,
        "statuses": dict(Counter(r.status for r in results)),
        "begun": float(store.about.get("created", 0.0)),
        "spent": store.spent,
        "hypothesis": experiment.hypothesis,
        "verdicts": _verdicts(records, folder, judge) if ended + errors >= planned else [],
    }


def _verdicts(records: Records, folder: str, judge: bool) -> list[str] | None:
    """Told only once all is done: a verdict on the way is a look that makes p too small."""

    def made() -> list[str]:
        return verdicts(analyse(records.experiment(folder), records.results(folder)), looks)

    looks = records.store(folder).looks(records.results(folder))
    if not judge and not records.is_derived(folder, f"verdicts {looks}"):
        return None
    return list(records.derived(folder, f"verdicts {looks}", made))


def grid(records: Records, folder: str, progress: RunProgress | None) -> Plain:
    """Task by task what became of every trial, and how far the whole is."""
    experiment, results = records.experiment(folder), records.results(folder)
    active = progress is not None and progress.phase not in ("finished", "failed")
    under_way = {trial.id for trial in progress.running} if progress and active else set()
    letters = {r.id: LETTERS[r.status] for r in results}
    # What an earlier run left undone is run again, but its folder stays until then.
    letters |= dict.fromkeys(under_way, "r")
    rest = "q" if active else "."
    rows = [
        {
            "task": task.id,
            "words": task.instruction,
            "cells": [
                "".join(
                    letters.get(trial_id(arm, task.id, n), rest) for n in range(experiment.repeats)
                )
                for arm in experiment.arms
            ],
        }
        for task in experiment.tasks
    ]
    return {
        "folder": folder,
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "arms": list(experiment.arms),
        "rows": rows,
        "planned": len(experiment.cells()),
        "budget": experiment.budget,
        "to_do": len(experiment.cells()) - sum(r.completed for r in results),
        "errors": sum(r.status == "error" for r in results),
        "half_written": records.half_written(folder),
        **_standing(records, folder, progress, results),
    }


def _standing(
    records: Records, folder: str, progress: RunProgress | None, results: list[TrialResult]
) -> Plain:
    if progress is None:
        away = records.elsewhere(folder)
        return {
            "phase": "elsewhere" if away else "resting",
            "spent": records.store(folder).spent,
            "seconds": 0.0,
            "notes": _advice(results),
            "error": "",
            "running": [],
        }
    shown = ("id", "arm", "task", "state", "detail", "dollars", "seconds")
    return {
        "phase": progress.phase,
        "spent": progress.spent,
        "seconds": progress.seconds,
        "notes": list(progress.notes),
        "error": progress.error,
        "running": [{name: getattr(t, name) for name in shown} for t in progress.running],
    }


def _advice(results: Iterable[TrialResult]) -> list[str]:
    """What a person can fix, once each."""
    said = (f"{r.arm} · {r.task}: {f'{r.error} {r.advice}'.strip()}" for r in results if r.advice)
    return list(dict.fromkeys(said))[:8]


def held(records: Records, folder: str, least: float, *, look: bool = True) -> tuple[Gate, ...]:
    """Every arm held against the baseline, as the command's ``gate`` does it.

    Args:
        records: of all experiments.
        folder: the experiment's.
        least: the smallest difference in success that is asked for, in points.
        look: whether this is written down as a look.

    Raises:
        ConfigurationError: there is no such experiment, one arm only, or no such number.
    """
    if not -100 <= least <= 100:
        raise ConfigurationError(t("A difference in success is from -100 to 100 points."))
    experiment, results = records.experiment(folder), records.results(folder)
    store = records.store(folder)
    looks = store.look("gate") if look else store.looks(results)
    return gate(experiment, results, least, looks=looks)


def comparison(
    records: Records, folder: str, a: str, b: str, own: Mapping[str, Task] | None = None
) -> Plain:
    """Two arms task by task, and every arm's price of success.

    Looking before all trials are done is written down, since it weakens the test.

    Args:
        records: of all experiments.
        folder: the experiment's.
        a: an arm, or the baseline if empty.
        b: another one, or the next if empty.
        own: the person's tasks, whose checks may have been corrected since.

    Raises:
        ConfigurationError: there is no such experiment or arm, or a library is missing.
    """
    experiment, results = records.experiment(folder), records.results(folder)
    tried = sum(r.completed for r in results)
    errors = sum(r.status == "error" for r in results)
    planned, store = len(experiment.cells()), records.store(folder)
    looks = store.look("page") if 0 < tried < planned - errors else store.looks(results)
    points = records.derived(
        folder, "points", lambda: [_point(p) for p in cost_and_success(experiment, results)]
    )
    statuses = {
        arm: dict(Counter(r.status for r in results if r.arm == arm)) for arm in experiment.arms
    }
    common = {
        "folder": folder,
        "name": experiment.name,
        "hypothesis": experiment.hypothesis,
        "arms": list(experiment.arms),
        "planned": planned,
        "tried": tried,
        "errors": errors,
        "looks": looks,
        "outdated": len(outdated(store, current_tasks(store, own), results)),
        "amendments": _amendments(store),
        "points": points,
        "statuses": statuses,
        "pairing": None,
    }
    if len(experiment.arms) < 2 or not tried:
        return common
    made = records.derived(
        folder, f"pair {a} {b} {looks}", lambda: pair(experiment, results, a, b, looks=looks)
    )
    return common | {"pairing": _pairing(made, {r.id: r.status for r in results})}


def _amendments(store: Store) -> list[Plain]:
    return [
        {"at": one.at, "trials": one.trials, "changes": list(one.changes)}
        for one in store.amendments
    ]


def _pairing(found: Pairing, statuses: dict[str, str]) -> Plain:
    return {
        "a": found.a,
        "b": found.b,
        "success": _comparison(found.success),
        "ratios": {name: _comparison(c) for name, c in found.ratios.items()},
        "fixed": list(found.fixed),
        "broken": list(found.broken),
        "verdict": found.verdict,
        "notes": list(found.notes),
        "tasks": [
            {
                "task": task.task,
                "a": _tries(task.a, statuses),
                "b": _tries(task.b, statuses),
                "difference": _number(task.difference),
                "change": task.change,
            }
            for task in found.tasks
        ],
    }


def _tries(tries: Tries, statuses: dict[str, str]) -> Plain:
    return {
        "passed": tries.passed,
        "tries": tries.tries,
        "rate": _number(tries.rate),
        "trials": list(tries.trials),
        "letters": "".join(LETTERS[statuses[name]] for name in tries.trials),
        "reason": tries.reason,
    }


def _point(point: ArmPoint) -> Plain:
    return {
        "arm": point.arm,
        "success": _estimate(point.success),
        "dollars": _estimate(point.dollars),
        "seconds": _estimate(point.seconds),
        "dollars_per_success": _number(point.dollars_per_success),
        "time": {name: _number(value) for name, value in point.time.items()},
    }


def prompts(records: Records) -> list[Plain]:
    """Every version of every prompt, with where it was used and what came of it."""
    versions = prompt_history(records.root)
    by_hash = {version.hash: version for version in versions}
    return [_version(version, by_hash.get(version.before)) for version in versions]


def _version(version: PromptVersion, before: PromptVersion | None) -> Plain:
    return {
        "hash": version.hash,
        "names": list(version.names),
        "text": version.text,
        "shipped": version.shipped,
        "first_used": version.first_used,
        "before": version.before,
        "change": [asdict(piece) for piece in changes(before, version)] if before else [],
        "uses": [_use(use) for use in version.uses],
    }


def _use(use: PromptUse) -> Plain:
    kept = ("experiment", "arm", "model", "begun", "tasks", "trials", "passed", "dollars")
    found = {name: getattr(use, name) for name in kept}
    return found | {
        "folder": use.folder.rpartition("/")[2],
        "success": _estimate(use.success),
    }


def _comparison(found: Comparison) -> Plain:
    return _estimate(found.estimate) | {
        "p": _number(found.p),
        "p_holm": _number(found.p_holm),
        "test": found.test,
    }


def _estimate(found: Estimate) -> Plain:
    return {
        "value": _number(found.value),
        "low": _number(found.low),
        "high": _number(found.high),
        "method": found.method,
        "tasks": found.tasks,
        "note": found.note,
    }


def _number(value: float) -> float | None:
    """JSON has no NaN: what is undefined is null."""
    return float(value) if math.isfinite(value) else None
