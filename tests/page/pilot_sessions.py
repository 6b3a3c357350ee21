"""Sessions whose model answers by what was asked, on a desktop in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex
from typing import Any

from agent.desktop.base import EncodedImage
from agent.models.base import ModelRequest, ToolSpec
from agent.network.gate import Closed, Guard
from agent.record.events import HomeChanged
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_kernel import WatchedDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult

ADVICE = "Ask what they would like instead."
"""What a tool tells the model, and no person."""

_POINT = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}}


class _Desktop(WatchedDesktop):
    """What its programs reach is asked of the session, too."""

    guard: Guard = Closed()

    def guard_network(self, guard: Guard) -> None:
        self.guard = guard

    def cut_network(self) -> None:
        """No connection is open."""


class _Pointing(FakeTool):
    """The computer, with a place to point at."""

    @property
    def spec(self) -> ToolSpec:
        return _with_field(super().spec, "coordinate", _POINT)


class _Shell(FakeTool):
    """The shell, with a command."""

    @property
    def spec(self) -> ToolSpec:
        return _with_field(super().spec, "command", {"type": "string"})


def _with_field(spec: ToolSpec, name: str, field: dict[str, Any]) -> ToolSpec:
    schema = {"type": "object", "properties": {name: field}}
    return replace(spec, members=dict.fromkeys(spec.members, schema))


def factory(settings: Settings) -> Callable[..., Session]:
    """Makes such sessions."""

    def make(session_id: str | None) -> Session:
        named = session_id or f"pilot-{token_hex(6)}"
        home = settings.data_dir / "sessions" / named / "home"
        home.mkdir(parents=True, exist_ok=True)
        desktop = _Desktop(width=640, height=400, home=home)
        model, tools = ScriptedModel(_answer), _tools(desktop)
        if session_id is None:
            parts = {"desktop": desktop, "model": model, "tools": tools}
            session = Session.create(settings, session_id=named, **parts)
            if "home_bytes" in settings.model_fields_set:
                session.log.append(HomeChanged(state="open", limit=settings.home_bytes))
            return session
        return Session.resume(settings, session_id, desktop=desktop, model=model, tools=tools)

    return make


def _tools(desktop: _Desktop) -> list[FakeTool]:
    async def act(call: ToolCall) -> ToolResult:
        if (name := str(call.input.get("text", ""))).startswith("save "):
            (desktop.home / name.removeprefix("save ")).write_text("by the agent")
        if name.startswith("start "):
            kernel = desktop.kernel
            kernel.starts(kernel.fork(desktop.shell()), *name.split()[1:])
        if name.startswith("reach "):
            await asyncio.gather(*(desktop.guard.judge(host, 443) for host in name.split()[1:]))
        picture: EncodedImage = await desktop.screenshot()
        return ToolResult("done", image=picture)

    async def run(call: ToolCall) -> ToolResult:
        if call.input.get("command") != "missing":
            return ToolResult("ok")
        told = "There is no such command."
        return ToolResult(f"{told} {ADVICE}", exit_code=127, shown=told)

    return [
        _Pointing(act),
        _Shell(run, name="bash", members=("bash",), toolset=None, harmless=False),
    ]


def _answer(request: ModelRequest) -> list[Any]:
    last = request.messages[-1]["content"]
    words = " ".join(str(block.get("text", "")) for block in last if isinstance(block, dict))
    if "stand still" in words:
        time.sleep(1.5)  # the server's whole loop, for as long as this takes
    if "break down" in words:
        return [RuntimeError("the service is gone")]
    if any(block.get("type") == "tool_result" for block in last if isinstance(block, dict)):
        return [*says("The text editor says hello world."), *done(input_tokens=1200)]
    if "forever" in words:
        return [*says("I work and work."), hang]
    if "save" in words:
        named = [name for name in words.split("save ", 1)[1].split() if name.endswith(".txt")]
        calls = [call("type", text=f"save {name}", index=n) for n, name in enumerate(named)]
        return [step for steps in calls for step in steps] + done("tool_use")
    texts = [str(block.get("text", "")) for block in last if isinstance(block, dict)]
    if said := next((text for text in texts if text.startswith(("start ", "reach "))), ""):
        return [*call("type", text=said), *done("tool_use")]
    if "missing" in words:
        return [*call("bash", toolset=None, command="missing"), *done("tool_use")]
    if "list" in words:
        return [*call("bash", toolset=None, command="ls ~"), *done("tool_use", input_tokens=10)]
    if "repeat" in words:
        said = next(block["text"] for block in last if "repeat" in block.get("text", ""))
        return [*says(said.split("repeat", 1)[1].strip()), *done()]
    return [
        *says("I open the text editor."),
        *call("left_click", coordinate=[300, 200], index=1),
        *call("type", text="hello world", index=2),
        *done("tool_use", input_tokens=1000, output_tokens=50, dollars=0.012),
    ]
