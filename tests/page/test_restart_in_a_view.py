"""A server that is restarted under a page in another view than Talk: the page comes back to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pilot_page import PILOT, arrive, say
from playwright.async_api import BrowserContext, Locator, Page, expect
from proxy import Proxy
from served import serve
from test_link import _lost
from test_pressed_in_a_gap import PRESS

pytestmark = pytest.mark.browser

_SCROLL = "(node, top) => { node.scrollTop = top }"


def _rail(page: Page, view: str) -> Locator:
    return page.locator(f'.rail [data-key="{view}"]').last


async def _inspector(page: Page) -> None:
    await page.get_by_role("tab", name="Events").click()
    rows = page.locator(".records .view").first
    await expect(page.locator(".records .total").first).to_contain_text("in all")
    await rows.evaluate(_SCROLL, 90)
    await page.get_by_role("searchbox", name="Search").first.fill("repeat")
    await page.get_by_role("searchbox", name="Search").first.fill("")
    await page.get_by_role("tab", name="Latency").click()


async def _inspector_is_there(page: Page) -> None:
    latency = page.get_by_role("tab", name="Latency")
    await expect(latency).to_have_attribute("aria-selected", "true")


async def _replay(page: Page) -> None:
    await page.get_by_role("searchbox", name="Find a step").fill("repeat")
    await expect(page.locator(".finder .soft")).to_contain_text("step")


async def _replay_is_there(page: Page) -> None:
    await expect(page.get_by_role("searchbox", name="Find a step")).to_have_value("repeat")
    await expect(page.locator(".replay h1")).to_contain_text("remember me")


async def _tools(page: Page) -> None:
    await page.locator('.tool[data-name="type"]').click()
    await page.locator('.form [name="coordinate"]').fill("10, 20")


async def _tools_are_there(page: Page) -> None:
    chosen = page.locator('.tool[data-name="type"]')
    await expect(chosen).to_have_attribute("aria-current", "true")
    await expect(page.locator('.form [name="coordinate"]')).to_have_value("10, 20")


VIEWS = {
    "inspector": (_inspector, _inspector_is_there),
    "replay": (_replay, _replay_is_there),
    "tools": (_tools, _tools_are_there),
}


async def test_a_restart_brings_views_back_as_it_was(
    context: BrowserContext, tmp_path: Path
) -> None:
    """The same session, view, choice and text, in one page for each view; one restart for all.

    Words in Talk's box stay too, and what was pressed and never answered is named.
    """
    await context.add_init_script("window.born = performance.timeOrigin")
    pages: dict[str, Page] = {}
    with serve(PILOT, tmp_path) as first:
        proxy = Proxy(first.port)
        await proxy.__aenter__()
        talk = await arrive(await context.new_page(), proxy.url(first.url))
        await say(talk, "repeat remember me")
        await expect(talk.locator(".outcome")).to_have_count(1)
        session = re.search(r"session=([^&]+)", talk.url)
        assert session is not None
        for view, (begin, _) in VIEWS.items():
            page = pages[view] = await context.new_page()
            await page.goto(f"{talk.url}&view={view}")
            await expect(_rail(page, view)).to_have_attribute("aria-current", "page")
            await begin(page)
        proxy.silence()
        await talk.get_by_role("button", name="Take the mouse").evaluate(PRESS)
        await _lost(talk)
        await proxy.cut()
    born = {view: await page.evaluate("window.born") for view, page in pages.items()}
    try:
        with serve(PILOT, tmp_path) as second:
            proxy.target = second.port
            await proxy.heal()
            for view, page in pages.items():
                await page.wait_for_function("born => window.born > born", arg=born[view])
                await expect(_rail(page, view)).to_have_attribute("aria-current", "page")
                assert session[0] in page.url
                await VIEWS[view][1](page)
            await expect(talk.locator(".link .press")).to_contain_text(
                "before the server answered to “Take the mouse”"
            )
    finally:
        await proxy.__aexit__()
