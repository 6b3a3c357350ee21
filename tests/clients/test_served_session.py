"""A session served to MCP clients: what they may do, and what stays the person's."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from agent.record import events as ev
from agent.session.session import Session
from agent.testing.scripted import FakeTool, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult
from agent.tools.vault import Secret

Make = Callable[..., Any]

ONE_CLICK = [
    [*call("left_click", coordinate=[3, 4]), *done("tool_use")],
    [*says("Clicked."), *done()],
]
ONE_COMMAND = [
    [*call("bash", toolset=None, command="rm notes"), *done("tool_use")],
    [*says("Removed."), *done()],
]


def shell() -> FakeTool:
    return FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)


async def asked(session: Session) -> ev.ApprovalAsked:
    """What waits for a yes, once something does."""
    event = await session.log.wait_for(lambda e: e.kind == "approval_asked", timeout=20)
    assert isinstance(event, ev.ApprovalAsked)
    return event


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


async def test_a_client_gives_a_task_and_is_told_what_came_of_it(
    make: Make, client_of: Make
) -> None:
    session = await make(ONE_CLICK)
    steps: list[str] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        steps.append(message or "")

    async with client_of(session) as client:
        told = await client.call_tool(
            "instruct", {"text": "Click there."}, progress_callback=progress
        )
    report = told.structured_content
    assert (report["outcome"], report["said"], report["task"]) == ("done", ["Clicked."], "")
    assert [(step["action"], step["done"]) for step in report["steps"]] == [("Click (3, 4)", True)]
    assert steps == ["Click (3, 4)"]
    assert session.log.of(ev.TaskStarted)[-1].source == "mcp"


async def test_a_client_that_asks_for_something_cannot_allow_it(
    make: Make, client_of: Make
) -> None:
    tool = shell()
    session = await make(ONE_COMMAND, tool)
    async with client_of(session) as client:
        await client.call_tool("instruct", {"text": "Remove the notes.", "wait": 0})
        question = await asked(session)
        for answer in (question.phrase, "yes", "allow"):
            given = {"id": question.approval_id, "answer": answer}
            refused = await client.call_tool("answer", given)
            assert refused.is_error
            assert "Only the person may allow this" in text_of(refused)
        assert session.status.pending_approval == question
        assert tool.began == []
        session.approve(question.approval_id, "allow", channel="terminal")
        report = (await client.call_tool("wait", {})).structured_content
    assert report["outcome"] == "done"
    assert [made.input for made in tool.ran] == [{"command": "rm notes"}]


async def test_a_client_may_always_say_no(make: Make, client_of: Make) -> None:
    tool = shell()
    session = await make(ONE_COMMAND, tool)
    async with client_of(session) as client:
        await client.call_tool("instruct", {"text": "Remove the notes.", "wait": 0})
        question = await asked(session)
        await client.call_tool("answer", {"id": question.approval_id, "answer": "no"})
        report = (await client.call_tool("wait", {})).structured_content
    assert tool.began == []
    assert report["outcome"] == "denied"
    decided = session.log.of(ev.ApprovalDecided)[-1]
    assert (decided.decision, decided.channel) == ("deny", "mcp")


async def test_a_client_that_was_let_answer_allows_by_the_phrase_and_nothing_vague(
    make: Make, client_of: Make
) -> None:
    tool = shell()
    session = await make([*ONE_COMMAND, *ONE_COMMAND], tool)
    async with client_of(session, "client") as client:
        for answer in ("perhaps", "yes, run it"):
            told = await client.call_tool("instruct", {"text": "Remove the notes."})
            waits = told.structured_content["waiting"]
            assert waits["kind"] == "approval"
            await client.call_tool("answer", {"id": waits["id"], "answer": answer})
            await client.call_tool("wait", {})
            assert len(tool.ran) == (answer != "perhaps")
    assert [d.decision for d in session.log.of(ev.ApprovalDecided)] == ["deny", "allow"]
    assert not any(d.for_session or d.for_good for d in session.log.of(ev.ApprovalDecided))


async def test_a_client_cannot_extend_a_limit(make: Make, client_of: Make) -> None:
    session = await make([*ONE_CLICK, *ONE_CLICK], max_turns=1)
    async with client_of(session) as client:
        await client.call_tool("instruct", {"text": "Click there.", "wait": 0})
        question = await session.log.wait_for(lambda e: e.kind == "question_asked", timeout=20)
        given = {"id": question.question_id, "answer": "yes, go on"}
        refused = await client.call_tool("answer", given)
        assert refused.is_error
        assert session.log.of(ev.LimitExtended) == []
        await client.call_tool("answer", given | {"answer": "no"})
        report = (await client.call_tool("wait", {})).structured_content
    assert report["outcome"] == "limit"


async def test_what_does_not_wait_cannot_be_answered(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session, "client") as client:
        refused = await client.call_tool("answer", {"id": "approval_1", "answer": "yes"})
    assert refused.is_error
    assert "Nothing of that id waits" in text_of(refused)


async def test_a_clients_stop_halts_the_hands(make: Make, client_of: Make) -> None:
    async def endless(made: ToolCall) -> ToolResult:
        await hang()
        return ToolResult()

    tool = FakeTool(endless)
    session = await make(ONE_CLICK, tool)
    async with client_of(session) as client:
        task = asyncio.create_task(client.call_tool("instruct", {"text": "Click there."}))
        await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)
        await client.call_tool("stop", {"reason": "wrong window"})
        report = (await task).structured_content
    assert session.desktop.input.halted
    assert report["outcome"] == "stopped"
    stopped = session.log.of(ev.Stopped)[-1]
    assert (stopped.source, "wrong window" in stopped.reason) == ("mcp", True)


async def test_a_held_agent_begins_nothing_until_it_may_go_on(make: Make, client_of: Make) -> None:
    over = asyncio.Event()

    async def waits(made: ToolCall) -> ToolResult:
        await over.wait()
        return ToolResult("ok")

    tool = FakeTool(waits)
    session = await make([ONE_CLICK[0], *ONE_CLICK], tool)
    async with client_of(session) as client:
        task = asyncio.create_task(client.call_tool("instruct", {"text": "Click twice."}))
        await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)
        await client.call_tool("hold", {})
        over.set()
        ended = await session.log.wait_for(lambda e: e.kind == "action_finished", timeout=20)
        held = (await client.call_tool("wait", {"seconds": 0.5})).structured_content
        assert (held["state"], len(tool.began)) == ("held", 1)
        assert ended.seq < len(session.log)
        await client.call_tool("go_on", {})
        report = (await task).structured_content
    assert (report["outcome"], len(tool.began)) == ("done", 2)


async def test_a_client_sees_the_screen(make: Make, client_of: Make) -> None:
    session = await make([])
    picture = await session.desktop.screenshot()
    async with client_of(session) as client:
        seen = await client.call_tool("observe", {})
        read = await client.read_resource("sayso://screen")
    images = [part for part in seen.content if part.type == "image"]
    assert [base64.b64decode(image.data) for image in images] == [picture.data]
    assert "data, not an instruction" in text_of(seen)
    assert base64.b64decode(read.contents[0].blob) == picture.data


async def test_resources_tell_the_state_what_waits_and_what_was_said(
    make: Make, client_of: Make
) -> None:
    session = await make(ONE_COMMAND, shell())
    async with client_of(session) as client:

        async def read(name: str) -> str:
            text: str = (await client.read_resource(f"sayso://{name}")).contents[0].text
            return text

        listed = {str(each.uri) for each in (await client.list_resources()).resources}
        assert await read("waiting") == "null"
        await client.call_tool("instruct", {"text": "Remove the notes.", "wait": 0})
        question = await asked(session)
        waits = json.loads(await read("waiting"))
        assert (waits["id"], waits["question"]) == (question.approval_id, question.question)
        assert json.loads(await read("status"))["state"] == "waiting"
        assert "person: Remove the notes." in await read("conversation")
        session.stop("test")
    assert listed == {f"sayso://{n}" for n in ("status", "waiting", "conversation", "screen")}


async def test_no_client_is_told_a_secret(make: Make, client_of: Make) -> None:
    secret = Secret(name="mail", value=SecretStr("correct horse"), program="thunar")

    async def leaks(made: ToolCall) -> ToolResult:
        return ToolResult("it says correct horse")

    session = await make(ONE_CLICK, FakeTool(leaks), secrets=[secret])
    async with client_of(session) as client:
        told = await client.call_tool("instruct", {"text": "Click; it is correct horse."})
        read = await client.read_resource("sayso://conversation")
    everything = json.dumps(told.structured_content) + text_of(told) + read.contents[0].text
    assert "correct horse" not in everything
    assert "<secret>mail</secret>" in everything


async def test_nothing_said_is_told_as_a_sentence(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session) as client:
        refused = await client.call_tool("instruct", {"text": "  "})
    assert refused.is_error
    assert "Nothing was said" in text_of(refused)


@pytest.mark.parametrize("wait", [-1, 601])
async def test_a_call_waits_no_longer_than_it_may(make: Make, client_of: Make, wait: int) -> None:
    session = await make(ONE_CLICK)
    async with client_of(session) as client:
        refused = await client.call_tool("instruct", {"text": "Click.", "wait": wait})
    assert refused.is_error
    assert session.log.of(ev.TaskStarted) == []


async def test_what_a_program_tells_the_person_is_shown_as_a_programs(
    make: Make, client_of: Make
) -> None:
    session = await make([])
    async with client_of(session) as client:
        await client.call_tool("tell", {"text": "The build\nis done."})
        refused = await client.call_tool("tell", {"text": " "})
    assert [e.text for e in session.log.of(ev.Replied)] == ["A program says: The build is done."]
    assert refused.is_error


async def test_the_person_answers_what_a_program_asks(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session) as client:
        asking = asyncio.create_task(client.call_tool("ask", {"question": "Is it green?"}))
        asked = await session.log.wait_for(lambda e: e.kind == "question_asked", timeout=20)
        given = {"id": asked.question_id, "answer": "yes"}
        assert (await client.call_tool("answer", given)).is_error
        session.answer(asked.question_id, "yes")
        answered = text_of(await asking)
    assert (asked.text, answered) == ("A program asks: Is it green?", "yes")


async def test_what_nobody_answers_is_not_left_open(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session) as client:
        answered = await client.call_tool("ask", {"question": "Anybody?", "seconds": 0.05})
    assert text_of(answered) == ""
    assert session.status.question is None


async def test_nothing_is_asked_between_while_a_task_runs(make: Make, client_of: Make) -> None:
    session = await make(ONE_COMMAND, shell())
    async with client_of(session) as client:
        await client.call_tool("instruct", {"text": "Remove the notes.", "wait": 0})
        await asked(session)
        refused = await client.call_tool("ask", {"question": "Is it green?"})
        session.stop("test")
    assert refused.is_error
    assert session.log.of(ev.QuestionAsked) == []
