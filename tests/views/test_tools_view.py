"""Tools run by hand from their forms: pointing, approvals, results, and giving way."""

from __future__ import annotations

import pytest
from pilot_page import say
from playwright.async_api import Page, expect

from agent.models.base import ToolSpec
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import build_tools
from dashboard.views.tools.forms import groups


def forms() -> dict[str, dict[str, object]]:
    """Every real tool's form by name."""
    listed = groups(tool.spec for tool in build_tools(FakeDesktop()))
    return {member["name"]: member for group in listed for member in group["members"]}


def test_every_tool_has_a_form_from_its_schema() -> None:
    """All members of all tools, with fields of a kind that a person can fill."""
    found = forms()
    assert found.keys() == {name for t in build_tools(FakeDesktop()) for name in t.spec.members}
    kinds = {f["kind"] for form in found.values() for f in form["fields"]}  # type: ignore[attr-defined]
    assert {"point", "region", "choice", "lines", "text", "integer", "number"} <= kinds
    for form in found.values():
        assert form["says"]
        assert form["title"]


def test_fields_of_one_choice_are_shown_with_it_only() -> None:
    """The editor's fields say for which command they are."""
    fields = {f["name"]: f for f in forms()["str_replace_based_edit_tool"]["fields"]}  # type: ignore[attr-defined]
    assert fields["old_str"]["when"] == "str_replace"
    assert fields["view_range"] | {"says": ""} == {
        "name": "view_range",
        "title": "View range",
        "kind": "numbers",
        "required": False,
        "when": "view",
        "says": "",
        "options": [],
    }
    assert "when" not in fields["path"]


def test_an_unknown_kind_of_field_is_a_text() -> None:
    """A tool of somebody else's making has a form too."""
    schema = {"type": "object", "properties": {"thing": {"description": "What?"}}}
    group = groups([ToolSpec("own_tool", "It does.", {"own_tool": schema})])[0]
    assert group["title"] == "Own tool"
    assert group["members"][0]["fields"][0]["kind"] == "text"


async def open_tools(page: Page) -> None:
    await page.get_by_role("button", name="Tools").click()
    await expect(page.locator(".picture img")).to_be_visible()


@pytest.mark.browser
async def test_a_click_on_the_picture_fills_the_form(page: Page) -> None:
    """The middle of the picture is the middle of the desktop, in its pixels; Run acts there."""
    await open_tools(page)
    await page.get_by_role("button", name="Left click", exact=True).click()
    picture = page.locator(".picture img")
    box = await picture.bounding_box()
    assert box is not None
    await picture.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    field = page.get_by_label("Coordinate")
    x, y = map(int, (await field.input_value()).split(","))
    assert abs(x - 320) <= 2
    assert abs(y - 200) <= 2
    await page.get_by_role("button", name="Run", exact=True).click()
    result = page.locator(".result").first
    await expect(result).to_contain_text("Done")
    await expect(result).to_contain_text(f"({x}, {y})")
    shown = result.locator("img")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await page.get_by_role("button", name="Talk").click()
    await expect(page.locator(".action")).to_contain_text(f"({x}, {y})")


@pytest.mark.browser
async def test_what_needs_approval_is_asked_in_place(page: Page) -> None:
    """The question stands in the result; Deny keeps the tool from running."""
    await open_tools(page)
    await page.get_by_role("button", name="Run a command").click()
    await page.get_by_label("Command").fill("rm -r ~")
    await page.get_by_role("button", name="Run", exact=True).click()
    asked = page.locator(".result .asked")
    await expect(asked).to_contain_text("rm -r ~")
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    await asked.get_by_role("button", name="Deny").click()
    await expect(page.locator(".result").first).to_contain_text("Not run")
    await expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


@pytest.mark.browser
async def test_the_agent_at_work_must_be_held_first(page: Page) -> None:
    """Run is barred with the reason and the way out; a reload keeps the results."""
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await open_tools(page)
    run = page.get_by_role("button", name="Run", exact=True)
    await expect(run).to_be_disabled()
    await page.get_by_role("button", name="Hold the agent").click()
    await expect(page.locator(".badge .word")).to_have_text("Holding")
    await run.click()
    await expect(page.locator(".result").first).to_contain_text("Done")
    await page.get_by_role("button", name="Let it go on").click()
    await expect(run).to_be_disabled()
    await page.get_by_role("button", name="STOP").click()
    await expect(run).to_be_enabled()
    await page.reload()
    await expect(page.locator(".result")).to_have_count(1)
