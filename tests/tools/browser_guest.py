"""A model that is at work in a desktop's own Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from desks import Desk, until

from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.browser import BrowserTool


class Guest:
    """A model that is at work in the browser."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tool = BrowserTool(desk.desktop)

    async def intent(self, name: str, **given: Any) -> Intent:
        return await self.tool.intent(ToolCall("a", name, given, "browser"))

    async def run(self, name: str, **given: Any) -> ToolResult:
        return await self.tool.run(ToolCall("a", name, given, "browser"), lambda _: None)

    async def ask(self, name: str, **given: Any) -> ToolResult:
        """As the loop does it, when nobody is asked."""
        await self.intent(name, **given)
        return await self.run(name, **given)

    async def do(self, name: str, **given: Any) -> str:
        result = await self.ask(name, **given)
        assert not result.is_error, result.text
        return result.text

    async def show(self, html: str, name: str = "page") -> None:
        """Put a page into the home, and go there."""
        page = self.desk.desktop.home / f"{name}.html"
        page.write_text(html, "utf-8")
        page.chmod(0o644)
        await self.do("navigate", url=f"file:///home/user/{name}.html")

    async def at(self, words: str) -> dict[str, str]:
        """The target of the first line that has these words."""
        outline = await self.do("read_page", filter="all")
        found = re.search(rf"{re.escape(words)}[^\n]*\[(ref_\d+)\]", outline)
        assert found, outline
        return {"type": "ref", "ref": found[1]}

    async def click(self, words: str) -> str:
        return await self.do("left_click", target=await self.at(words))

    async def title(self, *wanted: str) -> str:
        """The title of the tab that shows, as soon as it is one of those."""

        async def look() -> str | None:
            state = (await self.ask("list_tabs")).state or {"tabs": ()}
            titles = [tab["title"] for tab in state["tabs"] if tab.get("active")]
            return titles[0] if titles and (titles[0] in wanted or not wanted) else None

        return await until(look, f"a title of {wanted}", 60)


@pytest_asyncio.fixture(loop_scope="module")
async def guest(shared_desk: Desk) -> AsyncIterator[Guest]:
    made = Guest(shared_desk)
    made.tool.prepare()
    yield made
    await made.tool.close()
