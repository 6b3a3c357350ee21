"""A person and the smallest loop around the planner, on a real desktop."""

from __future__ import annotations

from typing import Any

from screens import text_of, until

from agent.desktop.base import Desktop
from agent.models.base import BlockDone, Message, ModelRequest, TurnDone
from agent.models.offline import OfflineModel
from agent.tools import build_tools
from agent.tools.base import Tool, ToolCall

MAX_TURNS = 14


class Driver:
    """The smallest loop: asks the model, acts, answers, until it has its say."""

    def __init__(self, desktop: Desktop) -> None:
        self.desktop = desktop
        self.model = OfflineModel(desktop)
        self.tools: dict[str, Tool] = {tool.spec.name: tool for tool in build_tools(desktop)}
        self.messages: list[Message] = []
        self.calls: list[ToolCall] = []

    async def say(self, text: str) -> str:
        """The last word on an instruction."""
        self.calls.clear()
        self.user([{"type": "text", "text": text}])
        for _ in range(MAX_TURNS):
            blocks, reason = await self.turn()
            if reason == "end_turn":
                return str(blocks[0]["text"])
            calls = [ToolCall.from_block(b) for b in blocks if b["type"] == "tool_use"]
            self.user([await self.act(call) for call in calls])
        raise AssertionError(f"no end after {MAX_TURNS} turns of {text!r}")

    async def turn(self) -> tuple[list[dict[str, Any]], str]:
        """One answer: its blocks and why it ended."""
        blocks: list[dict[str, Any]] = []
        reason = ""
        async for part in self.model.stream(ModelRequest("", self.messages, (), (1280, 800))):
            if isinstance(part, BlockDone):
                blocks.append(part.block)
            if isinstance(part, TurnDone):
                reason = part.stop_reason
        self.messages.append({"role": "assistant", "content": blocks})
        return blocks, reason

    async def act(self, call: ToolCall) -> dict[str, Any]:
        """The result block of one call."""
        self.calls.append(call)
        result = await self.tools[call.toolset or call.name].run(call, lambda _: None)
        return self.result(call, result.text or "Done.", error=result.is_error)

    def result(self, call: ToolCall, text: str, *, error: bool = False) -> dict[str, Any]:
        content = [{"type": "text", "text": text}]
        block = {"type": "tool_result", "tool_use_id": call.id, "content": content}
        return {**block, "is_error": True} if error else block

    def user(self, blocks: list[dict[str, Any]]) -> None:
        if self.messages and self.messages[-1]["role"] == "user":
            blocks = self.messages.pop()["content"] + blocks
        self.messages.append({"role": "user", "content": blocks})

    async def close(self) -> None:
        """Let go of the tools."""
        for tool in self.tools.values():
            await tool.close()

    async def titles(self) -> list[str]:
        return [window.title for window in await self.desktop.windows()]

    async def editor_says(self, text: str) -> None:
        async def says() -> bool:
            return text in await text_of(self.desktop, "text")

        await until(says)
