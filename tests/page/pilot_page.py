"""What a person does on the page, as functions."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PatienceOver
from served import entrance

PILOT = Path(__file__).parent / "pilot" / "dashboard"


async def arrive(page: Page, url: str) -> Page:
    """Open the address and wait until the session is there."""
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(entrance(url))
    mouse = page.get_by_role("button", name="Take the mouse").and_(page.locator(":enabled"))
    try:
        await mouse.wait_for()
    except PatienceOver:
        shown = await page.locator("body").aria_snapshot()
        raise AssertionError(f"No session came; the page shows:\n{shown}\n{said[-20:]}") from None
    return page


async def say(page: Page, text: str) -> None:
    """Type into the text box and send."""
    await page.get_by_label("Type what to do").fill(text)
    await page.keyboard.press("Enter")


async def words(page: Page) -> list[str]:
    """The conversation's items as a person reads them."""
    return await page.locator(".conversation .item").all_inner_texts()
