"""The screen tool's acts: what is asked about is what is touched, or nothing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from agent.desktop.base import Box, Button, Node, Target, Tree, Window
from agent.desktop.see.accessibility import target_at
from agent.errors import DesktopError
from agent.record import events as ev
from agent.session.approval import Approvals
from agent.testing.fake_desktop import FakeDesktop, FakeInput
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.by_name import ScreenTool
from agent.tools.vault import Secret, Vault

SHOWING = frozenset({"showing", "visible", "sensitive", "enabled"})
SHOP = Window(7, "Shop", "chromium", 5, Box(0, 0, 400, 300), active=True)
TERMINAL = Window(8, "Terminal", "xfce4-terminal", 6, Box(400, 0, 400, 300))


def node(name: str, role: str, box: Box, parent: str = "shop", **more: Any) -> Node:
    return Node(name.lower(), parent, "app", role, name, box, SHOWING, **more)


class Clicking(FakeInput):
    """Tells of clicks."""

    def __init__(self, clicked: Callable[[int, int], None]) -> None:
        super().__init__()
        self._clicked = clicked

    async def click(
        self,
        x: int | None = None,
        y: int | None = None,
        *,
        button: Button = "left",
        count: int = 1,
        modifiers: str = "",
    ) -> None:
        await super().click(x, y, button=button, count=count, modifiers=modifiers)
        self._clicked(*self._at)


class Shop(FakeDesktop):
    """A window with these objects; a field that is clicked has the keyboard."""

    def __init__(self, *nodes: Node) -> None:
        super().__init__(width=800, height=300)
        self.input = Clicking(self._click)
        self.shown = (SHOP,)
        self.nodes = nodes
        self.focus = ""
        self.fails = False
        self.on_click: Callable[[], None] = lambda: None

    def _click(self, x: int, y: int) -> None:
        under = [n for n in self.nodes if n.box and n.box.contains(x, y)]
        self.focus = under[-1].id if under else ""
        self.on_click()

    async def tree(self) -> Tree:
        if self.fails:
            raise DesktopError("The accessibility bus cannot be reached.")
        frames = [
            Node(name, None, "app", "frame", w.title, w.box, SHOWING)
            for name, w in (("shop", SHOP), ("term", TERMINAL))
            if any(w.id == other.id for other in self.shown)
        ]
        nodes = [
            replace(n, states=n.states | {"focused"}) if n.id == self.focus else n
            for n in self.nodes
        ]
        return Tree((*frames, *nodes))

    async def under(self, x: int, y: int) -> Target:
        return target_at(await self.tree(), x, y, await self.window_at(x, y))

    async def activate(self, window: Window) -> None:
        others = [w for w in self.shown if w.id != window.id]
        self.shown = (*others, window)

    @property
    def clicks(self) -> list[str]:
        return [deed for deed in self.input.deeds if deed.startswith("click")]


class Reader:
    """A screen tool and what rules say of its acts."""

    def __init__(self, desktop: Shop) -> None:
        self.tool = ScreenTool(desktop)
        self.approvals = Approvals()

    async def look(self) -> None:
        await self.tool.run(ToolCall("a", "outline", {}), lambda _: None)

    async def intent(self, name: str, **given: Any) -> Intent:
        return await self.tool.intent(ToolCall("a", name, given))

    async def run(self, name: str, **given: Any) -> ToolResult:
        return await self.tool.run(ToolCall("a", name, given), lambda _: None)

    async def decision(self, name: str, **given: Any) -> str:
        return self.approvals.judge(await self.intent(name, **given)).decision


LINK = node("Details", "link", Box(10, 10, 100, 40))
PAY = node("Pay now", "push button", Box(20, 15, 80, 30))
FIELD = node("Name", "entry", Box(10, 60, 100, 20), text="")


async def test_what_lies_on_an_object_is_what_is_asked_about() -> None:
    """A page that lays its button over a harmless link is asked about for the button."""
    desktop = Shop(LINK, PAY)
    reader = Reader(desktop)
    await reader.look()
    assert await reader.decision("click_on", ref="e1") == "ask"
    desktop.nodes = (LINK,)
    assert await reader.decision("click_on", ref="e1") == "allow"


async def test_what_is_laid_over_an_object_after_the_question_is_not_clicked() -> None:
    desktop = Shop(LINK)
    reader = Reader(desktop)
    await reader.look()
    assert await reader.decision("click_on", ref="e1") == "allow"
    desktop.nodes = (LINK, PAY)
    assert "something else" in (await reader.run("click_on", ref="e1")).text
    assert not desktop.clicks


async def test_a_covered_window_is_raised_and_must_show_what_was_asked_about() -> None:
    over = Window(9, "Over", "other", 6, SHOP.box)
    desktop = Shop(LINK, PAY)
    desktop.shown = (SHOP, over)
    reader = Reader(desktop)
    desktop.shown = (SHOP,)
    await reader.look()
    desktop.shown = (SHOP, over)
    assert (await reader.intent("click_on", ref="e1")).target["name"] == "Details"
    assert (await reader.run("click_on", ref="e1")).is_error
    assert not desktop.clicks
    assert await reader.decision("click_on", ref="e1") == "ask"
    desktop.shown = (SHOP, over)
    assert await reader.decision("click_on", ref="e2") == "ask"
    assert not (await reader.run("click_on", ref="e2")).is_error
    assert desktop.clicks


async def test_what_could_not_be_looked_up_for_the_question_is_not_done() -> None:
    desktop = Shop(PAY)
    reader = Reader(desktop)
    await reader.look()
    desktop.fails = True
    assert await reader.decision("click_on", ref="e1") == "allow"
    desktop.fails = False
    assert (await reader.run("click_on", ref="e1")).is_error
    assert not desktop.clicks


async def test_typing_into_a_button_presses_nothing() -> None:
    desktop = Shop(PAY)
    reader = Reader(desktop)
    await reader.look()
    assert await reader.decision("type_into", ref="e1", text="x") == "ask"
    assert "takes no text" in (await reader.run("type_into", ref="e1", text="x")).text
    assert not desktop.input.deeds


async def test_text_goes_only_where_it_was_to_go() -> None:
    """A click that calls the keyboard into a terminal types nothing there."""
    shell = node("Shell", "terminal", Box(410, 10, 300, 200), "term", text="$ ")
    desktop = Shop(FIELD, shell)
    reader = Reader(desktop)
    await reader.look()
    assert await reader.decision("type_into", ref="e1", text="ls\n") == "allow"
    assert not (await reader.run("type_into", ref="e1", text="ls\n")).is_error
    desktop.input.deeds.clear()
    desktop.focus = ""

    def moved() -> None:
        front = replace(TERMINAL, active=True)
        desktop.shown = (replace(SHOP, active=False), front)
        desktop.focus = "shell"

    desktop.on_click = moved
    await reader.intent("type_into", ref="e1", text="rm -r x\n")
    assert (await reader.run("type_into", ref="e1", text="rm -r x\n")).is_error
    assert not [deed for deed in desktop.input.deeds if deed.startswith("type")]


async def test_what_stands_in_a_terminal_is_not_replaced() -> None:
    """Select all goes to the beginning of a shell's line, and another line would run than asked."""
    shell = node("Shell", "terminal", Box(410, 10, 300, 200), "term", text="$ ")
    desktop = Shop(shell)
    desktop.shown = (replace(SHOP, active=False), replace(TERMINAL, active=True))
    desktop.focus = "shell"
    reader = Reader(desktop)
    await reader.look()
    await reader.intent("type_into", ref="e1", text="rm ", replace=True)
    told = await reader.run("type_into", ref="e1", text="rm ", replace=True)
    assert "cannot be replaced" in told.text
    assert not desktop.input.deeds


