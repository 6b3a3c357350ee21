"""The pilot: the real page over scripted sessions, in a real Chromium, each test somebody else.

The tests of a module share one server and one browser, hence one loop; each has a context of
its own. A conftest imports the fixtures, and `pytest_itemcollected`, which puts the tests of the
browser on that loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from chromium import abrowser, acontext, off_site
from pilot_page import PILOT, arrive
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from served import Served, serve

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test in the shared browser runs on the loop of its module, as the browser does."""
    if "pilot_browser" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest.fixture(scope="module")
def pilot_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pilot's data folder."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def pilot(pilot_data: Path) -> Iterator[Served]:
    with serve(PILOT, pilot_data, people=True) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pilot_browser() -> AsyncIterator[Browser]:
    """One Chromium for the tests of a module."""
    async with async_playwright() as playwright, abrowser(playwright) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def context(pilot_browser: Browser) -> AsyncIterator[BrowserContext]:
    """A person's own browser context, which must never ask for anything off the server."""
    context = await acontext(pilot_browser)
    strangers = off_site(context)
    yield context
    await context.close()
    assert strangers == []


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext, pilot: Served) -> Page:
    """A page whose desktop is ready."""
    return await arrive(await context.new_page(), pilot.url)
