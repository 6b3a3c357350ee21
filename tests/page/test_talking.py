"""Typing on the page moves the session, and all of it is seen as it happens."""

from __future__ import annotations

import re

import pytest
from chromium import acontext
from pilot_page import arrive, say, words
from playwright.async_api import Browser, Page, expect
from served import Served

pytestmark = pytest.mark.browser


async def test_a_typed_sentence_is_carried_out_and_shown(page: Page) -> None:
    """Heard, said, done with pictures, and an end."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    shown = "\n".join(await words(page))
    for part in ("You typed", "Open the text editor", "I open the text editor.", "Type “hello"):
        assert part in shown
    took = page.locator(".action .seconds").first
    await expect(took).to_have_text(re.compile(r"^(\d+ ms|\d+\.\d s)$"))
    picture = page.locator(".action img.thumb").first
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await expect(page.locator(".meters")).to_contain_text("$0.01")
    await expect(page.locator(".sessions .name").first).to_have_text("Open the text editor")


async def test_words_of_strangers_are_shown_literally(page: Page) -> None:
    """Model text, spoken words and names are text, never markup."""
    hostile = "<img src=x onerror=\"document.title='pwned'\"><script>alert(1)</script>"
    await say(page, f"repeat {hostile}")
    await expect(page.locator(".said .text")).to_have_text(hostile)
    await expect(page.locator(".outcome")).to_be_visible()
    assert await page.locator(".conversation img, .conversation script").count() == 0
    assert "pwned" not in await page.title()


async def test_escape_stops(page: Page) -> None:
    """From wherever the focus is."""
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await page.keyboard.press("Escape")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    await expect(page.locator(".outcome-stopped")).to_contain_text("You pressed Stop.")
    shown = await page.locator(".conversation .list").inner_text()
    assert shown.count("Stopped") == 1


async def test_the_stop_button_stops_and_never_moves(page: Page) -> None:
    """Same place before, during and after."""
    stop = page.get_by_role("button", name="STOP")
    before = await stop.bounding_box()
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    assert await stop.bounding_box() == before
    await stop.click()
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    assert await stop.bounding_box() == before


@pytest.mark.parametrize(("button", "verdict"), [("Allow", "Allowed"), ("Deny", "Denied")])
async def test_an_approval_cannot_be_missed(page: Page, button: str, verdict: str) -> None:
    """In the conversation, in the badge and in the tab's title, until it is decided."""
    await say(page, "list my files")
    card = page.locator(".approval.open")
    await expect(card).to_be_in_viewport()
    await expect(page.locator(".badge .word")).to_have_text("Waiting for you")
    assert (await page.title()).startswith("●")
    await card.get_by_role("button", name=button, exact=True).click()
    await expect(page.locator(".approval .verdict")).to_have_text(verdict)
    await expect(page.locator(".outcome")).to_be_visible()
    assert not (await page.title()).startswith("●")


async def test_the_mouse_changes_hands(page: Page) -> None:
    """Taking it is seen in the badge; the same button gives it back."""
    await page.get_by_role("button", name="Take the mouse").click()
    await expect(page.locator(".badge .word")).to_have_text("You have the mouse")
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.locator(".badge .word")).to_have_text("Ready")


async def test_the_page_fits_without_scrolling(page: Page) -> None:
    """At 1280 by 720 nothing of the page lies outside the window."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    size = await page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert size == [1280, 720]
    for name in ("STOP", "Take the mouse", "Send"):
        await expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


async def test_an_example_is_one_click(page: Page) -> None:
    """An empty conversation offers something to say."""
    await page.get_by_role("button", name="What can I say?").click()
    await expect(page.locator(".heard")).to_contain_text("What can I say?")


async def test_what_is_not_usual_is_said_with_the_way_out(page: Page) -> None:
    """The offline voice is named, and how to change that."""
    await page.get_by_text("offline voice").click()
    await expect(page.get_by_text("HUME_API_KEY")).to_be_visible()


async def test_somebody_else_has_a_session_of_their_own(
    page: Page, pilot: Served, pilot_browser: Browser
) -> None:
    """A session's id is no key: to another person it opens nothing."""
    await say(page, "repeat something private")
    await expect(page.locator(".outcome")).to_be_visible()
    elsewhere = await acontext(pilot_browser)
    try:
        other = await elsewhere.new_page()
        await other.goto(page.url)
        heading = other.get_by_role("heading", name="There is no session of yours")
        await expect(heading).to_be_visible()
        await expect(other.get_by_text("something private")).to_have_count(0)
        await arrive(other, pilot.url)
        assert await words(other) == []
        assert other.url != page.url
    finally:
        await elsewhere.close()
