"""A page whose network breaks: real Chromium, a real server, and a proxy between them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from pilot_page import PILOT, arrive, say, words
from pilot_sessions import ADVICE
from playwright.async_api import BrowserContext, Page, expect
from proxy import Proxy
from served import Served, serve
from test_fates import message, press
from test_files_panel import show

pytestmark = pytest.mark.browser

BOX = "Type what to do"
NO_CONNECTION = re.compile("No connection to the server")


async def _through(context: BrowserContext, proxy: Proxy, served: Served, url: str = "") -> Page:
    page = await context.new_page()
    await (page.goto(url) if url else arrive(page, proxy.url(served.url)))
    await page.evaluate("window.same = true")
    return page


async def _works(page: Page, text: str) -> None:
    """Send is answered."""
    await say(page, f"repeat {text}")
    await expect(page.get_by_text(text, exact=True).last).to_be_visible()


async def _works_at_last(page: Page, text: str) -> None:
    """The same, where what was sent may come back into the box: it is sent again, as one does."""
    await say(page, f"repeat {text}")
    async with asyncio.timeout(60):
        while not await page.get_by_text(text, exact=True).count():
            if text in await page.get_by_label(BOX).input_value():
                await page.get_by_label(BOX).press("Enter")
            await asyncio.sleep(0.2)


async def _lost(page: Page) -> None:
    await expect(page.get_by_text(NO_CONNECTION)).to_be_visible()


async def _back(page: Page) -> None:
    await expect(page.get_by_text(re.compile("server answers again|No connection"))).to_have_count(
        0
    )


async def _same_words(page: Page, other: Page) -> None:
    """Both show one conversation; either may be a moment behind."""
    async with asyncio.timeout(60):
        while await words(page) != await words(other):
            await asyncio.sleep(0.05)


async def test_a_page_that_is_cut_off_says_so_and_goes_on(
    context: BrowserContext, pilot: Served
) -> None:
    """Nothing is live in the gap, words are kept, Stop takes effect after it; same page.

    Stop, and words that the page's channel swallows, go by their own request: the link's socket
    takes neither here.
    """
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await page.evaluate("saysoLink.also = () => {}")
        await say(page, "work forever")
        await expect(page.locator(".said").last).to_contain_text("I work and work.")
        await expect(page).to_have_url(re.compile("session="))
        direct = await arrive(
            await context.new_page(), page.url.replace(str(proxy.port), str(pilot.port))
        )
        await proxy.cut()
        await _lost(page)
        meters = page.locator(".meters")
        await expect(page.locator(".badge .word")).to_have_text("Not connected")
        assert "grayscale" in await meters.evaluate("node => getComputedStyle(node).filter")
        await say(page, "half a thought")
        await expect(page.get_by_text("Not sent: there is no connection")).to_be_visible()
        await expect(page.get_by_label(BOX)).to_have_value("half a thought")
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("the server has not answered yet")).to_be_visible()
        await expect(direct.locator(".badge .word")).to_have_text("Thinking")
        await proxy.heal()
        await expect(direct.locator(".badge .word")).to_have_text("Stopped")
        await _back(page)
        await expect(page.get_by_text("Stopped.", exact=True)).to_be_visible()
        await expect(page.locator(".badge .word")).to_have_text("Stopped")
        await expect(page.get_by_label(BOX)).to_have_value("half a thought")
        assert await page.evaluate("window.same")
        assert "grayscale" not in await meters.evaluate("node => getComputedStyle(node).filter")
        await _works(page, "I am back")
        await page.evaluate(_SWALLOW)
        await _works(page, "by another way")
        await _same_words(page, direct)
        assert (await words(page)).count("by another way") == 1


_SCROLL = "(node, top) => { node.scrollTop = top }"
_SWALLOW = "Bokeh.require('client/connection').ClientConnection.prototype.send = () => {}"


async def test_a_silent_line_is_noticed_and_what_vanished_in_it_is_found_again(
    context: BrowserContext, pilot: Served
) -> None:
    """Words sent before anybody could notice come back into the box, and are sent once only."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        address = page.url.replace(str(proxy.port), str(pilot.port))
        direct = await arrive(await context.new_page(), address)
        inspector = await _through(context, proxy, pilot, page.url + "&view=inspector")
        await show(page)
        await _works(page, "one")
        await expect(inspector.get_by_text("repeat one").filter(visible=True).first).to_be_visible()
        proxy.silence()
        await say(page, "repeat two")
        await _lost(page)
        await expect(page.get_by_label(BOX)).to_have_value("repeat two")
        await say(direct, "save meanwhile.txt")
        await expect(direct.get_by_text("The text editor says hello world.")).to_be_visible()
        await _works(direct, "meanwhile")
        await _lost(inspector)
        room = inspector.locator(".room-slot")
        assert "grayscale" in await room.evaluate("node => getComputedStyle(node).filter")
        await proxy.heal()
        await _back(page)
        await expect(page.get_by_role("treeitem", name="meanwhile.txt")).to_be_visible()
        await expect(
            inspector.get_by_text("save meanwhile.txt").filter(visible=True).first
        ).to_be_visible()
        await expect(page.get_by_text("meanwhile", exact=True)).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("two", exact=True)).to_be_visible()
        await _same_words(page, direct)
        assert [text for text in await words(page) if text == "two"] == ["two"]
        assert await page.evaluate("window.same")


