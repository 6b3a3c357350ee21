"""The limit on time holds inside a turn, a wait and a retry, on a clock that no jump moves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from served_session import KEY, SETTINGS, Rig

from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.limits import Limits
from agent.session.session import Session
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import Pace, Reply, call, fails, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done
from agent.testing.scripted import call as asks
from agent.testing.scripted import says as speaks
from agent.tools.base import ToolCall, ToolResult

SHORT = SETTINGS.model_copy(update={"max_seconds": 0.5})
ENDLESS = says("and so on " * 5000, pace=Pace(event=0.02, chunk=10))
PINGS = Reply(raw=(b'event: ping\ndata: {"type": "ping"}\n\n',) * 5000, pace=Pace(event=0.02))


async def waits(call: ToolCall) -> ToolResult:
    await asyncio.sleep(300)
    return ToolResult("Waited.")


async def question(session: Session, since: int = 0) -> ev.QuestionAsked:
    """The next question; a timeout here means that the limit did not hold."""
    asked = await session.log.wait_for(
        lambda e: e.kind == "question_asked", since=since, timeout=60
    )
    assert isinstance(asked, ev.QuestionAsked)
    return asked


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(says("Hello.", end="hang"), id="silence"),
        pytest.param(Reply(hang=300), id="no answer"),
        pytest.param(ENDLESS, id="endless text"),
        pytest.param(PINGS, id="pings"),
        pytest.param(fails(529, retry_after=30), id="retry-after"),
        pytest.param(says(call("left_click", coordinate=[1, 1])), id="an action"),
    ],
)
async def test_no_turn_outlasts_the_time_that_is_allowed(reply: Reply):
    """It is cut, the person is asked, and a yes lets the task go on to its end."""
    script = [reply, says("It is done.")]
    tool = FakeTool(waits)
    async with MessagesServer(lambda _: script.pop(0), key=KEY) as server:
        client = new_client(KEY, server.base_url)
        model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
        parts: dict[str, Any] = {"model": model, "tools": (tool,), "desktop": FakeDesktop()}
        session = Session(SHORT, "s", MemorySessionJournal(), **parts)
        await session.open()
        session.say("Do it.")
        asked = await question(session)
        assert "I have worked on this" in asked.text
        assert session.status.turn_id is None
        assert not session.status.open_actions
        for acted in session.log.of(ev.ActionFinished):
            assert "The time was over" in acted.text
        assert "interrupted" not in str(session._agent.history.messages())
        session.change("max_seconds", 600.0)
        session.answer(asked.question_id, "Yes.")
        await session.wait_idle(60)
        ended = session.log.of(ev.TaskFinished)[-1]
        assert (ended.outcome in ("done", "ended"), ended.summary) == (True, "It is done.")
        await session.close()


async def test_a_service_that_asks_for_a_day_is_not_waited_for():
    """The person reads for how long it wants to be left alone."""
    async with Rig([fails(429, retry_after=100_000)]) as rig:
        rig.session.say("Hello.")
        await rig.session.wait_idle(30)
        summary = rig.session.log.of(ev.TaskFinished)[-1].summary
        assert "in 28 hours" in summary
        assert not rig.session.log.of(ev.RetryWaiting)


@pytest.mark.parametrize(
    ("asked", "waits"), [("60", 1), ("61", 0), ("inf", 3), ("nan", 3), ("-5", 3)]
)
async def test_what_is_asked_for_is_waited_for_up_to_a_minute(asked: str, waits: int):
    fault = Reply(status=529, headers={"retry-after": asked})
    script = [fault, says("Ok.")] if waits == 1 else [fault] * 9
    async with Rig(script) as rig:
        rig.session.say("Hello.")
        await rig.session.wait_idle(30)
        assert len(rig.session.log.of(ev.RetryWaiting)) == waits
        assert "Internal" not in rig.session.log.of(ev.TaskFinished)[-1].summary


async def test_a_jump_of_the_systems_clock_ends_no_task():
    """Two hours forward and back again, in the middle of an action."""
    session = Session(
        SETTINGS,
        "s",
        MemorySessionJournal(),
        model=ScriptedModel([[*asks(), *done("tool_use")], [*speaks("Ok."), *done()]]),
        tools=(FakeTool(),),
        desktop=FakeDesktop(),
    )
    times = iter([1e9, *[1e9 + 7200 * (n % 2) for n in range(500)]])
    session.log._now = lambda: next(times)
    await session.open()
    session.say("Click.")
    await session.wait_idle(20)
    assert not session.log.of(ev.LimitReached)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    await session.close()


def used(limits: Limits, **usage: int) -> list[str]:
    limits.add(ev.TurnFinished(turn_id="t", stop_reason="end_turn", usage=ev.Usage(**usage)))
    return [excess.limit for excess in limits.excesses(0) if excess.share >= 1]


def test_tokens_that_the_cache_gives_back_do_not_count():
    limits = Limits(SETTINGS.model_copy(update={"max_tokens": 1000}))
    assert used(limits, cache_read_input_tokens=10**6) == []
    assert used(limits, input_tokens=300, cache_creation_input_tokens=300, output_tokens=399) == []
    assert used(limits, output_tokens=1) == ["tokens"]


def test_each_yes_doubles_what_was_asked_for():
    """So that a long task is asked about less and less often."""
    limits = Limits(SETTINGS.model_copy(update={"max_turns": 10}))
    asked = []
    for turn in range(1, 151):
        limits.add(ev.TurnStarted(turn_id="t", model="m"))
        if any(e.limit == "turns" and e.share >= 1 for e in limits.excesses(0)):
            asked.append(turn)
            limits.add(ev.LimitExtended(limit="turns", allowed=limits.extended("turns")))
    assert asked == [10, 20, 40, 80]


def test_the_limits_agree_over_a_long_task_with_pictures():
    """150 turns of 3,000 fresh tokens on a growing, cached conversation: only turns are asked."""
    limits = Limits(SETTINGS)
    asked: list[str] = []
    for turn in range(150):
        limits.add(ev.TurnStarted(turn_id="t", model="m"))
        usage = ev.Usage(
            input_tokens=50,
            output_tokens=150,
            cache_creation_input_tokens=2_800,
            cache_read_input_tokens=3_000 * turn,
            dollars=0.02,
        )
        limits.add(ev.TurnFinished(turn_id="t", stop_reason="tool_use", usage=usage))
        for excess in list(limits.excesses(0)):
            if excess.share >= 1:
                asked.append(excess.limit)
                allowed = limits.extended(excess.limit)
                limits.add(ev.LimitExtended(limit=excess.limit, allowed=allowed))
    assert asked == ["turns"]
