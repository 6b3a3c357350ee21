"""A browser with very many tabs: what is told of them is bounded, and the one that shows is in it.

The browser's end of the pipe is played here; the browser tool before it is the real one.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from agent.browser import tabs
from agent.browser.tabs import MOST_TABS, Browser
from agent.testing.fake_desktop import FakeDesktop
from agent.tools.base import ToolCall, ToolResult
from agent.tools.browser import BrowserTool
from agent.tools.browser_driver import site_of

MANY = 250


class Pipe:
    """Answers as a Chromium with so many tabs does."""

    is_browser = True
    closed = False

    def __init__(self, many: int, shown: int) -> None:
        self.listeners: list[Any] = []
        self.attached: list[str] = []
        self._many = many
        self._shown = f"of target {shown}"

    async def call(
        self,
        method: str,
        given: dict[str, Any] | None = None,
        *,
        session: str = "",
        seconds: float = 0.0,
    ) -> dict[str, Any]:
        await asyncio.sleep(0)
        match method:
            case "Target.getTargets":
                return {"targetInfos": [self._info(number) for number in range(1, self._many + 1)]}
            case "Target.attachToTarget":
                self.attached.append((given or {})["targetId"])
                return {"sessionId": f"of {(given or {})['targetId']}"}
            case "Runtime.evaluate":
                state = "visible" if session == self._shown else "hidden"
                return {"result": {"value": state}}
            case _:
                return {}

    def send(self, method: str, given: dict[str, Any] | None = None, session: str = "") -> None:
        """Nobody needs the answer."""

    @staticmethod
    def _info(number: int) -> dict[str, Any]:
        about = {"title": f"Page {number}", "url": f"https://example.org/{number}"}
        return {"targetId": f"target {number}", "type": "page", **about}


class Desktop(FakeDesktop):
    """One whose browser is at the pipe's other end."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self.browsers = SimpleNamespace(connection=pipe)

    def attach_browsers(self) -> None:
        """It is."""


async def listed(pipe: Pipe) -> ToolResult:
    tool = BrowserTool(Desktop(pipe))
    return await tool.run(ToolCall("a", "list_tabs", {}, "browser"), lambda _: None)


@pytest.mark.parametrize("shown", [1, MANY // 2, MANY])
async def test_a_hundred_are_told_of_with_the_one_that_shows(shown: int) -> None:
    """The newest, in their order; the service takes no more."""
    result = await listed(Pipe(MANY, shown))
    assert result.state is not None
    told = result.state["tabs"]
    assert len(told) == MOST_TABS
    assert [tab["title"] for tab in told if tab.get("active")] == [f"Page {shown}"]
    numbers = [int(tab["title"].removeprefix("Page ")) for tab in told]
    newest = set(range(MANY - MOST_TABS + 1, MANY + 1))
    assert numbers == sorted(numbers)
    assert len(newest - set(numbers)) <= 1


@pytest.mark.parametrize("many", [1, MOST_TABS])
async def test_up_to_a_hundred_are_all_told_of(many: int) -> None:
    result = await listed(Pipe(many, 1))
    assert result.state is not None
    assert len(result.state["tabs"]) == many


async def test_no_more_are_asked_than_until_the_one_that_shows_is_found() -> None:
    pipe = Pipe(MANY, MANY)
    await listed(pipe)
    assert len(pipe.attached) == MOST_TABS


async def test_two_who_look_for_the_browser_at_once_find_one_whose_tabs_are_known() -> None:
    """Each would start one otherwise, or the second find the first's with no tab in it."""
    driver = BrowserTool(Desktop(Pipe(3, 1))).driver

    async def found() -> tuple[Browser, int]:
        browser = await driver.browser()
        return browser, len(browser.tabs)

    one, other = await asyncio.gather(found(), found())
    assert one == other
    assert one[1] == 3


async def test_a_look_for_the_browser_that_is_cut_leaves_none_half_known() -> None:
    driver = BrowserTool(Desktop(Pipe(3, 1))).driver
    first = asyncio.create_task(driver.browser())
    await asyncio.sleep(0)
    second = asyncio.create_task(driver.browser())
    await asyncio.sleep(0)
    first.cancel()
    assert len((await second).tabs) == 3


async def test_a_page_that_never_finishes_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each act would wait again otherwise; another load is waited for anew."""
    pipe = Pipe(1, 1)
    browser = Browser(pipe)  # type: ignore[arg-type] # as far as this goes
    await browser.begin()
    tab = await browser.tab(None)
    frame, session = {"frameId": tab.target}, tab.session

    def happens(name: str) -> None:
        for listener in pipe.listeners:
            listener(name, frame, session)

    async def calm() -> bool:
        async with asyncio.timeout(30):
            return await browser.calm(tab)

    happens("Page.frameStartedLoading")
    monkeypatch.setattr(tabs, "_CALM", 0.01)
    assert not await calm()
    monkeypatch.setattr(tabs, "_CALM", 600.0)
    assert not await calm()
    happens("Page.frameStartedLoading")
    again = asyncio.create_task(calm())
    await asyncio.sleep(0)
    assert not again.done()
    happens("Page.frameStoppedLoading")
    assert await again


async def test_a_frame_that_is_gone_takes_along_those_that_stood_in_it() -> None:
    """A browser tells of the outermost only."""
    pipe = Pipe(1, 1)
    browser = Browser(pipe)  # type: ignore[arg-type] # as far as this goes
    await browser.begin()
    tab = await browser.tab(None)

    def happens(name: str, session: str, inner: str) -> None:
        frame = {"sessionId": inner, "targetInfo": {"type": "iframe", "targetId": f"of {inner}"}}
        for listener in pipe.listeners:
            listener(name, frame, session)

    happens("Target.attachedToTarget", tab.session, "outer")
    happens("Target.attachedToTarget", "outer", "inner")
    happens("Target.attachedToTarget", "inner", "innermost")
    happens("Target.attachedToTarget", tab.session, "beside")
    assert set(tab.frames) == {"outer", "inner", "innermost", "beside"}
    happens("Target.detachedFromTarget", tab.session, "outer")
    assert set(tab.frames) == {"beside"}


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://shop.example.org:8443/a?b", {"site": "shop.example.org"}),
        ("file:///home/user/page.html", {}),
        ("about:blank", {}),
        ("http://[broken", {}),
    ],
)
def test_the_site_that_gets_a_file_is_told(url: str, site: dict[str, str]) -> None:
    assert site_of(url) == site
