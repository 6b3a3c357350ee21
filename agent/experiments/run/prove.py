"""Proofs of tasks: doing nothing and coming close must fail, the task's own solution must pass.

A proof is a study like any other, in a folder of its own; identity by trial makes a second one
run only what has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.experiments.plan.spec import Arm, Experiment, define
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import TrialResult
from agent.experiments.run.placement import Placement
from agent.experiments.run.rescore import rescore
from agent.experiments.run.runner import Runner, Tell
from agent.experiments.run.store import Store, list_stores
from agent.experiments.run.trial_environment import TrialEnvironment

FOLDER = ".proofs"
"""Of proofs, below the experiments' own."""

_WANTED = {"nothing": "failed", "near_miss": "failed", "oracle": "passed"}
"""Arm → how each of its trials must end."""

_WORDS = {
    "nothing": "doing nothing",
    "near_miss": "its near miss",
    "oracle": "its oracle",
}


@dataclass(frozen=True, slots=True)
class Unproved:
    """A task whose checks are not known to tell success from failure, and why."""

    task: str
    why: str


def proof_of(experiment: Experiment) -> Experiment:
    """The study that proves an experiment's tasks."""
    return define(
        name=experiment.name,
        arms={name: Arm(model=name) for name in _WANTED},
        tasks=experiment.tasks,
        baseline="nothing",
        hypothesis="The oracle passes every task; doing nothing and coming close pass none.",
    )


def prove(
    experiment: Experiment,
    root: Path,
    placement: Placement,
    *,
    environment: TrialEnvironment | None = None,
    tell: Tell | None = None,
) -> list[Unproved]:
    """Play every task three ways; the tasks whose proof failed.

    Args:
        experiment: whose tasks are proved.
        root: folder of all experiments' folders.
        placement: where trials run.
        environment: what trials are played on.
        tell: called as `Runner` calls it.

    Raises:
        ConfigurationError: another process proves them, or the folder cannot be used.
    """
    runner = Runner(
        proof_of(experiment), root / FOLDER, placement, environment=environment, tell=tell
    )
    runner.run()
    rescore(runner.store)  # where only checks have changed, nothing is played again
    results = runner.store.results()
    return [found for task in experiment.tasks for found in _failed(task, results)]


def unproved(experiment: Experiment, root: Path) -> list[Unproved]:
    """Tasks without a proof of just these files, steps and checks.

    Those that come with Sayso are proved by its own tests.
    """
    ours = {task.start_hash + task.checks_hash for task in builtin_tasks().values()}
    asked = [t for t in experiment.tasks if t.start_hash + t.checks_hash not in ours]
    if not asked:
        return []
    known = [r for s in list_stores(root / FOLDER) for r in _of_same(s, asked)]
    return [found for task in asked for found in _failed(task, known)]


def _of_same(store: Store, tasks: Sequence[Task]) -> Iterator[TrialResult]:
    """Results of a proof that are of the tasks as they are now."""
    proof = store.experiment
    now = {task.id: task for task in tasks}
    for result in store.results():
        task, arm = now.get(result.task), proof.arms.get(result.arm)
        if task is None or arm is None or result.checks_hash != task.checks_hash:
            continue
        if result.fits(arm, task, proof.seed):
            yield result


def _failed(task: Task, results: Sequence[TrialResult]) -> Iterator[Unproved]:
    """Why a task is unproved: the first of its three proofs that did not end as it must."""
    if not task.near_miss:
        yield Unproved(task.id, "it has no near miss")
        return
    if not task.oracle:
        yield Unproved(task.id, "it has no oracle")
        return
    for arm, wanted in _WANTED.items():
        ends = [r for r in results if (r.arm, r.task) == (arm, task.id) and r.completed]
        if not ends:
            broken = [r for r in results if (r.arm, r.task) == (arm, task.id)]
            why = f": {broken[-1].error or broken[-1].reason}" if broken else ""
            yield Unproved(task.id, f"{_WORDS[arm]} was not played to an end{why}")
        elif ends[-1].status != wanted:
            yield Unproved(
                task.id, f"{_WORDS[arm]} {ends[-1].status}, and not {wanted}: {ends[-1].reason}"
            )
        else:
            continue
        return