async def test_words_inside_a_text_are_part_of_it_and_a_button_there_is_not() -> None:
    text = node("Message", "text", Box(10, 100, 200, 100), text="")
    words = node("Send a greeting", "static", Box(60, 130, 100, 40), "message")
    desktop = Shop(text, words)
    reader = Reader(desktop)
    await reader.look()
    assert await reader.decision("type_into", ref="e1", text="Dear all") == "allow"
    assert not (await reader.run("type_into", ref="e1", text="Dear all")).is_error
    desktop.input.deeds.clear()
    desktop.focus = ""
    desktop.nodes = (text, replace(words, role="push button"))
    assert await reader.decision("type_into", ref="e1", text="x") == "allow"  # beside the button
    desktop.nodes = (text, replace(words, role="push button", box=text.box))
    assert await reader.decision("type_into", ref="e1", text="x") == "ask"
    assert (await reader.run("type_into", ref="e1", text="x")).is_error
    assert not desktop.input.deeds


HUSH = "twelve  long words " * 5 + "and an end"
VAULT = Vault([Secret("mail", SecretStr(HUSH), "thunderbird")])


@pytest.mark.parametrize(
    ("name", "given"), [("outline", {}), ("read_text", {"ref": "e1", "start": 4})]
)
async def test_a_secret_shows_neither_cut_nor_in_part(name: str, given: dict[str, Any]) -> None:
    desktop = Shop(node("Key", "entry", Box(10, 60, 100, 20), text=HUSH))
    desktop.input.text = HUSH
    tool = ScreenTool(desktop, VAULT)
    await tool.run(ToolCall("a", "outline", {}), lambda _: None)
    told = (await tool.run(ToolCall("b", name, given), lambda _: None)).text
    assert "long" not in told
    assert "mail</secret>" in told


