"""What the model is told of an action is what took it, and a failure where nothing did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.desktop.base import Box, Node, Target, Window
from agent.errors import KeyboardMoved
from agent.models.base import BlockDone, ModelRequest
from agent.models.offline import OfflineModel
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, ToolCall
from agent.tools.base import ToolResult
from agent.tools.readback import Field, judged
from agent.tools.screen import UNCHANGED

EDITOR = Window(1, "Untitled - Mousepad", "Mousepad", None, Box(0, 0, 1280, 700), active=True)
DIALOG = Window(
    2, "Save As", "Mousepad", None, Box(400, 200, 300, 200), True, kind="dialog", blocks=1
)


@pytest.fixture
def desktop() -> FakeDesktop:
    return FakeDesktop(width=1280, height=800)


async def do(tool: ComputerTool, name: str, **given: Any) -> ToolResult:
    """As the loop does it: first what would be touched, then the action."""
    call = ToolCall("a", name, given)
    await tool.intent(call)
    return await tool.run(call, lambda _: None)


async def failed(tool: ComputerTool, name: str, **given: Any) -> str:
    result = await do(tool, name, **given)
    assert result.is_error, result.text
    assert result.shown
    return result.text


async def test_typed_text_is_read_back(desktop: FakeDesktop) -> None:
    result = await do(ComputerTool(desktop), "type", text="hello")
    assert result.text == "Typed 5 characters into “Untitled - Mousepad”; it reads as typed."


@pytest.mark.parametrize("name", ["type", "key", "hold_key"])
@pytest.mark.parametrize("kind", ["none", "background", "panel"])
async def test_keys_without_a_window_fail(desktop: FakeDesktop, name: str, kind: Any) -> None:
    """Nothing is sent. The background takes keys such as arrows, but no text."""
    if kind == "none":
        desktop.shown = ()
    else:
        desktop.shown, desktop.role = (replace(EDITOR, kind=kind),), "icon"
    given = {"text": "abc"} if name == "type" else {"text": "Down"}
    given |= {"duration": 1} if name == "hold_key" else {}  # type: ignore[dict-item]
    if name != "type" and kind != "none":
        assert not (await do(ComputerTool(desktop), name, **given)).is_error
        return
    assert (await failed(ComputerTool(desktop), name, **given)).startswith(
        "No window has the keyboard, so nothing was"
    )
    assert desktop.input.deeds == []


@pytest.mark.parametrize("combo", ["alt+F2", "super", "ctrl+alt+t", "Print", "Super_L"])
async def test_the_desktops_own_shortcuts_need_no_window(desktop: FakeDesktop, combo: str) -> None:
    desktop.shown = ()
    result = await do(ComputerTool(desktop), "key", text=combo)
    assert result.text == f"Pressed {combo}; no window had the keyboard."


async def test_an_open_menu_takes_keys_but_no_text(desktop: FakeDesktop) -> None:
    desktop.shown = (EDITOR, replace(EDITOR, id=3, active=True, kind="menu"))
    desktop.shown = (replace(EDITOR, active=False), desktop.shown[1])
    tool = ComputerTool(desktop)
    assert "An open menu has the keyboard" in await failed(tool, "type", text="save")
    assert (await do(tool, "key", text="Down")).text == "Pressed Down in an open menu."


@pytest.mark.parametrize("role", ["push button", "check box", "toggle button"])
async def test_text_for_a_button_is_not_typed(desktop: FakeDesktop, role: str) -> None:
    """A blank in it would press the button."""
    desktop.role = role
    text = await failed(ComputerTool(desktop), "type", text="no way")
    assert "takes no text, so nothing was typed" in text
    assert desktop.input.deeds == []


async def test_a_text_that_does_not_change_is_a_failure(desktop: FakeDesktop) -> None:
    desktop.input.takes = lambda text, typed: text
    text = await failed(ComputerTool(desktop), "type", text="hello")
    assert "the text there has not changed" in text


async def test_the_planner_does_not_claim_what_failed(desktop: FakeDesktop) -> None:
    """It says what the tool said, and not that it is done."""
    desktop.input.takes = lambda text, typed: text
    model, tool = OfflineModel(desktop), ComputerTool(desktop)
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "Type hello"}]}]

    async def turn() -> list[Any]:
        request = ModelRequest("", messages, (), (1280, 800))
        return [p.block async for p in model.stream(request) if isinstance(p, BlockDone)]

    said, asked = await turn()
    result = await tool.run(ToolCall.from_block(asked), lambda _: None)
    block = {"type": "tool_result", "tool_use_id": asked["id"], "is_error": result.is_error}
    messages += [
        {"role": "assistant", "content": [said, asked]},
        {"role": "user", "content": [{**block, "content": result.text}]},
    ]
    (last,) = await turn()
    assert last["text"].startswith("I could not type that: Sent 5 characters")


async def test_a_field_that_reformats_is_quoted(desktop: FakeDesktop) -> None:
    desktop.input.takes = lambda text, typed: "12,50 €"
    result = await do(ComputerTool(desktop), "type", text="12.5")
    assert result.text == ("Typed 4 characters into “Untitled - Mousepad”; it now reads “12,50 €”.")


@pytest.mark.parametrize(
    ("role", "words"),
    [("password text", ", a password field, not read back."), ("canvas", ", not read back.")],
)
async def test_what_cannot_be_read_is_not_claimed(
    desktop: FakeDesktop, role: str, words: str
) -> None:
    desktop.role = role
    text = (await do(ComputerTool(desktop), "type", text="secret")).text
    assert text == f"Sent 6 characters to “Untitled - Mousepad”{words}"


TERMINAL = replace(EDITOR, title="Terminal", wm_class="Xfce4-terminal")


@pytest.mark.parametrize("name", ["type", "key"])
async def test_a_password_in_a_terminal_is_known_as_one(desktop: FakeDesktop, name: str) -> None:
    """By the kernel, whatever the prompt's words; what a shell reads is not taken for it."""
    desktop.shown, desktop.role = (TERMINAL,), "terminal"
    desktop.input.text = "$ sudo ls\n[sudo] password for user: "
    call = ToolCall("a", name, {"text": "Return"})
    assert "unshown" not in (await ComputerTool(desktop).intent(call)).target
    desktop.echoes = "hidden"
    target = (await ComputerTool(desktop).intent(call)).target
    assert (target["unshown"], target["prompt"]) == ("yes", "[sudo] password for user:")
    desktop.shown = (replace(TERMINAL, wm_class="Mousepad"),)
    assert "unshown" not in (await ComputerTool(desktop).intent(call)).target


