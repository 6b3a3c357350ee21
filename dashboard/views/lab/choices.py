"""What an experiment can be designed from, and what a design would cost and show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigurationError
from agent.experiments.__main__ import EXAMPLES
from agent.experiments.design import DesignSummary, summarise_design
from agent.experiments.prompts import prompt_history
from agent.experiments.spec import Experiment, load_experiment
from agent.experiments.task import Task, builtin_tasks
from agent.models.pricing import PRICES
from dashboard.views.lab.data import Plain
from dashboard.views.lab.form import Form, form_of, read_form
from dashboard.views.lab.records import Records

if TYPE_CHECKING:
    from agent.settings import Settings

_EXAMPLE = "wording"


def cores() -> int:
    """How many processors there are, so as many desktops at most."""
    return os.cpu_count() or 1


def choices(records: Records, settings: Settings, tasks: Mapping[str, Task]) -> Plain:
    """Prompts with their texts, tasks with their tags, and models."""
    paid = settings.anthropic_api_key is not None or settings.anthropic_base_url is not None
    return {
        "prompts": [
            {
                "hash": version.hash,
                "name": version.names[0],
                "text": version.text,
                "shipped": version.shipped,
                "uses": len(version.uses),
            }
            for version in prompt_history(records.root)
        ],
        "tasks": [_task(task) for task in tasks.values()],
        "tags": Counter(tag for task in tasks.values() for tag in task.tags).most_common(),
        "phrasings": sorted({"goal", *(p for task in tasks.values() for p in task.phrasings)}),
        "models": ["offline", "oracle", "nothing", *(PRICES if paid else ())],
        "paid": paid,
        "cores": cores(),
        "slots": min(2, max(1, cores() // 2)),
    }


def _task(task: Task) -> Plain:
    kept = {name: getattr(task, name) for name in ("id", "tags", "gui_only", "voice", "missing")}
    return kept | {
        "tags": list(task.tags),
        "words": task.instruction,
        "seconds": task.limits.seconds,
    }


def example() -> Form:
    """The design of the keyless example that comes with Sayso."""
    return form_of(load_experiment(EXAMPLES / f"{_EXAMPLE}.yaml"))


def all_tasks(more: Mapping[str, Task]) -> dict[str, Task]:
    """Tasks that come with Sayso, and those of experiments that are copied."""
    return {**more, **builtin_tasks()}


def weigh(
    records: Records,
    settings: Settings,
    form: Form,
    tasks: Mapping[str, Task],
    slots: int,
) -> tuple[Experiment | None, Plain]:
    """The experiment that a form means, if any, and what to show beside the form."""
    draft = read_form(form, tasks, settings)
    faults = [asdict(fault) for fault in draft.faults]
    if draft.experiment is None:
        return None, {"faults": faults, "summary": None}
    experiment = draft.experiment
    try:
        earlier = records.results(experiment.folder_name)
    except ConfigurationError:
        earlier = []
    summary = summarise_design(experiment, slots=slots, earlier=earlier)
    known = {"done": sum(r.completed for r in earlier), "tried": len(earlier)}
    return experiment, {"faults": faults, "summary": _summary(summary), "known": known}


def _summary(summary: DesignSummary) -> Plain:
    found: dict[str, Any] = {
        name: getattr(summary, name)
        for name in ("name", "hash", "baseline", "repeats", "trials", "budget", "differing")
    }
    forecast = asdict(summary.forecast)
    forecast["power"] = [[effect, chance] for effect, chance in forecast["power"].items()]
    return found | {
        "arms": list(summary.arms),
        "tasks": len(summary.tasks),
        "prompt_changes": {
            arm: [asdict(piece) for piece in pieces]
            for arm, pieces in summary.prompt_changes.items()
        },
        "forecast": forecast,
        "warnings": list(summary.warnings),
    }
