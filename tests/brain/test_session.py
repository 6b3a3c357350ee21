"""A session runs tasks through the loop, and can be cut anywhere."""

from __future__ import annotations

from typing import Any

from agent.record import events as ev
from agent.session.history import HALTED, INTERRUPTED
from agent.testing.scripted import FakeTool, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult


def results(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [b for b in messages[-1]["content"] if b["type"] == "tool_result"]


async def test_a_task_runs_to_its_last_word(make):
    session = await make(
        [[*says("I click."), *call(), *done("tool_use")], [*says("Done."), *done()]]
    )
    session.say("Click it.")
    await session.wait_idle(20)
    (finished,) = session.log.of(ev.TaskFinished)
    assert (finished.outcome, finished.summary) == ("done", "Done.")
    assert not session.model.faults
    assert session.status.who == "idle"


async def test_the_last_words_of_the_last_answer_are_what_is_told_of_the_task(make):
    answer = [*says("I look."), *says("Then I write.", index=1), *says("It is written.", index=2)]
    session = await make([[*says("First."), *call(index=1), *done("tool_use")], [*answer, *done()]])
    session.say("Write.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].summary == "It is written."


async def test_the_first_request_carries_date_and_screen_after_the_words(make):
    session = await make([[*says("Hello."), *done()]])
    session.say("Hello?")
    await session.wait_idle(20)
    content = session.model.requests[0][0]["content"]
    assert [block["type"] for block in content] == ["text", "text", "image"]
    assert content[0]["text"] == "Hello?"
    assert content[1]["text"].startswith("Today is ")


async def test_the_first_action_starts_before_the_answer_has_ended(make):
    tool = FakeTool()

    async def acted() -> None:
        await session.log.wait_for(lambda e: e.kind == "action_finished", timeout=20)

    session = await make(
        [[*call(), acted, *call(), *done("tool_use")], [*says("Done."), *done()]], tool
    )
    session.say("Click twice.")
    await session.wait_idle(20)
    assert len(tool.ran) == 2


async def test_a_failure_halts_the_rest_of_its_batch_in_the_exact_words(make):
    async def fail(call: ToolCall) -> ToolResult:
        return ToolResult("Missed.", is_error=True)

    tool = FakeTool(fail)
    session = await make(
        [[*call(), *call(), *done("tool_use")], [*says("It failed."), *done()]], tool
    )
    session.say("Click twice.")
    await session.wait_idle(20)
    first, second = results(session.model.requests[1])
    assert first["content"][0]["text"] == "Missed."
    assert second["content"][0]["text"] == HALTED
    assert second["is_error"]
    assert second["toolset_name"] == "computer"
    assert len(tool.ran) == 1


async def test_stop_ends_a_hung_model_at_once_and_the_next_words_go_on(make):
    session = await make([[*says("I am"), hang], [*says("Again."), *done()]])
    session.say("Do it.")
    await session.log.wait_for(lambda e: e.kind == "block_finished", timeout=20)
    session.stop("button")
    assert session.status.who == "stopped"
    assert session.desktop.input.halted
    assert session.log.of(ev.TaskFinished)[-1].outcome == "stopped"
    session.say("Go on.")
    await session.wait_idle(20)
    assert not session.desktop.input.halted
    assert session.log.of(ev.TaskFinished)[-1].summary == "Again."
    assert session.model.closed_streams == 2


async def test_stop_ends_a_hung_action_and_tells_the_model_what_ran(make):
    async def hangs(call: ToolCall) -> ToolResult:
        await hang()
        raise AssertionError

    tool = FakeTool(hangs)
    session = await make([[*call(), *call(), *done("tool_use")], [*says("Sorry."), *done()]], tool)
    session.say("Click.")
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)
    await session.log.wait_for(lambda e: e.kind == "turn_finished", timeout=20)
    session.stop("voice", source="voice")
    session.say("What happened?")
    await session.wait_idle(20)
    first, second = results(session.model.requests[1])
    assert "may have had part of its effect" in first["content"][0]["text"]
    assert second["content"][0]["text"] == INTERRUPTED


async def test_new_words_cut_in_and_queued_words_wait(make):
    session = await make(
        [
            [*says("One."), hang],
            [*call(), *done("tool_use")],
            [*says("Finished."), *done()],
        ]
    )
    task = session.say("First.")
    await session.log.wait_for(lambda e: e.kind == "block_finished", timeout=20)
    assert session.say("No, second.") == task
    await session.wait_idle(20)
    texts = [b.get("text") for b in session.model.requests[1][-1]["content"]]
    assert texts[:2] == ["The user interrupted you here.", "No, second."]
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"


async def test_queued_words_are_read_before_the_task_may_end(make):
    async def speak() -> None:
        session.say("And save it.", how="queue")

    session = await make([[speak, *says("Done."), *done()], [*says("Saved."), *done()]])
    session.say("Write it.")
    await session.wait_idle(20)
    assert len(session.log.of(ev.TaskFinished)) == 1
    assert session.log.of(ev.TaskFinished)[0].summary == "Saved."
    assert session.model.requests[1][-1]["content"][-1]["text"] == "And save it."


async def test_nothing_begins_during_a_hold(make):
    tool = FakeTool()

    async def holds() -> None:
        session.hold("speech")

    session = await make([[holds, *call(), *done("tool_use")], [*says("Done."), *done()]], tool)
    session.say("Click.")
    await session.log.wait_for(lambda e: e.kind == "turn_finished", timeout=20)
    assert session.status.who == "held"
    assert not tool.began
    session.release()
    await session.wait_idle(20)
    assert len(tool.ran) == 1


async def test_an_approved_action_runs_and_a_declined_one_does_not(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    ask = lambda: call("bash", toolset=None, command="ls")  # noqa: E731
    session = await make(
        [[*ask(), *done("tool_use")], [*ask(), *done("tool_use")], [*says("Done."), *done()]], tool
    )
    session.say("List the files.")
    asked = await session.log.wait_for(lambda e: e.kind == "approval_asked", timeout=20)
    assert session.status.who == "waiting"
    assert not tool.began
    assert session.approve(asked.approval_id, "allow", channel="button")
    assert not session.approve(asked.approval_id, "allow", channel="button")
    again = await session.log.wait_for(
        lambda e: e.kind == "approval_asked", since=asked.seq + 1, timeout=20
    )
    session.approve(again.approval_id, "deny", channel="voice")
    await session.wait_idle(20)
    assert len(tool.ran) == 1
    assert "no" in results(session.model.requests[2])[0]["content"][0]["text"]


async def test_stop_voids_a_pending_approval(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    session = await make([[*call("bash", toolset=None, command="ls"), *done("tool_use")]], tool)
    session.say("List the files.")
    asked = await session.log.wait_for(lambda e: e.kind == "approval_asked", timeout=20)
    session.stop("button")
    assert not session.approve(asked.approval_id, "allow", channel="voice")
    assert session.log.of(ev.ApprovalDecided)[-1].decision == "void"
    await session.wait_idle(20)
    assert not tool.began


class LeavesJobs(FakeTool):
    """A tool that leaves something running between actions."""

    stops = 0

    def stop(self) -> None:
        self.stops += 1


async def test_stop_reaches_what_an_earlier_action_left_running(make):
    """Also while nothing runs; an interruption by new words does not."""
    tool = LeavesJobs()
    session = await make([[*says("Done."), *done()], [hang], [*says("Done."), *done()]], tool)
    session.say("Start it.")
    await session.wait_idle(20)
    since = len(session.log)
    session.say("Go on.")
    await session.log.wait_for(lambda e: isinstance(e, ev.TurnStarted), since=since, timeout=20)
    session.say("No, this.", how="redirect")
    await session.wait_idle(20)
    assert tool.stops == 0
    session.stop("button")
    assert tool.stops == 1