async def test_what_is_typed_at_a_password_is_told_as_sent(desktop: FakeDesktop) -> None:
    desktop.shown, desktop.role, desktop.echoes = (TERMINAL,), "terminal", "hidden"
    desktop.input.text = "Password: "
    desktop.input.takes = lambda text, typed: text
    result = await do(ComputerTool(desktop), "type", text="geheim")
    assert result.text == (
        "Sent 6 characters to “Terminal”, where a program reads without showing (“Password:”)."
    )


@pytest.mark.parametrize("enter", ["Return", "KP_Enter", "ctrl+m", "ctrl+J", "Up ISO_Enter"])
async def test_enter_that_leads_to_a_password_says_so(desktop: FakeDesktop, enter: str) -> None:
    desktop.shown, desktop.role, desktop.echoes = (TERMINAL,), "terminal", "hidden"
    desktop.input.text = "$ su\nPassword: "
    tool = ComputerTool(desktop)
    assert (await do(tool, "key", text="Left")).text == "Pressed Left in “Terminal”."
    text = (await do(tool, "key", text=enter)).text
    assert text.startswith(
        f"Pressed {enter} in “Terminal”. A program there now reads without showing"
    )
    assert "(“Password:”)" in text


async def test_a_line_that_leads_to_a_password_says_so(desktop: FakeDesktop) -> None:
    """Then a model should not go on typing as if a shell listened."""

    def asks(text: str, typed: str) -> str:
        desktop.echoes = "hidden"
        return f"{text}{typed}Password: "

    desktop.shown, desktop.role = (TERMINAL,), "terminal"
    desktop.input.takes = asks
    text = (await do(ComputerTool(desktop), "type", text="su\n")).text
    assert text == (
        "Typed 3 characters into “Terminal”, which shows it. A program there now reads without "
        "showing what is typed (“Password:”), as for a password. Make none up: ask the person, "
        "who can also type it themselves."
    )


async def test_a_window_that_goes_away_is_told(desktop: FakeDesktop) -> None:
    """Text with Return at its end confirms a dialog; the keyboard is elsewhere then."""

    def confirms(text: str, typed: str) -> str:
        desktop.shown = (EDITOR,)
        return ""

    desktop.shown = (replace(EDITOR, active=False), DIALOG)
    desktop.input.takes = confirms
    result = await do(ComputerTool(desktop), "type", text="notes.txt\n")
    assert result.text == (
        "Sent 10 characters to the dialog “Save As”, not read back. "
        "The keyboard is now in “Untitled - Mousepad”."
    )


async def test_focus_that_is_stolen_in_the_middle_is_a_failure(desktop: FakeDesktop) -> None:
    def steals(text: str, typed: str) -> str:
        desktop.shown = (replace(EDITOR, active=False), DIALOG)
        raise KeyboardMoved(3, len(typed))

    desktop.input.takes = steals
    text = await failed(ComputerTool(desktop), "type", text="hello")
    assert text == (
        "The keyboard went to the dialog “Save As” after 3 of 5 characters. The rest was not typed."
    )