async def test_words_that_arrived_though_their_answer_was_lost_are_not_sent_twice(
    context: BrowserContext, pilot: Served
) -> None:
    """After a line that only held everything back, the box is empty again by itself."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await _works(page, "before")
        proxy.hold()
        await say(page, "repeat held back")
        await _lost(page)
        await proxy.heal()
        await _back(page)
        await expect(page.get_by_text("held back", exact=True)).to_have_count(1)
        await expect(page.get_by_label(BOX)).to_have_value("")


async def test_a_restarted_server_gets_its_page_back_where_it_was(
    context: BrowserContext, tmp_path: Path
) -> None:
    """The same session, scroll, and words in the box; a Stop pressed in the gap is answered."""
    page = await context.new_page()
    with serve(PILOT, tmp_path) as first:
        proxy = Proxy(first.port)
        await proxy.__aenter__()
        await arrive(page, proxy.url(first.url))
        await page.evaluate("window.same = true")
        await page.set_viewport_size({"width": 1280, "height": 420})
        for text in ("remember me", "and this", "and that", "and more"):
            await _works(page, text)
        # All of it is there: 30 px must not lie within what counts as the end.
        await expect(page.locator(".outcome")).to_have_count(4)
        await page.locator(".conversation .list").evaluate(_SCROLL, 30)
        await expect(page.get_by_role("button", name="Latest")).to_be_visible()
        session = re.search(r"session=([^&]+)", page.url)
        await page.get_by_label(BOX).fill("a sentence that is not")
    try:
        await _lost(page)
        await page.get_by_role("button", name=re.compile("STOP")).first.click()
        await expect(page.get_by_text("the server has not answered yet")).to_be_visible()
        loads: list[str] = []
        loaded = asyncio.Event()
        page.on("load", lambda page: (loads.append(page.url), loaded.set()))
        with serve(PILOT, tmp_path) as second:
            proxy.target = second.port
            await asyncio.wait_for(loaded.wait(), 60)
            await expect(page.get_by_label(BOX)).to_have_value("a sentence that is not")
            assert await page.evaluate("window.same") is None
            assert session is not None
            assert session[0] in page.url
            await expect(page.get_by_text("remember me", exact=True).first).to_be_visible()
            await expect(page.locator(".conversation .list")).to_have_js_property("scrollTop", 30)
            await _works(page, "here again")
            assert len(loads) == 1
            assert await page.evaluate("sessionStorage.getItem('sayso-stop')") is None
    finally:
        await proxy.__aexit__()


async def test_a_server_that_is_late_is_not_a_lost_link(
    context: BrowserContext, pilot: Served
) -> None:
    """Its loop stands still, its process does for a moment; nothing is dimmed for either.

    A busy machine may keep it from running for longer than that: then it is tried again.
    """
    page = await arrive(await context.new_page(), pilot.url)
    for number in range(4):
        seen = await _late(page, pilot, f"moving on {number}")
        if "slow" in seen and seen <= {"live", "slow"}:
            break
        await _back(page)
    assert "slow" in seen
    assert seen <= {"live", "slow"}


async def _late(page: Page, pilot: Served, words: str) -> set[str]:
    """Have the server be late; returns how the page's link stood meanwhile."""
    await page.evaluate("window.seen = new Set()")
    await page.evaluate(
        "() => { window.watched ??= saysoLink.watch(() => seen.add(saysoLink.standing)) ?? true }"
    )
    for _ in range(3):
        await say(page, f"stand still and repeat {words}")
        await expect(page.get_by_text(words, exact=True).last).to_be_visible()
    os.kill(pilot.process.pid, signal.SIGSTOP)
    await asyncio.sleep(0.8)  # how long it stands still is the case, not a wait
    os.kill(pilot.process.pid, signal.SIGCONT)
    await _works_at_last(page, f"still {words}")
    return set(await page.evaluate("[...window.seen]"))


