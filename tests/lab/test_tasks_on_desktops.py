"""Tasks three ways on real desktops: start and near miss fail, the oracle passes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from cases import THOROUGH

from agent.experiments.plan.spec import Arm, with_prompt
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import Job, TrialResult
from agent.experiments.run.play import play
from agent.experiments.run.trial_environment import TrialEnvironment

pytestmark = pytest.mark.desktop

TASKS = sorted(builtin_tasks())
TRIED = TASKS if THOROUGH else TASKS[::4]
"""``script/check tasks`` tries them all."""


class NearMissEnvironment(TrialEnvironment):
    """Plays a task's near miss where the oracle would play."""

    def model(self, arm, task, settings, desktop):  # type: ignore[no-untyped-def]
        near = task.model_copy(update={"oracle": task.near_miss})
        return super().model(arm, near, settings, desktop)


def try_task(task: Task, model: str, near_miss: bool = False) -> TrialResult:
    """One trial in this process."""
    job = Job(experiment="", arm_name=model, arm=with_prompt(Arm(model=model)), task=task, repeat=0)
    result, _ = play(job, NearMissEnvironment() if near_miss else TrialEnvironment())
    return TrialResult.model_validate_json(result)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes, a desktop each at a time."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", TRIED)
async def test_start_and_near_miss_fail_and_the_oracle_passes(
    name: str, processes: ProcessPoolExecutor
) -> None:
    """Doing nothing fails, coming close fails, and the task's own solution passes."""
    task = builtin_tasks()[name]
    if task.missing:
        pytest.skip(f"needs {', '.join(task.missing)}")
    loop = asyncio.get_running_loop()
    oracle, near, nothing = await asyncio.gather(
        loop.run_in_executor(processes, try_task, task, "oracle"),
        loop.run_in_executor(processes, try_task, task, "oracle", True),
        loop.run_in_executor(processes, try_task, task, "nothing"),
    )
    assert oracle.status == "passed", oracle
    assert near.status == "failed", near
    assert nothing.status == "failed", nothing
    assert near.reason
    assert nothing.reason
