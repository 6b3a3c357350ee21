"""The inspector shows every event, every voice message, and how long each answer took."""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest
from pilot_page import say
from playwright.async_api import Page, expect

from agent.record import events as ev
from agent.record.log import EventLog
from dashboard.views.inspector.exchanges import Exchanges
from dashboard.views.inspector.lag import LagMeter, figures
from dashboard.views.inspector.ledger import Filter, Ledger
from dashboard.voice.client.wire import KEPT, Wire


def ledger() -> Ledger:
    """Two tasks, with words between them."""
    log, made = EventLog(), Ledger()
    log.append(ev.TaskStarted(task_id="a", text="first"))
    log.append(ev.TextStreamed(turn_id="t", text="Milk and eggs"))
    log.append(ev.TaskFinished(task_id="a", outcome="done"))
    log.append(ev.Failed(where="model", error="no milk"))
    log.append(ev.TaskStarted(task_id="b", text="second"))
    for event in log:
        made.add_event(event)
    return made


def test_events_belong_to_the_task_under_way() -> None:
    """From its beginning to its end, both included."""
    made = ledger()
    assert [record.group for record in made.records] == ["a", "a", "a", "", "b"]
    assert made.groups == {"a": "first", "b": "second"}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"text": "MILK"}, [1, 3]),
        ({"kinds": ["task_started"]}, [0, 4]),
        ({"kinds": ["task_started", "failed"], "group": "b"}, [4]),
        ({"text": "nowhere"}, []),
    ],
)
def test_filters_pass_what_fits_all_of_them(message: dict[str, object], found: list[int]) -> None:
    """Kind, task and text; later events are filtered alike."""
    made = ledger()
    made.filter = Filter.read(message)
    assert made.search(made.filter, made.records) == found


def test_programs_that_began_are_told_by_their_lines() -> None:
    """With who started each and why; the whole event can still be searched."""
    log, made = EventLog(), Ledger()
    shell = ("bash", "xfce4-terminal")
    begun = ev.StartedProgram(program="/usr/bin/touch", line="touch x", by=shell, how="line")
    panel = ev.StartedProgram(program="/usr/bin/xfce4-panel", line="xfce4-panel")
    log.append(ev.ProgramStarted(programs=(begun,), approval_id="approval_1"))
    log.append(ev.ProgramStarted(programs=(panel, begun) * 9))
    for event in log:
        made.add_event(event)
    assert made.records[0].says == "touch x (line, by bash) · approval_1"
    assert made.records[1].says.startswith("xfce4-panel (desktop) · touch x (line, by bash) · ")
    assert len(made.records[1].says) <= 240
    assert made.search(Filter(text="/usr/bin/touch"), made.records) == [0, 1]


def test_a_ticket_is_kept_without_what_it_opens() -> None:
    """No token comes into the inspector; and the wire forgets the oldest messages."""
    wire = Wire()
    wire.note("out", {"type": "ticket", "query": {"access_token": "secret"}, "provider": "hume"})
    wire.note("out", {"type": "evi", "message": {"type": "assistant_input", "text": "Hello"}})
    assert "secret" not in json.dumps([message.body for message in wire])
    assert [message.kind for message in wire] == ["ticket", "assistant_input"]
    for _ in range(KEPT):
        wire.note("in", {"type": "local.speech", "on": True})
    assert len(list(wire)) == KEPT


def test_lanes_before_the_words_belong_to_them() -> None:
    """What was measured at the onset is shown with the utterance; the totals are summed."""
    exchanges, log = Exchanges(), EventLog(now=iter(range(100, 200)).__next__)
    log.append(ev.Measured(lane="onset_to_duck", milliseconds=80))
    log.append(ev.Measured(lane="end_to_transcript", milliseconds=300, subject="u1"))
    log.append(ev.Heard(utterance_id="u1", text="open it"))
    log.append(ev.Measured(lane="utterance_to_action", milliseconds=500, subject="u1"))
    for event in log:
        exchanges.add(event)
    (shown,) = exchanges.shown()
    assert shown["text"] == "open it"
    assert {lane["lane"] for lane in shown["lanes"]} == {
        "onset_to_duck",
        "end_to_transcript",
        "utterance_to_action",
    }
    rows = {row["lane"]: row for row in exchanges.table()}
    assert rows["end_to_action"]["p50"] == 800
    assert rows["onset_to_duck"]["goal"] == 120


