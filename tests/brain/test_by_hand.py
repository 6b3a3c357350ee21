"""Tools run by hand go past the agent's gates, into its log, and give way to Stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from conversations import build_messages

from agent.errors import BadInput
from agent.record import events as ev
from agent.session.manual import BY_HAND
from agent.session.session import Session
from agent.testing.scripted import FakeTool, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult

Make = Callable[..., Any]


async def finished(session: Session, action: str) -> ev.ActionFinished:
    """The end of an action."""
    matches = lambda e: isinstance(e, ev.ActionFinished) and e.action_id == action  # noqa: E731
    event = await session.log.wait_for(matches, timeout=20)
    assert isinstance(event, ev.ActionFinished)
    return event


def shell(behaviour: Any = None) -> FakeTool:
    return FakeTool(behaviour, name="bash", members=("bash",), toolset=None, harmless=False)


async def never(_: ToolCall) -> ToolResult:
    await hang()
    return ToolResult("unreachable")


async def test_an_action_by_hand_is_written_down_like_the_agents(make: Make) -> None:
    """Proposed, started, finished, and what the screen showed afterwards."""
    session = await make([])
    action = session.manual.start("left_click", {"coordinate": [3, 4]})
    shown = await session.log.wait_for(lambda e: isinstance(e, ev.ScreenSeen), timeout=20)
    assert shown.action_id == action
    assert shown.image is not None
    own = [e for e in session.log if getattr(e, "action_id", "") == action]
    kinds = [e.kind for e in own]
    assert kinds == ["action_proposed", "action_started", "action_finished", "screen_seen"]
    assert own[0].turn_id == BY_HAND
    assert own[0].input == {"coordinate": [3, 4]}


async def test_what_a_rule_asks_about_is_asked(make: Make) -> None:
    """No is no: the tool never runs; with a yes it does."""
    tool = shell()
    session = await make([], tool)
    for decision, ran in (("deny", False), ("allow", True)):
        action = session.manual.start("bash", {"command": "rm -r ~"})
        asked = await session.log.wait_for(
            lambda e, a=action: isinstance(e, ev.ApprovalAsked) and e.action_id == a, timeout=20
        )
        assert "rm -r ~" in asked.question
        assert tool.began == ([] if decision == "deny" else tool.began)
        assert session.approve(asked.approval_id, decision, channel="button")
        assert (await finished(session, action)).ran is ran
        await session.manual.idle()
    assert len(tool.ran) == 1


async def test_whoever_watches_is_told_once_the_next_may_begin(make: Make) -> None:
    """After all events of an action: only then is there nothing against another."""
    session = await make([], shell())
    free = asyncio.Event()
    refusals: list[str] = []

    def told() -> None:
        refusals.append(session.manual.refusal())
        free.set()

    unwatch = session.manual.watch(told)
    action = session.manual.start("bash", {"command": "rm -r ~"})
    asked = await session.log.wait_for(lambda e: isinstance(e, ev.ApprovalAsked), timeout=20)
    assert session.approve(asked.approval_id, "deny", channel="button")
    async with asyncio.timeout(20):
        await free.wait()
    assert refusals == [""]
    assert not (await finished(session, action)).ran
    unwatch()
    session.manual.start("bash", {"command": "true"})
    session.stop("enough")
    await session.manual.idle()
    assert refusals == [""]


async def test_the_agent_at_work_is_not_disturbed(make: Make) -> None:
    """Refused while it works; allowed while it is held, and then it is told."""
    session = await make([[*says("I think."), hang], [*says("Well."), *done()]])
    session.say("work")
    await session.log.wait_for(lambda e: isinstance(e, ev.TextStreamed), timeout=20)
    with pytest.raises(BadInput, match="working"):
        session.manual.start("left_click", {})
    session.hold("a look")
    tool = session.tools[0]
    tool.harmless = False
    action = session.manual.start("left_click", {"coordinate": [1, 2]})
    await finished(session, action)
    told = await session.log.wait_for(
        lambda e: isinstance(e, ev.UserMessage) and "myself" in e.text, timeout=20
    )
    assert told.origin == "session"
    session.stop("enough")


async def test_stop_ends_an_action_by_hand(make: Make) -> None:
    """Its end is written once, and nothing of it is written later."""
    session = await make([], FakeTool(never))
    action = session.manual.start("left_click", {})
    await session.log.wait_for(lambda e: isinstance(e, ev.ActionStarted), timeout=20)
    session.stop("enough")
    ended = await finished(session, action)
    assert ended.is_error
    assert ended.ran
    await session.manual.idle()
    assert session.manual.refusal() == ""
    ends = [e for e in session.log.of(ev.ActionFinished) if e.action_id == action]
    assert len(ends) == 1


async def test_it_gives_way_when_the_agent_begins(make: Make) -> None:
    """New words to the agent end what the person's tool was doing."""
    session = await make([[*says("Done."), *done()]], FakeTool(never))
    action = session.manual.start("left_click", {})
    await session.log.wait_for(lambda e: isinstance(e, ev.ActionStarted), timeout=20)
    session.say("now you")
    assert (await finished(session, action)).is_error
    await session.wait_idle(20)


async def test_one_at_a_time_and_only_what_exists(make: Make) -> None:
    """A second one is refused while the first runs; so is an unknown tool."""
    session = await make([], FakeTool(never))
    with pytest.raises(BadInput, match="no tool"):
        session.manual.start("fly", {})
    session.manual.start("left_click", {})
    with pytest.raises(BadInput, match="still running"):
        session.manual.start("left_click", {})


async def test_with_the_mouse_in_hand_the_agents_driver_is_barred_again(make: Make) -> None:
    """A tool works while the person has the mouse; afterwards the driver is halted as before."""
    session = await make([])
    session.take_control()
    assert session.desktop.input.halted
    session.manual.start("left_click", {})
    await session.manual.idle()
    assert session.desktop.input.halted


async def test_the_models_history_has_none_of_it(make: Make) -> None:
    """What was done by hand while idle changes no message, whatever the last turn was."""
    session = await make([[*says("I click."), *call(), *done("tool_use")], [*says("Ok."), *done()]])
    session.say("click")
    await session.wait_idle(20)
    before = build_messages(session.log, session.journal.image_base64)
    session.manual.start("left_click", {})
    await session.manual.idle()
    after = build_messages(session.log, session.journal.image_base64)
    assert after == before


async def test_closing_the_session_ends_it(make: Make) -> None:
    """No task is left behind, and the journal has its end."""
    session = await make([], FakeTool(never))
    action = session.manual.start("left_click", {})
    await session.log.wait_for(lambda e: isinstance(e, ev.ActionStarted), timeout=20)
    await session.close()
    assert any(e.action_id == action for e in session.log.of(ev.ActionFinished))
    assert session.manual.refusal()
