"""The whole loop with the real SDK against the faithful server."""

from __future__ import annotations

import pytest
from served_session import KEY, SETTINGS, Rig

from agent.record import events as ev
from agent.testing.messages_script import call, fails, says
from agent.testing.scripted import FakeDesktop
from agent.tools import build_tools
from dashboard.voice.client.holds import Holds
from dashboard.voice.client.narration import Narration
from dashboard.voice.client.narrator import Narrator


async def test_the_first_action_starts_before_the_stream_has_ended():
    """Eager: each finished call is acted upon while the rest is still to come."""
    async with Rig([says(call("left_click"), "And now the rest.", end="hang", end_after=7)]) as rig:
        rig.session.say("Click.")
        await rig.session.log.wait_for(lambda e: e.kind == "action_finished", timeout=30)
        assert not rig.session.log.of(ev.TurnFinished)
        rig.session.stop("enough")


def darken(desktop: FakeDesktop, event: ev.Event) -> None:
    desktop.shade += 20 * (event.kind == "action_started")


async def test_at_the_limit_it_holds_with_the_last_picture_in_hand_and_goes_on_when_told():
    """The real computer tool: one picture closes the batch, then the person is asked."""
    desktop = FakeDesktop()
    script = [
        says(call("left_click", coordinate=[5, 5]), call("type", text="hello")),
        says("Done."),
    ]
    limited = SETTINGS.model_copy(update={"max_turns": 1})
    async with Rig(script, tools=build_tools(desktop), desktop=desktop, settings=limited) as rig:
        log = rig.session.log
        log.subscribe(lambda e: darken(desktop, e))
        rig.session.say("Write hello.")
        question = await log.wait_for(lambda e: e.kind == "question_asked", timeout=30)
        assert isinstance(question, ev.QuestionAsked)
        assert rig.session.status.who == "waiting"
        (seen,) = log.of(ev.ScreenSeen)
        assert seen.image is not None
        assert [e.image for e in log.of(ev.ActionFinished)] == [None, None]
        assert len(rig.server.requests) == 1
        rig.session.answer(question.question_id, "Yes.")
        await rig.session.wait_idle(30)
        results = rig.server.requests[1].body["messages"][-1]["content"]
        kinds = [[part["type"] for part in result["content"]] for result in results]
        assert "image" not in kinds[0]
        assert kinds[1][-1] == "image"
        assert rig.refused() == []


async def test_a_refusal_is_shown_as_such_and_nothing_is_tried_in_its_place():
    """A safety signal is for the person: one request, one notice, the end of the task."""
    details = {"type": "refusal", "category": "cyber", "explanation": "It looks like an attack."}
    refusal = says("I can", stop_reason="refusal", stop_details=details)
    async with Rig([refusal]) as rig:
        rig.session.say("Hello?")
        await rig.session.wait_idle(30)
        (notice,) = rig.session.log.of(ev.Failed)
        assert notice.where == "safety"
        assert "(It looks like an attack)." in notice.error
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "refused"
        assert len(rig.server.requests) == 1


async def test_a_busy_service_is_waited_for_in_sight_and_within_hearing():
    async with Rig([fails(429, retry_after=7), says("Done.")]) as rig:
        spoken: list[str] = []
        narrator = Narrator(lambda text: not spoken.append(text), rig.session.log.append)
        rig.session.log.subscribe(Narration(narrator, Holds(rig.session)).see)
        rig.session.say("Hello?")
        await rig.session.wait_idle(30)
        (waited,) = rig.session.log.of(ev.RetryWaiting)
        assert waited.seconds == 7
        assert spoken[0] == "The model's service asks me to wait 7 seconds."
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"


async def test_a_limit_is_heard_when_it_is_near_and_asked_about_once_when_it_is_reached():
    limited = SETTINGS.model_copy(update={"max_turns": 5})
    clicks = [says(call("left_click", coordinate=[n, 1])) for n in range(5)]
    async with Rig(clicks, settings=limited) as rig:
        narrator = Narrator(lambda text: True, rig.session.log.append)
        rig.session.log.subscribe(Narration(narrator, Holds(rig.session)).see)
        rig.session.say("Click around.")
        question = await rig.session.log.wait_for(lambda e: e.kind == "question_asked", timeout=30)
        assert isinstance(question, ev.QuestionAsked)
        rig.session.answer(question.question_id, "no")
        await rig.session.wait_idle(30)
        lines = [e.text for e in rig.session.log.of(ev.Narrated) if e.state == "queued"]
        said = " ".join(lines)
        assert said.count("Take note: 80% of 5 turns used.") == 1
        assert said.count("Shall I go on?") == 1


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (fails(401, message="invalid x-api-key"), "key"),
        (fails(404, message="model: no-such-model"), "model"),
    ],
)
async def test_what_cannot_be_mended_is_a_sentence_and_the_session_stands(failure, told: str):
    async with Rig([failure]) as rig:
        rig.session.say("Hello?")
        await rig.session.wait_idle(30)
        finished = rig.session.log.of(ev.TaskFinished)[-1]
        assert finished.outcome == "failed"
        assert told in finished.summary
        assert KEY not in finished.summary
        rig.session.say("And now?")
        await rig.session.wait_idle(30)
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"
