"""An experiment as a person fills it in, and what is wrong with it, field by field.

A page never names a file of the server: prompts come as text, tasks by their id, and models
that read or write a file are for the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pydantic

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Arm, Experiment, define
from agent.experiments.plan.task import Task
from agent.prompts import Prompt
from agent.providers import CLAUDE, provider_of, providers
from agent.settings import Settings
from dashboard.words import marked, t

Form = dict[str, Any]
"""``name hypothesis primary baseline arms tasks repeats budget``; an arm's ``name`` is in it."""

MOST_ARMS = 8
_MOST_TEXT = 60_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_PROMPT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,59}")
_NAME_RULE = marked("Use letters, digits, dots, hyphens and underscores, 60 at most, no spaces.")
_ARM_FIELDS = (
    "model", "prompt", "prompt_text", "phrasing", "instruction", "effort", "narration",
    "tools", "approvals", "width", "height", "max_dollars",
)  # fmt: skip
_TEXTS = ("name", "hypothesis", "primary", "baseline")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which field, as ``name`` or ``arms.1.model``."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A form read: an experiment, or its faults."""

    experiment: Experiment | None
    faults: tuple[Fault, ...]


def read_form(form: Mapping[str, Any], tasks: Mapping[str, Task], settings: Settings) -> Draft:
    """The experiment that a form means; all faults at once, not the first one only."""
    arms = [arm for arm in form.get("arms") or () if isinstance(arm, Mapping)]
    faults = [*_design(form, arms), *_tasks(form, tasks), *_money(form, arms)]
    for number, arm in enumerate(arms):
        faults += _arm(f"arms.{number}", arm, settings)
    if faults:
        return Draft(None, tuple(faults))
    try:
        return Draft(_define(form, arms, tasks), ())
    except ConfigurationError as error:
        return Draft(None, (Fault("", str(error)),))


