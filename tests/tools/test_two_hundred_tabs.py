"""A real Chromium with very many tabs: what is told of them is bounded, and work goes on.

Each run opens some; ``script/check tabs`` opens two hundred.
"""

from __future__ import annotations

import pytest
from browser_guest import Guest, guest
from cases import cases
from desks import shared_desk, until

from agent.browser.tabs import MOST_TABS

__all__ = ["guest", "shared_desk"]

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

MANY = cases(200) + 10
DESK = """<!doctype html><title>Desk</title><h1>Desk</h1>
<button onclick="document.title='Pressed'">Press</button>"""
PLAIN = """<!doctype html><title>Plain</title><h1>One of many</h1>
<button onclick="document.title='Found'">Here</button>"""


async def opened(guest: Guest) -> None:
    """Open the tabs behind the one that shows, as a page or a person does who opens many."""
    page = guest.desk.desktop.home / "plain.html"
    page.write_text(PLAIN, "utf-8")
    page.chmod(0o644)
    browser = await guest.tool.driver.browser()
    before = len(browser.tabs)
    for number in range(MANY):
        given = {"url": f"file:///home/user/plain.html#{number}", "background": True}
        await browser.connection.call("Target.createTarget", given, seconds=60)
    assert await browser.until(lambda: len(browser.tabs) >= before + MANY, 60)


async def click(guest: Guest, words: str) -> None:
    """Click; while a page is busy, which a model is told, once more."""

    async def clicked() -> bool:
        try:
            await guest.click(words)
        except AssertionError as error:
            if "does not answer: it is busy" not in str(error):
                raise
            return False
        return True

    assert await until(clicked, words, 180)


async def test_work_goes_on_beside_very_many_tabs(guest: Guest) -> None:
    """By the browser's own words and by the screen's: read, press, go to another tab, close it."""
    await guest.show(DESK, "desk")
    await opened(guest)
    state = (await guest.ask("list_tabs")).state
    assert state is not None
    assert len(state["tabs"]) == min(MOST_TABS, MANY + 1)
    assert [tab["title"] for tab in state["tabs"] if tab.get("active")] == ["Desk"]
    await click(guest, "button “Press”")
    assert await guest.title("Pressed") == "Pressed"

    async def seen() -> bool:
        nodes = (await guest.desk.desktop.tree()).showing("push button")
        return any(node.name == "Press" for node in nodes)

    assert await until(seen, "the page's button in the tree", 60)
    last = state["tabs"][-1]["tab_id"]
    await guest.do("switch_tab", tab_id=last)
    await click(guest, "button “Here”")
    assert await guest.title("Found") == "Found"
    await guest.do("close_tab", tab_id=last)
    assert await guest.title() != "Found"
