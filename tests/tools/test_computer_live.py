"""The computer tool on real applications: what is said, seen and done."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest
from desks import Desk, until
from PIL import Image, ImageChops

from agent.errors import InputHalted
from agent.permit import act_under
from agent.tools import ComputerTool, ToolCall, ToolResult

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


class Hand:
    """A computer tool that is asked in one word."""

    def __init__(self, desk: Desk) -> None:
        self.tool = ComputerTool(desk.desktop)

    async def do(self, name: str, **given: Any) -> ToolResult:
        result = await self.tool.run(ToolCall("a", name, given), lambda _: None)
        assert not result.is_error, result.text
        return result

    async def target(self, name: str, **given: Any) -> dict[str, str]:
        return (await self.tool.intent(ToolCall("a", name, given))).target


async def focused(desk: Desk, app: str) -> None:
    """Wait until an object of the application has the focus."""

    async def look() -> bool:
        tree = await desk.accessibility.tree()
        return any(n.app == app and "focused" in n.states for n in tree.showing())

    await until(look, f"the focus in {app}")


async def test_typed_text_stands_in_the_editor(desk: Desk) -> None:
    """A batch as a model sends it: click, type, keys, and one closing picture."""
    await desk.open("mousepad")
    node = await desk.node("text", app="mousepad")
    assert node.box is not None
    hand = Hand(desk)
    await hand.do("screenshot")
    await hand.do("left_click", coordinate=list(node.box.center))
    await hand.do("type", text='Grüße 日本 😀\n\tif (a < b) { "x" }')
    assert await hand.tool.closing_screenshot() is not None

    async def stands() -> bool:
        found = await desk.node("text", app="mousepad")
        return found.text == 'Grüße 日本 😀\n\tif (a < b) { "x" }'

    await until(stands, "the text")
    await hand.do("key", text="ctrl+a")
    await hand.do("key", text="BackSpace")

    async def empty() -> bool:
        return (await desk.node("text", app="mousepad")).text == ""

    await until(empty, "an empty text")


async def test_a_click_on_nothing_brings_no_picture(desk: Desk) -> None:
    """The second look at an unchanged screen is words."""
    await desk.open("mousepad")
    await desk.desktop.settle()
    node = await desk.node("text", app="mousepad")
    assert node.box is not None
    x, y = node.box.center
    hand = Hand(desk)
    await hand.do("left_click", coordinate=[x, y])
    assert await hand.tool.closing_screenshot() is not None
    await hand.do("left_click", coordinate=[x, y])
    assert await hand.tool.closing_screenshot() is None
    assert "unchanged" in hand.tool.closing_note


async def test_a_menu_stands_open_in_the_closing_picture(desk: Desk) -> None:
    """The picture waits until the screen is quiet."""
    await desk.open("mousepad")
    menu = await desk.node("menu", "File", "mousepad")
    assert menu.box is not None
    hand = Hand(desk)
    assert (await hand.target("left_click", coordinate=list(menu.box.center)))["name"] == "File"
    await hand.do("left_click", coordinate=list(menu.box.center))
    closing = await hand.tool.closing_screenshot()
    await desk.node("menu item", "Save As...", "mousepad")
    later = await desk.desktop.screenshot()
    assert closing is not None
    assert closing.data == later.data


async def test_an_intent_tells_a_terminal_from_an_editor(desk: Desk) -> None:
    """What a rule needs to ask about Enter in a shell."""
    hand = Hand(desk)
    await desk.open("xfce4-terminal")
    await focused(desk, "xfce4-terminal")
    target = await hand.target("key", text="Return")
    assert (target["wm_class"], target["role"]) == ("Xfce4-terminal", "terminal")
    await desk.open("mousepad")
    await focused(desk, "mousepad")
    target = await hand.target("type", text="x")
    assert (target["wm_class"], target["role"]) == ("Mousepad", "text")


async def test_zoom_is_an_enlarged_part(desk: Desk) -> None:
    """Enlarged until it is as wide or as high as the screen, with the part's own colours."""
    result = await Hand(desk).do("zoom", region=[0, 700, 200, 800])
    assert result.image is not None
    assert (result.image.width, result.image.height) == (1280, 640)
    assert "enlarged 6.4 times to 1280 x 640" in result.text
    whole = Image.open(io.BytesIO((await desk.desktop.screenshot()).data)).convert("RGB")
    part = whole.crop((0, 700, 200, 800))
    small = Image.open(io.BytesIO(result.image.data)).convert("RGB").resize((200, 100))
    apart = ImageChops.difference(part, small).resize((1, 1), Image.Resampling.BOX)
    assert max(apart.getpixel((0, 0))) < 12


