"""The files that a task changed are put back from the page: shown first, then done, then undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pilot_page import PILOT, say
from playwright.async_api import Page, expect
from served import Served, serve

pytestmark = pytest.mark.browser

_UNCOVERED = """node => {
  const {left, right, top, bottom} = node.getBoundingClientRect()
  const corners = [left + 6, right - 6].flatMap(x => [top + 6, bottom - 6].map(y => [x, y]))
  return corners.every(([x, y]) => node.contains(node.getRootNode().elementFromPoint(x, y)))
}"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def pilot(data: Path) -> Iterator[Served]:
    with serve(PILOT, data, people=True) as served:
        yield served


def home_of(page: Page, data: Path) -> Path:
    """The home of the page's session."""
    (session_id,) = parse_qs(urlsplit(page.url).query)["session"]
    return data / "sessions" / session_id / "home"


async def test_a_tasks_files_are_put_back_after_they_were_shown(page: Page, data: Path) -> None:
    home = home_of(page, data)
    (home / "notes.txt").write_text("mine")
    (home / "plan.txt").write_text("mine")
    await say(page, "save notes.txt plan.txt report.txt")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    (home / "plan.txt").write_text("mine again")

    await page.get_by_role("button", name="Put the files back…").click()
    dialog = page.get_by_role("dialog", name="Put the files back")
    await expect(dialog.locator("li.changed", has_text="notes.txt")).to_contain_text(
        "becomes what it was"
    )
    await expect(dialog.locator("li.created")).to_contain_text("report.txt is deleted")
    await expect(dialog).to_contain_text("plan.txt was changed since.")
    await expect(dialog).to_contain_text("the oldest go first")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert (home / "notes.txt").read_text() == "by the agent", "only shown so far"
    for size in ((1280, 720), (640, 360), (390, 844)):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        assert await page.get_by_role("button", name="STOP").evaluate(_UNCOVERED)
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": 1280, "height": 720})

    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator(".badge .word")).not_to_have_text("Stopped")

    await page.get_by_role("button", name="Put the files back…").click()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
    assert (home / "notes.txt").read_text() == "by the agent"

    await page.get_by_role("button", name="Put the files back…").click()
    await expect(dialog.get_by_role("button", name="Put 2 items back")).to_be_enabled()
    (home / "notes.txt").write_text("changed while the dialog is open")
    await dialog.get_by_role("button", name="Put 2 items back").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("changed after this was shown")
    await expect(dialog).to_contain_text("notes.txt was changed since.")
    assert (home / "report.txt").exists()

    await dialog.get_by_role("checkbox").first.check()
    await page.set_viewport_size({"width": 640, "height": 360})
    await page.locator(".conversation .list").evaluate("each => { each.scrollTop = 0 }")
    await expect(page.get_by_role("button", name="Latest")).to_be_visible()
    await dialog.get_by_role("button", name="Put 2 items back").click()
    await expect(dialog).to_be_hidden()
    back = page.locator(".item.back")
    await expect(back).to_be_in_viewport()
    await page.set_viewport_size({"width": 1280, "height": 720})
    await expect(back).to_contain_text("Files put back")
    await expect(back).to_contain_text("Kept, because changed since: “plan.txt”.")
    assert (home / "notes.txt").read_text() == "mine"
    assert (home / "plan.txt").read_text() == "mine again"
    assert not (home / "report.txt").exists()

    await back.get_by_role("button", name="Undo…").click()
    undo = page.get_by_role("dialog", name="Undo putting the files back")
    await undo.get_by_role("button", name="Put 2 items back").click()
    await expect(undo).to_be_hidden()
    assert (home / "notes.txt").read_text() == "changed while the dialog is open"
    assert (home / "report.txt").read_text() == "by the agent"


async def test_a_task_that_changed_nothing_offers_nothing_and_a_running_one_refuses(
    page: Page, data: Path
) -> None:
    await say(page, "save only.txt")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    await expect(page.get_by_role("button", name="Put the files back…")).to_have_count(1)
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_have_count(2)
    await say(page, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    await expect(page.get_by_role("button", name="Put the files back…")).to_have_count(1)
    await page.get_by_role("button", name="Put the files back…").click()
    dialog = page.get_by_role("dialog", name="Put the files back")
    await expect(dialog.get_by_role("alert")).to_contain_text("A task is running.")
    await expect(dialog.get_by_role("button", name="Put 1 item back")).to_be_disabled()
    await dialog.get_by_role("button", name="Close").click()
    assert (home_of(page, data) / "only.txt").exists()


async def test_typed_words_put_files_back_after_a_yes(page: Page, data: Path) -> None:
    home = home_of(page, data)
    (home / "notes.txt").write_text("mine")
    await say(page, "save notes.txt report.txt")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    question = page.locator(".item.question", has_text="Put the files back?")

    await say(page, "put the files back")
    await expect(question).to_contain_text("“report.txt” is deleted")
    await question.get_by_role("button", name="No").click()
    await expect(page.locator(".item.reply")).to_contain_text("Nothing was put back.")
    assert (home / "report.txt").exists()

    await say(page, "undo the file changes")
    await expect(question.last.get_by_role("button", name="Yes")).to_be_enabled()
    await say(page, "yes")
    await expect(page.locator(".item.back")).to_contain_text("Deleted: “report.txt”.")
    assert (home / "notes.txt").read_text() == "mine"
    assert not (home / "report.txt").exists()

    await say(page, "undo that")
    undo = page.locator(".item.question", has_text="Undo putting the files back?")
    await undo.get_by_role("button", name="Yes").click()
    await expect(page.locator(".item.back")).to_have_count(2)
    assert (home / "report.txt").read_text() == "by the agent"
