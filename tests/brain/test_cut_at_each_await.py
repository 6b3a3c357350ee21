"""Not at random: one rich task, cut at each step of the event loop in turn.

The task passes through every wait that the loop knows: before the first byte, in thinking,
text and a tool call, during an action, approval, hold, the settling before a picture, a
retry, the closing picture and the question at a limit. A test of its own makes sure that it
does, await by await, from the source.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cut_cases import SETTINGS, Case, LivelyDesktop, check, played, steps

import agent.session.control
import agent.session.looking
import agent.session.loop
import agent.session.permissions
from agent.desktop.base import EncodedImage
from agent.desktop.server.starts import Hands, Start
from agent.desktop.server.watching import Asked
from agent.errors import ContextTooLong, StreamBroken
from agent.models.base import Counted, Text, Waiting, Warned
from agent.models.offline import OfflineModel
from agent.network.gate import Guard
from agent.prompts import Prompt
from agent.record import events as ev
from agent.record.events import Usage
from agent.session.session import Session
from agent.testing.scripted import (
    FakeDesktop,
    FakeTool,
    ScriptedModel,
    call,
    done,
    says,
    thinks,
)
from agent.tools import build_tools
from agent.tools.base import Intent, ToolCall, ToolResult

WATCHED = (
    agent.session.loop,
    agent.session.permissions,
    agent.session.looking,
    agent.session.control,
)
NOT_OF_A_TASK = ("abandon", "finished", "idle", "_guarded", "ask_between")
"""What in `agent.session.control` waits for tasks, rather than in one."""

CALM = ("return", "release", "allow", "answer yes")
CONTROLS = ("redirect", "stop", "take", "kill", "hold")


async def pause() -> None:
    await steps(2)


class SlowTool(FakeTool):
    """Takes its time with everything."""

    async def intent(self, call: ToolCall) -> Intent:
        await pause()
        return await super().intent(call)


class SlowEye(SlowTool):
    """Shows the screen as well, unless it showed it last time."""

    closing_note = "The screen changed."
    _shown = True

    async def closing_screenshot(self) -> EncodedImage | None:
        await pause()
        self._shown = not self._shown
        return await FakeDesktop().screenshot() if self._shown else None


def rich() -> list[list[Any]]:
    """An answer with everything in it, a broken one, one that needs a new conversation."""
    risky = call("type", text="ls\n", wm_class="Xfce4-terminal")
    return [
        [
            pause,
            Counted(Usage(input_tokens=5)),
            Warned("The service remarks: take care."),
            *thinks("How?"),
            *says("I type.", index=1),
            Text("Typing.", "progress"),
            *call("left_click", coordinate=[1, 2]),
            *risky,
            pause,
            *done("tool_use"),
        ],
        [Waiting(0.5, "The service is busy."), Text("Half"), StreamBroken("It was cut.")],
        [ContextTooLong("The conversation is too long.")],
        [*says("Again."), *call("left_click", coordinate=[3, 4]), *call(miss=1), *done("tool_use")],
        [*says("Done."), *done()],
    ]


def late() -> list[list[Any]]:
    """An earlier task with another prompt; then the time is over between two actions."""
    return [
        [*says("Earlier."), *done()],
        [*call(late=1), *call(late=2), *call(late=3), *done("tool_use")],
        [*says("Done."), *done()],
    ]


def scripted(scripts: list[list[Any]], tool: type[FakeTool], **settings: Any) -> Case:
    """A task whose model gives these answers, and then is done whatever it is asked."""
    time = [1_000_000.0]

    def next_script(request: object) -> list[Any]:
        return scripts.pop(0) if scripts else [*says("Done."), *done()]

    async def act(call: ToolCall) -> ToolResult:
        await pause()
        time[0] += 60 * ("late" in call.input)
        return ToolResult("Missed.", is_error=True) if "miss" in call.input else ToolResult("ok")

    return Case(
        lambda _: ScriptedModel(next_script),
        lambda _: [tool(act, harmless=False)],
        settings=SETTINGS.model_copy(update=settings),
        before_last=scripts.clear,
        calm=CALM,
        now=lambda: time[0],
    )


class NoWatch:
    """A watch's face: nothing begins by itself."""

    hands = Hands()
    bound = 0


class StartingDesktop(LivelyDesktop):
    """Programs start on it when they are told to, and wait for an answer."""

    watch = NoWatch()
    listener: Any = None

    def listen(self, listener: Any) -> None:
        self.listener = listener

    def start_program(self) -> None:
        start = Start("/usr/bin/touch", "touch x", "/home/user", ("bash",), "line", "x")
        if self.listener is not None:
            self.listener.asked(Asked(start, lambda asked, allowed: None, 1e12))

    def guard_network(self, guard: Guard) -> None:
        self.guard = guard

    def cut_network(self) -> None:
        """Nothing is reached here."""

    def reach_host(self) -> None:
        self.reaching = asyncio.ensure_future(self.guard.judge("host.example", 443))


class StartingTool(SlowEye):
    """Has programs start: by actions, and once while the closing picture is taken."""

    desktop: StartingDesktop
    looks = 0

    async def closing_screenshot(self) -> EncodedImage | None:
        self.looks += 1
        if self.looks == 2:  # the first is what the task begins with
            self.desktop.start_program()
        return await super().closing_screenshot()


def starting() -> Case:
    """A line in a terminal that is typed into again, and programs that are asked about."""
    terminal = {"wm_class": "XTerm", "title": "xterm"}
    script = [
        *call("key", key="Return", **terminal),
        *call("type", text="x", index=1, **terminal),
        *call(start=1, index=2),
        *call(start=2, index=3),
        *done("tool_use"),
    ]
    return on_a_lively_desktop(script)