async def test_the_pointer_is_where_it_was_put(desk: Desk) -> None:
    hand = Hand(desk)
    await hand.do("mouse_move", coordinate=[321, 123])
    assert (await hand.do("cursor_position")).text == "X=321,Y=123"


async def test_unknown_keys_are_answered_with_similar_ones(desk: Desk) -> None:
    call = ToolCall("a", "key", {"text": "Retrun"})
    result = await ComputerTool(desk.desktop).run(call, lambda _: None)
    assert result.is_error
    assert "Return" in result.text


@dataclass
class Revoked:
    valid: bool = False


async def test_work_that_was_interrupted_cannot_touch_the_real_desktop(desk: Desk) -> None:
    """Neither hands nor programs nor windows; everybody else goes on as before."""
    window = await desk.open("mousepad")
    await focused(desk, "mousepad")
    desktop = desk.desktop
    before = await desktop.input.position()

    async def late() -> list[object]:
        act_under(Revoked())
        deeds: list[Awaitable[object]] = [
            desktop.input.move(before[0] + 40, before[1]),
            desktop.input.type("late"),
            desktop.spawn(["touch", "late"]),
            desktop.activate(window),
        ]
        return await asyncio.gather(*deeds, return_exceptions=True)

    refused = await asyncio.create_task(late())
    assert [type(answer) for answer in refused] == [InputHalted] * len(refused)
    assert await desktop.input.position() == before
    assert not (desktop.home / "late").exists()
    await desktop.input.type("on time")

    async def typed() -> bool:
        return (await desk.node("text", app="mousepad")).text == "on time"

    await until(typed, "the text")


async def fails(desk: Desk, name: str, **given: Any) -> str:
    result = await ComputerTool(desk.desktop).run(ToolCall("a", name, given), lambda _: None)
    assert result.is_error, result.text
    return result.text


async def test_without_a_window_nothing_is_typed(desk: Desk) -> None:
    """Neither before any window was there, nor with the background in front."""
    assert "No window has the keyboard" in await fails(desk, "type", text="hello")
    hand = Hand(desk)
    clicked = await hand.do("left_click", coordinate=[640, 300])
    assert clicked.text == "Clicked at (640, 300) on the desktop background."
    await desk.desktop.settle()
    assert "No window has the keyboard" in await fails(desk, "type", text="hello")
    await hand.do("right_click", coordinate=[640, 300])
    await desk.desktop.settle()
    assert "An open menu has the keyboard" in await fails(desk, "type", text="hello")
    assert (await hand.do("key", text="Escape")).text == "Pressed Escape in an open menu."


async def test_a_dialog_that_asks_is_met_in_words(desk: Desk) -> None:
    """By the next step, by a click on the window behind it, and by text for its buttons."""
    await desk.open("mousepad")
    await focused(desk, "mousepad")
    hand = Hand(desk)
    typed = await hand.do("type", text="draft")
    assert typed.text == "Typed 5 characters into “Untitled 1 - Mousepad”; it reads as typed."
    await hand.do("key", text="alt+F4")
    await desk.node("push button", "Cancel", "mousepad")
    result = await hand.tool.run(ToolCall("a", "type", {"text": "hello"}), lambda _: None)
    assert result.is_error
    assert "in the dialog “Save Changes” has the keyboard and takes no text" in result.text
    window, dialog = await desk.desktop.windows()
    assert (dialog.kind, dialog.blocks) == ("dialog", window.id)
    beside = [window.box.x + 5, window.box.y + window.box.height - 5]
    result = await hand.tool.run(
        ToolCall("a", "left_click", {"coordinate": beside}), lambda _: None
    )
    assert result.is_error
    assert "until the dialog “Save Changes” is answered" in result.text
    met = await hand.do("key", text="Escape")
    assert met.text == "Pressed Escape in the dialog “Save Changes”."


