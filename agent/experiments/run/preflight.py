"""An experiment looked at before anything of it is run or paid for."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.errors import ConfigurationError, SaysoError
from agent.experiments.plan.spec import Arm, Experiment, counted
from agent.experiments.plan.task import GOAL, Task
from agent.experiments.run.binding import check_faults, or_rather
from agent.experiments.run.oracle import parts_of
from agent.experiments.run.scoring import CheckerBroken, Score, score
from agent.experiments.run.stagehand import step_faults
from agent.experiments.run.state import State
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.prompts import faults as prompt_faults


def check_first(
    experiment: Experiment, environment: TrialEnvironment, *, elsewhere: bool = False
) -> None:
    """Refuse an experiment of which some trials could only end in errors.

    Args:
        experiment: the definition.
        environment: what its trials will be played on.
        elsewhere: trials run on other machines, whose programs and keys are not known here.

    Raises:
        ConfigurationError: all that is wrong, a line each.
    """
    if found := faults(experiment, environment, elsewhere=elsewhere):
        lines = "\n".join(f"- {fault}" for fault in found)
        raise ConfigurationError(
            f"{counted(len(found), 'thing')} must be fixed before anything is run or paid for:"
            f"\n{lines}"
        )


def faults(
    experiment: Experiment, environment: TrialEnvironment, *, elsewhere: bool = False
) -> list[str]:
    """What would make trials end in errors, a sentence each."""
    found = [fault for task in experiment.tasks for fault in task_faults(task)]
    found += _wordings(experiment)
    for name, arm in experiment.arms.items():
        found += [f"Arm {name}: {fault.message}" for fault in prompt_faults(arm.prompt_text)]
        found += _model(experiment, name, arm, environment, elsewhere)
    if not elsewhere:
        found += environment.lacks(experiment.tasks)
    return found


def task_faults(task: Task) -> list[str]:
    """What is wrong with a task's checks, checker and proofs, a sentence each."""
    named = [f for check in (*task.checks, *task.guards) for f in check_faults(check)]
    for what in ("oracle", "near_miss"):
        try:
            parts_of(getattr(task, what))
        except ConfigurationError as error:
            named.append(f"{what}: {error}")
    named += step_faults(task)
    if not named:
        try:
            at_start(task)
        except CheckerBroken as error:
            named.append(f"On the task's start: {error}")
    return [f"Task {task.id}: {fault}" for fault in named]


def at_start(task: Task) -> Score:
    """What its checks say of a home with the task's files, no window, and nothing said.

    Raises:
        CheckerBroken: they cannot judge even that.
    """
    with tempfile.TemporaryDirectory(prefix="sayso-start-") as folder:
        home = Path(folder)
        for name, data in task.files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(data)
        entries = [
            path.relative_to(home).as_posix() + "/" * path.is_dir()
            for path in sorted(home.rglob("*"))
        ]
        state = State(
            home=home, fixtures=task.files, expected=task.expected, entries=tuple(entries)
        )
        return asyncio.run(score(task, state))


def _wordings(experiment: Experiment) -> Iterator[str]:
    known = {GOAL}.union(*(task.phrasings for task in experiment.tasks))
    for name, arm in experiment.arms.items():
        if arm.phrasing not in known:
            yield (
                f"Arm {name}: no task has the wording “{arm.phrasing}”"
                f"{or_rather(arm.phrasing, known)}."
            )


def _model(
    experiment: Experiment, name: str, arm: Arm, environment: TrialEnvironment, elsewhere: bool
) -> Iterator[str]:
    try:
        with tempfile.TemporaryDirectory(prefix="sayso-check-") as folder:
            settings = environment.settings(arm, experiment.tasks[0], Path(folder))
            yield from (
                f"Arm {name}: {fault}"
                for fault in environment.model_faults(
                    arm, experiment.tasks, settings, elsewhere=elsewhere
                )
            )
    except SaysoError as error:
        yield f"Arm {name}: {error}"
