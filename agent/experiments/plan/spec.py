"""What an experiment is: frozen, content-hashed records, written before anything runs.

Two records with equal content have equal hashes on every machine. A trial is known by its arm,
its task, its repeat and the seed: `Arm.identity` and `start_of` cover everything that reaches
agent and desktop, so that a changed prompt never mixes with results of the old one, and a
changed budget, hypothesis or number of repeats only amends the study
(`agent.experiments.plan.amending`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from agent.errors import ConfigurationError
from agent.experiments.measures import Primary
from agent.experiments.plan.task import Task, builtin_tasks, load_task
from agent.face import Faced
from agent.kinds import ALL_TOOLS, ToolName, tool_kinds
from agent.prompts import Prompt, list_prompts, load_prompt
from agent.prompts.library import Style
from agent.providers import provider_of

Status = Literal["passed", "failed", "error", "limit", "stopped_by_user", "cancelled"]
"""How a trial ended. ``error`` is ours (desktop, service, checker) and says nothing of the
arm; ``failed`` is the arm's; ``cancelled`` never ran."""

_PLAYED = ("oracle", "near_miss")
_BOOLEANS = {True: "on, yes and true", False: "off, no and false"}

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]


class Record(BaseModel):
    """Frozen, without unknown fields, with a hash of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Arm(Record):
    """One way of doing tasks; arms of an experiment should differ in one thing."""

    model: str = "offline"
    """As in the settings, or ``oracle`` (the task's own solution), ``near_miss`` (what comes
    close and must fail) or ``nothing``. In the path of a ``cassette:PATH``, ``{task}`` stands
    for the task's id."""

    prompt: str = "default"
    prompt_text: str = ""
    """The prompt's template, read when the experiment was defined."""

    phrasing: str = "goal"
    """Which of a task's wordings the agent is given; the goal where a task lacks it."""

    instruction: str = "{{ instruction }}"
    """Template around the wording (Jinja)."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    narration: Style | None = Field(default=None, exclude_if=lambda style: style is None)
    """When the agent speaks: its model is told, and in tasks with a scripted person lines take
    the time that saying them takes. If None, its prompt alone decides and nobody listens; what
    was defined before there was a choice has the hash that it had."""

    tools: tuple[ToolName, ...] = ALL_TOOLS
    approvals: Literal["allow", "deny", "script"] = "allow"
    """Who answers when the agent asks: always yes, always no, or the task's script only."""

    width: int = Field(default=1280, ge=640, le=1920)
    height: int = Field(default=800, ge=480, le=1200)
    max_dollars: float = Field(default=1.0, gt=0)
    """Hard limit for one trial, US$."""

    note: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """Everything that may differ between arms, by name; the note is not among it."""
        return {name: getattr(self, name) for name in Arm.model_fields if name != "note"}

    @property
    def identity(self) -> str:
        """SHA-256 of what reaches agent and desktop: all but the note and the prompt's name."""
        text = self.model_dump_json(exclude={"note", "prompt"})
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def unpaid(self) -> bool:
        """Whether its model costs nothing."""
        return provider_of(self.model)[0].local

    @property
    def shell_allowed(self) -> bool:
        """Whether one of its tools runs commands."""
        kinds = tool_kinds()
        return any(kinds[name].commands for name in self.tools if name in kinds)


class Experiment(Faced, Record):
    """Arms by tasks by repeats. ``hypothesis`` and ``primary`` are written before running."""

    name: Name
    arms: dict[Name, Arm] = Field(min_length=1)
    tasks: tuple[Task, ...] = Field(min_length=1)
    repeats: int = Field(default=1, ge=1, le=1000)
    baseline: str = ""
    """The arm that others are compared with; the first one if empty."""

    hypothesis: str = ""
    primary: Primary = "success"
    budget: float = Field(default=0.0, ge=0)
    """Hard cap on all trials together, US$. Zero runs the arms that cost nothing."""

    retries: int = Field(default=1, ge=0, le=10)
    """How often a trial that ended in ``error`` is tried again."""

    seed: int = 0
    sequential: bool = Field(default=False, exclude_if=lambda declared: not declared)
    """Whether one may stop whenever one likes: tasks are then tried one after another, each with
    all its repeats, and the primary measure is judged by a test that looks do not weaken."""

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Experiment:
        if self.baseline and self.baseline not in self.arms:
            raise ValueError(f"the baseline {self.baseline!r} is not an arm")
        ids = [task.id for task in self.tasks]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"tasks named twice: {', '.join(sorted(twice))}")
        if self.sequential and self.primary not in ("success", "score"):
            raise ValueError(f"a sequential study is of success or score, not {self.primary}")
        return self

    @property
    def hash(self) -> str:
        """Of arms, tasks' contents and design; a task's place on the disk does not count."""
        rest = self.model_dump_json(exclude={"tasks"})
        text = rest + "".join(f"{task.id} {task.hash}\n" for task in self.tasks)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def reference(self) -> str:
        """Name of the baseline arm."""
        return self.baseline or next(iter(self.arms))

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.hash[:10]}"

    def cells(self) -> list[tuple[str, Task, int]]:
        """Arm, task and repeat (from 0) of every trial; repeats of all come one after another.

        In a sequential study tasks do, each with all its repeats.

        Arms alternate within a task, and take turns at being first, so that slow drift of the
        machine and what a first trial warms up hit all alike.
        """
        names, tries = list(self.arms), range(self.repeats)
        pairs = [(place, repeat) for repeat in tries for place in range(len(self.tasks))]
        return [
            (names[(repeat + place + turn) % len(names)], self.tasks[place], repeat)
            for place, repeat in (sorted(pairs) if self.sequential else pairs)
            for turn in range(len(names))
        ]


