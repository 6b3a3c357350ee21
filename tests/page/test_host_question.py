"""The card on which a person says whether a host may be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from network.guarded import GuardedDesktop
from pilot_page import PILOT, say
from playwright.async_api import Page, expect
from served import Served, serve

from agent.record import events as ev
from agent.session.kept_hosts import KeptHosts
from agent.session.parts import Parts
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel
from dashboard.fates import Item
from dashboard.transcript import Transcript


@pytest.fixture(scope="module")
def pilot(pilot_data: Path) -> Iterator[Served]:
    """One whose programs reach what is known, and must ask for the rest."""
    with serve(PILOT, pilot_data, env={"SAYSO_NETWORK": "listed"}, people=True) as served:
        yield served


async def item_of(folder: Path, kept: KeptHosts | None) -> tuple[Item, Item]:
    """The card's data: as the question stands, and after it was answered."""
    settings = Settings(_env_file=None, data_dir=folder, model="offline", network="listed")
    desktop, shown = GuardedDesktop(), Transcript(lambda sha256: sha256)
    parts = Parts(desktop=desktop, model=ScriptedModel([]), tools=[FakeTool()])
    if kept is not None:
        parts["kept_hosts"] = kept
    session = Session.create(settings, **parts)
    session.log.subscribe(shown.feed)
    await session.open()
    waiting = asyncio.create_task(desktop.guard.judge("a.example.com", 443))
    asked = await session.log.wait_for(lambda e: isinstance(e, ev.ApprovalAsked), timeout=60)
    assert isinstance(asked, ev.ApprovalAsked)
    [open_] = [each["put"] for each in shown.drain() if each["put"]["kind"] == "approval"]
    open_ = dict(open_)
    session.approve(asked.approval_id, "allow", channel="button", for_good=True)
    await waiting
    [answered] = [each["put"] for each in shown.drain() if each["put"]["kind"] == "approval"]
    await session.close()
    return open_, answered


async def test_the_cards_data_say_what_may_be_answered_and_for_how_long(tmp_path: Path) -> None:
    item, answered = await item_of(tmp_path, KeptHosts(tmp_path / "hosts"))
    assert item["text"] == (
        "The desktop wants to reach a.example.com: once, for this session, always, or no?"
    )
    assert (item["lasting"], item["grant"]) == (True, "reaching a.example.com.")
    assert item["phrase"] == "yes, reach it"
    assert item["until"] > item["at"]
    assert (answered["decision"], answered["for_good"]) == ("allow", True)
    assert not answered["remembered"]


async def test_always_is_not_offered_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """Nor is it taken there, whatever the page sends."""
    item, answered = await item_of(tmp_path, None)
    assert "always" not in item["text"]
    assert not item["lasting"]
    assert (answered["decision"], answered["for_good"]) == ("allow", False)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("button", "verdict"),
    [
        ("Once", "Allowed"),
        ("Deny", "Denied"),
        ("For this session", "Allowed for this session: reaching a.example.com."),
        ("Always", "Always allowed: reaching a.example.com."),
    ],
)
async def test_each_button_of_the_card_is_its_answer(page: Page, button: str, verdict: str) -> None:
    await say(page, "reach a.example.com")
    card = page.locator(".approval.open")
    await expect(card).to_contain_text("The desktop wants to reach a.example.com: once, for this")
    await expect(card).to_be_in_viewport(ratio=1)
    await expect(card.get_by_role("timer")).to_be_visible()
    await expect(card.locator(".grant")).to_contain_text("This allows reaching a.example.com.")
    await card.get_by_role("button", name=button, exact=True).click()
    await expect(page.locator(".approval .verdict")).to_have_text(verdict)
    await expect(page.locator(".outcome")).to_have_count(1)


@pytest.mark.browser
@pytest.mark.parametrize("button", ["For this session", "Always"])
async def test_what_was_allowed_is_in_settings_and_can_be_taken_back(
    page: Page, button: str
) -> None:
    """Until then it is reached unasked; after that it is asked about again."""
    card = page.locator(".approval.open")
    await say(page, "reach a.example.com")
    await card.get_by_role("button", name=button, exact=True).click()
    await expect(page.locator(".outcome")).to_have_count(1)
    await say(page, "reach a.example.com")
    await expect(page.locator(".outcome")).to_have_count(2)
    await expect(page.locator(".approval")).to_have_count(1)
    await page.get_by_role("button", name="Settings", exact=True).click()
    await page.get_by_role("button", name="Ask again about reaching a.example.com").click()
    await expect(page.locator(".grants li")).to_have_count(0)
    await page.get_by_role("button", name="Talk", exact=True).click()
    await say(page, "reach a.example.com")
    await expect(card).to_be_visible()
    await card.get_by_role("button", name="Deny").click()
    await expect(page.locator(".outcome")).to_have_count(3)


@pytest.mark.browser
async def test_hosts_that_wait_are_one_card_and_fit_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    hosts = [f"{letter}.example.com" for letter in "abcdefgh"]
    await say(page, f"reach {' '.join(hosts)}")
    card = page.locator(".approval.open")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("a.example.com, b.example.com and 6 other hosts")
    for host in hosts:
        await expect(card.locator(".grant")).to_contain_text(host)
    for answer in ("Once", "Deny", "For this session", "Always"):
        button = card.get_by_role("button", name=answer, exact=True)
        await expect(button).to_be_in_viewport(ratio=1)
    await card.get_by_role("button", name="Once").click()
    await expect(page.locator(".outcome")).to_have_count(1)
    await expect(page.locator(".approval")).to_have_count(1)
