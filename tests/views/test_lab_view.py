"""The Lab in a browser: recorded experiments looked into; a real one run, cut, gone on with."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe import faults
from chromium import alaunch, off_site
from lab_recorded import CAREFUL, experiment, record
from lab_stage import small
from pilot_page import PILOT
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect
from served import Served, entrance, serve

from agent.experiments.run.store import Store

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)
CUT = re.compile("stopped by you|cancelled")
TABS = ("list", "design", "live", "compare", "trial", "prompts")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with one experiment that is done, and one that was cut."""
    data = tmp_path_factory.mktemp("data")
    record(data / "experiments", experiment("early", tasks=3))
    cut = next((data / "experiments").glob("early-*"))
    shutil.rmtree(cut / "trials" / "plain--hello-2--001")
    record(data / "experiments")
    with serve(PILOT, data) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[BrowserContext]:
    """One browser for all of them, which must never ask for anything off the server."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        context.set_default_timeout(PATIENCE)
        strangers = off_site(context)
        yield context
        assert strangers == []


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: BrowserContext) -> AsyncIterator[Page]:
    """A fresh page, without errors of scripts."""
    page = await browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    await page.close()
    assert wrong == []


async def visit(page: Page, served: Served, tab: str = "list", more: str = "") -> Locator:
    """Open the Lab at a tab, and wait until its contents are there."""
    await page.goto(entrance(f"{served.url}?view=lab&lab={tab}{more}"))
    lab = page.locator(".lab")
    await expect(lab).to_have_attribute("data-tab", tab)
    await expect(page.locator(".lab:not(.loading)")).to_be_visible()
    return lab


async def test_the_list_says_how_each_experiment_stands(page: Page, lab: Served) -> None:
    """Arms, size, how trials ended, and the verdict once all is done; else how to go on."""
    await visit(page, lab)
    done = page.locator(".experiment", has=page.get_by_role("heading", name="careful"))
    await expect(done).to_contain_text("8 tasks × 2 repeats = 32 trials")  # noqa: RUF001
    await expect(done).to_contain_text("20 passed")
    await expect(done).to_contain_text("4 error")
    await expect(done.locator(".verdict")).to_contain_text("between careful and plain")
    cut = page.locator(".experiment", has=page.get_by_role("heading", name="early"))
    await expect(cut.locator(".verdict")).to_have_count(0)
    await expect(cut.get_by_role("button", name="Go on (1 left)")).to_be_enabled()


async def test_many_experiments_are_looked_for_and_one_is_deleted(
    page: Page, tmp_path: Path
) -> None:
    """By words of name, arms or hypothesis; deleted only when asked twice, a damaged one, too."""
    root = tmp_path / "experiments"
    for n in range(4):
        Store.create(root, small({"plain": "good", f"arm{n}": "bad"}, name=f"study-{n}"))
    Store.create(root, small(name="kind", hypothesis="Kindness helps."))
    (root / "broken-1").mkdir()
    (root / "broken-1" / "experiment.json").write_text("{")
    with serve(PILOT, tmp_path) as served:
        await visit(page, served)
        cards = page.locator(".card")
        await expect(cards).to_have_count(6)
        find = page.get_by_role("searchbox", name="Find")
        for words, count in (("arm2", 1), ("KINDNESS helps", 1), ("study plain", 4), ("", 6)):
            await find.fill(words)
            await expect(cards).to_have_count(count)
        await find.fill("nothing of this")
        none = page.locator(".lab").get_by_role("status")
        await expect(none).to_have_text("No experiment has these words.")
        await find.fill("")
        card = page.locator(".experiment", has=page.get_by_role("heading", name="study-1"))
        await card.get_by_role("button", name="Delete…").click()
        await expect(card).to_contain_text("Delete 0 trials for good?")
        await card.get_by_role("button", name="Keep").click()
        await expect(card.get_by_role("button", name="Copy design")).to_be_visible()
        await card.get_by_role("button", name="Delete…").click()
        await card.get_by_role("button", name="Delete", exact=True).click()
        await expect(cards).to_have_count(5)
        damaged = page.locator(".damaged")
        await damaged.get_by_role("button", name="Delete…").click()
        await damaged.get_by_role("button", name="Delete", exact=True).click()
        await expect(cards).to_have_count(4)
    assert sorted(p.parent.name.rpartition("-")[0] for p in root.glob("*/experiment.json")) == [
        "kind", "study-0", "study-2", "study-3",
    ]  # fmt: skip


async def test_faults_are_told_where_they_are(page: Page, lab: Served) -> None:
    """Start with an empty name says so at the name and goes there; mended, it is gone."""
    await visit(page, lab, "design")
    side = page.locator(".lab .side")
    await expect(side).to_contain_text("Give the experiment a name")
    await expect(page.locator(".field.wrong")).to_have_count(0)
    await side.get_by_role("button", name="Start").click()
    name = page.get_by_label("Name", exact=True).first
    await expect(name).to_be_focused()
    await expect(page.locator(".field.wrong")).to_contain_text("Give the experiment a name")
    await name.fill("two words")
    await expect(page.locator(".field.wrong")).to_contain_text("no spaces")
    await name.fill("fine")
    await expect(page.locator(".field.wrong")).to_have_count(0)
    model = page.get_by_label("Model").first
    await model.fill("gpt-9")
    await expect(page.locator(".field.wrong")).to_contain_text("no model “gpt-9”")


async def test_a_design_shows_what_differs_and_what_it_can_find(page: Page, lab: Served) -> None:
    """A prompt changed here: only that differs, word by word; a reload keeps the form."""
    await visit(page, lab, "design")
    side = page.locator(".lab .side")
    await page.get_by_label("Name", exact=True).first.fill("looking")
    await expect(side).to_contain_text("The arm b is the same as the baseline a")
    second = page.locator(".arm").nth(1)
    await second.locator("summary", has_text="Prompt's text").click()
    await second.get_by_label("Text; its hash names the version").fill(CAREFUL)
    await expect(side.locator(".diff ins")).to_contain_text("Look at the screen first.")
    differing = side.locator("table tbody th")
    await expect(differing).to_have_text(["prompt"])
    await page.get_by_role("button", name="None").click()
    await expect(side).to_contain_text("Choose at least one task")
    await page.get_by_role("button", name=re.compile(r"^light")).click()
    await page.get_by_label("Repeats of every task").fill("3")
    await expect(side.locator(".factsheet")).to_contain_text("2 × 15 × 3")  # noqa: RUF001
    await expect(side.locator(".power")).to_have_attribute("aria-label", re.compile("35 points"))
    await page.reload()
    await expect(page.get_by_label("Name", exact=True).first).to_have_value("looking")
    await expect(side.locator(".diff ins")).to_contain_text("Look at the screen first.")


async def test_narration_is_chosen_for_an_arm(page: Page, lab: Served) -> None:
    """A select among the arm's details; it differs, is kept over a reload, and goes with a copy."""
    await visit(page, lab, "design")
    await page.get_by_label("Name", exact=True).first.fill("spoken")
    second = page.locator(".arm").nth(1)
    await second.locator("summary", has_text="Effort, narration").click()
    await second.get_by_label("Narration").select_option("report afterwards")
    row = page.locator(".lab .side table tbody tr", has_text="narration")
    await expect(row).to_contain_text("report-after")
    await expect(page.locator(".lab .side")).to_contain_text("in no task does a person listen")
    await page.reload()
    await expect(row).to_contain_text("report-after")
    await second.locator("summary", has_text="Effort, narration").click()
    await expect(second.get_by_label("Narration")).to_have_value("report-after")
    await second.get_by_label("Narration").select_option("")
    await expect(page.locator(".lab .side")).to_contain_text("The arm b is the same")


