"""Real fakes for tests of the agent without a service or a screen.

`ScriptedModel` answers from a script and refuses, as the service would, any list of
messages that breaks the API's rules. `FakeClock` is turned by hand,
`HastyClock` never waits. `FakeTool` acts on
nothing and remembers. `FakeDesktop` is a desktop of one text field.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.kinds import COMPUTER
from agent.models.base import (
    Block,
    BlockDone,
    Message,
    ModelPart,
    ModelRequest,
    Text,
    ToolSpec,
    TurnDone,
)
from agent.record.events import Usage
from agent.session.history import ANEW
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.rules import prefix_violations, violations
from agent.tools.base import Intent, ToolCall, ToolResult

__all__ = [
    "FakeClock",
    "FakeDesktop",
    "FakeTool",
    "HastyClock",
    "ScriptedModel",
    "call",
    "done",
    "hang",
    "says",
    "thinks",
]

Step = ModelPart | Exception | Callable[[], Awaitable[None]]
"""A part to yield, an exception to raise, or something to wait for."""

Script = Sequence[Step]
_numbers = itertools.count(1)


def says(text: str, *, pieces: int = 2, index: int = 0) -> list[Step]:
    """A text block, streamed in pieces."""
    size = max(1, -(-len(text) // pieces))
    parts: list[Step] = [Text(text[i : i + size]) for i in range(0, len(text), size)]
    return [*parts, BlockDone(index, {"type": "text", "text": text})]


def thinks(text: str, *, index: int = 0) -> list[Step]:
    """A thinking block with its signature."""
    block = {"type": "thinking", "thinking": text, "signature": f"signed {text}"}
    return [Text(text, "thinking"), BlockDone(index, block)]


def call(
    name: str = "left_click",
    *,
    toolset: str | None = COMPUTER.called,
    index: int = 0,
    **arguments: Any,
) -> list[Step]:
    """A tool call, of the computer toolset unless told otherwise; its id is new."""
    block: Block = {
        "type": "tool_use",
        "id": f"toolu_{next(_numbers):08d}",
        "name": name,
        "input": arguments,
    }
    if toolset is not None:
        block["toolset_name"] = toolset
    return [BlockDone(index, block)]


def done(stop_reason: str = "end_turn", **usage: Any) -> list[Step]:
    """The end of an answer."""
    return [TurnDone(stop_reason, Usage(**usage))]


async def hang() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()


class ScriptedModel:
    """A model that answers each request with the next script.

    Every request is checked by the API's rules, and against the one before: a history may
    only grow, or start over with a recap. What was wrong is raised as an ``AssertionError``
    and kept in ``faults``.
    """

    def __init__(self, scripts: Iterable[Script] | Callable[[ModelRequest], Script]) -> None:
        self.requests: list[list[Message]] = []
        self.faults: list[str] = []
        self.closed_streams = 0
        self._scripts = scripts if callable(scripts) else iter(list(scripts))

    @property
    def name(self) -> str:
        return "scripted"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        self._check(request)
        script = self._script(request)
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    await step()
                else:
                    await asyncio.sleep(0)
                    yield step
        finally:
            self.closed_streams += 1

    async def close(self) -> None:
        """Nothing is held."""

    def _script(self, request: ModelRequest) -> Script:
        if callable(self._scripts):
            return self._scripts(request)
        script = next(self._scripts, None)
        if script is None:
            raise AssertionError("The script has no further answer.")
        return script

    def _check(self, request: ModelRequest) -> None:
        messages = list(request.messages)
        found = violations(messages)
        if self.requests and not _is_anew(self.requests[-1], messages):
            found += prefix_violations(self.requests[-1], messages)
        self.requests.append(copy.deepcopy(messages))
        self.faults += found
        if found:
            raise AssertionError("; ".join(found))


def _is_anew(before: Sequence[Message], after: Sequence[Message]) -> bool:
    first, now = before[0]["content"][0], after[0]["content"][0]
    return now != first and str(now.get("text", "")).startswith(ANEW)


class FakeClock:
    """Time that moves only when it is told to."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, future))
        await future

    @property
    def sleeping(self) -> int:
        """How many wait for the time to move."""
        return sum(not future.done() for _, future in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Move the time on and wake whoever is due."""
        self._now += seconds
        for due, future in self._sleepers:
            if due <= self._now and not future.done():
                future.set_result(None)
        self._sleepers = [(due, f) for due, f in self._sleepers if not f.done()]


class HastyClock:
    """A clock whose every sleep is over after a few steps of the event loop."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        for _ in range(6):
            await asyncio.sleep(0)
        self._now += seconds


Behaviour = Callable[[ToolCall], Awaitable[ToolResult]]


@dataclass
class FakeTool:
    """A tool that remembers what it was asked for, and does what ``behaviour`` says."""

    behaviour: Behaviour | None = None
    harmless: bool = True
    target: dict[str, str] = field(default_factory=dict)
    window: str = ""
    name: str = COMPUTER.called
    members: tuple[str, ...] = ("left_click", "type", "key", "screenshot")
    toolset: str | None = COMPUTER.called
    hosted: str | None = "computer_toolset_20260801"
    ran: list[ToolCall] = field(default_factory=list)
    began: list[ToolCall] = field(default_factory=list)

    @property
    def spec(self) -> ToolSpec:
        schema: dict[str, Any] = {"type": "object", "properties": {}}
        return ToolSpec(
            self.name,
            "A fake.",
            dict.fromkeys(self.members, schema),
            hosted=self.hosted if self.toolset else None,
            toolset=self.toolset,
        )

    async def intent(self, call: ToolCall) -> Intent:
        target = {**self.target, **{k: str(v) for k, v in call.input.items()}}
        return Intent(self.name, call.name, target, self.harmless, self.window)

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        self.began.append(call)
        await asyncio.sleep(0)
        result = ToolResult("ok")
        if self.behaviour is not None:
            result = await self.behaviour(call)
        self.ran.append(call)
        return result

    async def close(self) -> None:
        """Nothing is held."""
