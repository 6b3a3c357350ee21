"""The app of docs/embedding.md in a browser, on a real desktop: seen live, told, stopped, taken."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from chromium import launch
from playwright.sync_api import expect, sync_playwright
from served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.skipif(shutil.which("Xvnc") is None, reason="no Xvnc"),
]

_TEXT = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text("utf-8")
(APP,) = re.findall(r"```python\n# board\.py\n(.*?)```", _TEXT, re.DOTALL)
PATIENCE = 90_000
"""Milliseconds for a desktop to start."""

WITH_THE_BAR = APP.replace("parts.desktop, height", "parts.desktop, parts.bar, height")


def test_the_app_shows_a_live_desktop_and_acts_on_it(tmp_path: Path) -> None:
    """What is pressed is done; the mouse is taken, and typed with, through Panel's messages."""
    assert WITH_THE_BAR != APP
    (tmp_path / "board.py").write_text(WITH_THE_BAR)
    with (
        serve(tmp_path / "board.py", tmp_path / "data") as served,
        sync_playwright() as playwright,
        launch(playwright) as browser,
    ):
        page = browser.new_page()
        page.goto(served.url)
        desktop = page.get_by_role("region", name="Desktop", exact=True)
        expect(desktop).to_have_attribute("data-state", "live", timeout=PATIENCE)
        page.get_by_role("button", name="Open the text editor", exact=True).click()
        stop = page.get_by_role("button", name="Stop").last
        expect(stop).to_have_css("border-radius", "7px")  # its styles came with it
        expect(page.get_by_text("Done", exact=False).first).to_be_visible(timeout=PATIENCE)
        page.get_by_role("button", name="Take the mouse").click()
        expect(desktop).to_have_class(re.compile("control"), timeout=PATIENCE)
        desktop.locator("canvas").last.click()
        page.keyboard.type("typed here")
        page.keyboard.press("Shift+Escape")
        expect(page.get_by_role("button", name="Take the mouse")).to_be_visible(timeout=PATIENCE)
        page.get_by_placeholder("Type what to do").fill("What does the text say?")
        page.keyboard.press("Enter")
        expect(page.get_by_text("typed here", exact=False).first).to_be_visible(timeout=PATIENCE)