def form_of(experiment: Experiment) -> Form:
    """The form that means this experiment."""
    fields = ("name", "hypothesis", "primary", "baseline", "repeats", "budget")
    arms = [
        {"name": name} | {field: _plain(getattr(arm, field)) for field in _ARM_FIELDS}
        for name, arm in experiment.arms.items()
    ]
    form = {field: getattr(experiment, field) for field in fields}
    form |= {"sequential": True} if experiment.sequential else {}
    return form | {"arms": arms, "tasks": [task.id for task in experiment.tasks]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _define(
    form: Mapping[str, Any], arms: list[Mapping[str, Any]], tasks: Mapping[str, Task]
) -> Experiment:
    chosen = tuple(tasks[name] for name in form["tasks"])
    made = {
        arm["name"]: {f: arm[f] for f in _ARM_FIELDS if arm.get(f) not in (None, "")}
        for arm in arms
    }
    fields: dict[str, Any] = {key: str(form.get(key) or "").strip() for key in _TEXTS}
    fields["primary"] = fields["primary"] or "success"
    fields |= {"sequential": True} if form.get("sequential") else {}
    return define(
        **fields, arms=made, tasks=chosen, repeats=int(form["repeats"]), budget=_budget(form)
    )


def _design(form: Mapping[str, Any], arms: list[Mapping[str, Any]]) -> Iterator[Fault]:
    name = str(form.get("name") or "").strip()
    if not name:
        yield Fault("name", t("Give the experiment a name."))
    elif not _NAME.fullmatch(name):
        yield Fault("name", t(_NAME_RULE))
    if not arms:
        yield Fault("arms", t("An experiment needs at least one arm; two to compare."))
    if len(arms) > MOST_ARMS:
        yield Fault("arms", t("{n} arms at most.", n=MOST_ARMS))
    names = [str(arm.get("name") or "") for arm in arms]
    for twice in {name for name in names if name and names.count(name) > 1}:
        yield Fault(
            f"arms.{len(names) - 1 - names[::-1].index(twice)}.name", t("This name is taken.")
        )
    baseline = form.get("baseline")
    if baseline and baseline not in names:
        yield Fault("baseline", t("There is no arm “{name}”.", name=baseline))
    repeats = form.get("repeats")
    if not isinstance(repeats, int) or not 1 <= repeats <= 1000:
        yield Fault("repeats", t("A whole number from 1 to 1000."))


def _tasks(form: Mapping[str, Any], tasks: Mapping[str, Task]) -> Iterator[Fault]:
    chosen = form.get("tasks") or []
    if not chosen:
        yield Fault("tasks", t("Choose at least one task."))
    for name in chosen:
        if name not in tasks:
            yield Fault("tasks", t("There is no task “{name}” on this server.", name=name))
        elif missing := tasks[name].missing:
            yield Fault(
                "tasks",
                t(
                    "{task} needs {what}, which is not installed.",
                    task=name,
                    what=", ".join(missing),
                ),
            )


def _money(form: Mapping[str, Any], arms: list[Mapping[str, Any]]) -> Iterator[Fault]:
    budget = form.get("budget")
    if not isinstance(budget, int | float) or not 0 <= budget < 1e6:
        yield Fault("budget", t("An amount in US$, 0 or more."))
        return
    for arm in arms:
        most = arm.get("max_dollars")
        if isinstance(most, int | float) and _paid(arm) and budget < most:
            yield Fault(
                "budget",
                t(
                    "Too small for one trial of “{arm}”, which may spend {price} US$: raise the "
                    "budget, or lower that arm's limit.",
                    arm=arm.get("name"),
                    price=f"{most:.2f}",
                ),
            )
            return


def _arm(where: str, arm: Mapping[str, Any], settings: Settings) -> Iterator[Fault]:
    name = str(arm.get("name") or "")
    if not _NAME.fullmatch(name):
        yield Fault(f"{where}.name", t(_NAME_RULE) if name else t("Give the arm a name."))
    yield from _model(f"{where}.model", str(arm.get("model") or "").strip(), settings)
    yield from _prompt(where, arm)
    try:
        Arm.model_validate({f: arm[f] for f in _ARM_FIELDS if arm.get(f) not in (None, "")})
    except pydantic.ValidationError as error:
        for fault in error.errors():
            yield Fault(f"{where}.{fault['loc'][0]}", f"{fault['msg']}.")


def _model(where: str, model: str, settings: Settings) -> Iterator[Fault]:
    kind, _ = provider_of(model)
    if not model:
        yield Fault(where, t("Name a model."))
    elif kind.takes == "file":
        yield Fault(where, t("Models that read or write a file run from the command line only."))
    elif kind is CLAUDE and not model.startswith("claude"):
        known = ", ".join(n for n, k in providers("lab").items() if k.prefixed)
        yield Fault(
            where, t("There is no model “{name}”: {known} or a Claude id.", name=model, known=known)
        )
    elif not kind.ready(settings):
        keys = " and ".join(key.name for key in kind.keys)
        yield Fault(
            where, t("This model needs {keys} on the server; offline needs none.", keys=keys)
        )


def _prompt(where: str, arm: Mapping[str, Any]) -> Iterator[Fault]:
    text, name = str(arm.get("prompt_text") or ""), str(arm.get("prompt") or "")
    if not _PROMPT_NAME.fullmatch(name):
        yield Fault(f"{where}.prompt", t("Choose a prompt."))
    if not text.strip():
        yield Fault(f"{where}.prompt_text", t("The prompt is empty."))
    elif len(text) > _MOST_TEXT:
        yield Fault(f"{where}.prompt_text", t("{n} characters at most.", n=f"{_MOST_TEXT:,}"))
    else:
        screen = {"width": 1280, "height": 800, "network": False}
        yield from _filled(f"{where}.prompt_text", Prompt(name, text), **screen)
    template = str(arm.get("instruction") or "{{ instruction }}")
    yield from _filled(f"{where}.instruction", Prompt("instruction", template), instruction="x")


def _filled(where: str, prompt: Prompt, **variables: object) -> Iterator[Fault]:
    try:
        prompt.render(**variables)
    except ConfigurationError as error:
        yield Fault(where, str(error))


def _paid(arm: Mapping[str, Any]) -> bool:
    model = str(arm.get("model") or "").strip()
    kind, _ = provider_of(model)
    return not kind.local and (kind is not CLAUDE or model.startswith("claude"))


def _budget(form: Mapping[str, Any]) -> float:
    return float(form.get("budget") or 0.0)