def reaching() -> Case:
    """A host that is asked about while the next action waits."""
    script = [*call(reach=1), *call("key", key="Tab", index=1), *done("tool_use")]
    return on_a_lively_desktop(script, network="listed")


def on_a_lively_desktop(script: list[Any], **settings: Any) -> Case:
    """Actions that have programs start and hosts be reached, as their inputs say."""
    case = scripted([script, [*says("Done."), *done()]], SlowEye, **settings)

    def tools(desktop: Any) -> list[FakeTool]:
        async def act(call: ToolCall) -> ToolResult:
            await pause()
            if "start" in call.input:
                desktop.start_program()
            if "reach" in call.input:
                desktop.reach_host()
            return ToolResult("ok")

        tool = StartingTool(act, harmless=False)
        tool.desktop = desktop
        return [tool]

    return replace(case, tools=tools, desktop=StartingDesktop)


def offline() -> Case:
    """The default model without a key, with the real tools."""
    return Case(
        OfflineModel,
        build_tools,
        settings=SETTINGS.model_copy(update={"max_turns": 2}),
        task="Scroll down and run ls",
        redirection="Type hello",
        last_word="Hello",
        desktop=LivelyDesktop,
        calm=CALM,
    )


async def earlier(session: Session) -> None:
    """A task that is over, and another prompt for what follows."""
    session.say("Say something.")
    await session.wait_idle(20)
    session.use_prompt(Prompt("other", "Be brief."))


async def nothing(session: Session) -> None:
    """The task is the session's first."""


@dataclass(frozen=True)
class Scene:
    """How a case is made, and what came before."""

    make: Callable[[], Case]
    before: Callable[[Session], Awaitable[None]] = nothing


SCENES = (
    Scene(lambda: scripted(rich(), SlowEye, max_turns=3)),
    Scene(
        lambda: replace(scripted(late(), SlowTool, max_seconds=50, max_turns=1), records=True),
        earlier,
    ),
    Scene(starting),
    Scene(reaching),
)
OFFLINE = Scene(offline)


async def patient(case: Case) -> None:
    """Takes a while over every answer; speaks up before an action, after a yes, between turns."""
    spoke: set[str] = set()

    async def speak_up(when: str) -> None:
        if when not in spoke:
            spoke.add(when)
            await case.control("hold")
            await steps(6)
            await case.control("release")

    while True:
        await steps(1)
        status = case.session.status
        if status.pending_approval or status.question:
            await steps(4)
            await case.control("allow")
            await case.control("answer yes")
            await speak_up("after a yes")
        elif status.open_actions:
            await speak_up("before an action")
        elif status.turns and status.turn_id is None:
            await speak_up("anew" if case.session.log.of(ev.Compacted) else "between turns")


async def begun(scene: Scene) -> tuple[Case, asyncio.Task[None]]:
    """The task has been said, and a person sits by."""
    case = scene.make()
    await case.open()
    await scene.before(case.session)
    person = asyncio.create_task(patient(case))
    case.session.say(case.task)
    return case, person


async def length(scene: Scene) -> int:
    """Steps of the event loop that the undisturbed task takes."""
    case, person = await begun(scene)
    number = 0
    while case.session.status.task_id is not None:
        await steps(1)
        number += 1
    person.cancel()
    assert case.session.status.outcome in ("done", "ended")
    return number


async def cut_after(scene: Scene, number: int, what: str) -> set[tuple[str, int]]:
    """Cut after so many steps, see it through; returns where work was waiting."""
    case, person = await begun(scene)
    await steps(number)
    waits = set(waiting())
    person.cancel()
    await case.control(what)
    await case.finish()
    check(case)
    return waits


def waiting() -> Iterator[tuple[str, int]]:
    """Module and line of everything that waits at this moment."""
    for task in asyncio.all_tasks():
        at: Any = task.get_coro()
        while at is not None:
            frame = getattr(at, "cr_frame", None)
            if frame is None:
                break
            yield from _lines(frame)
            at = at.cr_await


def _lines(frame: Any) -> Iterator[tuple[str, int]]:
    yield frame.f_globals["__name__"], frame.f_lineno
    managed = getattr(frame.f_locals.get("self"), "gen", None)
    inner = getattr(managed, "ag_frame", None)  # of an `asynccontextmanager`
    if inner is not None:
        yield inner.f_globals["__name__"], inner.f_lineno


def awaits(module: Any) -> Iterator[tuple[str, range]]:
    """Function and lines of each await in a module."""
    tree = ast.parse(inspect.getsource(module))
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef) and function.name not in NOT_OF_A_TASK:
            for node in ast.walk(function):
                if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
                    last = node.body[0].lineno if hasattr(node, "body") else node.end_lineno + 1
                    yield function.name, range(node.lineno, last)


def cut_at_each_step(scene: Scene) -> set[tuple[str, int]]:
    """Every cut at every step; returns where work was waiting then."""
    return {
        place
        for step in range(played(length(scene)))
        for what in CONTROLS
        for place in played(cut_after(scene, step, what))
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_cut_at_each_step_leaves_all_well_and_every_await_was_cut() -> None:
    visited = set().union(*(cut_at_each_step(scene) for scene in SCENES))
    missed = [
        (module.__name__, name, lines.start)
        for module in WATCHED
        for name, lines in awaits(module)
        if not any((module.__name__, line) in visited for line in lines)
    ]
    assert missed == []


@pytest.mark.slow
def test_the_default_model_is_cut_at_each_step_as_well() -> None:
    visited = {module for module, _ in cut_at_each_step(OFFLINE)}
    assert {module.__name__ for module in WATCHED} <= visited