def counted(number: int, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def trial_id(arm: str, task: str, repeat: int) -> str:
    """Name of a trial, unique within its experiment."""
    return f"{arm}--{task}--{repeat:03d}"


def start_of(arm: Arm, task: Task) -> str:
    """Hash of what an arm is given with a task; of the task's own steps, if the arm plays them."""
    steps = task.steps_hash if provider_of(arm.model)[0].name in _PLAYED else ""
    return hashlib.sha256(f"{task.start_hash} {steps}".encode()).hexdigest()


def differences(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Fields in which the arms differ: arm → field → value."""
    dumps = {name: arm.fields for name, arm in experiment.arms.items()}
    first = next(iter(dumps.values()))
    differing = [f for f in first if any(dump[f] != first[f] for dump in dumps.values())]
    return {name: {f: dump[f] for f in differing} for name, dump in dumps.items()}


def load_experiment(path: Path, own: Mapping[str, Task] | None = None) -> Experiment:
    """An experiment from a YAML file.

    ``tasks`` is a list of ids of tasks that come with Sayso, of folders, or of patterns of
    folders (``tasks/*``); ``tags`` and ``without`` choose among those that come with Sayso.
    Folders and the files of prompts are looked for beside the file.

    Args:
        path: the file.
        own: a person's tasks, by the id that the file may name them by (`tasks_in`).

    Raises:
        ConfigurationError: the file, or something that it names, is wrong; the text says what.
    """
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The experiment {path} cannot be read: {error}.") from error
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path} is not an experiment: it must be a mapping.")
    tasks = _tasks(given, path.parent, own or {})
    given = {k: v for k, v in given.items() if k not in ("tags", "without")}
    fields = {"name": path.stem} | given | {"tasks": tasks}
    return define(**fields, _where=str(path), _base=path.parent)


def define(
    *, _where: str = "The experiment", _base: Path | None = None, **fields: Any
) -> Experiment:
    """An experiment from plain values; prompts are read and kept with it.

    Raises:
        ConfigurationError: a field is wrong, or there is no such prompt.
    """
    try:
        _check_names(fields["arms"], _where)
        arms = {n: with_prompt(Arm.model_validate(a), _base) for n, a in fields["arms"].items()}
        return Experiment(**fields | {"arms": arms})
    except (KeyError, AttributeError) as error:
        raise ConfigurationError(f"{_where} names no arms.") from error
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, f['loc'])) or 'design'}: {f['msg']}" for f in error.errors()
        )
        raise ConfigurationError(f"{_where} is wrong: {faults}.") from error


def _check_names(arms: Any, where: str) -> None:
    """YAML reads some words as truth values; pydantic would only speak of a wrong key."""
    for name in arms if isinstance(arms, dict) else ():
        if isinstance(name, bool):
            raise ConfigurationError(
                f"{where} is wrong: YAML reads {_BOOLEANS[name]} as {str(name).lower()}, so an arm "
                'of that name must stand in quotes, as in "off".'
            )
        if not isinstance(name, str):
            raise ConfigurationError(f"{where} is wrong: put the arm's name {name} in quotes.")


def with_prompt(arm: Arm, base: Path | None = None) -> Arm:
    """The arm with its prompt's text, so that its hash changes when the prompt does.

    Args:
        arm: names a prompt that comes with Sayso, or a file.
        base: folder that the file's path goes from; the working directory if None.

    Raises:
        ConfigurationError: there is no such prompt, or a template is wrong.
    """
    text = arm.prompt_text or load_prompt(_beside(arm.prompt, base)).template
    Prompt("instruction", arm.instruction).render(instruction="")
    return arm.model_copy(update={"prompt_text": text})


def _beside(prompt: str, base: Path | None) -> str:
    return prompt if base is None or prompt in list_prompts() else str(base / prompt)


def _tasks(given: dict[str, Any], base: Path, own: Mapping[str, Task]) -> tuple[Task, ...]:
    known = builtin_tasks()
    wanted = given.get("tasks")
    tags, without = set(given.get("tags") or ()), set(given.get("without") or ())
    if wanted is None:
        return tuple(
            t
            for t in known.values()
            if (not tags or tags & set(t.tags)) and not without & {t.id, *t.tags}
        )
    if not isinstance(wanted, list):
        raise ConfigurationError("“tasks” must be a list of ids or folders.")
    return tuple(task for one in wanted for task in _named(str(one), known, base, own))


def _named(
    name: str, known: Mapping[str, Task], base: Path, own: Mapping[str, Task]
) -> tuple[Task, ...]:
    """The task of an id or a folder, or those of a pattern of folders."""
    if name in known:
        return (known[name],)
    if name in own and not (base / name).is_dir():
        return (own[name],)
    if not any(sign in name for sign in "*?["):
        return (load_task(base / name),)
    folders = sorted(path.parent for path in base.glob(f"{name}/task.yaml"))
    if not folders:
        raise ConfigurationError(f"No task's folder fits “{name}” beside the file, in {base}.")
    return tuple(load_task(folder) for folder in folders)
