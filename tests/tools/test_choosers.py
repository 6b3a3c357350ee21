"""Which acts in a browser's own dialog for files give a file to a page, and which do not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from agent.desktop.base import Box, Node, Target, Tree, Window
from agent.desktop.see.accessibility import target_at
from agent.session.approval import Approvals, Verdict
from agent.testing.fake_desktop import FakeDesktop
from agent.tools.base import Intent, ToolCall
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

SHOWS = frozenset({"showing", "visible", "enabled", "sensitive"})
SCREEN = Box(0, 0, 800, 600)
CHROMIUM = Window(1, "Hand in - Chromium", "Chromium", 7, SCREEN)
FIREFOX = Window(1, "Hand in — Mozilla Firefox", "firefox-esr", 8, SCREEN)
PLACE = Box(100, 100, 500, 400)
FILES = Window(3, "user - Thunar", "Thunar", 9, Box(600, 0, 200, 600))
FILE, SIDE, FIELD, OPEN, CANCEL = (300, 200), (130, 250), (300, 150), (560, 480), (480, 480)
SITE = "https://shop.example.org:8443/send?id=1"


def node(key: str, parent: str | None, role: str, name: str, box: Box, *more: str) -> Node:
    return Node(key, parent, "", role, name, box, SHOWS | set(more))


class Browser(FakeDesktop):
    """A browser with a page, and a dialog of it in front."""

    def __init__(self, owner: Window, dialog: Window | None, *, told: bool) -> None:
        super().__init__(width=800, height=600)
        front = replace(dialog, active=True) if dialog else replace(owner, active=True)
        self.shown = (owner, front) if dialog else (front,)
        self.owner, self.dialog, self.told = owner, dialog, told
        self.focus, self.chosen, self.path = "cell", ("bill.pdf",), ""

    async def tree(self) -> Tree:
        nodes = [
            node("frame", None, "frame", self.owner.title, SCREEN),
            node("page", "frame", "document web", "Hand in", SCREEN),
            node("advert", "page", "document web", "Advert", Box(0, 0, 100, 90)),
            node("button", "page", "push button", "Open", Box(20, 20, 60, 20)),
        ]
        if self.dialog and self.told:
            nodes += self._dialog(self.dialog.title)
        app = "Firefox" if self.told else "Chromium"
        states = {"focused"} if self.dialog is None or self.told else set()
        return Tree(
            tuple(
                replace(n, app=app, states=n.states | states if n.id == self.focus else n.states)
                for n in nodes
            )
        )

    def _dialog(self, title: str) -> list[Node]:
        cell = node("cell", "files", "table cell", "bill.pdf", Box(220, 190, 160, 20))
        cells = {"selected"} if "bill.pdf" in self.chosen else set()
        field = node("field", "chooser", "text", "Location:", Box(220, 140, 370, 20), "editable")
        return [
            node("chooser", None, "file chooser", title, PLACE),
            node("places", "chooser", "list box", "Places", Box(110, 140, 100, 300)),
            node("home", "places", "list item", "Home", Box(110, 240, 100, 20)),
            replace(field, text=self.path),
            node("files", "chooser", "tree table", "Files", Box(220, 170, 370, 270)),
            replace(cell, states=cell.states | cells),
            node("cancel", "chooser", "push button", "Cancel", Box(450, 470, 70, 24)),
            node("open", "chooser", "push button", "Open", Box(530, 470, 60, 24), "is default"),
        ]

    async def under(self, x: int, y: int) -> Target:
        window = await self.window_at(x, y)
        if window and window.id == FILES.id:
            kind = replace(Target(), wm_class=window.wm_class, title=window.title, window=window.id)
            return replace(kind, role="table cell", name="bill.pdf")
        hidden = self.dialog is not None and not self.told and window == self.shown[-1]
        return target_at(Tree() if hidden else await self.tree(), x, y, window)

    async def address_of(self, node: Node) -> str:
        return SITE if node.id == "page" else "https://advert.example.com/"


def chromium(title: str = "Open File", **changes: Any) -> Browser:
    dialog = Window(2, title, "Chromium", 7, PLACE, kind="dialog", blocks=1)
    return Browser(CHROMIUM, replace(dialog, **changes), told=False)


def firefox(title: str = "File Upload") -> Browser:
    return Browser(FIREFOX, Window(2, title, "firefox-esr", 8, PLACE, kind="dialog"), told=True)


async def intent(desktop: Browser, name: str, **given: Any) -> Intent:
    return await ComputerTool(desktop).intent(ToolCall("a", name, given, "computer"))


async def judged(desktop: Browser, name: str, **given: Any) -> Verdict:
    return Approvals().judge(await intent(desktop, name, **given))


BY_KEYS: list[tuple[str, dict[str, Any]]] = [
    ("key", {"text": "Return"}),
    ("key", {"text": "KP_Enter"}),
    ("key", {"text": "Tab Return"}),
    ("key", {"text": "space"}),
    ("key", {"text": "alt+o"}),
    ("hold_key", {"text": "Return", "duration": 1}),
    ("type", {"text": "/home/user/bill.pdf\n"}),
    ("type", {"text": " "}),
]
BY_HAND: list[tuple[str, dict[str, Any]]] = [
    ("left_click", {"coordinate": OPEN}),
    ("left_mouse_down", {"coordinate": OPEN}),
    ("left_mouse_up", {"coordinate": OPEN}),
    ("double_click", {"coordinate": OPEN}),
    ("double_click", {"coordinate": FILE}),
    ("triple_click", {"coordinate": FILE}),
    ("left_click_drag", {"start_coordinate": OPEN, "coordinate": OPEN}),
]
HARMLESS: list[tuple[str, dict[str, Any]]] = [
    ("left_click", {"coordinate": FILE}),
    ("right_click", {"coordinate": FILE}),
    ("scroll", {"coordinate": FILE, "scroll_direction": "down", "scroll_amount": 3}),
    ("key", {"text": "Escape"}),
    ("key", {"text": "Down"}),
    ("key", {"text": "ctrl+l"}),
    ("key", {"text": "alt+c"}),
    ("key", {"text": "alt+Up"}),
    ("type", {"text": "/home/user/my bill.pdf"}),
]


@pytest.mark.parametrize(("name", "given"), BY_KEYS + BY_HAND)
@pytest.mark.parametrize("make", [chromium, firefox])
async def test_what_confirms_is_asked_about(make: Any, name: str, given: dict[str, Any]) -> None:
    """With the page, its site, and the file where the dialog tells it."""
    verdict = await judged(desktop := make(), name, **given)
    assert (verdict.decision, verdict.rule) == ("ask", "upload")
    assert "the page “Hand in” of shop.example.org?" in verdict.question
    if desktop.told:
        assert verdict.question.startswith("Give “bill.pdf” to")


@pytest.mark.parametrize(("name", "given"), HARMLESS)
@pytest.mark.parametrize("make", [chromium, firefox])
async def test_what_only_chooses_or_leaves_is_not(
    make: Any, name: str, given: dict[str, Any]
) -> None:
    desktop = make()
    desktop.focus = "field" if name == "type" else desktop.focus
    assert (await judged(desktop, name, **given)).decision == "allow"


@pytest.mark.parametrize(
    ("name", "given", "focus"),
    [
        ("left_click", {"coordinate": CANCEL}, "cell"),
        ("double_click", {"coordinate": SIDE}, "cell"),
        ("double_click", {"coordinate": FIELD}, "cell"),
        ("key", {"text": "Return"}, "cancel"),
        ("key", {"text": "space"}, "field"),
    ],
)
async def test_a_dialog_that_tells_what_is_in_it_asks_no_more_than_it_must(
    name: str, given: dict[str, Any], focus: str
) -> None:
    desktop = firefox()
    desktop.focus = focus
    assert (await judged(desktop, name, **given)).decision == "allow"


@pytest.mark.parametrize(
    "desktop",
    [
        chromium("Save File"),
        chromium("Save As"),
        chromium("Print"),
        firefox("Save As"),
        firefox("Enter name of file to save to…"),
        chromium(wm_class="Mousepad", pid=9),
        chromium("Attach File(s)", wm_class="thunderbird", pid=9),
        Browser(replace(CHROMIUM, title="Open Files - Chromium"), None, told=False),
        Browser(replace(FIREFOX, title="File Upload — Mozilla Firefox"), None, told=True),
        Browser(replace(CHROMIUM, title="Open Files"), None, told=False),
    ],
    ids=lambda desktop: f"{desktop.shown[-1].wm_class}: {desktop.shown[-1].title}",
)
@pytest.mark.parametrize(("name", "given"), BY_KEYS + BY_HAND)
async def test_near_misses_are_no_uploads(
    desktop: Browser, name: str, given: dict[str, Any]
) -> None:
    """A dialog to save or print, another program's, and pages that are called as a dialog is."""
    assert (await judged(desktop, name, **given)).rule != "upload"


