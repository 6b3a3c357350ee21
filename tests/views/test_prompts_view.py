"""The prompt editor in the page: versions, faults, difference, trial, and use elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pilot_page import arrive, say
from playwright.async_api import BrowserContext, Locator, Page, expect
from pydantic import ValidationError
from served import Served

from agent.errors import BadInput
from agent.experiments.plan.spec import Arm, with_prompt
from agent.prompts.library import PromptLibrary
from agent.settings import Settings
from dashboard.views.prompts.drafts import Draft, difference, draft_of, usage, verdict


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    return PromptLibrary(tmp_path / "prompts")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path)


def test_a_preview_is_what_the_model_would_read(settings: Settings) -> None:
    """Filled in with the session's own values; a faulty draft has faults instead."""
    assert verdict(Draft(template="On {{ width }}."), settings)["preview"] == "On 1280."
    faulty = verdict(Draft(template="One\n{{ nowhere }}", tools=()), settings)
    assert [fault["line"] for fault in faulty["faults"]] == [2, 0]
    assert faulty["preview"] == ""


def test_a_difference_tells_of_style_and_tools_too(library: PromptLibrary) -> None:
    old = library.save("terse", "Be terse.")
    told = difference(old, Draft(template="Be.", narration="report-after", tools=("computer",)))
    assert told["lines"] == [["-", "Be terse."], ["+", "Be."]]
    assert len(told["also"]) == 2


def test_the_lines_for_an_experiment_work_there(library: PromptLibrary) -> None:
    """What the editor shows is an arm as experiments take it, and Python that finds the version."""
    version = library.save("my prompt", "Be terse.", tools=("computer", "editor"))
    use = usage(library, version)
    (given,) = yaml.safe_load(use["arm"])["arms"].values()
    arm = with_prompt(Arm.model_validate(given))
    assert (arm.prompt_text, arm.tools) == ("Be terse.", ("computer", "editor"))
    script = f"{use['python']}\nprint(version.template)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "Be terse.\n"


@pytest.mark.parametrize(
    "given", [None, "text", {"template": 1}, {"template": "x", "tools": ["z"]}]
)
def test_what_is_no_draft_is_refused(given: object) -> None:
    with pytest.raises(BadInput):
        draft_of(given)
    with pytest.raises(ValidationError):
        Draft.model_validate(given)


# In the page -------------------------------------------------------------------------------


def text(page: Page) -> Locator:
    return page.get_by_label("System prompt")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def open_prompts(page: Page) -> None:
    await button(page, "Prompts").click()
    await expect(page.locator(".edit h2")).to_have_text("default")


async def create(page: Page, name: str, template: str) -> None:
    """A prompt of one's own with this text, saved."""
    await button(page, "New prompt").click()
    await page.get_by_label("Name of the new prompt").fill(name)
    await button(page, "Create").click()
    await expect(page.locator(".edit h2")).to_have_text(name)
    await text(page).fill(template)
    await expect(button(page, "Save version")).to_be_enabled()
    await page.get_by_label("Note for this version").fill("shorter")
    await button(page, "Save version").click()
    await expect(page.locator(".versions .note").first).to_have_text("shorter")


@pytest.mark.browser
async def test_versions_are_made_and_compared(page: Page) -> None:
    """Each with its note; the difference is against any of them."""
    await open_prompts(page)
    await create(page, "terse", "You are terse.\nWork on {{ width }} pixels.\n")
    await expect(page.locator(".versions li")).to_have_count(2)
    await expect(page.locator(".prompts .told")).to_contain_text("Saved as")
    await expect(page.locator(".results pre.text")).to_contain_text("Work on 1280 pixels.")
    await page.get_by_role("tab", name="Difference").click()
    await expect(page.locator(".diff .added").first).to_contain_text("You are terse.")
    await expect(page.locator(".diff .removed").first).to_contain_text("You are Sayso")
    await text(page).fill("You are very terse.\nWork on {{ width }} pixels.\n")
    await page.get_by_label("Compare with").select_option(index=0)
    await expect(page.locator(".diff .added")).to_have_count(1)
    await page.locator(".versions button").last.click()
    await expect(text(page)).to_have_text(re.compile("^You are Sayso"))