async def test_a_greyed_out_item_is_no_success(desk: Desk) -> None:
    await desk.open("mousepad")
    await focused(desk, "mousepad")
    menu = await desk.node("menu", "File", "mousepad")
    assert menu.box is not None
    told = await Hand(desk).do("left_click", coordinate=list(menu.box.center))
    assert told.text.endswith("on menu “File” in “Untitled 1 - Mousepad”.")
    item = await desk.node("menu item", "Detach Tab", "mousepad")
    assert item.box is not None
    told = await fails(desk, "left_click", coordinate=list(item.box.center))
    assert "on menu item “Detach Tab” in a menu, which is greyed out" in told


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("read -s x", ""),
        ("read -s -p 'Parole: ' x", "Parole:"),
        ("python3 -c 'import getpass; getpass.getpass()'", "Password:"),
        ("stty -echo; cat", ""),
        ("~/pinentry-test", ""),
    ],
)
async def test_a_program_that_asks_for_a_secret_is_known(
    desk: Desk, line: str, prompt: str
) -> None:
    """In any language; also GnuPG's box; and no longer when it has ended."""
    box = desk.desktop.home / "pinentry-test"
    box.write_text("#!/usr/bin/python3\nimport sys, tty\ntty.setraw(0)\nsys.stdin.read(99)\n")
    box.chmod(0o755)
    await desk.open("xfce4-terminal")
    await focused(desk, "xfce4-terminal")
    hand = Hand(desk)
    assert "unshown" not in await hand.target("type", text="ls\n")
    await hand.do("type", text=f"{line}\n")

    async def asked() -> bool:
        target = await hand.target("type", text="a secret\n")
        return "unshown" in target and target.get("prompt", "") == prompt

    await until(asked, "a prompt that shows nothing")
    assert "where a program reads without showing" in (await hand.do("type", text="a secret")).text
    await hand.do("key", text="ctrl+c")

    async def over() -> bool:
        return "unshown" not in await hand.target("type", text="ls\n")

    if "stty" not in line and "pinentry" not in line:
        await until(over, "the shell's own prompt")


@pytest.mark.parametrize("shell", ["stty -echo; dash", "stty -echo; bash --noediting"])
async def test_a_shell_that_shows_nothing_is_no_password(desk: Desk, shell: str) -> None:
    """What is typed there runs: it must be read out when it is asked about."""
    await desk.open("xfce4-terminal")
    await focused(desk, "xfce4-terminal")
    hand = Hand(desk)
    await hand.do("type", text=f"{shell}\n")
    mark = desk.desktop.home / "it-reads"
    mark.unlink(missing_ok=True)
    await hand.do("type", text=f"touch {mark.name}\n")

    async def reads() -> bool:
        return mark.exists()

    await until(reads, "the shell within")
    assert "unshown" not in await hand.target("type", text="ls\n")


async def test_of_two_terminals_in_one_program_it_is_not_said_which_asks(desk: Desk) -> None:
    """A line for the other's shell must be read out when it is asked about."""
    await desk.open("xfce4-terminal")
    await focused(desk, "xfce4-terminal")
    hand = Hand(desk)
    await hand.do("type", text="read -s x\n")

    async def asked() -> bool:
        return "unshown" in await hand.target("type", text="a\n")

    await until(asked, "a prompt that shows nothing")
    await hand.do("key", text="ctrl+shift+t")

    async def told_apart() -> bool:
        return "unshown" not in await hand.target("type", text="a\n")

    await until(told_apart, "a second terminal")


async def test_a_terminal_is_read_where_it_shows_what_is_typed(desk: Desk) -> None:
    """A password's prompt shows nothing; a program that takes the keyboard ends the typing."""
    await desk.open("xfce4-terminal")
    await focused(desk, "xfce4-terminal")
    hand = Hand(desk)
    assert "which shows it" in (await hand.do("type", text="read -s secret\n")).text
    await desk.desktop.settle()
    told = (await hand.do("type", text="a secret")).text
    assert told.endswith(", where a program reads without showing.")
    await hand.do("key", text="Return")
    lines = "mousepad &\n" + "sleep 0.5; echo still here\n" * 20
    result = await hand.tool.run(ToolCall("a", "type", {"text": lines}), lambda _: None)
    assert result.is_error
    assert re.search(r"The keyboard went to “\*?Untitled 1 - Mousepad” after", result.text)
    editor = await desk.node("text", app="mousepad")
    assert "still here" not in (editor.text or "")
