"""The computer tool without a screen: dialects, intents, and what is said about changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from agent.desktop.base import EncodedImage
from agent.session.approval import Approvals
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, ToolCall
from agent.tools.base import Intent, ToolResult
from agent.tools.keynames import canonical
from agent.tools.screen import ASK_AGAIN, CHANGED_SINCE, UNCHANGED


def ignore(_: str) -> None:
    """Where streamed output goes."""


@pytest.fixture
def desktop() -> FakeDesktop:
    return FakeDesktop(width=1280, height=800)


async def run(tool: ComputerTool, name: str, **given: Any) -> ToolResult:
    result = await tool.run(ToolCall("a", name, given), ignore)
    assert not result.is_error, result.text
    return result


async def run_screenshot(tool: ComputerTool) -> ToolResult:
    return await run(tool, "screenshot")


async def do(tool: ComputerTool, name: str, **given: Any) -> str:
    return (await run(tool, name, **given)).text


@pytest.mark.parametrize(
    ("name", "given", "deed"),
    [
        ("left_click", {"coordinate": [5, 6]}, "click left 5,6 x1"),
        ("left_click", {"coordinate": [5.4, 5.5]}, "click left 5,6 x1"),
        ("left_click", {"coordinate": [1279.9, 799.6]}, "click left 1279,799 x1"),
        ("left_click", {"coordinate": "[5, 6]"}, "click left 5,6 x1"),
        ("left_click", {"coordinate": "5,6"}, "click left 5,6 x1"),
        ("left_click", {"coordinate": ["5", " 6 "]}, "click left 5,6 x1"),
        ("left_click", {"coordinate": [[5, 6]]}, "click left 5,6 x1"),
        ("left_click", {"coordinate": {"x": 5, "y": 6}}, "click left 5,6 x1"),
        ("left_click", {"coordinate": "<|box_start|>(5,6)<|box_end|>"}, "click left 5,6 x1"),
        ("left_click", {"coordinate": [0, 1]}, "click left 0,1 x1"),
        ("left_click", {}, "click left 0,0 x1"),
        (
            "left_click",
            {"coordinate": [5, 6], "text": "ctrl+shift"},
            "click left 5,6 x1 ctrl+shift",
        ),
        ("left_click", {"coordinate": [5, 6], "key": "ctrl"}, "click left 5,6 x1 ctrl"),
        ("right_click", {"coordinate": [5, 6], "text": None}, "click right 5,6 x1"),
        ("middle_click", {"coordinate": [5, 6]}, "click middle 5,6 x1"),
        ("double_click", {"coordinate": [5, 6]}, "click left 5,6 x2"),
        ("triple_click", {"coordinate": [5, 6]}, "click left 5,6 x3"),
        ("mouse_move", {"coordinate": [1279, 799]}, "move 1279,799"),
        ("left_click_drag", {"coordinate": [5, 6]}, "drag (0, 0) (5, 6)"),
        (
            "left_click_drag",
            {"start_coordinate": [1, 2], "coordinate": [5, 6]},
            "drag (1, 2) (5, 6)",
        ),
        ("left_mouse_down", {}, "button_down left"),
        ("left_mouse_up", {}, "button_up left"),
        ("scroll", {"scroll_direction": "down", "scroll_amount": 5}, "scroll down 5"),
        ("type", {"text": "a\r\nb\tc"}, "type a\nb\tc"),
        ("key", {"text": "ctrl+s"}, "key ctrl+s x1"),
        ("key", {"text": "Tab", "repeat": 3}, "key Tab x3"),
        ("key", {"text": " ctrl+a  Delete "}, "key ctrl+a Delete x1"),
        ("key", {"text": "ctrl + a Delete"}, "key ctrl+a Delete x1"),
        ("key", {"text": "Ctrl+ Shift +t"}, "key Ctrl+Shift+t x1"),
        ("key", {"text": "a + ctrl + c"}, "key a + ctrl+c x1"),
        ("key", {"text": "ctrl + +"}, "key ctrl++ x1"),
        ("scroll", {"scroll_direction": "down", "scroll_amount": "5"}, "scroll down 5"),
        ("hold_key", {"text": "shift", "duration": "1"}, "hold_key shift"),
    ],
)
async def test_both_dialects_reach_the_driver(
    desktop: FakeDesktop, name: str, given: dict[str, Any], deed: str
) -> None:
    """A member's name, or the older ``action`` field: the same deed."""
    tool = ComputerTool(desktop)
    await do(tool, name, **given)
    await do(tool, "computer", action=name, **given)
    assert desktop.input.deeds == [deed, deed]


async def test_a_click_names_what_it_touches(desktop: FakeDesktop) -> None:
    """Rules over approvals see window and object, not pixels."""
    intent = await ComputerTool(desktop).intent(ToolCall("a", "left_click", {"coordinate": [1, 1]}))
    assert intent.target["wm_class"] == "Mousepad"
    assert intent.target["role"] == "text"
    assert not intent.harmless


