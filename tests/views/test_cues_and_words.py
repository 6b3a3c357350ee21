"""What Talk tells beside the picture: sounds, rules, limits, and what is about to be touched."""

from __future__ import annotations

import pytest
from pilot_page import say
from playwright.async_api import BrowserContext, Page, expect
from served import ROOT

from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.status import Status
from agent.settings import Settings
from dashboard.state import PageState
from dashboard.transcript import Transcript
from dashboard.views.cues import cue_of

_COUNTED = """
window.tones = []
const start = OscillatorNode.prototype.start
OscillatorNode.prototype.start = function (...at) {
  window.tones.push(this.frequency.value)
  return start.apply(this, at)
}
"""


def proposed(**target: str) -> ev.ActionProposed:
    return ev.ActionProposed(
        action_id="a",
        turn_id="t",
        tool="computer",
        name="left_click",
        input={"coordinate": [50, 60]},
        action_hash="h",
        target=target,
    )


def words(*events: ev.BaseEvent) -> str:
    """The conversation after these events."""
    transcript, log = Transcript(lambda sha256: sha256), EventLog()
    for event in events:
        transcript.feed(log.append(event))  # type: ignore[arg-type]
    return "\n".join(str(item) for item in transcript.snapshot())


def test_sounds_are_for_what_one_would_miss() -> None:
    """Beginning, question, end and failure; nothing for a click, or while the voice tells it."""
    status = Status()
    told = [
        (ev.TaskStarted(task_id="t", text="x"), "begins"),
        (ev.QuestionAsked(question_id="q", text="?"), "asks"),
        (ev.TaskFinished(task_id="t", outcome="done"), "done"),
        (ev.TaskFinished(task_id="t", outcome="limit"), "fails"),
        (ev.Stopped(reason=""), "stops"),
        (proposed(), None),
    ]
    for event, cue in told:
        assert cue_of(event, status) == cue
        assert cue_of(event, status.model_copy(update={"voice": "ready"})) is None


def test_what_a_rule_decided_is_said() -> None:
    """Beside the action it decided about."""
    decided = ev.ApprovalDecided(
        approval_id="p", action_id="a", decision="deny", channel="rule", note="no deleting"
    )
    assert "Refused by the rule “no deleting”." in words(proposed(), decided)


def test_a_limit_that_was_extended_is_said() -> None:
    """In words, not in the event's name."""
    assert "You allowed as much money again." in words(ev.LimitExtended(limit="dollars"))
    assert "You allowed as many turns again." in words(ev.LimitExtended(limit="turns"))


def test_why_nothing_happens_is_said() -> None:
    """How long the service is waited for, and that a conversation begins anew."""
    wait = ev.RetryWaiting(turn_id="t", seconds=20, reason="Busy.")
    assert "Busy. Trying again in 20 s." in words(wait)
    assert "Busy. Trying again in a moment." in words(wait.model_copy(update={"seconds": 0.4}))
    assert "It was too long." in words(ev.Compacted(reason="It was too long.", text="Recap"))
    assert "It is full." in words(ev.HomeChanged(state="full", text="It is full."))
    renewed = ev.DesktopRenewed(reason="resumed", files="kept", text="Your files are kept.")
    assert "Your files are kept." in words(renewed)
    near = ev.LimitReached(limit="tokens", used=1_700_000, allowed=2_000_000, share=0.85)
    assert "Close to a limit: 85% of 2,000,000 tokens used." in words(near)


def test_the_target_is_marked_before_it_is_touched() -> None:
    """With its box while it is only proposed; without `next` once it is done; gone if it is not."""
    state, log = PageState(str, Settings(_env_file=None)), EventLog()
    state.take(log.append(proposed(name="Save", box="40,50,80,20")))
    state.show()
    assert state.desktop.marks["next"]
    assert state.desktop.marks["box"] == [40, 50, 80, 20]
    state.take(log.append(ev.ActionStarted(action_id="a")))
    state.show()
    assert "next" not in state.desktop.marks
    assert (state.desktop.marks["x"], state.desktop.marks["y"]) == (50, 60)
    state.take(log.append(proposed()))
    state.take(log.append(ev.ActionFinished(action_id="a", ran=False)))
    state.show()
    assert state.desktop.marks == {}


@pytest.mark.browser
async def test_the_agents_state_is_heard_and_can_be_muted(page: Page) -> None:
    """Tones when it begins and is done; none after the sounds were turned off, reload or not."""
    await page.add_init_script(_COUNTED)
    await page.reload()
    await expect(page.get_by_role("button", name="Take the mouse")).to_be_enabled()
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await _until(page, "() => window.tones.includes(988)")
    assert 523 in await page.evaluate("window.tones")
    await page.get_by_role("button", name="Sounds are on").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Sounds are off")).to_be_visible()
    await expect(page.get_by_role("button", name="Take the mouse")).to_be_enabled()
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_have_count(2)
    assert await page.evaluate("window.tones") == []


async def _until(page: Page, condition: str) -> None:
    for _ in range(200):
        if await page.evaluate(condition):
            return
        await page.wait_for_timeout(50)
    raise AssertionError(condition)


@pytest.mark.browser
async def test_nothing_of_talk_shows_through_another_view(page: Page) -> None:
    """The agent's pointer and marks are of the desktop, and hidden with it."""
    await page.get_by_role("button", name="Tools").click()
    await page.get_by_label("Coordinate").fill("100, 100")
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(page.locator(".result.done")).to_be_visible()
    pointer = page.locator(".sayso-desktop .pointer")
    await expect(pointer).to_have_attribute("visibility", "inherit")
    await expect(pointer).to_be_hidden()
    await page.get_by_role("button", name="Talk").click()
    await expect(pointer).to_be_visible()


_OVERTAKEN = """async source => {
  const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}))
  const {render} = (await import(url)).default
  let hear = null
  const model = {on: (what, then) => { if (what === "msg:custom") hear = then }, send_msg() {}}
  document.body.append(render({model, view: {}}))
  const put = (n, text) => ({put: {id: `item-${n}`, n, kind: "said", text, at: 0}})
  hear({operations: [put(0, "a"), put(3, "d")]})
  hear({operations: [put(1, "b"), put(2, "c")]})
  hear({operations: [put(1, "B"), put(4, "e")]})
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  return [...document.querySelectorAll(".item")].map(node => node.textContent)
}"""


@pytest.mark.browser
async def test_words_stand_in_order_though_messages_overtake_each_other(
    context: BrowserContext,
) -> None:
    """An item that comes late takes its own place; one that changes keeps it."""
    page = await context.new_page()
    source = (ROOT / "dashboard/views/conversation.bundle.js").read_text(encoding="utf-8")
    assert await page.evaluate(_OVERTAKEN, source) == ["a", "B", "c", "d", "e"]
