"""What an experiment can be designed from, and what a design would cost and show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigurationError
from agent.experiments.commands import EXAMPLES
from agent.experiments.plan.design import DesignSummary, summarise_design
from agent.experiments.plan.spec import Arm, Experiment, load_experiment
from agent.experiments.plan.task import Task, builtin_tasks, tasks_folder
from agent.experiments.results.prompts import prompt_history
from agent.experiments.run.earlier import earlier_runs
from agent.experiments.run.prove import unproved
from agent.experiments.run.store import Store
from agent.kinds import ALL_TOOLS, tool_kinds
from agent.prompts import load_prompt
from agent.prompts.library import USUAL_STYLE
from agent.providers import CLAUDE, providers
from dashboard.views.lab.data import Plain
from dashboard.views.lab.form import Form, form_of, read_form
from dashboard.views.lab.records import Records

if TYPE_CHECKING:
    from agent.prompts.library import PromptLibrary
    from agent.settings import Settings

_EXAMPLE = "wording"


def cores() -> int:
    """How many processors there are, so as many desktops at most."""
    return os.cpu_count() or 1


def usual_slots() -> int:
    """Desktops at a time unless a person says otherwise: the machine has other work, too."""
    return min(2, max(1, cores() // 2))


def choices(
    records: Records,
    settings: Settings,
    library: PromptLibrary,
    tasks: Mapping[str, Task],
    unusable: Sequence[str] = (),
) -> Plain:
    """Prompts with their texts, tasks with their tags, and models.

    Args:
        records: of earlier experiments.
        settings: for which models are ready.
        library: of prompts.
        tasks: all that there are (`all_tasks`).
        unusable: why tasks of the person's folder are not among them, in words.
    """
    return {
        "prompts": _prompts(records, library),
        "tasks": [_task(task) for task in tasks.values()],
        "tags": Counter(tag for task in tasks.values() for tag in task.tags).most_common(),
        "unusable": list(unusable),
        "tasks_folder": str(tasks_folder(records.root)),
        "phrasings": sorted({"goal", *(p for task in tasks.values() for p in task.phrasings)}),
        "models": list(_models(settings)),
        "tools": [{"value": kind.name, "label": kind.label} for kind in tool_kinds().values()],
        "usual_tools": list(ALL_TOOLS),
        "paid": CLAUDE.ready(settings),
        "cores": cores(),
        "slots": usual_slots(),
    }


def _models(settings: Settings) -> Iterator[str]:
    """Names to choose from, those first that need no id of a model."""
    kinds = [kind for kind in providers("lab").values() if kind.ready(settings)]
    for kind in sorted(kinds, key=lambda kind: kind.takes != "nothing"):
        rests = kind.models() or ("",)
        yield from (kind.spelled(rest) for rest in rests)


def _prompts(records: Records, library: PromptLibrary) -> list[Plain]:
    """The person's own prompts, those that experiments have used, and those of Sayso."""
    used = {version.hash: version for version in prompt_history(records.root)}
    found: dict[str, Plain] = {}
    for name in library.names():
        for kept in library.versions(name):
            key = kept.prompt.hash
            uses = len(used[key].uses) if key in used else 0
            found.setdefault(key, _prompt(key, name, kept.template, kept.shipped, uses))
    for key, version in used.items():
        uses = len(version.uses)
        found.setdefault(key, _prompt(key, version.names[0], version.text, version.shipped, uses))
    return list(found.values())


def _prompt(key: str, name: str, text: str, shipped: bool, uses: int) -> Plain:
    return {"hash": key, "name": name, "text": text, "shipped": shipped, "uses": uses}


def against_default(wanted: Mapping[str, Any], with_it: Mapping[str, str] | None = None) -> Form:
    """A design that tries one prompt against the one that comes with Sayso.

    Args:
        wanted: the prompt, as `choices` has it.
        with_it: ``narration`` and ``tools`` (by commas) of its version, which belong to it.
    """
    usual, mine = load_prompt("default"), with_it or {}
    arm = Arm().fields | {"tools": list(Arm().tools)}
    spoken = mine.get("narration") or USUAL_STYLE
    styles = (None, None) if spoken == USUAL_STYLE else (USUAL_STYLE, spoken)
    tools = [tool for tool in arm["tools"] if tool in mine.get("tools", "").split(",")]
    light = [t.id for t in builtin_tasks().values() if "light" in t.tags and not t.missing]
    arms = [
        arm
        | {"name": "usual", "prompt": usual.name, "prompt_text": usual.template}
        | {"narration": styles[0]},
        arm
        | {"name": "wanted", "prompt": wanted["name"], "prompt_text": wanted["text"]}
        | {"narration": styles[1], "tools": tools or arm["tools"]},
    ]
    form = {"name": "", "hypothesis": "", "primary": "success", "baseline": ""}
    return form | {"arms": arms, "tasks": light, "repeats": 2, "budget": 0}


def _task(task: Task) -> Plain:
    kept = {name: getattr(task, name) for name in ("id", "tags", "gui_only", "voice", "missing")}
    return kept | {
        "tags": list(task.tags),
        "own": task.id not in builtin_tasks(),
        "words": task.instruction,
        "seconds": task.limits.seconds,
    }


def example() -> Form:
    """The design of the keyless example that comes with Sayso."""
    return form_of(load_experiment(EXAMPLES / f"{_EXAMPLE}.yaml"))


def all_tasks(more: Mapping[str, Task], own: Mapping[str, Task]) -> dict[str, Task]:
    """Tasks that come with Sayso, the person's own, and those of experiments that are copied."""
    return {**more, **own, **builtin_tasks()}


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
    study = Store.of(records.root, experiment).folder
    try:
        earlier = records.results(study.name)
    except ConfigurationError:
        earlier = []
    plan = summarise_design(experiment, slots=slots, earlier=earlier)
    known = {"done": plan.trials - plan.forecast.left, "tried": len(earlier)}
    summary = _summary(plan)
    summary["warnings"] += [r.words for r in earlier_runs(records.root, experiment, but=study)]
    proofs = _proofs(records, experiment)
    return experiment, {"faults": faults, "summary": summary, "known": known, "proofs": proofs}


def _proofs(records: Records, experiment: Experiment) -> Plain:
    """Tasks whose checks are not proved, and the arms that would be paid for all the same."""
    return {
        "unproved": [asdict(one) for one in unproved(experiment, records.root)],
        "paid": [name for name, arm in experiment.arms.items() if not arm.unpaid],
    }


def asks_first(shown: Plain) -> str:
    """Why a person should be asked before this begins; empty if there is nothing to ask."""
    proofs = shown.get("proofs", {})
    if not (proofs.get("paid") and proofs.get("unproved")):
        return ""
    told = ", ".join(one["task"] for one in proofs["unproved"])
    return (
        f"{', '.join(proofs['paid'])} would be paid for on tasks whose checks are not proved: "
        f"{told}. Prove them first, or say that they are to be run unproved."
    )


def _summary(summary: DesignSummary) -> Plain:
    found: dict[str, Any] = {
        name: getattr(summary, name)
        for name in ("name", "hash", "baseline", "repeats", "trials", "budget", "differing")
    }
    forecast = asdict(summary.forecast)
    for chances in ("power", "sparse"):
        forecast[chances] = [[effect, chance] for effect, chance in forecast[chances].items()]
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
