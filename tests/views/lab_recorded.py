"""An experiment as it lies on the disk after a run: recorded with scripted models in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.desktop.base import Desktop
from agent.experiments.live import LiveRun
from agent.experiments.plan.spec import Arm, Experiment, define
from agent.experiments.plan.task import Task
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Model
from agent.prompts import load_prompt
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, says
from agent.tools.base import Tool, ToolCall, ToolResult

PLAIN = load_prompt("default").template
CAREFUL = PLAIN.replace("# How you work\n", "# How you work\n\n- Look at the screen first.")
_GOOD = {"plain": (0, 1, 2, 5), "careful": (1, 2, 3, 4, 5, 6)}
"""Tasks that each arm passes; number 7's checker breaks."""


class RecordedEnvironment(TrialEnvironment):
    """A desktop in memory; whether a task is passed depends on prompt and number."""

    def desktop(self, settings: Settings) -> Desktop:
        home = settings.data_dir / "home"
        home.mkdir()
        return FakeDesktop(home=home)

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        careful = "Look at the screen first" in arm.prompt_text
        good = int(task.id[-1]) in _GOOD["careful" if careful else "plain"]

        async def act() -> None:
            if good:
                (desktop.home / "hello.txt").write_text("hello")

        looks = [*call("screenshot", index=1)] if careful else []
        usage = {"dollars": 0.031 if careful else 0.022, "input_tokens": 4200, "output_tokens": 160}
        return ScriptedModel(
            [
                [*says("I write the file."), *looks, *call("type", text="hello", index=2),
                 *done("tool_use", **usage)],
                [act, *says("It is written."), *done(**usage)],
            ]
        )  # fmt: skip

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        async def act(call: ToolCall) -> ToolResult:
            return ToolResult("done", image=await desktop.screenshot())

        return [FakeTool(act)]


def task(number: int) -> Task:
    given: dict[str, Any] = {
        "id": f"hello-{number}",
        "instruction": f"Write hello into hello.txt, please, for the {number}th time.",
        "checks": [{"file_text": {"path": "hello.txt", "equals": "hello"}}],
    }
    if number == 7:
        given |= {"checks": [], "checker": "def check(state):\n    raise OSError('no disk')\n"}
    return Task.model_validate(given)


def experiment(name: str = "careful", tasks: int = 8, repeats: int = 2) -> Experiment:
    arms = {
        "plain": {"model": "claude-sonnet-5-5", "max_dollars": 0.5},
        "careful": {
            "model": "claude-sonnet-5-5", "max_dollars": 0.5,
            "prompt": "careful", "prompt_text": CAREFUL,
        },
    }  # fmt: skip
    return define(
        name=name, arms=arms, tasks=tuple(task(n) for n in range(tasks)), repeats=repeats,
        hypothesis="A look before acting passes more tasks, at a third more.", budget=20.0,
        retries=0,
    )  # fmt: skip


def record(root: Path, wanted: Experiment | None = None) -> Store:
    """Run it to its end."""
    place = LocalPlacement(2)
    run = LiveRun(
        wanted or experiment(),
        root,
        placement=place,
        environment=RecordedEnvironment(),
        verify=False,  # one of its checkers is broken, so that there is an error to be shown
    ).start()
    assert run.wait(60).phase == "finished", run.progress
    place.close()
    return run.store
