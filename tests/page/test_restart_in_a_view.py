"""A server that is restarted under a page in another view than Talk: the page comes back to it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pilot_page import PILOT, arrive, say
from playwright.async_api import BrowserContext, Error, Page, expect
from proxy import Proxy
from screens import until
from served import serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


async def _is_in(page: Page, view: str) -> None:
    entry = page.locator(f'.rail [data-key="{view}"]').last
    await expect(entry).to_have_attribute("aria-current", "page", timeout=60_000)


def _loaded_anew(page: Page) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        with contextlib.suppress(Error):  # it is on its way
            return bool(await page.evaluate("window.same === undefined"))
        return False

    return probe


async def test_a_restart_leaves_each_page_in_its_view(
    context: BrowserContext, tmp_path: Path
) -> None:
    """The same session; the tab, the tool and half a value that were chosen there."""
    with serve(PILOT, tmp_path) as first:
        proxy = Proxy(first.port)
        await proxy.__aenter__()
        inspector = await arrive(await context.new_page(), proxy.url(first.url))
        await say(inspector, "repeat remember me")
        await expect(inspector.locator(".outcome")).to_have_count(1)
        session = re.search(r"session=([^&]+)", inspector.url)
        assert session is not None
        tools = await context.new_page()
        await tools.goto(f"{inspector.url}&view=tools")
        await _is_in(tools, "tools")
        await tools.get_by_role("button", name="Run a command").click()
        await tools.get_by_label("Command").fill("echo half a wo")
        await inspector.get_by_role("button", name="Inspector", exact=True).click()
        await _is_in(inspector, "inspector")
        latency = inspector.get_by_role("tab", name="Latency")
        await latency.click()
        for page in (inspector, tools):
            await page.evaluate("window.same = true")
    try:
        with serve(PILOT, tmp_path) as second:
            proxy.target = second.port
            for page in (inspector, tools):
                await until(_loaded_anew(page), timeout=90.0)
                assert session[0] in page.url
            await _is_in(inspector, "inspector")
            await expect(latency).to_have_attribute("aria-selected", "true", timeout=60_000)
            await _is_in(tools, "tools")
            command = tools.get_by_label("Command")
            await expect(command).to_have_value("echo half a wo", timeout=60_000)
    finally:
        await proxy.__aexit__()
