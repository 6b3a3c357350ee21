"""What the Lab's pilot plays trials on: scripted models, held back while a file is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from lab_stage import FakeEnvironment

from agent.desktop.base import Desktop
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task
from agent.experiments.run.placement import LocalPlacement
from agent.models.base import Model
from agent.settings import Settings
from agent.testing.scripted import FakeTool
from agent.tools.base import Tool, ToolCall, ToolResult

HOLD = "hold"
"""Name of the file, in the data folder, that holds trials back."""

_KINDS = {"oracle": "good", "near_miss": "bad"}


class Here(LocalPlacement):
    """Trials in the server's own process."""

    def __init__(self, scheduler: str | None, *, slots: int) -> None:
        super().__init__(slots)


class HeldEnvironment(FakeEnvironment):
    """The offline model passes what it is told step by step, and only claims to otherwise."""

    def __init__(self, data_dir: Path) -> None:
        self._hold = data_dir / HOLD

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        async def act(call: ToolCall) -> ToolResult:
            while self._hold.exists():
                await asyncio.sleep(0.05)
            return ToolResult("done")

        return [FakeTool(act)]

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        told = "good" if arm.phrasing == "steps" else "bad"
        kind = _KINDS.get(arm.model, arm.model.replace("offline", told))
        return super().model(arm.model_copy(update={"model": kind}), task, settings, desktop)
