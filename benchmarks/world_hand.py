"""Reading and acting as a model does that has nothing but the screen tool's words."""

from __future__ import annotations

from typing import Any

from agent.tools import ToolCall, ToolResult
from agent.tools.by_name import ScreenTool
from benchmarks.world_truth import Told, folded_in, told_in


class Hand:
    """Calls members of a screen tool one after the other."""

    def __init__(self, tool: ScreenTool) -> None:
        self.tool = tool
        self._count = 0

    async def run(self, name: str, **given: Any) -> ToolResult:
        """One member, looked up first as the session does for its rules."""
        self._count += 1
        call = ToolCall(f"call-{self._count}", name, given)
        await self.tool.intent(call)
        return await self.tool.run(call, lambda _: None)

    async def text(self, name: str, **given: Any) -> str:
        """What a member says."""
        return (await self.run(name, **given)).text

    async def told(self, text: str) -> list[Told]:
        """The objects of an outline, and those in the groups that it has folded."""
        found = {told.ref: told for told in told_in(text)}
        for group in dict.fromkeys(folded_in(text)):
            opened = await self.text("outline", of=group)
            found |= {told.ref: told for told in told_in(opened, line_start=False)}
        return list(found.values())