async def test_connections_that_are_reset_once_are_opened_anew_at_once(
    context: BrowserContext, pilot: Served
) -> None:
    """Every connection is reset once, as by a proxy that is restarted: the same page goes on."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await page.evaluate(
            "() => { window.seen = []; saysoLink.watch(() => seen.push(saysoLink.standing)) }"
        )
        proxy.reset()
        async with asyncio.timeout(60):
            while (await page.evaluate("window.seen.at(-1)")) != "live":
                await asyncio.sleep(0.05)
        await _works(page, "as if nothing were")
        assert await page.evaluate("window.same")


async def test_a_page_that_is_frozen_goes_on_as_if_it_had_not_been(
    context: BrowserContext, pilot: Served
) -> None:
    """Its sleep alone is no lost link; what was lost while it slept is found again on waking."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await _works(page, "awake")
        await page.evaluate(
            "() => { window.seen = []; saysoLink.watch(() => seen.push(saysoLink.standing)) }"
        )
        browser = await context.new_cdp_session(page)
        for gap in (False, True):
            await browser.send("Page.setWebLifecycleState", {"state": "frozen"})
            if gap:
                proxy.silence()
            await asyncio.sleep(3)  # how long it sleeps is the case, not a wait
            await proxy.heal()
            await browser.send("Page.setWebLifecycleState", {"state": "active"})
            await _works_at_last(page, f"awake again, gap {gap}")
            if not gap:
                assert set(await page.evaluate("window.seen")) <= {"live", "slow"}
        assert await page.evaluate("window.same")


async def test_a_tab_left_after_a_silent_gap_is_freed_at_once(
    context: BrowserContext, pilot: Served
) -> None:
    """Closed, or left for another page: the dead half of the old connection does not keep it."""
    async with Proxy(pilot.port) as proxy:
        closed = await _through(context, proxy, pilot)
        left = await arrive(await context.new_page(), closed.url)
        for page in (closed, left):
            await _answered(page)
        proxy.silence()
        for page in (closed, left):
            await _lost(page)
        await proxy.heal()
        for page in (closed, left):
            await _back(page)
        marks = [await page.evaluate(_MARK) for page in (closed, left)]
        assert all(_knows(pilot, mark) for mark in marks)
        await left.get_by_label(BOX).fill("I come back")
        await closed.close(run_before_unload=True)
        await left.goto("about:blank")
        async with asyncio.timeout(60):
            while any(_knows(pilot, mark) for mark in marks):
                await asyncio.sleep(0.05)
        await left.go_back()
        await expect(left.get_by_label(BOX)).to_have_value("I come back")


async def test_every_word_keeps_its_fate_on_a_line_that_is_slow_and_breaks(
    context: BrowserContext, pilot: Served
) -> None:
    """After, joined, taken back in a gap, replaced; with the mouse; asked and answered; failed."""
    async with Proxy(pilot.port, delay=0.03) as proxy:
        page = await _through(context, proxy, pilot)
        queue = page.get_by_role("region", name="Still to be done")
        waiting, first = queue.get_by_role("listitem"), message(page, "work forever")
        await say(page, "work forever")
        await expect(page.locator(".said").last).to_contain_text("I work and work.")
        await say(page, "repeat aaa")
        await expect(waiting).to_have_count(1)
        await say(page, "repeat bbb")
        await expect(waiting).to_have_count(2)
        await expect(message(page, "repeat aaa")).to_contain_text("Done after this")
        await expect(first).to_contain_text("Then: repeat aaa")
        await say(page, "and also repeat ccc")
        await expect(message(page, "repeat ccc")).to_contain_text("Joined “work forever”")
        await expect(first).to_contain_text(re.compile("With: .*repeat ccc"))
        await proxy.cut()
        await _lost(page)
        await press(waiting.nth(1), "Forget it").click()
        await expect(waiting.nth(1)).to_contain_text("Not sent yet: no connection.")
        await proxy.heal()
        await expect(message(page, "repeat bbb")).to_contain_text("Not done: you took it back")
        await _back(page)
        await say(page, "No, repeat ddd instead")
        await expect(message(page, "repeat ddd")).to_contain_text("Replaced “work forever”")
        await expect(first).to_contain_text("Replaced by “No, repeat ddd")
        await expect(page.locator(".outcome")).to_have_count(2)  # ddd, then aaa
        await page.get_by_role("button", name="Take the mouse").click()
        await expect(page.locator(".badge .word")).to_have_text("You have the mouse")
        await say(page, "repeat eee")
        await expect(waiting).to_contain_text("Done when you give the mouse back")
        proxy.silence()
        await _lost(page)
        await expect(waiting).to_contain_text("repeat eee")
        await proxy.heal()
        await _back(page)
        await page.get_by_role("button", name="Give it back").click()
        await expect(page.locator(".outcome")).to_have_count(3)
        await expect(page.locator(".said").last).to_have_text("eee")
        await say(page, "run what is missing")
        card = page.locator(".approval.open")
        await expect(card).to_contain_text("Or type “")
        await say(page, "yes")
        await expect(page.locator(".reply").last).to_contain_text("To allow it, type or say: ")
        await say(page, "what are you doing?")
        await expect(page.locator(".reply").last).to_contain_text("I am waiting for you")
        await card.get_by_role("button", name="Allow", exact=True).click()
        end = page.locator(".outcome").last
        await expect(end).to_contain_text("Ended: the last action did not succeed")
        assert await page.locator(".outcome").count() == 4
        assert await page.get_by_text(ADVICE).count() == 0
        assert await page.evaluate("window.same")


