"""Faces and voice in JupyterLab itself: a real server, kernel, browser, desktop and voice."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import voices
from chromium import alaunch, off_site
from jupyter import Lab, jupyter_lab, open_notebook, run_cell
from playwright.async_api import BrowserContext, async_playwright, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.speech,
    pytest.mark.desktop,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

_TALK = """
from agent import Session, Settings
from dashboard.notebook import Talk
session = Session.create(Settings(model="offline"))
await session.open()
talk = await Talk.open(session)
talk
"""

_BLOCKING = """
from agent import Session, Settings
from agent.blocking import Blocking
session = Blocking(Session.create(Settings(model="offline")))
session.open()
session
"""


@pytest.fixture(scope="module")
def top() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def lab(top: Path) -> Iterator[Lab]:
    with jupyter_lab(top) as running:
        yield running


@pytest.fixture(scope="module")
def microphone(top: Path) -> Path:
    return voices.write_wav(top / "microphone.wav", voices.silence(1.0, 48_000), 48_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(lab: Lab, microphone: Path) -> AsyncIterator[BrowserContext]:
    """A browser that asks nobody off this machine for anything."""
    size = (1280, 900)
    async with (
        async_playwright() as playwright,
        alaunch(playwright, wav=microphone, viewport=size) as context,
    ):
        strangers = off_site(context)
        yield context
        assert strangers == []


async def test_a_person_talks_to_a_session_in_jupyterlab(
    lab: Lab, browser: BrowserContext, microphone: Path
) -> None:
    """Run a cell, press Start, speak: the desktop is live, the words and the deed are shown."""
    lab.write("talk.ipynb", _TALK, "await talk.close(); await session.close(); 'all closed'")
    page = await browser.new_page()
    await open_notebook(page, lab, "talk.ipynb")
    await run_cell(page, 0)
    await expect(page.locator(".sayso-desktop[data-state=live] canvas")).to_be_visible()

    await page.get_by_role("button", name="Start voice").click()
    await page.get_by_role("button", name="Mute voice").click()
    voices.say_wav("Open the text editor.", "heart", microphone, 48_000, 0.3, 30)
    await page.get_by_role("button", name="Unmute voice").click()

    conversation = page.locator(".conversation")
    await expect(conversation.locator(".heard").last).to_contain_text("pen the text editor")
    await expect(conversation.locator(".outcome").last).to_contain_text("Done")
    await expect(conversation.locator(".action img").first).to_be_visible()

    await run_cell(page, 1)
    await expect(page.get_by_text("'all closed'")).to_be_visible()
    await expect(page.locator(".sayso-bar .detail")).to_contain_text("closed")
    await page.close()


async def test_stop_works_while_a_cell_blocks(lab: Lab, browser: BrowserContext) -> None:
    """The kernel is kept busy by a waiting cell; Stop in the face ends the work, and the cell."""
    wait = "session.say('wait ninety seconds'); session.wait_idle(); session.status.outcome"
    lab.write("blocking.ipynb", _BLOCKING, wait, "session.close(); 'all closed'")
    page = await browser.new_page()
    await open_notebook(page, lab, "blocking.ipynb")
    await run_cell(page, 0)
    await expect(page.locator(".sayso-desktop[data-state=live] canvas")).to_be_visible()
    await run_cell(page, 1)
    await expect(page.locator(".sayso-bar")).to_have_attribute("data-who", "acting")

    await page.locator(".sayso-bar .stop").click()

    await expect(page.get_by_text("'stopped'")).to_be_visible()
    await run_cell(page, 2)
    await expect(page.get_by_text("'all closed'")).to_be_visible()
    await page.close()


async def test_the_mouse_can_be_taken_and_typing_is_not_the_notebooks(
    lab: Lab, browser: BrowserContext
) -> None:
    """Keys go to the text box, and with the mouse to the desktop; they would delete cells."""
    seen = "[n.text for n in (await session.desktop.tree()).showing('text') if n.text]"
    setup = _TALK.replace("talk = await Talk.open(session)\ntalk", "session")
    more = "await do(session, 'open the text editor')\nsession.status.outcome"
    lab.write("mouse.ipynb", setup, "from dashboard.notebook import do\n" + more, seen, "1")
    page = await browser.new_page()
    await open_notebook(page, lab, "mouse.ipynb")
    await run_cell(page, 0)
    canvas = page.locator(".sayso-desktop[data-state=live] canvas")
    await expect(canvas).to_be_visible()
    await run_cell(page, 1)
    await expect(page.get_by_text("'done'")).to_be_visible()
    words = page.get_by_label("Type what to do")
    await words.click()
    await page.keyboard.type("what can I say?")
    await page.keyboard.press("Enter")
    await expect(words).to_have_value("")
    await expect(page.locator(".conversation .heard").last).to_contain_text("what can I say?")
    await expect(page.locator(".conversation .outcome")).to_have_count(2)

    await page.locator(".sayso-bar .mouse").click()
    await expect(page.locator(".sayso-bar")).to_have_attribute("data-who", "yours")
    await canvas.click(position={"x": 150, "y": 100})
    await page.keyboard.type("ddzz by hand")
    await page.keyboard.press("Shift+Escape")
    await expect(page.locator(".sayso-bar")).to_have_attribute("data-who", "idle")

    await run_cell(page, 2)
    await expect(page.get_by_text("ddzz by hand")).to_be_visible()
    assert await page.locator(".jp-Cell").count() == 4
    await page.close()
