"""What a trial is played on: settings, desktop, model, tools, and the task's start.

A subclass may bring other desktops or models; it must be importable where trials run.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, DesktopError, DesktopUnavailable
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Start, Task
from agent.experiments.run.narration import SilentVoice, with_style
from agent.experiments.run.oracle import IdleModel, OracleModel, program
from agent.experiments.run.simulated_user import SimulatedUser
from agent.experiments.run.site import Site, serve
from agent.experiments.run.stagehand import Part, StepFailed, carry_out, write_files
from agent.kinds import COMPUTER, Making, make_tool, tool_kinds
from agent.models.base import Model
from agent.prompts import Prompt
from agent.session.parts import Parts
from agent.session.session import Session
from agent.settings import Settings
from agent.tools.base import Tool, prepare
from agent.tools.screen import Watch

START_PATIENCE = 60.0
"""Seconds for a window of a program that the task starts."""

APPROVAL_SECONDS = 5.0
"""Silence that means no, in trials whose person is scripted."""


REFERENCES: Mapping[str, Callable[[Desktop, Task], Model]] = {
    "oracle": lambda desktop, task: OracleModel(desktop, task.oracle),
    "near_miss": lambda desktop, task: OracleModel(desktop, task.near_miss),
    "nothing": lambda desktop, task: IdleModel(),
}
"""Models that prove a task and its checks, instead of trying it."""


class TrialEnvironment:
    """Fresh parts for one trial. Holds nothing, so that it travels to other machines."""

    def settings(self, arm: Arm, task: Task, folder: Path) -> Settings:
        """Settings of the trial's session; journal and prompt lie in ``folder``.

        Raises:
            ConfigurationError: the prompt cannot be written or filled in.
        """
        prompt = folder / f"{arm.prompt.rpartition('/')[2].removesuffix('.md')}.md"
        prompt.write_text(with_style(arm.prompt_text, arm.narration), "utf-8")
        return Settings(
            data_dir=folder,
            model="offline" if arm.model in REFERENCES else arm.model.replace("{task}", task.id),
            prompt=str(prompt),
            effort=arm.effort,
            width=arm.width,
            height=arm.height,
            max_turns=task.limits.turns,
            max_seconds=task.limits.seconds,
            max_dollars=arm.max_dollars,
            approval_timeout=APPROVAL_SECONDS,
            network=task.network,
            reach=task.reach,
        )

    def desktop(self, settings: Settings) -> Desktop:
        """A desktop of its own, not started."""
        from agent.desktop import VirtualDesktop

        return VirtualDesktop(
            width=settings.width, height=settings.height, sandbox=settings.sandbox
        )

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        """The arm's model.

        Raises:
            ConfigurationError: there is none of that name.
        """
        if (reference := REFERENCES.get(arm.model)) is not None:
            return reference(desktop, task)
        from agent.models.factory import build_model

        return build_model(settings, desktop)

    def model_faults(
        self, arm: Arm, tasks: Sequence[Task], settings: Settings, *, elsewhere: bool = False
    ) -> Iterator[str]:
        """What keeps the arm's model from being used, known before any trial."""
        from agent.experiments.run.models_checked import model_faults

        if arm.model not in REFERENCES:
            yield from model_faults(arm.model, tasks, settings, elsewhere=elsewhere)

    def lacks(self, tasks: Sequence[Task]) -> list[str]:
        """Programs that tasks need and this machine lacks, a sentence each."""
        found = []
        for task in tasks:
            programs = {start.argv[0] for start in task.start if "$" not in start.argv[0]}
            started = {name for name in programs if shutil.which(name) is None}
            if missing := sorted({*task.missing, *started}):
                found.append(_missing(task.id, missing))
        return found

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        """The arm's tools; a task for the screen only leaves those with hands."""
        kinds = tool_kinds()
        wanted = [kinds[name] for name in arm.tools]
        if task.gui_only:
            wanted = [kind for kind in wanted if kind.hands] or [COMPUTER]
        making = Making(desktop, watch=Watch(desktop))
        tools = [make_tool(kind, making) for kind in wanted]
        prepare(tools, [kind.called for kind in wanted])
        return tools

    def instruction(self, arm: Arm, task: Task) -> str:
        """The task's words as this arm puts them.

        Raises:
            ConfigurationError: the arm's template is wrong.
        """
        words = task.words(arm.phrasing)
        return Prompt("instruction", arm.instruction).render(instruction=words).strip()

    def parts(self, arm: Arm, task: Task) -> Parts:
        """What the trial's session is given besides desktop, model and tools."""
        return {}

    async def person(self, session: Session, task: Task, arm: Arm) -> SimulatedUser:
        """Who speaks, answers and decides in the trial, from now on."""
        return SimulatedUser(session, task, arm)

    def voice(self, session: Session, task: Task, arm: Arm) -> SilentVoice | None:
        """What says the agent's lines; None if nobody listens, or the person brings a voice."""
        return SilentVoice(session, arm.narration) if arm.narration and task.voice else None

    async def serve(self, task: Task, desktop: Desktop) -> Site | None:
        """Serve the task's web site on the desktop, if it has one.

        Raises:
            ConfigurationError: it cannot be served there.
        """
        return await serve(desktop, task.site) if task.site else None

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        """Bring the desktop to the task's start.

        Raises:
            ConfigurationError: a program is missing, or shows no window.
            StepFailed: a step of its set-up cannot be done.
        """
        if task.missing:
            raise ConfigurationError(_missing(task.id, task.missing))
        await asyncio.to_thread(write_files, desktop.home, task.files)
        for start in task.start:
            await _start(desktop, start, task.id)
        await carry_out(desktop, task, "setup")
        await desktop.settle()

    async def close_up(self, task: Task, desktop: Desktop) -> str:
        """What the task does between the agent's work and its checks; why that failed, in words.

        The agent may have closed what would be saved: a failure is no error of ours.
        """
        return await _told(desktop, task, "closing")

    async def tear_down(self, task: Task, desktop: Desktop) -> str:
        """What the task does at its very end; why that failed, in words."""
        return await _told(desktop, task, "teardown")