async def _answered(page: Page) -> None:
    """The server has answered on the page's link."""
    async with asyncio.timeout(60):
        while not await page.evaluate("window.saysoLink && saysoLink.offset !== null"):
            await asyncio.sleep(0.05)


_MARK = """() => [...Bokeh.documents[0]._all_models.values()]
  .find((model) => model.data?.mark).data.mark"""


def _knows(pilot: Served, mark: str) -> bool:
    """Whether the server still has the page of that mark."""
    headers = pilot.person("somebody")
    answer = httpx.post(f"{pilot.root}/link", content=mark, headers=headers, trust_env=False)
    return bool(answer.json()["page"])


async def test_what_is_chosen_in_a_gap_happens_after_it(
    context: BrowserContext, pilot: Served
) -> None:
    """An answer to an approval, and a view; each says meanwhile that it waits.

    What would be put back is looked at anew after a gap, and nothing is done unseen.
    """
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await _answered(page)
        await say(page, "list the files")
        allow = page.get_by_role("button", name="Allow", exact=True)
        await expect(allow).to_be_visible()
        proxy.silence()
        await allow.click()  # into the silence, before anybody could notice
        await _lost(page)
        await expect(page.get_by_text("Not sent yet: no connection")).to_be_visible()
        await expect(allow).to_be_disabled()
        tools = page.get_by_role("button", name="Tools", exact=True)
        await tools.click()
        await expect(tools).to_have_attribute("aria-busy", "true")
        box = await page.locator(".link.on").bounding_box()
        rail = await page.locator(".rail").bounding_box()
        assert box is not None
        assert rail is not None
        assert rail["y"] >= box["y"] + box["height"]
        await proxy.heal()
        await _back(page)
        await expect(page).to_have_url(re.compile("view=tools"))
        await expect(tools).to_have_attribute("aria-current", "page")
        await page.get_by_role("button", name="Talk", exact=True).click()
        await expect(page.get_by_text("Allowed", exact=True)).to_be_visible()
        await expect(page.locator(".outcome")).to_be_visible()
        await say(page, "save kept.txt")
        dialog = page.get_by_role("dialog", name="Put the files back")
        ready = dialog.get_by_role("button", name="Put 1 item back")
        put_back = page.get_by_role("button", name="Put the files back…")
        await expect(put_back).to_be_visible()
        for button in (put_back, ready):
            proxy.silence()
            await button.click()
            await _lost(page)
            await proxy.heal()
            await expect(dialog).to_contain_text("kept.txt is deleted")
            await expect(ready).to_be_enabled()
        lost = "The connection was lost in the meantime."
        await expect(dialog.get_by_role("alert")).to_contain_text(lost)
        await ready.click()
        await expect(page.locator(".item.back")).to_contain_text("Deleted: “kept.txt”.")
        assert await page.evaluate("window.same")


async def test_a_page_without_a_running_session_knows_its_link_too(
    context: BrowserContext, pilot: Served
) -> None:
    """The list of sessions says that it is cut off, and is up to date after it."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await _works(page, "shown here")
        direct = await arrive(
            await context.new_page(), page.url.replace(str(proxy.port), str(pilot.port))
        )
        await page.goto(f"{proxy.url(pilot.url)}?view=sessions")
        row = page.locator(".row", has_text="repeat shown here")
        await expect(row.locator(".state")).to_have_text("Running")
        await page.evaluate("window.same = true")
        await proxy.cut()
        await _lost(page)
        heading = await page.get_by_role("heading", name="Your sessions").bounding_box()
        notice = await page.locator(".link.on").bounding_box()
        assert heading is not None
        assert notice is not None
        assert heading["y"] >= notice["y"] + notice["height"], "nothing is covered"
        await direct.locator(".sessions summary").click()
        await direct.get_by_role("button", name="End session repeat shown here").click()
        await expect(direct.get_by_text("You ended it.")).to_be_visible()
        await proxy.heal()
        await _back(page)
        await expect(row.locator(".state")).to_have_text("Ended")
        assert await page.evaluate("window.same")