async def test_a_loop_that_is_kept_busy_is_late() -> None:
    """The meter sees a blocked loop, and runs only while it is wanted."""
    reports: list[dict[str, float]] = []
    reported = asyncio.Event()

    def report(_worst: list[float], seen: dict[str, float]) -> None:
        reports.append(seen)
        reported.set()

    meter = LagMeter(report)
    meter.run(True)
    meter.run(True)
    await asyncio.sleep(0)
    time.sleep(0.2)
    await asyncio.wait_for(reported.wait(), 30)
    meter.run(False)
    assert reports[0]["max"] > 100
    assert meter._timer is None


def test_figures_of_nothing_are_none() -> None:
    """No values, no figures; one value is all of them."""
    assert figures([]) == {}
    assert set(figures([3.0]).values()) == {3.0}


async def open_inspector(page: Page) -> None:
    await page.get_by_role("button", name="Inspector").click()
    await expect(page.locator(".records .row").first).to_be_visible()


@pytest.mark.browser
async def test_every_event_is_listed_and_a_click_shows_it_whole(page: Page) -> None:
    """Filtered by kind and by text; the JSON is the journal's."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await open_inspector(page)
    total = page.locator(".records .total").first
    await expect(total).to_have_text(re.compile(r"\d+ in all"))
    await page.get_by_role("searchbox", name="Search").fill("hello world")
    await expect(total).to_have_text(re.compile(r"\d+ of \d+"))
    await page.get_by_text("All kinds").click()
    await page.get_by_label("action proposed").check()
    await expect(page.locator(".records .row")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.locator(".records .row").click()
    record = json.loads(await page.locator(".records pre").inner_text())
    assert record["kind"] == "action_proposed"
    assert record["input"] == {"text": "hello world"}


_NEWEST_IN_SIGHT = """
async (list, more) => {
  const view = list.querySelector(".view").getBoundingClientRect()
  for (;;) {
    const all = parseInt(list.querySelector(".total").textContent)
    const last = [...list.querySelectorAll(".row")].at(-1)
    const bottom = last ? last.getBoundingClientRect().bottom : Infinity
    if (all > more && last?.id === `record-${all - 1}` && bottom <= view.bottom + 1) return all
    await new Promise(requestAnimationFrame)
  }
}
"""


@pytest.mark.browser
async def test_the_list_is_virtual_and_follows(page: Page) -> None:
    """Few rows exist however many events there are; new ones appear at the end, in sight."""
    for times in range(1, 4):
        await say(page, "Open the text editor")
        await expect(page.locator(".outcome")).to_have_count(times)
    await open_inspector(page)
    listed, rows = page.locator(".records").first, page.locator(".records .row")
    async with asyncio.timeout(60):
        many = await listed.evaluate(_NEWEST_IN_SIGHT, 80)
    assert await rows.count() < many
    await page.get_by_role("button", name="Talk").click()
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_have_count(4)
    await open_inspector(page)
    async with asyncio.timeout(60):
        await listed.evaluate(_NEWEST_IN_SIGHT, many)
    await page.locator(".view").first.focus()
    await page.keyboard.press("Home")
    await expect(rows.first).to_have_attribute("aria-selected", "true")
    await expect(page.locator(".records pre")).to_contain_text('"seq": 0,')


@pytest.mark.browser
async def test_latency_and_lag_are_shown(page: Page) -> None:
    """A typed exchange has lanes too; the loop's lag is measured while one looks."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await open_inspector(page)
    await page.get_by_role("tab", name="Latency").click()
    await expect(page.locator(".exchange")).to_contain_text("Open the text editor")
    await expect(page.locator(".exchange .lane").first).to_contain_text("ms")
    await expect(page.locator("tbody")).to_contain_text("first action")
    await expect(page.locator(".pace .figures")).to_contain_text("median")


@pytest.mark.browser
async def test_messages_of_the_voice_line_are_listed(page: Page) -> None:
    """What the widget told, with its direction; and how the list says that it is empty."""
    await open_inspector(page)
    await page.get_by_role("tab", name="Voice messages").click()
    listed = page.locator(".records:visible")
    await expect(listed.locator(".row").first).to_contain_text("local.state")
    await listed.get_by_label("Direction").select_option("To the page")
    await expect(listed.locator(".none").first).to_be_visible()
