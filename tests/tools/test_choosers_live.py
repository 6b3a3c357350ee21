"""Files given to pages by hand, in the dialogs of the real browsers: asked about, and only that."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from desks import Desk, desk, shared_desk, until

from agent.desktop.base import Node, Window
from agent.session.approval import Approvals, Verdict
from agent.tools import build_tools
from agent.tools.base import Tool, ToolCall

__all__ = ["desk", "shared_desk"]

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

PAGE = """<!doctype html><title>Hand in</title><h1>Hand in</h1>
<input type=file aria-label=Paper onchange="document.title = 'Given: ' + this.files[0].name">"""
BROWSERS = [name for name in ("chromium", "firefox-esr") if shutil.which(name)]


class Hands:
    """The agent's hands, with the rules before them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.approvals = Approvals()
        self.tool: Tool = next(
            tool for tool in build_tools(desk.desktop) if tool.spec.name == "computer"
        )

    async def judge(self, name: str, **given: Any) -> Verdict:
        return self.approvals.judge(await self.tool.intent(ToolCall("a", name, given, "computer")))

    async def do(self, name: str, **given: Any) -> Verdict:
        """What the rules say of it; it is done whatever that is."""
        call = ToolCall("a", name, given, "computer")
        intent = await self.tool.intent(call)
        verdict = self.approvals.judge(intent)
        self.approvals.begins(intent)
        result = await self.tool.run(call, lambda _: None)
        assert not result.is_error, result.text
        self.approvals.done(intent)
        return verdict

    async def dialog(self) -> Window:
        """Have the page ask for a file, and wait for the browser's dialog."""

        async def field() -> Node | None:
            nodes = (await self.desk.desktop.tree()).showing("push button", "button")
            return next((n for n in nodes if "Paper" in n.name and n.box), None)

        async def asks() -> Window | None:
            window = await self.desk.desktop.active_window()
            return window if window and window.kind == "dialog" else None

        node = await until(field, "the page's field for files", 60)
        assert node.box
        await self.do("left_click", coordinate=list(node.box.center))
        return await until(asks, "the dialog", 30)

    async def shows(self, words: str) -> bool:
        async def there() -> bool:
            return any(words in window.title for window in await self.desk.windows.windows())

        return await until(there, f"a window with {words}", 30)


@pytest_asyncio.fixture(params=BROWSERS, loop_scope="module")
async def hands(desk: Desk, request: pytest.FixtureRequest) -> AsyncIterator[Hands]:
    """Before a page that takes a file."""
    home = desk.desktop.home
    for name, text in (("page.html", PAGE), ("my bill.txt", "one")):
        (home / name).write_text(text, "utf-8")
        (home / name).chmod(0o644)
    await desk.start(request.param, "/home/user/page.html")
    made = Hands(desk)
    await made.shows("Hand in")
    yield made


async def test_a_path_and_a_key_give_a_file_and_are_asked_about(hands: Hands) -> None:
    """Nothing before the key is; the page has the file after it, and not before."""
    dialog = await hands.dialog()
    for name, given in (
        ("key", {"text": "Down"}),
        ("type", {"text": "/home/user/my bill.txt"}),
        ("key", {"text": "alt+c"}),
    ):
        assert (await hands.judge(name, **given)).rule == "", (dialog, name)
    await hands.do("type", text="/home/user/my bill.txt")
    for combo in ("Return", "KP_Enter", "alt+o"):
        verdict = await hands.judge("key", text=combo)
        assert verdict.rule == "upload", dialog
        assert "my bill.txt" in verdict.question
        assert "the page “Hand in”" in verdict.question
    assert await hands.shows("Hand in")
    assert (await hands.do("key", text="alt+o")).rule == "upload"
    assert await hands.shows("Given: my bill.txt")


async def test_clicks_that_give_a_file_are_asked_about(hands: Hands) -> None:
    """A double click in the list of files, and one on the button."""
    box = (await hands.dialog()).box
    middle, button = list(box.center), [box.x + box.width - 40, box.y + box.height - 24]
    assert (await hands.judge("double_click", coordinate=middle)).rule == "upload"
    assert (await hands.judge("left_click", coordinate=button)).rule == "upload"
    assert (await hands.judge("left_click", coordinate=middle)).rule == ""
    assert (await hands.judge("key", text="Escape")).rule == ""


async def test_a_page_that_is_saved_is_no_upload(hands: Hands) -> None:
    """The same browser's dialog to save."""
    before = {window.id for window in await hands.desk.windows.windows()}
    await hands.do("key", text="ctrl+s")

    async def asks() -> Window | None:
        window = await hands.desk.desktop.active_window()
        return window if window and window.id not in before else None

    await until(asks, "the dialog to save", 30)
    assert (await hands.judge("key", text="Return")).rule == ""
    assert (await hands.judge("key", text="alt+s")).rule == ""


async def test_another_programs_dialog_is_no_upload(desk: Desk) -> None:
    hands = Hands(desk)
    await desk.open("mousepad")
    await hands.do("key", text="ctrl+o")

    async def asks() -> Window | None:
        window = await desk.desktop.active_window()
        return window if window and window.kind == "dialog" else None

    await until(asks, "the dialog to open", 30)
    assert (await hands.judge("key", text="Return")).rule == ""
