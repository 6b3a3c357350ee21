"""The pilot: the real page over scripted sessions, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from chromium import alaunch, off_site
from pilot_page import PILOT, arrive
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from served import Served, serve

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong


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
