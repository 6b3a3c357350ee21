"""Carries out a task's own steps on its desktop, where no agent does: before, after, at the end.

``setup`` goes before the agent's work, ``closing`` between it and the checks (a document is
saved), ``teardown`` after them, however the trial ended. The steps are those of an oracle
(`agent.experiments.run.oracle`), without ``say`` and ``tell``; a command is waited for.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from agent.desktop.base import Desktop, Process
from agent.errors import ConfigurationError, DesktopError, SaysoError
from agent.experiments.plan.task import Step, Task
from agent.experiments.run.oracle import OracleLost, OracleModel, parts_of

Part = Literal["setup", "closing", "teardown"]
PARTS: tuple[Part, ...] = ("setup", "closing", "teardown")

COMMAND_SECONDS = 120.0
"""How long one command of such steps may take."""

CLOSING_PATIENCE = 10.0
"""Seconds that a step after the agent's work waits for what it names: it may have gone."""

_UNSPOKEN = ("say", "tell")
_SHOWN = 300
"""Characters of what a failed command printed, from its end."""


class StepFailed(SaysoError):
    """A step of a task could not be carried out; the text names the task, the part and the step."""


def step_faults(task: Task) -> list[str]:
    """What is wrong with a task's own steps, in sentences."""
    return [fault for part in PARTS for fault in _faults(part, getattr(task, part))]


async def carry_out(desktop: Desktop, task: Task, part: Part) -> None:
    """Do a part's steps one after another.

    Raises:
        StepFailed: one of them cannot be done; the rest is not tried.
    """
    steps: Sequence[Step] = getattr(task, part)
    if not steps:
        return
    if desktop.input.halted:
        desktop.input.resume()
    hand = _Hand(desktop, patience=None if part == "setup" else CLOSING_PATIENCE)
    for number, step in enumerate(steps, 1):
        name = next(iter(step))
        try:
            for one in parts_of([step])[0]:
                await hand.do(*next(iter(one.items())))
            await desktop.settle()
        except (OracleLost, StepFailed, DesktopError, OSError) as error:
            raise StepFailed(
                f"The {part} of the task {task.id} failed at step {number} ({name}): {error}"
            ) from error


class _Hand(OracleModel):
    """Acts by the desktop's own input instead of a model's calls."""

    def __init__(self, desktop: Desktop, *, patience: float | None) -> None:
        super().__init__(desktop, (), patience=patience)

    async def do(self, name: str, value: Any) -> None:
        """One step."""
        desk = self._desktop.input
        match name:
            case "together":
                for step in value:
                    await self.do(*next(iter(step.items())))
            case "key":
                await desk.key(str(value))
            case "type":
                await desk.type(str(value))
            case "rest":
                await asyncio.sleep(float(value))
            case "click" | "double_click":
                await desk.click(*await self._point(value), count=1 + (name == "double_click"))
            case "right_click":
                await desk.click(*await self._point(value), button="right")
            case "shell":
                await self._command(str(value))
            case "write":
                await self._write(str(value["path"]), str(value["text"]))
            case _:
                await self._prepare(name, value)

    async def _write(self, path: str, text: str) -> None:
        await asyncio.to_thread(write_files, self._desktop.home, {path: text.encode()})

    async def _command(self, command: str) -> None:
        process = await self._desktop.spawn(["sh", "-c", command])
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                printed = await _printed(process)
                code = await process.wait()
        except TimeoutError:
            await process.kill()
            raise StepFailed(f"it took over {COMMAND_SECONDS:g} s.") from None
        if code:
            told = printed.decode("utf-8", "replace").strip()[-_SHOWN:]
            raise StepFailed(f"it ended with {code}{': ' + told if told else '.'}")


def write_files(home: Path, files: dict[str, bytes]) -> None:
    """Put files into the desktop's home, owned by its user."""
    if not files:
        return
    owner = home.stat()
    for name, data in files.items():
        path = home / name
        made = [p for p in reversed(path.parents) if p.is_relative_to(home) and not p.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        for one in (*made, path):
            if owner.st_uid != os.geteuid():
                os.chown(one, owner.st_uid, owner.st_gid)


async def _printed(process: Process) -> bytes:
    """The end of what a program prints, once it has printed all."""
    last = b""
    async for piece in await process.read():
        last = (last + piece)[-4 * _SHOWN :]
    return last


def _faults(part: Part, steps: Sequence[Step]) -> list[str]:
    found = []
    for step in steps:
        try:
            names = [next(iter(one)) for one in parts_of([step])[0]]
        except ConfigurationError as error:
            found.append(f"{part}: {error}")
            continue
        found += [
            f"{part}: nobody speaks there, so there is no step “{name}”."
            for name in names
            if name in _UNSPOKEN
        ]
    return found