async def test_a_version_is_tried_with_its_narration(page: Page, lab: Served) -> None:
    """From the prompts' view into a design: style and text are the new arm's, and both differ."""
    await visit(page, lab)
    await page.get_by_role("button", name="Prompts", exact=True).click()
    await page.get_by_role("button", name="New prompt").click()
    await page.get_by_label("Name of the new prompt").fill("quiet")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.locator(".edit h2")).to_have_text("quiet")
    await page.get_by_label("System prompt").fill("Say little.")
    await page.get_by_label("Narration").select_option("report-after")
    await page.get_by_role("button", name="Save version").click()
    await expect(page.locator(".prompts .told")).to_contain_text("Saved as")
    await page.get_by_role("tab", name="Use elsewhere").click()
    await page.get_by_role("button", name="Compare with the default in the Lab").click()
    await page.get_by_label("Name", exact=True).first.fill("quiet")
    differing = page.locator(".lab .side table tbody th")
    await expect(differing).to_have_text(["prompt", "narration"])
    row = page.locator(".lab .side table tbody tr", has_text="narration")
    await expect(row).to_contain_text("report-after")
    await expect(row).to_contain_text("act-while-speaking")


async def test_a_copied_design_is_known_again(page: Page, lab: Served) -> None:
    """Its tasks come with it; a paid arm without a key is told so."""
    await visit(page, lab)
    done = page.locator(".experiment", has=page.get_by_role("heading", name="careful"))
    await done.get_by_role("button", name="Copy design").click()
    await expect(page.get_by_label("Name", exact=True).first).to_have_value("careful")
    await expect(page.locator(".form")).to_contain_text("8 tasks chosen")
    await expect(page.locator(".lab .side")).to_contain_text("needs ANTHROPIC_API_KEY")
    await page.get_by_label("Model").first.fill("offline")
    await page.get_by_label("Model").nth(1).fill("offline")
    await expect(page.locator(".lab .side .factsheet")).to_contain_text("2 × 8 × 2")  # noqa: RUF001


