"""A program that takes nothing in: who acts on it, looks at it or speaks is told."""

from __future__ import annotations

from typing import Any

import pytest

from agent.testing.fake_desktop import FakeDesktop
from agent.tools.base import ToolCall
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

TOLD = "“Untitled - Mousepad” does not answer: its program is busy or hangs."


class Stuck(FakeDesktop):
    """One whose program hangs."""

    hangs = True

    async def responds(self, window: int) -> bool:
        return not self.hangs


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("left_click", {"coordinate": [5, 5]}),
        ("key", {"text": "Down"}),
        ("type", {"text": "hello"}),
    ],
)
async def test_each_act_on_it_says_so(name: str, given: dict[str, Any]) -> None:
    desktop = Stuck()
    tool = ComputerTool(desktop)
    assert TOLD in (await tool.run(ToolCall("a", name, given), lambda _: None)).text
    desktop.hangs = False
    assert TOLD not in (await tool.run(ToolCall("a", name, given), lambda _: None)).text


async def test_the_picture_after_the_act_that_stopped_it_says_so() -> None:
    desktop = Stuck()
    desktop.hangs = False
    tool = ComputerTool(desktop)
    await tool.closing_screenshot()
    await tool.run(ToolCall("a", "key", {"text": "Down"}), lambda _: None)
    desktop.hangs, desktop.shade = True, 9
    await tool.closing_screenshot()
    assert TOLD in tool.closing_note


async def test_its_window_is_marked_where_nothing_in_it_is_told() -> None:
    desktop = Stuck()
    desktop.role = "text"
    tool = ScreenTool(desktop)
    await tool.closing_screenshot()
    await tool.closing_screenshot()
    assert TOLD in tool.closing_note