async def _told(desktop: Desktop, task: Task, part: Part) -> str:
    try:
        await carry_out(desktop, task, part)
    except StepFailed as error:
        return str(error)
    return ""


def _missing(task: str, programs: Sequence[str]) -> str:
    return (
        f"The task {task} needs {', '.join(programs)}; install it (script/apps brings an office "
        "set), or leave the task out."
    )


async def _start(desktop: Desktop, start: Start, task: str) -> None:
    """Start a program; if it shows a window, leave when that has the keyboard."""
    before = {window.id for window in await desktop.windows()}
    await desktop.launch(program([p.replace("$HOME", str(desktop.home)) for p in start.argv]))
    if not start.window:
        return
    try:
        async with asyncio.timeout(START_PATIENCE):
            await _in_front(desktop, start.window, before)
    except TimeoutError:
        raise ConfigurationError(
            f"The task {task} starts {start.argv[0]}, but no window “{start.window}” came up."
        ) from None


async def _in_front(desktop: Desktop, pattern: str, before: set[int]) -> None:
    """Wait for a new window, and then until it is active; keys would go elsewhere."""
    asked = False
    while True:
        for window in await desktop.windows():
            if window.id in before or not re.search(pattern, window.title):
                continue
            await desktop.settle()
            active = await desktop.active_window()
            if active is not None and active.id == window.id:
                return
            if not asked:
                asked = True
                await desktop.activate(window)
        await asyncio.sleep(0.05)


async def started(desktop: Desktop) -> None:
    """Start a desktop.

    Raises:
        DesktopUnavailable: it cannot run here.
    """
    try:
        await desktop.start()
    except DesktopUnavailable:
        raise
    except DesktopError as error:
        raise DesktopUnavailable(str(error)) from error
