"""DesktopInterrupt on paper: a desktop in memory whose note, shell and editor do what they would.

What is typed is kept until it is saved; commands run in a home folder of their own. Nothing is
shown, so that two hundred tasks take the time of their own pauses alone.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.desktop.base import Desktop
from agent.experiments.plan.deeds import NOTE
from agent.experiments.plan.desktop_interrupt import interrupt_tasks
from agent.experiments.plan.spec import Arm, with_prompt
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import Job, TrialResult
from agent.experiments.run.foreign import ForeignEnvironment
from agent.experiments.run.play import play
from agent.experiments.run.trial_environment import write_files
from agent.kinds import EDITOR, SHELL
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool
from agent.tools.base import Tool, ToolCall, ToolResult

TASKS = {task.id: task for task in interrupt_tasks()}


class PaperDesktop(FakeDesktop):
    """Its editor has the note open; `saved` is what the file would be."""

    def __init__(self, home: Path) -> None:
        super().__init__(home=home)
        self.shown = tuple(replace(w, title=f"{NOTE} - Mousepad") for w in self.shown)
        self.selected = False

    def open_note(self) -> None:
        self.input.text = (self.home / NOTE).read_text()

    def press(self, combo: str) -> None:
        if combo == "ctrl+a":
            self.selected = True
        if combo == "ctrl+s":
            (self.home / NOTE).write_text(self.input.text)

    def write(self, text: str) -> None:
        self.input.text = text if self.selected else self.input.text + text
        self.selected = False


class PaperEnvironment(ForeignEnvironment):
    """Everything but the screen."""

    def desktop(self, settings: Settings) -> Desktop:
        home = settings.data_dir / "home"
        home.mkdir()
        return PaperDesktop(home)

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        write_files(desktop.home, task.files)
        assert isinstance(desktop, PaperDesktop)
        desktop.open_note()

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        assert isinstance(desktop, PaperDesktop)

        async def hands(call: ToolCall) -> ToolResult:
            match call.name:
                case "key":
                    desktop.press(call.input["text"])
                case "type":
                    desktop.write(call.input["text"])
                case "wait":
                    await asyncio.sleep(call.input["duration"])
            return ToolResult("ok")

        async def shell(call: ToolCall) -> ToolResult:
            return await _run(call.input["command"], desktop.home)

        async def editor(call: ToolCall) -> ToolResult:
            Path(call.input["path"]).write_text(call.input["file_text"])
            return ToolResult("ok")

        return [
            FakeTool(members=("key", "type", "wait"), behaviour=hands),
            _plain(SHELL.called, shell, harmless=False),
            _plain(EDITOR.called, editor),
        ]


def _plain(name: str, behaviour, *, harmless: bool = True) -> FakeTool:  # type: ignore[no-untyped-def]
    return FakeTool(
        name=name, members=(name,), toolset=None, behaviour=behaviour, harmless=harmless
    )


async def _run(command: str, home: Path) -> ToolResult:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_exec("bash", "-c", command, env=environment, cwd=home)
    code = await process.wait()
    return ToolResult(f"code {code}", is_error=code != 0, exit_code=code)


def arm_of(model: str) -> Arm:
    return with_prompt(Arm(model=model, narration="act-while-speaking"))


def on_paper(name: str, model: str, environment: PaperEnvironment | None = None) -> TrialResult:
    """One trial of a task, named by its id."""
    job = Job(
        experiment="",
        arm_name=model.rpartition(":")[2],
        arm=arm_of(model),
        task=TASKS[name],
        repeat=0,
    )
    result, _ = play(job, environment or PaperEnvironment())
    return TrialResult.model_validate_json(result)


def named(pattern: str) -> list[str]:
    """Ids of tasks that fit a pattern."""
    return [name for name in TASKS if re.search(pattern, name)]
