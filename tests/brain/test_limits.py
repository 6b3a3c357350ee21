"""Limits warn at 80 %, hold at 100 % and ask; going round in circles is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from agent.record import events as ev
from agent.session.describe import describe_limit
from agent.session.limits import Excess, Limits, agrees, question_for, refuses, says_more
from agent.session.session import Session
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import ToolCall, ToolResult

END = [*says("Done."), *done()]


def reached(session) -> list[tuple[str, bool]]:
    return [(e.limit, e.share >= 1) for e in session.log.of(ev.LimitReached)]


def click(at: int) -> list:
    """A turn that clicks once, for half a dollar."""
    return [
        *call("left_click", coordinate=[at, at]),
        *done("tool_use", input_tokens=10, dollars=0.5),
    ]


def clicks(number: int) -> list:
    """Turns that each click elsewhere."""
    return [click(at) for at in range(number)]


async def asked(session, since: int = 0):
    return await session.log.wait_for(lambda e: e.kind == "question_asked", since=since, timeout=20)


async def test_turns_are_warned_of_then_asked_about_and_a_yes_allows_as_many_again(make):
    session = await make([*clicks(7), END], max_turns=5)
    session.say("Click around.")
    question = await asked(session)
    assert reached(session) == [("turns", False), ("turns", True)]
    assert session.status.turns == 5
    assert session.status.who == "waiting"
    assert session.answer(question.question_id, "Yes, go on.")
    await session.wait_idle(20)
    assert reached(session)[2:] == []
    assert session.log.of(ev.TaskFinished)[0].outcome == "done"


@pytest.mark.parametrize(
    ("limit", "allowed"), [("turns", 5), ("tokens", 50), ("dollars", 2.5), ("seconds", 50.0)]
)
async def test_each_limit_warns_at_80_percent_and_holds_at_100(settings, limit: str, allowed: Any):
    """Each turn: one click, ten tokens, half a dollar, ten seconds."""
    time = [1_000_000.0]

    async def click_for_ten_seconds(call: ToolCall) -> ToolResult:
        time[0] += 10
        return ToolResult("ok")

    session = Session.create(
        settings.model_copy(update={f"max_{limit}": allowed}),
        desktop=FakeDesktop(),
        model=ScriptedModel([*clicks(4), click(4), END]),
        tools=(FakeTool(click_for_ten_seconds),),
        now=lambda: time[0],
    )
    await session.open()
    session.say("Click around.")
    warned = await session.log.wait_for(lambda e: e.kind == "limit_reached", timeout=20)
    before = [turn for turn in session.log.of(ev.TurnStarted) if turn.seq < warned.seq]
    assert (len(before), warned.share) == (4, 0.8)
    question = await asked(session)
    assert reached(session) == [(limit, False), (limit, True)]
    assert session.status.who == "waiting"
    assert len(session.model.requests) == len(session.tools[0].ran) == 5
    session.answer(question.question_id, "Yes.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    await session.close()


async def test_a_no_ends_the_task_at_the_limit(make):
    session = await make(clicks(9), max_dollars=1.0)
    session.say("Click around.")
    question = await asked(session)
    assert session.status.usage.dollars == 1.0
    session.answer(question.question_id, "No.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[0].outcome == "limit"
    assert not session.answer(question.question_id, "Yes.")


async def test_what_was_allowed_more_is_still_allowed_after_a_resume(make, settings):
    session = await make([*clicks(3), END], max_dollars=1.0)
    session.say("Click around.")
    question = await asked(session)
    session.answer(question.question_id, "Yes.")
    await session.wait_idle(20)
    assert session.status.usage.dollars == 1.5
    assert [event.allowed for event in session.log.of(ev.LimitExtended)] == [2.0]
    await session.close()
    again = Session.resume(
        settings.model_copy(update={"max_dollars": 1.0}),
        session.id,
        desktop=FakeDesktop(),
        model=ScriptedModel([[*says("I am here."), *done()]]),
        tools=(FakeTool(),),
    )
    await again.open()
    again.say("Are you there?")
    await again.wait_idle(20)
    assert len(again.log.of(ev.QuestionAsked)) == 1
    assert again.log.of(ev.TaskFinished)[-1].outcome == "done"
    await again.close()


async def test_another_answer_is_read_by_the_model(make):
    session = await make([*clicks(2), END], max_tokens=20)
    session.say("Click around.")
    question = await asked(session)
    session.answer(question.question_id, "Only once more.")
    await session.wait_idle(20)
    assert session.model.requests[2][-1]["content"][-1]["text"] == "Only once more."


async def test_the_same_action_on_the_same_screen_three_times_asks(make):
    session = await make([click(1), click(1), click(1), END])
    session.say("Click it.")
    question = await asked(session)
    assert "same thing 3 times" in question.text
    assert session.status.turns == 3
    session.answer(question.question_id, "yes")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[0].outcome == "done"


async def test_a_changed_screen_is_no_circle(make):
    session = await make([click(1), click(1), click(1), click(1), END])

    def change(event: ev.Event) -> None:
        if event.kind == "action_started":
            session.desktop.shade += 20

    session.log.subscribe(change)
    tool = session.tools[0]
    tool.behaviour = lambda call: look(session)
    session.say("Next, next, next.")
    await session.wait_idle(20)
    assert reached(session) == []


async def look(session):
    return ToolResult("ok", await session.desktop.screenshot())


def test_one_yes_is_enough_however_far_the_limit_was_passed(settings):
    """A single turn may take many times what was left."""
    limits = Limits(settings.model_copy(update={"max_seconds": 10.0, "max_dollars": 1.0}))
    limits.add(ev.TaskStarted(task_id="t", text="x", at=100))
    limits.add(ev.TurnFinished(turn_id="t", stop_reason="x", usage=ev.Usage(dollars=7.5), at=190))
    assert {e.limit for e in limits.excesses(190) if e.share >= 1} == {"seconds", "dollars"}
    for limit in ("seconds", "dollars"):
        limits.add(ev.LimitExtended(limit=limit, at=190))
    assert [e for e in limits.excesses(279) if e.share >= 1] == []
    assert [e.limit for e in limits.excesses(280) if e.share >= 1] == ["seconds"]


def test_time_in_which_the_person_is_waited_for_does_not_count(settings):
    limits = Limits(settings.model_copy(update={"max_seconds": 10.0}))
    for event in (
        ev.TaskStarted(task_id="t", text="x", at=100),
        ev.QuestionAsked(question_id="q", text="?", at=104),
        ev.QuestionAnswered(question_id="q", text="yes", at=500),
    ):
        limits.add(event)
    assert [(e.limit, e.used) for e in limits.excesses(505)] == [("seconds", 9.0)]
    limits.add(ev.TaskFinished(task_id="t", outcome="done", at=506))
    limits.add(ev.TaskStarted(task_id="u", text="y", at=9000))
    assert list(limits.excesses(9001)) == []


@pytest.mark.parametrize("words", ["Yes", "yes please", "ok", "Go on!", "keep going"])
def test_yes_in_many_words(words: str):
    assert agrees(words)
    assert not refuses(words)


@pytest.mark.parametrize("words", ["No", "no thanks", "Stop.", "", "that's enough"])
def test_no_in_many_words(words: str):
    assert refuses(words)


def test_other_words_are_neither():
    assert not agrees("Try the other button")
    assert not refuses("Nothing but the other button")


@pytest.mark.parametrize(
    ("limit", "used", "allowed", "words"),
    [
        ("tokens", 1_700_000, 2_000_000, "85% of 2,000,000 tokens used"),
        ("dollars", 4.0, 5.0, "80% of 5.00 dollars used"),
        ("seconds", 1440, 1800, "80% of 30 minutes used"),
        ("turns", 5, 5, "100% of 5 turns used"),
        ("loop", 3, 3, "the same thing 3 times on the same screen"),
    ],
)
def test_a_limit_is_told_in_words_for_a_person(limit: Any, used: float, allowed: float, words: str):
    event = ev.LimitReached(limit=limit, used=used, allowed=allowed, share=used / allowed)
    assert describe_limit(event) == words


def test_a_short_time_is_told_in_seconds():
    assert "for 30 seconds." in question_for(Excess("seconds", 31, 30))
    assert "for 30 minutes." in question_for(Excess("seconds", 1801, 1800))


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        ("Yes.", False),
        ("OK, go on, please!", False),
        ("Yes, do it.", False),
        ("Yes, but only the first file.", True),
        ("Type instead.", True),
        ("Yesterday's file.", True),
    ],
)
def test_a_yes_with_a_condition_is_more_than_a_yes(answer: str, more: bool):
    assert says_more(answer) is more


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("Yes.", []),
        ("Yes, but slowly.", ["Yes, but slowly."]),
        ("Close it.", ["The user interrupted you here.", "Close it."]),
    ],
)
async def test_what_the_person_says_at_a_limit_reaches_the_model(
    make, answer: str, told: list[str]
):
    """Another wish replaces the plan; a condition is heard; a plain yes is no news."""
    session = await make([click(1), END], max_turns=1)
    session.say("Click around.")
    question = await asked(session)
    session.answer(question.question_id, answer)
    await session.wait_idle(20)
    last = session.model.requests[1][-1]["content"]
    assert [block["text"] for block in last if block["type"] == "text"] == told