async def test_another_dialog_of_a_browser_is_no_chooser() -> None:
    """A page's own question, which is in the tree."""
    desktop = firefox("shop.example.org")

    def dialog(title: str) -> list[Node]:
        return [
            node("chooser", None, "dialog", title, PLACE),
            node("open", "chooser", "push button", "OK", Box(530, 470, 60, 24), "is default"),
        ]

    desktop._dialog = dialog  # type: ignore[method-assign] # what this browser asks
    desktop.focus = "open"
    for name, given in (*BY_KEYS, *BY_HAND):
        assert (await judged(desktop, name, **given)).decision == "allow"


async def test_what_was_typed_names_the_file_where_the_dialog_does_not() -> None:
    """Until anything else is done there."""
    approvals, desktop = Approvals(), chromium()

    async def does(name: str, **given: Any) -> str:
        verdict = approvals.judge(meant := await intent(desktop, name, **given))
        approvals.begins(meant)
        approvals.done(meant)
        return verdict.question

    assert "the file chosen in “Open File”" in await does("key", text="alt+o")
    await does("type", text="/home/user/")
    await does("screenshot")
    await does("type", text="bill.pdf")
    assert "the file typed as “/home/user/bill.pdf”" in await does("key", text="alt+o")
    await does("type", text="/home/user/bill.pdf")
    await does("left_click", coordinate=FILE)
    assert "the file chosen in “Open File”" in await does("key", text="alt+o")
    assert "the file typed as “/etc/passwd”" in await does("type", text="/etc/passwd\n")