async def test_the_grid_tells_errors_from_failures(page: Page, lab: Served) -> None:
    """Every cell in words; arrow keys move, Enter opens the trial that did not pass."""
    await visit(page, lab, "live")
    await expect(page.locator(".phase")).to_have_text("Finished")
    await expect(page.get_by_role("button", name="Try 4 errors again")).to_be_enabled()
    await expect(page.get_by_role("progressbar", name="Trials")).to_have_attribute(
        "aria-valuetext", "32 of 32"
    )
    cell = page.get_by_role("button", name="hello-0, careful: 2 failed")
    await expect(page.get_by_role("button", name="hello-7, plain: 2 error (ours)")).to_be_visible()
    await page.get_by_role("button", name="hello-0, plain: 2 passed").focus()
    await page.keyboard.press("ArrowRight")
    await expect(cell).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".trialname")).to_have_text("careful · hello-0 · 000")


async def test_arms_are_compared_task_by_task(page: Page, lab: Served) -> None:
    """Difference with its interval, what was fixed and broken, cost, time; errors stand apart."""
    await visit(page, lab, "compare")
    await expect(page.locator(".answer .verdict")).to_contain_text("No clear difference")
    interval = page.get_by_role("img", name=re.compile(r"Difference in success: \+29 points"))
    await expect(interval).to_be_visible()
    pairs = page.locator(".pairs tbody tr")
    await expect(pairs.first).to_contain_text("Broken")
    await expect(pairs.filter(has_text="Fixed")).to_have_count(3)
    await expect(pairs.filter(has_text="hello-7")).to_contain_text("Errors only")
    await expect(page.get_by_role("img", name=re.compile("plain: 57 % for"))).to_be_visible()
    await expect(page.locator(".timebar")).to_have_count(2)
    await page.get_by_role("button", name="careful, try 2: failed").first.click()
    await expect(page.locator(".trialname")).to_have_text("careful · hello-0 · 001")


async def test_an_early_look_is_told_as_such(page: Page, lab: Served) -> None:
    """Before the end, comparing warns that it weakens the test."""
    await visit(page, lab, "list")
    cut = page.locator(".experiment", has=page.get_by_role("heading", name="early"))
    await cut.get_by_role("button", name="Compare").click()
    await expect(page.locator(".compare .known")).to_contain_text("11 of 12 trials are done")


