"""The pilot: the real page over scripted sessions, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from chromium import alaunch, off_site
from playwright.async_api import BrowserContext, Page, async_playwright
from served import Served, serve

PILOT = Path(__file__).parent / "pilot" / "dashboard"


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(PILOT, tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.fixture
async def context() -> AsyncIterator[BrowserContext]:
    """A browser of its own, which must never ask for anything off the server."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        strangers = off_site(context)
        yield context
        assert strangers == []


@pytest.fixture
async def page(context: BrowserContext, pilot: Served) -> Page:
    """A page whose desktop is ready."""
    return await arrive(await context.new_page(), pilot.url)


async def arrive(page: Page, url: str) -> Page:
    """Open the address and wait until the session is there."""
    page.set_default_timeout(20_000)
    await page.goto(url)
    await (
        page.get_by_role("button", name="Take the mouse").and_(page.locator(":enabled")).wait_for()
    )
    return page


async def say(page: Page, text: str) -> None:
    """Type into the text box and send."""
    await page.get_by_label("Type what to do").fill(text)
    await page.keyboard.press("Enter")


async def words(page: Page) -> list[str]:
    """The conversation's items as a person reads them."""
    return await page.locator(".conversation .item").all_inner_texts()
