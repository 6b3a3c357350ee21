"""What a task does by itself: before the agent, before its checks, and at its end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab_stage import FakeEnvironment, hello_task, small

from agent.desktop.base import Desktop, Process
from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task, load_task
from agent.experiments.plan.trial import Job, TrialResult
from agent.experiments.run.play import play
from agent.experiments.run.preflight import faults, task_faults
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop


class Commands(FakeDesktop):
    """A desktop in memory whose commands run in its home."""

    async def spawn(self, argv: Sequence[str], *, cwd: str | None = None) -> Process:
        import asyncio

        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return Ran(process)


class Ran:
    """A process as a desktop gives it."""

    def __init__(self, process: object) -> None:
        self._process = process
        self.pid = process.pid  # type: ignore[attr-defined]

    async def read(self) -> object:
        return self._process.stdout  # type: ignore[attr-defined]

    async def wait(self) -> int:
        return int(await self._process.wait())  # type: ignore[attr-defined]

    async def kill(self) -> None:
        self._process.kill()  # type: ignore[attr-defined]


class WithCommands(FakeEnvironment):
    def desktop(self, settings: Settings) -> Desktop:
        (home := settings.data_dir / "home").mkdir()
        return Commands(home=home)


def played(task: Task, model: str = "bad") -> TrialResult:
    job = Job(
        experiment="x", arm_name="a", arm=Arm(model=model, prompt_text="p"), task=task, repeat=0
    )
    return TrialResult.model_validate_json(play(job, WithCommands())[0])


def test_steps_are_done_before_the_agent_and_before_the_checks() -> None:
    """The set-up writes one half, the closing the other; the agent has nothing to do with it."""
    task = hello_task(
        setup=[{"shell": "printf hel > ~/hello.txt"}, {"write": {"path": "a/b.txt", "text": "b"}}],
        closing=[{"shell": "printf lo >> hello.txt"}],
        checks=[
            {"file_text": {"path": "hello.txt", "equals": "hello"}},
            {"file_text": {"path": "a/b.txt", "equals": "b"}},
        ],
    )
    assert (played(task).status, played(task).reason) == ("passed", "All checks hold.")
    without = task.model_copy(update={"closing": ()})
    assert "'hel', not 'hello'" in played(without).reason


def test_keys_and_text_go_to_the_desktop_and_not_through_the_agent() -> None:
    pressed: list[str] = []

    class Kept(WithCommands):
        def desktop(self, settings: Settings) -> Desktop:
            desktop = super().desktop(settings)
            desktop.input.deeds = pressed  # type: ignore[attr-defined]
            return desktop

    task = hello_task(closing=[{"key": ["ctrl+a", "ctrl+s"]}, {"type": "x"}, {"click": [4, 5]}])
    arm = Arm(model="good", prompt_text="p")
    job = Job(experiment="x", arm_name="a", arm=arm, task=task, repeat=0)
    result = TrialResult.model_validate_json(play(job, Kept())[0])
    assert result.passed
    assert [deed.split()[0] for deed in pressed[-4:]] == ["key", "key", "type", "click"]
    assert result.metrics["actions"] == 1


def test_a_set_up_that_fails_is_an_error_of_the_task_and_not_the_arms() -> None:
    result = played(hello_task(setup=[{"shell": "true"}, {"shell": "echo no room; exit 3"}]))
    assert (result.status, result.error_class) == ("error", "StepFailed")
    assert "The setup of the task hello failed at step 2 (shell): it ended with 3: no room" in (
        result.error
    )
    assert result.advice == "Fix the setup of the task hello."


def test_a_closing_that_fails_leaves_the_verdict_to_the_checks() -> None:
    """An agent may have closed the window in which its work would be saved."""
    task = hello_task(closing=[{"shell": "exit 1"}])
    assert played(task, "good").passed
    failed = played(task, "bad")
    assert failed.status == "failed"
    assert "The closing of the task hello failed at step 1" in failed.reason


def test_a_teardown_comes_after_the_checks_however_the_trial_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    task = hello_task(teardown=[{"shell": f"cat ~/hello.txt >> {log}; rm ~/hello.txt"}])
    assert played(task, "good").passed
    assert log.read_text() == "hello"
    broken = task.model_copy(update={"checker": "def check(state): raise ValueError"})
    assert played(broken, "good").status == "error"
    assert log.read_text() == "hellohello"
    assert "The teardown of the task hello failed" in played(task, "bad").advice


def test_steps_are_looked_at_before_anything_is_paid() -> None:
    task = hello_task(setup=[{"shel": "x"}], closing=[{"say": "x"}], teardown=[{"tell": "x"}])
    found = "\n".join(task_faults(task))
    assert "setup: There is no step “shel”" in found
    assert "closing: nobody speaks there, so there is no step “say”" in found
    assert "teardown: nobody speaks there" in found


def test_steps_and_network_name_the_trial_and_a_task_without_them_has_its_hash() -> None:
    plain = hello_task()
    for field in (
        {"setup": [{"key": "a"}]},
        {"closing": [{"key": "a"}]},
        {"network": "open"},
        {"reach": ["wiki:8080"]},
    ):
        assert hello_task(**field).start_hash != plain.start_hash
    assert hello_task(teardown=[{"key": "a"}]).start_hash == plain.start_hash
    assert not {"setup", "closing", "teardown", "network", "reach"} & set(plain.model_dump())


@pytest.mark.parametrize(("fields", "mode"), [({}, "off"), ({"network": "open"}, "open")])
def test_a_task_says_what_its_desktop_reaches(
    tmp_path: Path, fields: dict[str, object], mode: str
) -> None:
    task = hello_task(reach=["wiki:8080"], **fields)
    settings = TrialEnvironment().settings(Arm(prompt_text="p"), task, tmp_path)
    assert (settings.network, settings.reach) == (mode, ("wiki:8080",))


def test_a_place_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "task.yaml").write_text("instruction: x\nreach: [localhost:80]\nchecks: [asked: {}]")
    with pytest.raises(ConfigurationError, match="is the desktop itself"):
        load_task(folder)


def test_an_experiment_with_such_tasks_is_without_fault() -> None:
    task = hello_task(setup=[{"shell": "true"}], closing=[{"key": "ctrl+s"}], network="listed")
    assert faults(small(tasks=[task]), FakeEnvironment()) == []
