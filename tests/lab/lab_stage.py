"""Stages without X: desktops in memory, scripted models, and faults to order.

Importable where trials run, so that worker processes find it too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.desktop.base import Desktop
from agent.errors import ModelUnavailable
from agent.experiments.plan.spec import Arm, Experiment, define
from agent.experiments.plan.task import Task
from agent.experiments.run.oracle import IdleModel
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Model
from agent.models.cassette import CassetteModel, RecordingModel
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import Tool


class FakeEnvironment(TrialEnvironment):
    """A desktop in memory with a real home folder; the arm's model names a script.

    ``good`` writes hello.txt as it answers, ``bad`` only claims to; ``hung`` never ends.
    """

    home: Path | None = None

    def desktop(self, settings: Settings) -> Desktop:
        home = settings.data_dir / "home"
        home.mkdir()
        return FakeDesktop(home=home)

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        kind, _, rest = arm.model.partition(":")
        if kind == "cassette":
            return CassetteModel(Path(rest.replace("{task}", task.id)))
        if kind == "nothing":
            return IdleModel()
        if kind not in ("good", "bad", "hung", "paid"):
            raise ModelUnavailable(f"There is no model {arm.model!r}.")

        async def act() -> None:
            if kind in ("good", "paid"):
                (desktop.home / "hello.txt").write_text("hello")
            if kind == "hung":
                await hang()

        usage = {"dollars": 0.4} if kind == "paid" else {}
        return ScriptedModel(
            [
                [*call("type", text="hello"), *done("tool_use")],
                [act, *says("Done."), *done(**usage)],
            ]
        )

    def model_faults(
        self, arm: Arm, tasks: Sequence[Task], settings: Settings, *, elsewhere: bool = False
    ) -> Iterator[str]:
        yield from ()

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        return [FakeTool()]


class OddHomes(FakeEnvironment):
    """Homes in which the agent finds what cannot be kept, and an empty folder."""

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        await super().prepare(task, desktop)
        home = desktop.home
        (home / "empty").mkdir()
        (home / ".program").symlink_to("/etc/passwd")
        (home / "caf\udce9\n").symlink_to("/etc/passwd")
        with (home / "huge").open("wb") as file:
            file.truncate(1 << 24)


class RecordingEnvironment(FakeEnvironment):
    """Keeps what the models said, a cassette a task in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        inner = super().model(arm, task, settings, desktop)
        return RecordingModel(inner, self.folder / f"{task.id}.jsonl")


class SlowEnvironment(FakeEnvironment):
    """Trials of half a second each, which leave a line in a file of attempts."""

    def __init__(self, attempts: Path, seconds: float = 0.5) -> None:
        self.attempts = attempts
        self.seconds = seconds

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        with self.attempts.open("a") as file:
            file.write(f"{task.id}\n")
        await asyncio.sleep(self.seconds)
        await super().prepare(task, desktop)


class BrokenDesktops(FakeEnvironment):
    """The first ``faults`` desktops cannot start; counted in a file."""

    def __init__(self, counter: Path, faults: int) -> None:
        self.counter = counter
        self.faults = faults

    def desktop(self, settings: Settings) -> Desktop:
        made = len(self.counter.read_text()) if self.counter.exists() else 0
        self.counter.write_text("x" * (made + 1))
        if made < self.faults:
            return FakeDesktop(unavailable="Xvnc is not installed.")
        return super().desktop(settings)


def hello_task(name: str = "hello", **fields: object) -> Task:
    given = {
        "id": name,
        "instruction": "Write hello into hello.txt.",
        "checks": [{"file_text": {"path": "hello.txt", "equals": "hello"}}],
    }
    return Task.model_validate(given | fields)


def small(
    arms: dict[str, str] | None = None, tasks: Sequence[Task] = (), **fields: object
) -> Experiment:
    """An experiment of fakes: arm → model."""
    models = arms or {"good": "good", "bad": "bad"}
    return define(
        **{
            "name": "small",
            "arms": {name: {"model": model} for name, model in models.items()},
            "tasks": tuple(tasks) or tuple(hello_task(f"hello-{n}") for n in range(3)),
            "budget": 100.0,
        }
        | fields
    )
