"""What became of every word can be seen on the page, and changed with one press."""

from __future__ import annotations

import os

import pytest
from pilot_page import say
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def message(page: Page, text: str) -> Locator:
    said = page.locator(".text", has_text=text)
    return page.locator(".flow .heard").filter(has=said).first


def press(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name)


async def look(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("SAYSO_TEST_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png")


async def test_words_wait_replace_join_and_are_decided_otherwise(page: Page) -> None:
    """Plain words wait in a list that is always on the screen; each mark stands on both."""
    queue = page.get_by_role("region", name="Still to be done")
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await say(page, "repeat aaa")
    await say(page, "repeat bbb")
    await say(page, "repeat ccc")
    await expect(queue.get_by_role("listitem")).to_have_count(3)
    await expect(message(page, "repeat aaa")).to_contain_text("Done after this")
    await expect(message(page, "work forever")).to_contain_text("Then: repeat bbb")
    await look(page, "queue")
    await press(queue.get_by_role("listitem").nth(1), "Forget it").click()
    await expect(message(page, "repeat bbb")).to_contain_text("Not done: you took it back")
    await expect(queue.get_by_role("listitem")).to_have_count(2)
    assert await message(page, "repeat ccc").locator(".choices").count() == 0  # they stand once
    await press(queue.get_by_role("listitem").nth(1), "Add it to this").click()
    await expect(message(page, "repeat ccc")).to_contain_text("Joined “work forever”")
    await expect(message(page, "work forever")).to_contain_text("With: repeat ccc")
    await say(page, "No, repeat ddd instead")
    await expect(message(page, "repeat ddd")).to_contain_text("Replaced “work forever”")
    await expect(message(page, "work forever")).to_contain_text("Replaced by “No, repeat ddd")
    await expect(page.locator(".outcome")).to_have_count(2)  # ddd, then aaa
    await expect(page.locator(".note.tone-task")).to_have_text("Now: repeat aaa")
    await expect(queue).to_have_count(0)
    await press(message(page, "work forever"), "Do it after all").click()
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    await say(page, "repeat eee")
    await press(queue.get_by_role("listitem").first, "Do it instead").click()
    await expect(page.locator(".outcome")).to_have_count(3)
    await press(message(page, "repeat bbb"), "Do it after all").click()
    await expect(page.locator(".said").last).to_have_text("bbb")
    await look(page, "fates")


async def test_after_stop_what_waited_is_kept_and_waits_for_a_press(page: Page) -> None:
    queue = page.get_by_role("region", name="Still to be done")
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await say(page, "repeat aaa")
    await say(page, "repeat bbb")
    await expect(queue.get_by_role("listitem")).to_have_count(2)
    await page.get_by_role("button", name="STOP").click()
    await expect(queue).to_contain_text("Not begun: it waits for your word")
    await look(page, "kept")
    await page.reload()
    await expect(queue.get_by_role("listitem")).to_have_count(2)
    assert await page.get_by_text("Now: repeat").count() == 0
    await press(queue.get_by_role("listitem").first, "Forget it").click()
    await expect(queue.get_by_role("listitem")).to_have_count(1)
    await press(queue.get_by_role("listitem").first, "Do it").click()
    await expect(page.locator(".said").last).to_have_text("bbb")
    await expect(queue).to_have_count(0)


async def test_words_that_are_typed_while_one_has_the_mouse_are_done_afterwards(page: Page) -> None:
    queue = page.get_by_role("region", name="Still to be done")
    await page.get_by_role("button", name="Take the mouse").click()
    await say(page, "repeat aaa")
    await say(page, "repeat bbb")
    await expect(queue.get_by_text("Done when you give the mouse back")).to_have_count(2)
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.locator(".outcome")).to_have_count(2)
    assert await page.locator(".said .text").all_inner_texts() == ["aaa", "bbb"]


async def test_questions_and_a_yes_are_answered_where_they_are_typed(page: Page) -> None:
    """No voice is on."""
    await say(page, "list my files")
    card = page.locator(".approval.open")
    await expect(card).to_be_visible()
    await say(page, "yes")
    await expect(page.locator(".reply")).to_contain_text("To allow it, type or say: yes, run it.")
    await say(page, "what are you doing?")
    await expect(page.locator(".reply").last).to_contain_text("I am waiting for you")
    await expect(card).to_be_visible()
    await look(page, "answers")
    await card.get_by_role("button", name="Deny").click()
    end = page.locator(".outcome .label")
    await expect(end).to_have_text("Ended: the last action was not allowed")
    await expect(page.locator(".outcome-done")).to_have_count(0)
    await expect(page.locator(".action.state-skipped")).to_contain_text("Not done: you said no.")
    assert await page.get_by_text("Ask what they would like").count() == 0
