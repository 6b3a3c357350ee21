"""The SDK's own helper for the computer toolset as the measure of what we send by ourselves.

Sayso does not run on the helper: it journals an action before it begins, asks for approval
between wish and deed, and serves three dialects with one tool. What both do has to be the
same on the wire, and these tests let the helper say what that is.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest
from anthropic import AsyncAnthropic
from anthropic.tools import ToolError
from anthropic.tools.computer import BetaAsyncAbstractComputerToolset20260801
from anthropic.types.beta import BetaComputerMemberName
from conversations import build_messages

from agent.models.base import ModelRequest
from agent.models.claude.dialects import TOOLSET_MEMBERS, ToolsetDialect
from agent.record import events as ev
from agent.session.history import HALTED
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.messages_script import call, says
from agent.testing.messages_server import MessagesServer
from agent.tools import build_tools
from agent.tools.base import ToolCall

SERVED = ("left_click", "type", "wait")


class Helped(BetaAsyncAbstractComputerToolset20260801):
    """Serves three members; the second click misses."""

    async def left_click(self, context: Any, input: Any) -> str:  # noqa: A002 - the SDK's name
        if input.coordinate == [9, 9]:
            raise ToolError("Missed.")
        return "ok"

    async def type(self, context: Any, input: Any) -> str:  # noqa: A002 - the SDK's name
        return "ok"

    async def wait(self, context: Any, input: Any) -> str:  # noqa: A002 - the SDK's name
        return "ok"


def helped() -> Helped:
    return Helped(confirm=lambda context: True)


def declared(members: dict[str, Any]) -> dict[str, Any]:
    """Our entry for a computer with these members."""
    (computer, *_) = build_tools(FakeDesktop())
    spec = computer.spec
    served = type(spec)(spec.name, spec.description, members, spec.hosted, spec.toolset)
    body = ModelRequest("", [{"role": "user", "content": "Hi."}], [served], (640, 480))
    tool: dict[str, Any] = ToolsetDialect().body(body, "claude-opus-5-5")["tools"][0]
    return tool


def test_the_members_are_those_that_the_sdk_knows() -> None:
    """A new one in the SDK would show here."""
    assert set(get_args(BetaComputerMemberName)) == TOOLSET_MEMBERS


def test_the_tool_is_declared_as_the_helper_declares_it() -> None:
    """What is not served is switched off, and nothing else is said."""
    assert declared({name: {} for name in SERVED}) == helped().to_dict()


async def test_results_are_those_that_the_sdks_own_runner_sends() -> None:
    """A click, one that misses and one that is skipped: ids aside, the same message."""
    batch = says(
        {**call("left_click", coordinate=[1, 2]), "id": "toolu_1"},
        {**call("left_click", coordinate=[9, 9]), "id": "toolu_2"},
        {**call("type", text="hello"), "id": "toolu_3"},
    )
    async with MessagesServer([batch, says("Done.")]) as server:
        client = AsyncAnthropic(api_key=server.key, base_url=server.base_url)
        runner: Any = client.beta.messages.tool_runner(
            model="claude-opus-5-5",
            max_tokens=1000,
            messages=[{"role": "user", "content": "Click."}],
            tools=[helped()],
            stream=True,
            run_tools_eagerly=True,
            thread=False,
        )
        async for stream in runner:
            async for _ in stream:
                pass
        await client.close()
        theirs = server.requests[1].body["messages"][-1]
    assert [_bare(block) for block in theirs["content"]] == [_bare(b) for b in ours()]


def ours() -> list[dict[str, Any]]:
    """The same batch, from a log that holds what `Loop` writes."""
    events: list[Any] = [ev.UserMessage(text="Click."), ev.TurnStarted(turn_id="t", model="m")]
    results = [
        ("toolu_1", "left_click", {"text": "ok"}),
        ("toolu_2", "left_click", {"text": "Missed.", "is_error": True}),
        ("toolu_3", "type", {"text": HALTED, "is_error": True, "ran": False}),
    ]
    for number, (call_id, name, result) in enumerate(results):
        block = {**call(name), "id": call_id}
        events.append(ev.BlockFinished(turn_id="t", index=number, block=block))
        events.append(ev.ActionFinished(action_id=call_id, **result))
    events.append(ev.TurnFinished(turn_id="t", stop_reason="tool_use"))
    messages = build_messages(events, lambda sha256: None)
    content: list[dict[str, Any]] = messages[-1]["content"]
    return content


def _bare(block: dict[str, Any]) -> dict[str, Any]:
    """A result without cache marker; the text of a success is each tool's own."""
    bare = {key: value for key, value in block.items() if key != "cache_control"}
    content = bare["content"]
    words = content if isinstance(content, str) else " ".join(part["text"] for part in content)
    return {**bare, "content": words if bare.get("is_error") else ""}


INPUTS: list[tuple[str, dict[str, Any]]] = [
    *[(name, {"coordinate": [5, 6], "text": "ctrl+shift"}) for name in ("left_click",)],
    *[(f"{name}_click", {}) for name in ("right", "middle", "double", "triple")],
    ("left_click_drag", {"start_coordinate": [1, 1], "coordinate": [5, 6], "text": "alt"}),
    ("scroll", {"scroll_direction": "down", "scroll_amount": 3, "coordinate": [5, 6]}),
    ("mouse_move", {"coordinate": [5, 6]}),
    ("type", {"text": "hello"}),
    ("key", {"text": "ctrl+s", "repeat": 2}),
    ("hold_key", {"text": "shift", "duration": 0}),
    ("wait", {"duration": 0}),
    ("zoom", {"region": [0, 0, 64, 40]}),
    *[(name, {}) for name in ("screenshot", "cursor_position", "left_mouse_down", "left_mouse_up")],
]


@pytest.mark.parametrize(("name", "given"), [pytest.param(n, g, id=n) for n, g in INPUTS])
async def test_what_the_api_may_send_is_taken(name: str, given: dict[str, Any]) -> None:
    """Every member with every field that the SDK's types have for it."""
    desktop = FakeDesktop()
    await desktop.start()
    (computer, *_) = build_tools(desktop)
    result = await computer.run(ToolCall("toolu_1", name, given, "computer"), lambda _: None)
    assert not result.is_error, result.text
