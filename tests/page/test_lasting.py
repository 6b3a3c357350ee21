"""Pages come and go; sessions stay."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest
from pilot_page import PILOT, arrive, say, words
from playwright.async_api import BrowserContext, Page, WebSocketRoute, expect
from served import ROOT, Served, entrance, serve

pytestmark = pytest.mark.browser


async def test_a_reload_loses_no_word(page: Page) -> None:
    """In the middle of a task: same session and words, also those half typed; still stoppable."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await say(page, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    before, address = await words(page), page.url
    await page.get_by_label("Type what to do").fill("half a thought")
    await page.reload()
    await expect(page.locator(".conversation .item")).to_have_count(len(before))
    assert await words(page) == before
    assert page.url == address
    await expect(page.locator(".badge .word")).to_have_text("Thinking")
    await page.keyboard.press("Escape")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    await expect(page.get_by_label("Type what to do")).to_have_value("half a thought")


async def test_what_changes_while_the_page_is_being_drawn_is_shown(page: Page) -> None:
    """Stopped after the browser has read the document and before it says that it shows it."""
    await say(page, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if held or '"PATCH-DOC"' in str(message):
                held.append((server, message))
            else:
                server.send(message)

        socket.on_message(pass_on)

    await page.route_web_socket(re.compile(r"/dashboard/ws"), hold)
    await page.reload()
    await expect(page.locator(".badge .word")).to_have_text("Thinking")
    await page.keyboard.press("Escape")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    assert held
    for server, message in held:
        server.send(message)


async def test_two_pages_show_one_session(
    page: Page, context: BrowserContext, pilot: Served
) -> None:
    """What is said on one is seen on both."""
    second = await arrive(await context.new_page(), page.url)
    await say(page, "Open the text editor")
    for one in (page, second):
        await expect(one.locator(".outcome")).to_be_visible()
    assert await words(second) == await words(page)
    await say(second, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    await page.keyboard.press("Escape")
    await expect(second.locator(".badge .word")).to_have_text("Stopped")


async def test_a_new_session_stands_beside_the_old(page: Page) -> None:
    """The list has both; going back shows the old one's words."""
    await say(page, "repeat the first")
    await expect(page.locator(".outcome")).to_be_visible()
    first = page.url
    await page.locator(".sessions summary").click()
    await page.get_by_role("link", name="New session", exact=True).click()
    await expect(page.locator(".empty")).to_be_visible()
    await page.locator(".sessions summary").click()
    await page.get_by_role("link", name="repeat the first").click()
    await expect(page.locator(".said")).to_have_text("the first")
    assert page.url == first


async def test_an_ended_session_can_be_resumed(page: Page) -> None:
    """Ending frees the desktop, not the words."""
    await say(page, "repeat remember me")
    await expect(page.locator(".outcome")).to_be_visible()
    await page.locator(".sessions summary").click()
    await page.get_by_role("button", name="End session repeat remember me").click()
    await expect(page.get_by_text("You ended it.")).to_be_visible()
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.locator(".said").first).to_have_text("remember me")
    await expect(page.locator(".badge .word")).to_have_text("Ready")


async def test_a_killed_server_leaves_a_resumable_session(
    context: BrowserContext, tmp_path: Path
) -> None:
    """After `kill -9` and a new start, the address of the session shows all that was seen."""
    with serve(PILOT, tmp_path) as served:
        page = await arrive(await context.new_page(), served.url)
        await say(page, "Open the text editor")
        await expect(page.locator(".outcome")).to_be_visible()
        before, query = await words(page), page.url.split("?")[1]
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
    with serve(PILOT, tmp_path) as served:
        page = await arrive(await context.new_page(), f"{served.url}?{query}")
        await expect(page.locator(".outcome")).to_be_visible()
        after = await words(page)
        assert after[: len(before)] == before
        await say(page, "repeat I am back")
        await expect(page.locator(".said").last).to_have_text("I am back")


async def test_a_closed_tab_is_noticed_at_once(page: Page, pilot: Served) -> None:
    """Its page is freed, where a broken connection would be waited for ten minutes here."""
    before = await _open_pages(page, pilot)
    second = await arrive(await page.context.new_page(), page.url)
    assert await _open_pages(page, pilot) == before + 1
    await second.close()
    await _freed(page, pilot, before)


async def test_a_tab_whose_socket_breaks_as_it_closes_is_noticed_at_once(
    page: Page, pilot: Served
) -> None:
    """It says goodbye by itself; a socket that only breaks is waited for."""
    before = await _open_pages(page, pilot)
    second, third = [await page.context.new_page() for _ in range(2)]
    sockets: list[WebSocketRoute] = []

    def relay(socket: WebSocketRoute) -> None:
        if len(sockets) < 2:  # later ones lead nowhere: the network is broken
            sockets.append(socket.connect_to_server())

    for each in (second, third):
        await each.route_web_socket(re.compile(r"/dashboard/ws"), relay)
        await arrive(each, page.url)
    assert await _open_pages(page, pilot) == before + 2
    await second.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    for socket in sockets:
        await socket.close(code=4000)
    await _freed(page, pilot, before + 1)
    assert await _open_pages(page, pilot) == before + 1
    await second.close()
    await third.close()


async def test_a_closed_page_leaves_no_document_behind(page: Page, pilot: Served) -> None:
    """Also if the session that it has started works on, with all that was set going from it."""
    before = await _documents(pilot)
    second = await arrive(await page.context.new_page(), f"{pilot.url}?session=new")
    await say(second, "work forever")
    await expect(second.locator(".said").last).to_contain_text("I work and work.")
    assert await _documents(pilot) > before
    await second.close()
    async with asyncio.timeout(60):
        while await _documents(pilot) > before:
            await asyncio.sleep(0.2)


async def test_garbage_is_not_looked_for_among_what_the_server_starts_with(
    page: Page, pilot: Served
) -> None:
    """After each closed page its loop would stand still for that long."""
    _, looked_at, left_out = await _objects(pilot)
    assert looked_at < left_out / 2


async def _documents(pilot: Served) -> int:
    """How many are in the server's memory."""
    return (await _objects(pilot))[0]


async def _objects(pilot: Served) -> tuple[int, ...]:
    """Documents, all objects that garbage is looked for among, and those that it is not."""

    def told() -> list[tuple[str, ...]]:
        pattern = r"^documents: (\d+) of (\d+) objects beside (\d+)$"
        return re.findall(pattern, pilot.log, re.MULTILINE)

    known = len(told())
    pilot.process.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(60):
        while len(told()) == known:
            await asyncio.sleep(0.05)
    return tuple(map(int, told()[-1]))


async def _freed(page: Page, pilot: Served, left: int) -> None:
    async with asyncio.timeout(60):
        while await _open_pages(page, pilot) > left:
            await asyncio.sleep(0.05)


async def _open_pages(page: Page, pilot: Served) -> int:
    answer = await page.request.get(f"{pilot.url.rsplit('/', 1)[0]}/health")
    return int((await answer.json())["pages"])


async def test_a_page_that_cannot_be_built_says_why(
    context: BrowserContext, tmp_path: Path
) -> None:
    """A wrong setting gives a sentence with advice instead of a blank page."""
    with serve(ROOT / "dashboard", tmp_path, env={"SAYSO_PROMPT": "/nowhere.md"}) as served:
        page = await context.new_page()
        await page.goto(entrance(served.url))
        await expect(page.get_by_role("heading", name="cannot start")).to_be_visible()
        await expect(page.get_by_text("/nowhere")).to_be_visible()
