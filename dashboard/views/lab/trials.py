"""One trial as plain JSON: its end, its steps in lanes, its pictures, and where it parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.experiments.plan.spec import Experiment, trial_id
from agent.experiments.plan.trial import Trial, TrialResult
from agent.experiments.results.timeline import LANES, Picture, Step, first_divergence, view_trial
from dashboard.views.lab.data import Plain
from dashboard.views.lab.records import Records

_MOST_STEPS = 2000


def trial(records: Records, folder: str, name: str, other: str = "") -> Plain:
    """Everything about one trial; ``other`` is one of the same task to compare its actions with.

    Raises:
        ConfigurationError: there is no such experiment, or the trial cannot be read.
    """
    experiment, store = records.experiment(folder), records.store(folder)
    order = [trial_id(arm, task.id, n) for arm, task, n in experiment.cells()]
    if name not in order:
        return {"folder": folder, "trial": name, "missing": True, "name": experiment.name}
    here = order.index(name)
    found = {r.id: r for r in records.results(folder)}
    near = {
        "folder": folder,
        "trial": name,
        "name": experiment.name,
        "previous": next((n for n in reversed(order[:here]) if n in found), ""),
        "next": next((n for n in order[here + 1 :] if n in found), ""),
    }
    if name not in found:
        return near | {"missing": True}
    result = found[name]
    rivals = _rivals(experiment, result, found)
    other = other if other in rivals else next(iter(rivals), "")
    return (
        near
        | {"missing": False, "result": _result(result), "rivals": rivals}
        | _view(store.trial(name), folder, name)
        | _parting(store.trial(name), store.trial(other) if other else None, other)
    )


def _rivals(
    experiment: Experiment, result: TrialResult, found: dict[str, TrialResult]
) -> dict[str, str]:
    """Other tries of the same task: those of other arms first."""
    arms = sorted(experiment.arms, key=lambda arm: arm == result.arm)
    names = (trial_id(arm, result.task, n) for arm in arms for n in range(experiment.repeats))
    return {
        n: found[n].status
        for n in names
        if n in found and n != result.id and found[n].status != "cancelled"
    }


def _result(result: TrialResult) -> Plain:
    kept = (
        "arm", "task", "repeat", "status", "score", "reason", "error_class", "error", "advice",
        "left_out", "attempt", "started", "ended", "queue_seconds", "metrics", "environment",
    )  # fmt: skip
    return {name: getattr(result, name) for name in kept}


def _view(trial: Trial, folder: str, name: str) -> Plain:
    if not (trial.folder / "trial.json").exists():  # it never ran: there is only its end
        return {"instruction": "", "model": "", "prompt": "", "seconds": 0.0} | {
            "lanes": list(LANES),
            "steps": [],
            "pictures": [],
        }
    view = view_trial(trial)
    at = f"recordings/trial/{folder}/{name}/images"
    return {
        "instruction": view.instruction,
        "model": view.model,
        "prompt": view.prompt,
        "seconds": view.seconds,
        "lanes": list(LANES),
        "steps": [_step(step, at) for step in view.steps[:_MOST_STEPS]],
        "pictures": _pictures(view.pictures, at),
    }


def _step(step: Step, at: str) -> Plain:
    kept = ("lane", "begin", "end", "label", "detail", "ok")
    found = {name: getattr(step, name) for name in kept}
    return found | {"picture": f"{at}/{step.picture.stem}" if step.picture else ""}


def _pictures(pictures: Sequence[Picture], at: str) -> list[Plain]:
    return [
        {"at": p.at, "url": f"{at}/{p.path.stem}", "width": p.width, "height": p.height}
        for p in pictures
    ]


def _parting(trial: Trial, rival: Trial | None, other: str) -> dict[str, Any]:
    if rival is None:
        return {"other": "", "parts": None}
    parts = first_divergence(trial.events(), rival.events())
    told = None if parts is None else {"step": parts.step, "a": parts.a, "b": parts.b}
    return {"other": other, "parts": told}