@pytest.mark.browser
async def test_a_fault_is_told_at_its_line_and_bars_the_way(page: Page) -> None:
    """Until it is mended nothing is saved or tried; its line is one click away."""
    await open_prompts(page)
    await text(page).fill("Fine.\n{{ nowhere }}\n")
    await expect(page.locator(".faults")).to_contain_text("There is no variable “nowhere”")
    await expect(page.locator(".l.faulty")).to_have_text("{{ nowhere }}")
    await expect(button(page, "Save version")).to_be_disabled()
    await expect(button(page, "Try on this session")).to_be_disabled()
    await button(page, "Line 2").click()
    await expect(text(page)).to_be_focused()
    await page.keyboard.type("Mended.")
    await expect(page.locator(".faults li")).to_have_count(0)
    await expect(button(page, "Save version")).to_be_enabled()


@pytest.mark.browser
async def test_a_draft_outlives_a_reload(page: Page) -> None:
    await open_prompts(page)
    await text(page).fill("Half a thought")
    await expect(page.locator(".draft")).to_be_visible()
    await page.reload()
    await expect(text(page)).to_have_text("Half a thought")
    await expect(page.locator(".draft")).to_be_visible()


@pytest.mark.browser
async def test_a_prompt_is_tried_on_the_running_session(page: Page) -> None:
    """From the next task on, and the page says which is in use before and after."""
    await open_prompts(page)
    before = await page.locator(".in-use code").first.inner_text()
    await text(page).fill("Be terse.")
    await page.get_by_label("Narration").select_option("report-after")
    await button(page, "Try on this session").click()
    await expect(page.locator(".prompts .told")).to_contain_text("The next task uses")
    await expect(page.locator(".in-use")).to_contain_text("from its next task on")
    following = await page.locator(".in-use code").nth(1).inner_text()
    assert following != before
    await button(page, "Talk").click()
    speaks = page.get_by_role("button", name="How the agent speaks")
    await expect(speaks).to_have_attribute("title", "How the agent speaks: Report afterwards")
    await say(page, "repeat after me")
    await expect(page.locator(".outcome")).to_be_visible()
    await button(page, "Prompts").click()
    await expect(page.locator(".in-use")).to_have_text(f"This session uses {following}")


@pytest.mark.browser
async def test_new_sessions_begin_with_what_was_chosen(
    page: Page, context: BrowserContext, pilot: Served
) -> None:
    """Until its prompt is deleted."""
    await open_prompts(page)
    await create(page, "mine", "Be terse.")
    await button(page, "Use for new sessions").click()
    await expect(button(page, "Used for new sessions")).to_be_disabled()
    short = await page.locator(".versions code").first.inner_text()
    fresh = await arrive(await context.new_page(), f"{pilot.url}?session=new")
    await button(fresh, "Prompts").click()
    await expect(fresh.locator(".in-use")).to_have_text(f"This session uses {short}")
    await button(page, "Delete").click()
    await button(page, "Delete every version").click()
    await expect(page.locator(".edit h2")).to_have_text("default")
    again = await arrive(await context.new_page(), f"{pilot.url}?session=new")
    await button(again, "Prompts").click()
    await expect(again.locator(".in-use")).not_to_contain_text(short)


@pytest.mark.browser
async def test_an_experiment_is_two_clicks_away(page: Page) -> None:
    """The Lab's design then holds the prompt's text."""
    await open_prompts(page)
    await create(page, "for the lab", "Be terse for once.")
    await page.get_by_role("tab", name="Use elsewhere").click()
    await expect(page.locator(".uses")).to_contain_text("prompt: ")
    await button(page, "Compare with the default in the Lab").click()
    await expect(button(page, "Lab")).to_have_attribute("aria-current", "page")
    await expect(page.locator(".room-slot")).to_contain_text("for the lab")


@pytest.mark.browser
async def test_at_a_phones_width_nothing_is_cut_off(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_prompts(page)
    wide = await page.locator(".prompts").evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 0
