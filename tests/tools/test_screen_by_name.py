"""The screen tool on real programs: what it tells, and what acting by reference does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from desks import Desk, until

from agent.session.approval import Approvals
from agent.tools import ToolCall, ToolResult
from agent.tools.by_name import ScreenTool
from benchmarks.world_truth import PROGRAMS

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

FORM = """<!doctype html><title>Order</title><h1>Order</h1>
<form onsubmit="document.title='Sent: ' + this.elements.who.value; return false">
<label>Name <input name=who></label> <label><input type=checkbox> Gift</label>
<div style="height: 2500px"></div><button>Send order</button></form>"""


CHAPTERS = (
    "<!doctype html><title>Chapters</title><div style='height: 80px; width: 240px; overflow: auto'>"
    + "".join(
        f"<button style='display: block' onclick='document.title=innerText'>Chapter {n}</button>"
        for n in range(1, 10)
    )
    + "</div><p style='height: 3000px'>"
)


class Reader:
    """A screen tool that is asked in one word."""

    def __init__(self, desk: Desk) -> None:
        self.tool = ScreenTool(desk.desktop)

    async def ask(self, name: str, **given: Any) -> ToolResult:
        call = ToolCall("a", name, given)
        await self.tool.intent(call)
        return await self.tool.run(call, lambda _: None)

    async def do(self, name: str, **given: Any) -> str:
        result = await self.ask(name, **given)
        assert not result.is_error, result.text
        return result.text

    async def ref(self, pattern: str) -> str:
        """The reference that follows a pattern in the outline, as soon as it is there."""

        async def look() -> str | None:
            found = re.search(rf"{pattern}[^,\n]*? (e\d+)", await self.do("outline"))
            return found[1] if found else None

        return await until(look, pattern, 60)


async def test_text_arrives_by_reference_and_the_change_is_told(desk: Desk) -> None:
    """As a model does it: outline, type into, and what the batch's end says."""
    await desk.open("mousepad")
    reader = Reader(desk)
    field = await reader.ref("text = empty")
    assert "reads as typed" in await reader.do("type_into", ref=field, text="Dear all,\nhello")
    assert await reader.tool.closing_screenshot() is None
    assert f"text = “Dear all, hello” focused {field}" in reader.tool.closing_note
    assert "Dear all,\nhello" in await reader.do("read_text", ref=field)
    await reader.do("type_into", ref=field, text="Other", replace=True)
    node = await desk.node("text", app="mousepad")
    assert await desk.desktop.text_of(node) == "Other"


async def test_a_click_finds_its_object_where_it_has_gone(desk: Desk) -> None:
    """Another window lies over it: its own comes in front. Its reference ends when it does."""
    await desk.open("mousepad")
    reader = Reader(desk)
    menu = await reader.ref("menu “File”")
    await desk.open("thunar")
    for window in await desk.windows.windows():
        if "Mousepad" in window.title:
            assert not window.active
    assert "on menu “File”" in await reader.do("click_on", ref=menu)
    item = await reader.ref("“Save As...”")
    await desk.input.key("Escape")

    async def gone() -> bool:
        return (await reader.ask("click_on", ref=item)).is_error

    await until(gone, "the menu's end")
    told = (await reader.ask("click_on", ref=item)).text
    assert "not there any more" in told or "out of sight" in told


async def test_a_form_is_filled_and_sent_by_name(desk: Desk) -> None:
    """Fields, a box, and a button below the fold, whose press is asked about as by point."""
    page = desk.desktop.home / "order.html"
    page.write_text(FORM, "utf-8")
    page.chmod(0o644)
    await desk.open("chromium", "file:///home/user/order.html")
    reader = Reader(desk)
    name = await reader.ref("field “Name”")
    await reader.do("type_into", ref=name, text="Ada")
    box = await reader.ref("check box “Gift”")
    await reader.do("click_on", ref=box)
    await reader.ref("check box “Gift” (?=[^,\n]*checked)")
    below = await reader.ref("button “Send order”")
    unseen = await reader.ask("click_on", ref=below)
    assert unseen.is_error
    assert "out of sight" in unseen.text
    assert "is in sight" in await reader.do("show", ref=below)
    intent = await reader.tool.intent(ToolCall("a", "click_on", {"ref": below}))
    assert (intent.target["role"], intent.target["name"]) == ("push button", "Send order")
    assert Approvals().judge(intent).decision == "ask"
    await reader.do("click_on", ref=below)

    async def sent() -> bool:
        return any("Sent: Ada" in window.title for window in await desk.windows.windows())

    await until(sent, "what was typed, in the page's title")


async def test_what_a_part_of_a_page_has_scrolled_away_is_shown_and_clicked(desk: Desk) -> None:
    """The part is scrolled, not the page around it, which is longer than its window, too."""
    page = desk.desktop.home / "chapters.html"
    page.write_text(CHAPTERS, "utf-8")
    page.chmod(0o644)
    await desk.open("chromium", "file:///home/user/chapters.html")
    reader = Reader(desk)
    first = await reader.ref("button “Chapter 1”")
    last = await reader.ref("“Chapter 9”")
    assert (await reader.ask("click_on", ref=last)).is_error
    assert "is in sight" in await reader.do("show", ref=last)
    assert (await reader.ask("click_on", ref=first)).is_error
    await reader.do("click_on", ref=last)

    async def clicked() -> bool:
        return any("Chapter 9" in window.title for window in await desk.windows.windows())

    await until(clicked, "the chapter that was clicked on, in the page's title")


async def test_an_entry_of_a_list_that_has_dropped_down_is_chosen(desk: Desk) -> None:
    """GTK drops it down in a window of its own, which belongs to none of those in the list."""
    for name in ("show.py", "address.ui"):
        copy = desk.desktop.home / name
        copy.write_text((PROGRAMS / name).read_text("utf-8"), "utf-8")
        copy.chmod(0o644)
    await desk.open("/usr/bin/python3", "show.py", "address.ui", "/dev/null")
    reader = Reader(desk)
    await reader.do("click_on", ref=await reader.ref("list box “Country” = “Austria”"))
    await reader.do("click_on", ref=await reader.ref("“Chile”"))
    await reader.ref("list box “Country” = “Chile”")


async def test_bad_references_are_refused_with_what_to_do(desk: Desk) -> None:
    reader = Reader(desk)
    await reader.do("outline")
    for given, words in (
        ({"ref": "e99999"}, "There is no e99999"),
        ({"ref": "the button"}, "such as e12"),
        ({}, "ref is missing"),
        ({"ref": [3, 4]}, "such as e12"),
    ):
        result = await reader.ask("click_on", **given)
        assert result.is_error
        assert words in result.text