async def test_mended_checks_judge_again_from_the_page(page: Page, tmp_path: Path) -> None:
    """What was changed is told with its date; the button changes verdicts, and runs nothing."""
    old = experiment("mended", tasks=2)
    checks = ({"said": {"contains": "written"}},)
    tasks = tuple(task.model_copy(update={"checks": checks}) for task in old.tasks)
    record(tmp_path / "experiments", old).amend(old.model_copy(update={"tasks": tasks}))
    with serve(PILOT, tmp_path) as served:
        await visit(page, served, "compare")
        compare = page.locator(".compare")
        await expect(compare).to_contain_text("checks of the task hello-0")
        await expect(compare).to_contain_text(
            "8 verdicts are of checks that have been corrected since"
        )
        failed = compare.get_by_role("button", name="careful, try 1: failed")
        await expect(failed).to_have_count(1)
        await compare.get_by_role("button", name="Judge again").click()
        await expect(failed).to_have_count(0)
        await expect(compare).not_to_contain_text("corrected since")


async def test_reports_are_taken_away(page: Page, lab: Served) -> None:
    """As Markdown and as HTML; strangers get neither, nor what does not exist."""
    await visit(page, lab, "compare")
    for kind, words in (("HTML", "<!doctype html>"), ("Markdown", "# Experiment: careful")):
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name=f"Report ({kind})").click()
        download = await waiting.value
        assert download.suggested_filename.startswith("careful-")
        assert Path(await download.path()).read_text("utf-8").startswith(words)
    href = await page.get_by_role("link", name="Report (HTML)").get_attribute("href")
    base = lab.url.rsplit("/", 1)[0]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{base}/{href}")
    gone = await page.request.get(f"{base}/lab/nowhere-0000000000/report.md")
    assert (gone.status, await gone.text()) == (
        404,
        "There is no experiment “nowhere-0000000000”; it may have been deleted.\n",
    )


async def test_a_trial_is_looked_into(page: Page, lab: Served) -> None:
    """Reason, metrics, steps with their pictures, where it parts from another try; then Replay."""
    await visit(page, lab, "trial")
    await expect(page.locator(".outcome")).to_contain_text("failed")
    await expect(page.locator(".outcome")).to_contain_text("there is no file hello.txt")
    picture = page.locator(".story img")
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("img => img.naturalWidth") > 0
    await expect(page.locator(".story figcaption")).to_contain_text("Picture 3 of 3")
    await page.locator(".step.lane-tools").first.click()
    await expect(page.locator(".step[aria-current=true]")).to_have_count(1)
    await page.get_by_role("slider", name="Pictures").press("Home")
    await expect(page.locator(".story figcaption")).to_contain_text("Picture 1 of 3")
    await expect(page.locator(".fact", has_text="Turns")).to_contain_text("2")
    await expect(page.locator(".lab")).to_contain_text("The other")
    name = await page.locator(".trialname").inner_text()
    await page.get_by_role("button", name="Next").click()
    await expect(page.locator(".trialname")).not_to_have_text(name)
    await page.locator(".trial").get_by_role("button", name="Replay", exact=True).click()
    await expect(page.locator(".rail .item[data-key=replay]")).to_have_attribute(
        "aria-current", "page"
    )
    await expect(page.locator(".replay")).to_be_visible()
    assert "lab-trial" not in page.url


async def test_prompts_have_a_history(page: Page, lab: Served) -> None:
    """Each text by its hash: where it was tried, and with what success."""
    await visit(page, lab, "prompts")
    careful = page.locator(".prompts > ul > li", has=page.get_by_role("heading", name="careful"))
    await expect(careful.locator("code")).to_have_text(re.compile(r"^[0-9a-f]{10}$"))
    await expect(careful.locator("tbody tr")).to_have_count(2)
    await expect(careful).to_contain_text("12/14")
    await expect(careful).to_contain_text("86 %")
    await careful.get_by_role("button", name="Compare").first.click()
    await expect(page.locator(".compare .pick select").first).to_be_visible()