async def test_a_password_field_is_not_read() -> None:
    desktop = Shop(node("Password", "password text", Box(10, 60, 100, 20)))
    desktop.input.text = "unhidden"
    reader = Reader(desktop)
    await reader.look()
    assert "is not read" in (await reader.run("read_text", ref="e1")).text


def test_a_number_keeps_no_secret_that_its_object_is_named_by() -> None:
    label = ev.ScreenLabel(text="1", box=(0, 0, 9, 9), name=f"Key {HUSH}")
    [kept] = VAULT.scrubbed(ev.ScreenLabelled(labels=(label,))).labels
    assert kept.name == "Key <secret>mail</secret>"


async def test_a_control_inside_another_is_not_pressed_in_its_place() -> None:
    """The middle of a folder in a tree is that of a folder in it."""
    inbox = node("Inbox", "tree item", Box(0, 0, 120, 60))
    receipts = node("Receipts", "tree item", Box(10, 20, 110, 20), "inbox")
    desktop = Shop(inbox, receipts)
    reader = Reader(desktop)
    await reader.look()
    assert not (await reader.run("click_on", ref="e1")).is_error
    assert not Box(10, 20, 110, 20).contains(*await desktop.input.position())


async def test_a_control_that_lies_over_another_is_not_pressed_in_its_place() -> None:
    button = node("Save", "push button", Box(10, 60, 100, 20))
    banner = node("Accept", "push button", Box(10, 60, 100, 20))
    desktop = Shop(button, banner)
    reader = Reader(desktop)
    await reader.look()
    await reader.decision("click_on", ref="e1")
    told = await reader.run("click_on", ref="e1")
    assert told.is_error
    assert "lies under push button “Accept”" in told.text
    assert not desktop.input.deeds


async def test_what_a_part_of_a_page_cuts_off_is_clicked_where_it_shows() -> None:
    part = node("Chapters", "section", Box(0, 0, 200, 100))
    button = node("Chapter five", "push button", Box(0, 90, 100, 40), "chapters")
    desktop = Shop(part, button)
    reader = Reader(desktop)
    await reader.look()
    assert not (await reader.run("click_on", ref="e1")).is_error
    assert desktop.clicks
    assert (await desktop.input.position())[1] < 100