async def test_what_stands_in_the_field_for_paths_names_the_file() -> None:
    desktop = firefox()
    desktop.path = "/home/user/letter.odt"
    assert "“/home/user/letter.odt”" in (await judged(desktop, "key", text="alt+o")).question


async def test_by_reference_it_is_the_same() -> None:
    """The screen tool reaches the button, the row and the field of a dialog that tells them."""
    desktop = firefox()
    tool = ScreenTool(desktop)
    outline = (await tool.run(ToolCall("a", "outline", {}), lambda _: None)).text

    async def rule(name: str, words: str, **given: Any) -> str:
        found = re.search(rf"{words}[^“]*?\b(e\d+)", outline)
        assert found, outline
        meant = await tool.intent(ToolCall("a", name, {"ref": found[1], **given}))
        assert not meant.harmless
        return Approvals().judge(meant).rule

    assert await rule("click_on", "“Cancel”") == ""
    assert await rule("click_on", "“Open”") == "upload"
    assert await rule("click_on", "“bill.pdf”", count=2) == "upload"
    assert await rule("type_into", "“Location:”", text="/home/user/bill.pdf") == ""
    assert await rule("type_into", "“Location:”", text="/home/user/bill.pdf\n") == "upload"


def beside(files: Window) -> Browser:
    desktop = Browser(CHROMIUM, None, told=False)
    desktop.shown = (*desktop.shown, files)
    return desktop


@pytest.mark.parametrize(
    ("files", "rule"), [(FILES, "upload"), (replace(FILES, wm_class="Mousepad"), "")]
)
async def test_a_file_that_is_dropped_on_a_page_is_given_to_it(files: Window, rule: str) -> None:
    """In one act, or by putting the button down and letting go."""
    desktop, approvals = beside(files), Approvals()
    ends: dict[str, Any] = {"start_coordinate": (700, 300), "coordinate": (300, 300)}
    within = ends | {"coordinate": (700, 400)}
    dropped = await judged(desktop, "left_click_drag", **ends)
    assert dropped.rule == rule
    assert ("Give “bill.pdf” to the page “Hand in - Chromium”?" in dropped.question) is bool(rule)
    assert (await judged(desktop, "left_click_drag", **within)).rule == ""
    down = await intent(desktop, "left_mouse_down", coordinate=(700, 300))
    assert approvals.judge(down).decision == "allow"
    approvals.begins(down)
    approvals.done(down)
    up = await intent(desktop, "left_mouse_up", coordinate=(300, 300))
    assert approvals.judge(up).rule == rule
    assert approvals.judge(up).question == dropped.question