async def test_typing_names_the_text_and_where_it_goes(desktop: FakeDesktop) -> None:
    """The active window and the object with the focus."""
    intent = await ComputerTool(desktop).intent(ToolCall("a", "type", {"text": "rm -rf ~"}))
    assert intent.target == {
        "wm_class": "Mousepad",
        "title": "Untitled - Mousepad",
        "role": "text",
        "name": "",
        "text": "rm -rf ~",
    }


@pytest.mark.parametrize("alias", ["Return", "enter", "newline", "Linefeed", "ISO_Enter"])
async def test_a_synonym_of_enter_is_still_enter(desktop: FakeDesktop, alias: str) -> None:
    """A rule about Enter cannot be passed by calling the key something else."""
    intent = await ComputerTool(desktop).intent(ToolCall("a", "key", {"text": alias}))
    assert intent.target["key"] == "Return"


async def test_enter_in_a_row_of_keys_is_still_enter() -> None:
    """A rule about Enter in a terminal sees every combination of a row."""
    target = {"wm_class": "Xfce4-terminal", "key": canonical("ctrl+a enter")}
    verdict = Approvals().judge(Intent("computer", "key", target))
    assert (verdict.decision, verdict.rule) == ("ask", "terminal")
    harmless = {"wm_class": "Xfce4-terminal", "key": canonical("ctrl+a m")}
    assert Approvals().judge(Intent("computer", "key", harmless)).decision == "allow"


async def test_pictures_are_named_with_their_size(desktop: FakeDesktop) -> None:
    """A part is enlarged until it fills the screen one way."""
    tool = ComputerTool(desktop)
    assert (await run(tool, "screenshot")).text == "The screen, 1280 x 800."
    zoomed = await run(tool, "zoom", region=["100", 100, 300.2, 200])
    assert zoomed.image is not None
    assert (zoomed.image.width, zoomed.image.height) == (1280, 640)
    assert zoomed.text == "That part, enlarged 6.4 times to 1280 x 640."


def test_modifiers_have_one_name() -> None:
    assert canonical("control+Shift_L+v") == "ctrl+shift+v"
    assert canonical("cmd+Return") == "super+Return"
    assert canonical("nonsense") == "nonsense"


@pytest.mark.parametrize("name", ["screenshot", "zoom", "wait", "mouse_move", "scroll"])
async def test_looking_and_pointing_are_harmless(desktop: FakeDesktop, name: str) -> None:
    assert (await ComputerTool(desktop).intent(ToolCall("a", name, {}))).harmless


async def test_an_unchanged_screen_is_said_in_words(desktop: FakeDesktop) -> None:
    """No picture is sent twice."""
    tool = ComputerTool(desktop)
    assert await tool.closing_screenshot() is not None
    await do(tool, "left_click", coordinate=[1, 1])
    assert await tool.closing_screenshot() is None
    assert tool.closing_note == UNCHANGED
    desktop.shade = 90
    assert await tool.closing_screenshot() is not None
    assert tool.closing_note == ""


async def test_an_unchanged_screen_is_shown_to_whoever_asks_twice(desktop: FakeDesktop) -> None:
    """The first request is answered in words, and a batch's end adds none to them."""
    tool = ComputerTool(desktop)
    assert (await run(tool, "screenshot")).image is not None
    await do(tool, "left_click", coordinate=[1, 1])
    told = await run(tool, "screenshot")
    assert (told.image, told.text) == (None, ASK_AGAIN)
    assert await tool.closing_screenshot() is None
    assert tool.closing_note == ""
    assert (await run(tool, "screenshot")).image is not None
    assert (await run(tool, "screenshot")).image is None


class SlowEye(FakeDesktop):
    """A desktop whose first pictures never come."""

    def __init__(self, hung: int) -> None:
        super().__init__()
        self.hung = hung
        self.asked = asyncio.Event()

    async def screenshot(self) -> EncodedImage:
        if self.hung:
            self.hung -= 1
            self.asked.set()
            await asyncio.Event().wait()
        return await super().screenshot()


@pytest.mark.parametrize("look", [run_screenshot, ComputerTool.closing_screenshot])
async def test_a_picture_that_was_cut_off_was_not_seen(
    look: Callable[[ComputerTool], Coroutine[Any, Any, object]],
) -> None:
    """After an interruption the model is never told "unchanged" of what it did not get."""
    desktop = SlowEye(hung=1)
    tool = ComputerTool(desktop)
    looking = asyncio.create_task(look(tool))
    await asyncio.wait_for(desktop.asked.wait(), 20)
    looking.cancel()
    await asyncio.wait({looking})
    assert looking.cancelled()
    assert await tool.closing_screenshot() is not None


async def test_a_change_behind_the_models_back_is_told(desktop: FakeDesktop) -> None:
    """What changed after the picture and before the action comes as a note."""
    tool = ComputerTool(desktop)
    await do(tool, "screenshot")
    desktop.shade = 200
    assert CHANGED_SINCE in await do(tool, "left_click", coordinate=[1, 1])
    assert CHANGED_SINCE not in await do(tool, "left_click", coordinate=[1, 1])
