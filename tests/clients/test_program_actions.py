"""Single clicks and keys of a program that speaks MCP: bound by rules, questions and Stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import BadInput
from agent.record import events as ev
from agent.session.ending import ending_of
from agent.session.session import Session
from agent.testing.scripted import FakeTool, call, done, says
from agent.tools.base import ToolCall, ToolResult

Make = Callable[..., Any]
THERE = {"x": 3, "y": 4}
ENTER = {"wm_class": "Xfce4-terminal", "role": "terminal", "name": "", "key": "Return"}


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


def never() -> FakeTool:
    async def hangs(made: ToolCall) -> ToolResult:
        await asyncio.Event().wait()
        return ToolResult("never")

    return FakeTool(hangs)


async def begun(session: Session) -> None:
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)


async def test_a_click_is_carried_out_logged_as_a_programs_and_shown(
    make: Make, client_of: Make
) -> None:
    tool = FakeTool()
    session = await make([], tool)
    async with client_of(session) as client:
        clicked = await client.call_tool("click", THERE)
        bare = await client.call_tool("press_key", {"key": "Escape", "picture": False})
        said = (await client.read_resource("sayso://conversation")).contents[0].text
    assert not clicked.is_error
    assert [made.input for made in tool.ran] == [
        {"coordinate": [3, 4]},
        {"text": "Escape", "repeat": 1},
    ]
    assert [part.type for part in clicked.content] == ["text", "image"]
    assert [part.type for part in bare.content] == ["text"]
    proposed = session.log.of(ev.ActionProposed)
    assert {event.turn_id for event in proposed} == {"by_program"}
    assert "action: Click (3, 4)" in said


async def test_what_a_rule_asks_about_is_the_persons_to_allow(make: Make, client_of: Make) -> None:
    tool = FakeTool(harmless=False, target=ENTER)
    session = await make([], tool)
    async with client_of(session) as client:
        for decision in ("deny", "allow"):
            since = len(session.log)
            key = asyncio.create_task(client.call_tool("press_key", {"key": "Return"}))
            asked = await session.log.wait_for(
                lambda e: e.kind == "approval_asked", since=since, timeout=20
            )
            given = {"id": asked.approval_id, "answer": asked.phrase}
            refused = await client.call_tool("answer", given)
            assert "Only the person may allow this" in text_of(refused)
            assert len(tool.began) == 0
            session.approve(asked.approval_id, decision, channel="button")
            told = await key
            assert told.is_error == (decision == "deny")
    assert len(tool.ran) == 1


async def test_the_persons_stop_cuts_it_and_bars_what_comes_after(
    make: Make, client_of: Make
) -> None:
    tool = never()
    session = await make([[*says("Hello."), *done()]], tool)
    async with client_of(session) as client:
        click = asyncio.create_task(client.call_tool("click", THERE))
        await begun(session)
        session.stop("The button", source="button")
        assert session.desktop.input.halted
        assert (await click).is_error
        for _ in range(2):
            refused = await client.call_tool("click", THERE)
            assert "The person said stop" in text_of(refused)
        await client.call_tool("stop", {})  # the program's own word does not undo the person's
        assert "The person said stop" in text_of(await client.call_tool("click", THERE))
        assert (len(tool.began), session.desktop.input.halted) == (1, True)
        session.say("Say hello.", source="typed")
        await session.wait_idle()
        tool.behaviour = None
        assert not (await client.call_tool("click", THERE)).is_error


async def test_the_programs_own_stop_does_not_bar_it(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session) as client:
        await client.call_tool("stop", {})
        assert not (await client.call_tool("click", THERE)).is_error


async def test_nothing_is_done_while_the_person_has_the_mouse(make: Make, client_of: Make) -> None:
    tool = never()
    session = await make([], tool)
    async with client_of(session) as client:
        click = asyncio.create_task(client.call_tool("click", THERE))
        await begun(session)
        session.take_control()
        assert (await click).is_error
        assert "The person has the mouse" in text_of(await client.call_tool("click", THERE))
        session.return_control()
        tool.behaviour = None
        assert not (await client.call_tool("click", THERE)).is_error
    assert len(tool.ran) == 1


async def test_nothing_is_done_while_it_is_held_and_a_persons_hold_is_theirs_to_end(
    make: Make, client_of: Make
) -> None:
    session = await make([])
    async with client_of(session) as client:
        session.hold("The person said wait")
        assert "The session is held" in text_of(await client.call_tool("click", THERE))
        refused = await client.call_tool("go_on", {})
        assert "only they may let it go on" in text_of(refused)
        assert session.status.held
        session.release()
        await client.call_tool("hold", {})
        assert (await client.call_tool("click", THERE)).is_error
        await client.call_tool("go_on", {})
        assert not (await client.call_tool("click", THERE)).is_error


async def test_nothing_is_done_beside_a_task_and_a_tasks_end_is_its_own(
    make: Make, client_of: Make
) -> None:
    over = asyncio.Event()

    async def waits(made: ToolCall) -> ToolResult:
        await over.wait()
        return ToolResult("ok")

    tool = FakeTool(waits)
    script = [
        [*call("left_click", coordinate=[1, 1]), *done("tool_use")],
        [*says("Clicked."), *done()],
    ]
    session = await make(script, tool)
    async with client_of(session) as client:
        task = asyncio.create_task(client.call_tool("instruct", {"text": "Click."}))
        await begun(session)
        assert "working on a task" in text_of(await client.call_tool("click", THERE))
        over.set()
        assert (await task).structured_content["outcome"] == "done"
        assert not (await client.call_tool("click", THERE)).is_error
    assert [made.input["coordinate"] for made in tool.ran] == [[1, 1], [3, 4]]
    assert ending_of(session.log).word(session.log.of(ev.TaskFinished)[-1]) == "done"


async def test_an_action_whose_caller_goes_away_is_cut(make: Make) -> None:
    tool = never()
    session = await make([], tool)
    acting = asyncio.create_task(session.program_actions.act("left_click", {"coordinate": [1, 2]}))
    await begun(session)
    acting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await acting
    await session.program_actions.idle()
    [end] = session.log.of(ev.ActionFinished)
    assert (end.is_error, end.ran) == (True, True)


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("click", {}, "Say where"),
        ("click", {"x": 3}, "Say where"),
        ("click", {"x": 3, "y": 4, "button": "right", "count": 2}, "is one of the left button"),
        ("click", {"x": 3, "y": 4, "count": 9}, "count"),
        ("type_text", {}, "text"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    make: Make, client_of: Make, tool: str, given: dict[str, Any], said: str
) -> None:
    session = await make([])
    async with client_of(session) as client:
        refused = await client.call_tool(tool, given)
    assert refused.is_error
    assert said in text_of(refused)
    assert not session.log.of(ev.ActionProposed)


async def test_two_actions_at_once_are_not_done(make: Make) -> None:
    session = await make([], never())
    acting = asyncio.create_task(session.program_actions.act("left_click", {"coordinate": [1, 2]}))
    await begun(session)
    with pytest.raises(BadInput):
        await session.program_actions.act("left_click", {"coordinate": [1, 2]})
    acting.cancel()
    await asyncio.wait({acting})
