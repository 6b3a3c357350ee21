"""Random control cases on a real desktop: what a stop leaves behind, and what the model is told.

Each case is one instruction whose answers ask for random actions, with random controls while
they run. It is judged by the API's rules, by the server's own word on keys and buttons, and by
a second look at what the model was told.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.desktop import VirtualDesktop
from agent.desktop.server.connection import open_display
from agent.models.base import BlockDone, ModelRequest
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.rules import violations
from agent.testing.scripted import ScriptedModel, Step, call, done, says
from agent.tools import ComputerTool, ToolCall, ToolResult

PER_DESKTOP = 25
"""Cases that one desktop is used for."""

_TEXTS = ("hello", "two\nlines", "Grüße, 日本", "a line that is longer than keys are used for " * 4)
_KEYS = (
    *("Return", "ctrl+a Delete", "shift+End", "alt+F4"),
    *("Escape", "ctrl+shift+s", "F10", "Caps_Lock"),
)
_ACTIONS = (
    *("type", "type", "key", "key", "left_click", "left_click", "right_click"),
    *("left_click_drag", "left_mouse_down", "left_mouse_up", "hold_key", "scroll", "screenshot"),
)
_CONTROLS = ("stop", "hold", "release", "redirect", "take", "return", "none", "none")
_STILL = 0.25
"""Seconds after a stop in which nothing may happen any more."""

_PATIENCE = 60.0


@dataclass
class Report:
    """What was counted over all cases, and the first faults in words."""

    cases: int = 0
    actions: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, kind: str, words: str) -> None:
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {words}")


class WatchedTool(ComputerTool):
    """Looks once more at what the model is about to be told."""

    def __init__(self, desktop: VirtualDesktop, report: Report) -> None:
        super().__init__(desktop)
        self._real, self._report = desktop, report

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        before = await self._real.windows()
        result = await super().run(call, output)
        self._report.actions += 1
        if "reads as typed" in result.text:
            texts = [node.text or "" for node in (await self._real.tree()).nodes]
            typed = "".join(call.input["text"].split())
            if not any(typed in "".join(text.split()) for text in texts):
                self._report.fault("untrue", f"{result.text} {texts}")
        after = await self._real.windows()
        there = any(w.active for w in before) and any(w.active for w in after)
        if there and "No window has the keyboard" in result.text:
            self._report.fault("untrue", result.text)
        return result


async def play_cases(count: int, folder: Path, seed: int = 1) -> Report:
    """Play so many cases; the same seed asks for the same."""
    report, chance = Report(), random.Random(seed)  # noqa: S311 - cases, not secrets
    while report.cases < count:
        await _on_one_desktop(min(PER_DESKTOP, count - report.cases), folder, chance, report)
    return report


async def _on_one_desktop(count: int, folder: Path, chance: random.Random, report: Report) -> None:
    settings = Settings(_env_file=None, data_dir=folder, model="offline", max_turns=9)
    desktop = VirtualDesktop(width=settings.width, height=settings.height)
    model = ScriptedModel(lambda request: _answer(request, chance, report))
    session = Session.create(
        settings, desktop=desktop, model=model, tools=(WatchedTool(desktop, report),)
    )
    await session.open()
    try:
        for _ in range(count):
            await _case(session, desktop, chance, report)
            report.cases += 1
    finally:
        await session.close()


def _answer(request: ModelRequest, chance: random.Random, report: Report) -> list[Step]:
    """Some actions, or the last word."""
    if wrong := violations(request.messages):
        report.fault("invalid history", "; ".join(wrong))
    if chance.random() < 0.35:
        return [*says("Done."), *done()]
    steps: list[Step] = says("I go on. ")
    for _ in range(chance.randint(1, 4)):
        name, given = _action(chance)
        steps += call(name, **given)
    numbered = (
        BlockDone(place, step.block) if isinstance(step, BlockDone) else step
        for place, step in enumerate(steps)
    )
    return [*numbered, *done("tool_use")]


def _action(chance: random.Random) -> tuple[str, dict[str, Any]]:
    at = [chance.randrange(1280), chance.randrange(760)]
    name = chance.choice(_ACTIONS)
    match name:
        case "type":
            return name, {"text": chance.choice(_TEXTS)}
        case "key":
            return name, {"text": chance.choice(_KEYS)}
        case "hold_key":
            return name, {"text": "shift", "duration": 0.3}
        case "left_click_drag":
            return name, {"start_coordinate": at, "coordinate": [640, 400]}
        case "scroll":
            return name, {"coordinate": at, "scroll_direction": "down", "scroll_amount": 5}
        case "screenshot" | "left_mouse_up":
            return name, {}
        case _:
            return name, {"coordinate": at}


async def _case(
    session: Session, desktop: VirtualDesktop, chance: random.Random, report: Report
) -> None:
    if not await desktop.windows() and chance.random() < 0.7:
        await desktop.spawn([chance.choice(("mousepad", "mousepad", "thunar"))])
        await desktop.settle(first=0.5, quiet=0.2)
    session.say("Do something.")
    for _ in range(chance.randint(0, 4)):
        await asyncio.sleep(chance.random() * 0.4)
        await _control(session, desktop, chance.choice(_CONTROLS), report)
    await _see_through(session)


async def _control(session: Session, desktop: VirtualDesktop, what: str, report: Report) -> None:
    match what:
        case "stop":
            session.stop("button")
            await _nothing_after(session, desktop, report)
        case "hold":
            session.hold("speech")
        case "release":
            session.release("noise")
        case "redirect":
            session.say("No, something else.", how="redirect")
        case "take":
            session.take_control()
        case "return":
            session.return_control("")
        case _:
            pass


async def _see_through(session: Session) -> None:
    async with asyncio.timeout(_PATIENCE):
        while session.status.task_id is not None or session.status.yours:
            session.return_control("")
            session.release("noise")
            if (asked := session.status.pending_approval) is not None:
                session.approve(asked.approval_id, "deny", channel="button")
            if (question := session.status.question) is not None:
                session.answer(question.question_id, "no")
            await asyncio.sleep(0.02)


async def _nothing_after(session: Session, desktop: VirtualDesktop, report: Report) -> None:
    """After a stop no key or button is down, the pointer rests, and no action begins."""
    since = len(session.log)
    held, place = await asyncio.to_thread(_server, desktop)
    await asyncio.sleep(_STILL)
    later, resting = await asyncio.to_thread(_server, desktop)
    if held or later:
        report.fault("held", f"{held} {later}")
    began = [e for e in session.log.since(since) if isinstance(e, ev.ActionStarted)]
    if began or place != resting:
        report.fault("after stop", f"{began} {place} {resting}")


def _server(desktop: VirtualDesktop) -> tuple[list[int], tuple[int, int]]:
    """Codes of keys and numbers of buttons that are down, and the pointer's place."""
    display = open_display(desktop.env)
    try:
        rows = display.query_keymap()
        down = [
            8 * place + bit for place, row in enumerate(rows) for bit in range(8) if row >> bit & 1
        ]
        pointer = display.screen().root.query_pointer()
        buttons = [n for n in range(1, 6) if pointer.mask & 0x80 << n]
        return down + buttons, (pointer.root_x, pointer.root_y)
    finally:
        display.close()
