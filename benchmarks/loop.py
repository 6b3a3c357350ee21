"""How fast the loop lets go, how early it acts, and what a 30-action task costs.

``script/bench loop [--json] [--quick]``. The model is scripted, or the real SDK against the
faithful server; the desktop is in memory, so these are the loop's own times. What a task costs is
measured on real desktops (`benchmarks.loop_task`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.messages_script import Incoming, Pace, Reply, call, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, hang
from agent.testing.scripted import call as scripted_call
from agent.testing.scripted import says as scripted_says
from agent.tools.base import ToolCall, ToolResult
from benchmarks.loop_task import ACTIONS, BATCH, SCENES, Scene, compare

KEY = "bench-key"


def settings(folder: str) -> Settings:
    return Settings(_env_file=None, data_dir=Path(folder), model="offline", max_turns=1000)


async def stop_latency(folder: str, repeats: int = 200) -> dict[str, float]:
    """From `stop` to the last action of a busy input driver, and to the stream's end."""
    halted, closed = [], []

    async def busy(call: ToolCall) -> ToolResult:
        while True:
            await desktop.input.move(1, 1)
            stamps.append(time.perf_counter())
            await asyncio.sleep(0)

    for _ in range(repeats):
        stamps: list[float] = []
        desktop, model = FakeDesktop(), ScriptedModel([[*scripted_call(), hang]])
        session = Session.create(
            settings(folder), desktop=desktop, model=model, tools=(FakeTool(busy),)
        )
        await session.open()
        session.say("Draw.")
        while len(stamps) < 3:
            await asyncio.sleep(0)
        began = time.perf_counter()
        session.stop("bench")
        while not model.closed_streams:
            await asyncio.sleep(0)
        closed.append(1000 * (time.perf_counter() - began))
        halted.append(1000 * max(0.0, stamps[-1] - began))
        await session.close()
    return {
        "stop → last input event, p95 ms": p(halted, 95),
        "stop → model stream closed, p95 ms": p(closed, 95),
    }


async def stop_on_the_wire(folder: str, repeats: int = 60) -> dict[str, float]:
    """From `stop` until the service sees its connection closed, through the real SDK."""
    closed = []
    reply = says("I look at the window now.", end="hang", end_after=4)
    async with MessagesServer([reply] * repeats, key=KEY) as server:
        for number in range(repeats):
            session = Session.create(
                settings(folder),
                desktop=FakeDesktop(),
                model=claude(server),
                tools=(FakeTool(),),
            )
            await session.open()
            session.say("Look.")
            await session.log.wait_for(lambda e: isinstance(e, ev.TextStreamed), timeout=20)
            began = time.monotonic()
            session.stop("bench")
            served = server.requests[number]
            await asyncio.wait_for(served.gone.wait(), 20)
            closed.append(1000 * (served.gone_at - began))
            await session.close()
    return {"stop → the service sees it closed, p95 ms": p(closed, 95)}


def talker(request: object) -> list[Any]:
    """An answer at a speaking pace, then two actions."""

    async def word() -> None:
        await asyncio.sleep(0.02)

    parts = scripted_says("I look at the window now. " * 4, pieces=12)
    text = [step for part in parts for step in (word, part)]
    return [*text, *scripted_call(), *scripted_call(), *done("tool_use")]


async def loop_lag(folder: str, sessions: int = 20, seconds: float = 6.0) -> dict[str, float]:
    """Lag of the event loop while sessions stream and act at a speaking pace."""
    desktop = FakeDesktop(width=1280, height=800)

    async def act(call: ToolCall) -> ToolResult:
        await asyncio.sleep(0.05)
        return ToolResult("ok", await desktop.screenshot())

    made = [
        Session.create(
            settings(folder),
            session_id=f"lag-{i}",
            desktop=FakeDesktop(),
            model=ScriptedModel(talker),
            tools=(FakeTool(act),),
        )
        for i in range(sessions)
    ]
    for number, session in enumerate(made):
        await session.open()
        session.say(f"Work, number {number}.")
    lags = await lags_for(seconds)
    for session in made:
        session.stop("bench")
        await session.close()
    return {f"event-loop lag with {sessions} sessions, p99 ms": p(lags, 99)}


async def lags_for(seconds: float) -> list[float]:
    """By how many milliseconds sleeps of 5 ms are too long, for so many seconds."""
    lags, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(1000 * (time.perf_counter() - began - 0.005))
    return lags


def fills_in(request: Incoming) -> Reply:
    """Three actions a turn, until all are done."""
    if request.number >= ACTIONS // BATCH:
        return says("Done.")
    clicks = [call("left_click", coordinate=[request.number, i]) for i in range(BATCH)]
    return says("Next I fill in the field.", *clicks, pace=Pace(event=0.002))


async def eagerness(folder: str) -> dict[str, float]:
    """Whether actions begin before their answer ends, through the real SDK."""
    async with MessagesServer(fills_in, key=KEY) as server:
        session = Session.create(
            settings(folder), desktop=FakeDesktop(), model=claude(server), tools=(FakeTool(),)
        )
        await session.open()
        session.say("Fill in the form.")
        await session.wait_idle(120)
        eager = eager_turns(list(session.log))
        await session.close()
    return {"turns of more than one block, eager": statistics.mean(eager)}


async def task_costs(scenes: Sequence[Scene]) -> dict[str, float]:
    """A task of 30 actions on real screens, beside the common way in the same run."""
    found: dict[str, float] = {}
    for scene in scenes:
        with tempfile.TemporaryDirectory() as folder:
            common, sayso = await compare(scene, Path(folder))
        for what, mine, theirs in (
            ("requests", sayso.requests, common.requests),
            ("pictures uploaded", sayso.pictures, common.pictures),
            ("MB uploaded", sayso.bytes / 1e6, common.bytes / 1e6),
            ("tokens at the price of fresh input", sayso.tokens, common.tokens),
        ):
            found[f"{scene.name}: {what}"] = mine
            found[f"{scene.name}: {what}, common way"] = theirs
            found[f"{scene.name}: {what}, share"] = mine / theirs
    return found


def claude(server: MessagesServer) -> AnthropicModel:
    return AnthropicModel("claude-opus-5-5", ToolsetDialect(), new_client(KEY, server.base_url))


def eager_turns(events: list[ev.Event]) -> list[bool]:
    """For each turn with actions, whether the first began before the answer had ended."""
    ends = {e.turn_id: e.seq for e in events if isinstance(e, ev.TurnFinished)}
    began = {e.action_id: e.seq for e in events if isinstance(e, ev.ActionStarted)}
    first: dict[str, int] = {}
    for event in events:
        if isinstance(event, ev.ActionProposed):
            first.setdefault(event.turn_id, began[event.action_id])
    return [seq < ends[turn_id] for turn_id, seq in first.items()]


def p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def main(as_json: bool, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = {
            **await stop_latency(folder),
            **await stop_on_the_wire(folder),
            **await loop_lag(folder),
            **await eagerness(folder),
            **await task_costs(SCENES[:1] if quick else SCENES),
        }
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            print(f"{name:75} {value:12.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one real screen instead of three")
    args = parser.parse_args()
    asyncio.run(main(args.json, args.quick))