async def test_the_address_keeps_the_place(page: Page, lab: Served) -> None:
    """A reload comes back to tab and trial, and so does the browser's own way back."""
    await visit(page, lab, "compare")
    await page.get_by_role("button", name="careful, try 1: failed").first.click()
    await expect(page.locator(".trialname")).to_have_text("careful · hello-0 · 000")
    await page.reload()
    await expect(page.locator(".trialname")).to_have_text("careful · hello-0 · 000")
    await page.get_by_role("tab", name="Run").click()
    await expect(page.locator("table.grid")).to_be_visible()
    await page.go_back()
    await expect(page.locator(".trialname")).to_have_text("careful · hello-0 · 000")
    await page.goto(f"{lab.url}?view=lab&lab=live&lab-experiment=nowhere-0000000000")
    await expect(page.get_by_role("alert")).to_contain_text("There is no experiment")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_tab_can_be_used_by_everybody(page: Page, lab: Served, theme: str) -> None:
    """No serious fault of accessibility in either theme; nothing is cut off on a phone."""
    await page.emulate_media(color_scheme=theme)
    wrong = []
    for tab in TABS:
        await page.set_viewport_size({"width": 1280, "height": 720})
        lab_view = await visit(page, lab, tab)
        ink = await lab_view.evaluate("lab => getComputedStyle(lab).color")
        await expect(page.locator(".room-slot h5 p")).to_have_css("color", ink)
        wrong += [f"{tab}: {fault}" for fault in await faults(page)]
        await page.set_viewport_size({"width": 390, "height": 844})
        over = await page.locator(".lab").evaluate("lab => lab.scrollWidth - lab.clientWidth")
        wrong += [f"{tab}: {over} pixels too wide for a phone"] if over > 0 else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_an_experiment_is_run_cut_and_gone_on_with(page: Page, tmp_path: Path) -> None:
    """From the empty Lab: begun and stopped on the page, cut by the server's death, finished."""
    with serve(PILOT, tmp_path) as first:
        await visit(page, first)
        await page.get_by_role("button", name="Try the keyless example").click()
        await page.get_by_role("button", name="None").click()
        await page.get_by_text("One by one").click()
        for task in ("make-folders", "note-write"):
            await page.get_by_role("checkbox", name=task).check()
        await page.get_by_label("Repeats of every task").fill("1")
        await expect(page.locator(".factsheet")).to_contain_text("2 × 2 × 1")  # noqa: RUF001
        await page.locator(".lab .side").get_by_role("button", name="Start").click()
        await expect(page.locator(".thumb img").first).to_be_visible(timeout=120_000)
        await expect(page.locator(".mark-r").first).to_be_visible()
        await page.get_by_role("tab", name="Design").click()
        await expect(page.locator(".lab .side")).to_contain_text("one experiment runs at a time")
        await expect(page.get_by_role("button", name="Start")).to_be_disabled()
        await page.get_by_role("tab", name="Run").click()
        await page.get_by_role("button", name="Stop", exact=True).click()
        phase = page.locator(".phase")
        await expect(phase).to_have_text("Not finished")
        await expect(page.locator(".counts")).to_contain_text(
            re.compile("stopped by you|cancelled")
        )
        await page.get_by_role("button", name=re.compile("Go on")).click()
        await expect(page.locator(".thumb img").first).to_be_visible(timeout=120_000)
        first.process.kill()
        first.process.wait()
    with serve(PILOT, tmp_path) as second:
        await visit(page, second, "live")
        await expect(phase).to_have_text("Not finished")
        await page.get_by_role("button", name=re.compile("Go on")).click()
        await expect(phase).to_have_text("Finished", timeout=180_000)
        await expect(
            page.get_by_role("button", name="make-folders, steps: 1 passed")
        ).to_be_visible()
        await expect(
            page.get_by_role("button", name="make-folders, goal: 1 failed")
        ).to_be_visible()
        await page.get_by_role("button", name="Compare", exact=True).click()
        await expect(page.locator(".answer")).to_contain_text("steps")
        await expect(page.locator(".pairs tbody tr")).to_have_count(2)
        await page.get_by_role("tab", name="Experiments").click()
        await page.get_by_role("button", name="Copy design").click()
        await page.get_by_label("Repeats of every task").fill("2")
        side = page.locator(".lab .side")
        await expect(side).to_contain_text("4 of 8 trials are done, Start runs the rest")
        await side.get_by_role("button", name="Start").click()
        await expect(page.get_by_role("progressbar", name="Trials")).to_have_attribute(
            "aria-valuetext", "8 of 8", timeout=180_000
        )
        await expect(phase).to_have_text("Finished", timeout=180_000)
        await page.get_by_role("button", name="Compare", exact=True).click()
        await expect(page.locator(".compare")).to_contain_text("repeats: 1 → 2")
        assert len(list((tmp_path / "experiments").glob("*/trials/*"))) == 8
