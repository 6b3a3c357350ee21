"""A study of own tasks from the empty page to what is published, in one browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import pytest_asyncio
from chromium import alaunch, off_site
from lab_files import write_task
from lab_in_memory import HOLD
from playwright.async_api import Locator, Page, async_playwright, expect
from served import entrance, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
]
PILOT = Path(__file__).parent / "lab_pilot" / "dashboard"
PATIENCE = 240_000
expect.set_options(timeout=PATIENCE)

TASKS = 8
PROOFS = {
    "phrasings": {"steps": "Write it step by step."},
    "oracle": [{"shell": "printf hello > ~/hello.txt"}],
    "near_miss": [{"shell": "printf hell > ~/hello.txt"}],
}


@pytest_asyncio.fixture(loop_scope="module")
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright, alaunch(playwright) as context:
        context.set_default_timeout(PATIENCE)
        strangers = off_site(context)
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        yield page
        assert (wrong, strangers) == ([], [])


async def visit(page: Page, url: str, tab: str) -> None:
    await page.goto(entrance(f"{url}?view=lab&lab={tab}"))
    await expect(page.locator(".lab")).to_have_attribute("data-tab", tab)
    await expect(page.locator(".lab:not(.loading)")).to_be_visible()


async def choose_own(page: Page) -> Locator:
    """The example's two arms on the person's own tasks; returns what stands beside the form."""
    await page.get_by_role("button", name="Try the keyless example").click()
    await page.get_by_role("button", name="None").click()
    await page.get_by_text("One by one").click()
    for n in range(TASKS):
        await page.get_by_role("checkbox", name=f"own-{n}").check()
    await page.get_by_label("Repeats of every task").fill("1")
    return page.locator(".lab .side")


async def finish(page: Page, trials: int) -> None:
    progress = page.get_by_role("progressbar", name="Trials")
    await expect(progress).to_have_attribute("aria-valuetext", f"{trials} of {trials}")
    await expect(page.locator(".phase")).to_have_text("Finished")


async def test_a_study_is_proved_begun_cut_extended_judged_again_gated_and_published(
    page: Page, tmp_path: Path
) -> None:
    """Every trial is run once; what a mended check changes is in the gate and in the report."""
    for n in range(TASKS):
        write_task(tmp_path, f"own-{n}", **PROOFS)
    write_task(tmp_path, "broken", instruction="")
    trials = tmp_path / "experiments"
    with serve(PILOT, tmp_path) as served:
        await visit(page, served.url, "list")
        side = await choose_own(page)
        await expect(page.locator(".lab .form")).to_contain_text("broken/task.yaml is wrong")
        await expect(side.locator(".proofs summary")).to_have_text(f"{TASKS} tasks not proved")
        await side.locator(".proofs summary").click()
        await side.get_by_role("button", name="Prove the tasks").click()
        await expect(side.locator(".proofs")).to_have_count(0)
        assert len(list(trials.glob(".proofs/*/trials/*"))) == 3 * TASKS

        (tmp_path / HOLD).touch()
        await side.get_by_role("button", name="Start").click()
        await expect(page.locator(".mark-r").first).to_be_visible()
        await page.get_by_role("button", name="Stop", exact=True).click()
        await expect(page.locator(".phase")).to_have_text("Not finished")
        (tmp_path / HOLD).unlink()
        await page.get_by_role("button", name=re.compile("Go on")).click()
        await finish(page, 2 * TASKS)

        await page.get_by_role("button", name="Copy design").click()
        await page.get_by_label("Repeats of every task").fill("2")
        await expect(side).to_contain_text(f"{2 * TASKS} of {4 * TASKS} trials are done")
        await side.get_by_role("button", name="Start").click()
        await finish(page, 4 * TASKS)

        write_task(tmp_path, "own-0", **PROOFS, checks=[{"said": {"contains": "Done"}}])
        await page.get_by_role("button", name="Compare", exact=True).click()
        compare = page.locator(".compare")
        await expect(compare).to_contain_text(
            "4 verdicts are of checks that have been corrected since"
        )
        await compare.get_by_role("button", name="Judge again").click()
        await expect(compare).not_to_contain_text("corrected since")
        await expect(compare).to_contain_text("checks of the task own-0")
        await expect(compare.locator(".big").first).to_have_text("+88 points")

        await hold(compare, "10", "passed")
        await hold(compare, "95", "failed|undecided")
        unit = ElementTree.fromstring(await taken(page, "For CI (JUnit)"))
        assert [suite.get("failures") for suite in unit] == ["1"]
        report = (await taken(page, "Report (Markdown)")).replace("\\", "")
        assert "repeats: 1 → 2" in report
        assert "checks of the task own-0" in report
        assert "Verdicts changed by corrected checks: 2" in report
        assert (await taken(page, "Report (HTML)")).startswith("<!doctype html>")
    assert len(list(trials.glob("wording-*/trials/*"))) == 4 * TASKS


async def hold(compare: Locator, points: str, outcome: str) -> None:
    await compare.get_by_label("Smallest difference in success, points").fill(points)
    await compare.get_by_role("button", name="Test", exact=True).click()
    asked = re.compile(f"(?:{outcome}): .*at least [+]{points} points")
    await expect(compare.locator(".gates")).to_contain_text(asked)


async def taken(page: Page, link: str) -> str:
    """What a link gives as a file."""
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=link).click()
    return Path(await (await waiting.value).path()).read_text("utf-8")
