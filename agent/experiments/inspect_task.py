"""Sayso's tasks and its agent for inspect_ai, which runs, logs and shows them as its own.

In a file of one's own, for ``inspect eval FILE --model none/none --max-samples 2``::

    from inspect_ai import task
    from agent.experiments.inspect_task import inspect_task
    from agent.experiments.plan.spec import Arm

    @task
    def light():
        return inspect_task(Arm(model="claude-sonnet-5-5"), tags=["light"])

Each sample is a trial on a fresh desktop. Needs the extra ``sayso[inspect]``.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.plan.spec import Arm, define
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import Job, Trial, TrialResult
from agent.experiments.results.export_inspect import messages_of, score_of
from agent.experiments.run.pack import unpack
from agent.experiments.run.play import play
from agent.experiments.run.preflight import check_first
from agent.experiments.run.trial_environment import TrialEnvironment

NAME = "sayso"
_RESULT = "sayso:result"


def inspect_task(
    arm: Arm,
    tasks: Sequence[Task] = (),
    *,
    tags: Collection[str] = (),
    repeats: int = 1,
    environment: TrialEnvironment | None = None,
) -> Any:
    """An ``inspect_ai.Task``: a sample a task, solved by Sayso's agent, scored by the checks.

    Args:
        arm: model, prompt and all else that the agent is given; inspect's own model is not asked.
        tasks: of the person; those that come with Sayso if empty.
        tags: of the tasks to take; all if empty.
        repeats: epochs.
        environment: what trials are played on.

    Raises:
        ConfigurationError: inspect_ai is not installed, no task is left, or a trial could only
            end in an error.
    """
    ai = extra("inspect_ai", package="inspect")
    dataset = extra("inspect_ai.dataset", package="inspect")
    wanted = [t for t in tasks or builtin_tasks().values() if not tags or set(tags) & set(t.tags)]
    if not wanted:
        raise ConfigurationError(f"No task has one of the tags {', '.join(sorted(tags))}.")
    stage = environment or TrialEnvironment()
    experiment = define(name=NAME, arms={NAME: arm}, tasks=tuple(wanted), repeats=repeats)
    check_first(experiment, stage)
    known = {task.id: task for task in wanted}
    samples = [dataset.Sample(id=task.id, input=task.instruction) for task in wanted]
    return ai.Task(
        dataset=dataset.MemoryDataset(samples, name=NAME),
        solver=_solver(experiment.arms[NAME], known, experiment.hash, stage),
        scorer=_scorer(),
        epochs=repeats,
        name=NAME,
    )


def _solver(
    arm: Arm, tasks: dict[str, Task], experiment: str, environment: TrialEnvironment
) -> Any:
    """Plays the sample's trial; what ended in an error of ours is inspect's error, too."""

    def make() -> Any:
        async def solve(state: Any, generate: Any) -> Any:
            job = Job(
                experiment=experiment,
                arm_name=NAME,
                arm=arm,
                task=tasks[str(state.sample_id)],
                repeat=state.epoch - 1,
            )
            told, folder = await asyncio.to_thread(play, job, environment)
            result = TrialResult.model_validate_json(told)
            if result.status == "error":
                raise RuntimeError(f"{result.error} {result.advice}".strip())
            with tempfile.TemporaryDirectory(prefix="sayso-inspect-") as top:
                unpack(folder, Path(top) / job.id)
                trial = Trial(Path(top) / job.id)
                state.messages = list(messages_of(trial, trial.events()))
            state.store.set(_RESULT, told)
            state.completed = True
            return state

        return solve

    decorate = extra("inspect_ai.solver", package="inspect").solver
    return decorate(name=NAME)(make)()


def _scorer() -> Any:
    kit = extra("inspect_ai.scorer", package="inspect")

    def make() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return score_of(TrialResult.model_validate_json(state.store.get(_RESULT)))

        return score

    return kit.scorer(metrics=[kit.accuracy(), kit.stderr()], name="checker")(make)()