async def test_clicks_name_window_and_object(desktop: FakeDesktop) -> None:
    tool = ComputerTool(desktop)
    clicked = await do(tool, "left_click", coordinate=[5, 6])
    assert clicked.text == "Clicked at (5, 6) on text in “Untitled - Mousepad”."
    desktop.shown = (EDITOR,)
    beside = await do(tool, "left_click", coordinate=[5, 750])
    assert beside.text == "Clicked at (5, 750) where no window is."
    over = await do(tool, "scroll", coordinate=[5, 6], scroll_direction="up", scroll_amount=2)
    assert over.text == "Scrolled up at (5, 6) over “Untitled - Mousepad”."


class GreyDesktop(FakeDesktop):
    """Everything on it is greyed out."""

    async def under(self, x: int, y: int) -> Target:
        under = await super().under(x, y)
        return replace(under, role="push button", name="Save", greyed=True)


async def test_a_click_on_what_is_greyed_out_fails() -> None:
    text = await failed(
        ComputerTool(GreyDesktop(width=99, height=99)), "left_click", coordinate=[5, 6]
    )
    assert text == (
        "Clicked at (5, 6) on push button “Save” in “Untitled - Mousepad”, "
        "which is greyed out and takes no clicks."
    )


async def test_a_dialog_is_told_by_the_step_that_meets_it(desktop: FakeDesktop) -> None:
    """Also a click on the window that waits for it, which is a failure."""
    tool = ComputerTool(desktop)
    await do(tool, "key", text="ctrl+shift+s")
    desktop.shown = (replace(EDITOR, active=False), DIALOG)
    met = await do(tool, "key", text="Return")
    assert met.text == "Pressed Return in the dialog “Save As”. The dialog “Save As” has opened."
    assert "has opened" not in (await do(tool, "key", text="Return")).text
    text = await failed(tool, "left_click", coordinate=[5, 6])
    assert text.endswith("which takes no input until the dialog “Save As” is answered.")
    inside = await do(tool, "left_click", coordinate=[450, 250])
    assert inside.text == "Clicked at (450, 250) on text in the dialog “Save As”."


async def test_a_dialog_is_told_with_the_closing_picture(desktop: FakeDesktop) -> None:
    tool = ComputerTool(desktop)
    assert await tool.closing_screenshot() is not None
    await do(tool, "key", text="ctrl+q")
    desktop.shown, desktop.shade = (replace(EDITOR, active=False), DIALOG), 99
    assert await tool.closing_screenshot() is not None
    assert tool.closing_note == "The dialog “Save As” has opened."
    await do(tool, "left_click", coordinate=[450, 250])
    assert await tool.closing_screenshot() is None
    assert tool.closing_note == UNCHANGED


async def test_titles_are_told_on_one_short_line(desktop: FakeDesktop) -> None:
    title = "a\nb " + "long " * 40
    desktop.shown = (replace(EDITOR, title=title),)
    text = (await do(ComputerTool(desktop), "key", text="F5")).text
    assert "\n" not in text
    assert len(text) < 90


def field(before: str, caret: int, selected: str = "", role: str = "text") -> Field:
    node = Node("1", None, "app", role, "", Box(0, 0, 9, 9))
    return Field(node, before, caret, selected)


@pytest.mark.parametrize(
    ("before", "typed", "now", "verdict"),
    [
        (field("", 0), "hello", "hello", "as typed"),
        (field("ab", 1), "X", "aXb", "as typed"),
        (field("ab", 1), "X", "abX", "as typed"),
        (field("old", 3, "old"), "new", "new", "as typed"),
        (field("old", 0, "old"), "new", "new", "as typed"),
        (field("hello", 5, "hello"), "hello", "hello", "as typed"),
        (field("hello", 5), "hello", "hello", "unchanged"),
        (field("", 0), "a\n  b", "a\n    b", "as typed"),
        (field("", 0), "hello", "HELLO", "other"),
        (field("", 0), "hello wORLD", "HELLO World", "other"),
        (field("", 0), "secret", "••••••", "unknown"),
        (field("x", 1), "y\n", "", "unknown"),
        (field("", -1), "y", "", "unknown"),
        (field("$ ", 2, role="terminal"), "ls -l\n", "$ ls -l\ntotal 0\n$ ", "shown"),
        (field("$ ", 2, role="terminal"), "x" * 90, "$ " + "x" * 78 + "\n" + "x" * 12, "shown"),
        (field("Password: ", 9, role="terminal"), "geheim", "Password: ", "unknown"),
    ],
)
def test_a_reading_says_no_more_than_was_read(
    before: Field, typed: str, now: str, verdict: str
) -> None:
    assert judged(before, typed, now).verdict == verdict
