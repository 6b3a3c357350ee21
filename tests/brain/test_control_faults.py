"""Stop works with model, tool and approval hung; nothing old reaches the log or the desk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.errors import BadInput, InputHalted
from agent.record import events as ev
from agent.session import loop
from agent.session.approval import Rule
from agent.session.session import Session
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult


class Stubborn:
    """Something that swallows cancellation until it is let go."""

    def __init__(self) -> None:
        self.leave = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = 0

    async def wait(self) -> None:
        self.entered.set()
        while not self.leave.is_set():
            try:
                await self.leave.wait()
            except asyncio.CancelledError:
                self.cancelled += 1


async def begun(session: Any, kind: str) -> Any:
    return await session.log.wait_for(lambda e: e.kind == kind, timeout=20)


async def test_stop_is_done_when_it_returns(make):
    async def hold_a_key(call: ToolCall) -> ToolResult:
        await session.desktop.input.button_down("left")
        await hang()
        raise AssertionError

    tool = FakeTool(hold_a_key)
    session = await make([[*call(), hang]], tool)
    session.say("Drag it.")
    await begun(session, "action_started")
    while not session.desktop.input.held:
        await asyncio.sleep(0)
    assert session.stop("key", source="button") == ("left",)
    assert session.desktop.input.halted
    assert session.desktop.input.held == []
    assert session.status.task_id is None
    assert session.log.of(ev.Stopped)[-1].released == ("left",)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "stopped"


async def test_a_tool_that_ignores_cancellation_does_not_hinder_stop_or_write_later(make):
    stubborn = Stubborn()

    async def ignores(call: ToolCall) -> ToolResult:
        await stubborn.wait()
        with pytest.raises(InputHalted):
            await session.desktop.input.click(1, 1)
        return ToolResult("I clicked after all.")

    tool = FakeTool(ignores)
    session = await make([[*call(), *call(), *done("tool_use")]], tool)
    session.say("Click.")
    await begun(session, "action_started")
    session.stop("button")
    events = len(session.log)
    stubborn.leave.set()
    await session.control.finished()
    assert len(session.log) == events
    assert len(tool.began) == 1
    assert session.desktop.input.deeds == []
    assert "after all" not in str(list(session.log))


async def test_a_model_that_ignores_cancellation_does_not_hinder_stop_or_new_words(make):
    stubborn = Stubborn()
    session = await make([[*says("I"), stubborn.wait, *says("am late")], [*says("Yes."), *done()]])
    session.say("One.")
    await asyncio.wait_for(stubborn.entered.wait(), 20)
    session.stop("button")
    assert session.status.who == "stopped"
    session.say("Two.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].summary == "Yes."
    assert stubborn.cancelled
    stubborn.leave.set()


async def test_a_halted_driver_refuses_whatever_is_still_on_its_way():
    desktop = FakeDesktop()
    desktop.input.halt()
    with pytest.raises(InputHalted):
        await desktop.input.click(1, 1)


async def test_no_question_is_put_while_the_person_speaks(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)

    async def speaks() -> None:
        session.hold("speech")

    session = await make(
        [[speaks, *call("bash", toolset=None, command="ls"), *done("tool_use")]], tool
    )
    session.say("List.")
    await begun(session, "turn_finished")
    for _ in range(50):
        await asyncio.sleep(0)
    assert not session.log.of(ev.ApprovalAsked)
    session.release()
    await begun(session, "approval_asked")
    session.stop("enough")


async def test_an_approval_without_an_answer_is_a_no(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    session = await make(
        [
            [*call("bash", toolset=None, command="ls"), *done("tool_use")],
            [*says("You did not answer."), *done()],
        ],
        tool,
        approval_timeout=0.05,
    )
    session.say("List.")
    await session.wait_idle(20)
    assert session.log.of(ev.ApprovalDecided)[0].decision == "timeout"
    assert not tool.began


async def test_an_approval_of_what_has_changed_meanwhile_does_nothing(make):
    tool = FakeTool(harmless=False, target={"role": "push button", "name": "Delete"})
    session = await make([[*call(), *done("tool_use")], [*says("It moved."), *done()]], tool)
    session.say("Delete it.")
    asked = await begun(session, "approval_asked")
    tool.target = {"role": "push button", "name": "Delete all"}
    session.approve(asked.approval_id, "allow", channel="voice")
    await session.wait_idle(20)
    assert not tool.began
    assert "changed" in session.log.of(ev.ActionFinished)[0].text


async def test_an_approval_is_for_one_window_and_what_is_in_it(make):
    """Two windows of one class with the same button are two deeds; a ticking title is none."""
    button = {"role": "push button", "name": "Delete"}
    for title, window, runs in (
        ("Letters 12:04", "7", True),
        ("Letters 12:03", "8", False),
        ("Everything", "7", False),
    ):
        tool = FakeTool(harmless=False, target={**button, "title": "Letters 12:03"}, window="7")
        session = await make([[*call(), *done("tool_use")], [*says("Well."), *done()]], tool)
        session.say("Delete it.")
        asked = await begun(session, "approval_asked")
        tool.target, tool.window = {**button, "title": title}, window
        session.approve(asked.approval_id, "allow", channel="button")
        await session.wait_idle(20)
        assert bool(tool.began) == runs


async def test_an_approval_is_used_once(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    ask = [
        [*call("bash", toolset=None, command="ls"), *done("tool_use")],
        [*call("bash", toolset=None, command="ls"), *done("tool_use")],
        [*says("Done."), *done()],
    ]
    session = await make(ask, tool)
    session.say("List twice.")
    first = await begun(session, "approval_asked")
    assert session.approve(first.approval_id, "allow", channel="button")
    assert not session.approve(first.approval_id, "allow", channel="button")
    second = await session.log.wait_for(
        lambda e: e.kind == "approval_asked", since=first.seq + 1, timeout=20
    )
    assert second.action_hash == first.action_hash  # the very same deed is asked about anew
    assert not session.approve(first.approval_id, "allow", channel="button")
    assert len(tool.began) == 1
    session.approve(second.approval_id, "deny", channel="button")
    await session.wait_idle(20)
    assert len(tool.began) == 1


async def test_what_a_hold_may_have_changed_is_judged_anew(make):
    """A terminal came to the front while the person spoke: Enter is asked about after all."""
    tool = FakeTool(harmless=False, target={"wm_class": "Mousepad"})
    enter = call("key", key="Return")
    session = await make([[*enter, *done("tool_use")], [*says("Done."), *done()]], tool)
    session.log.subscribe(lambda e: session.hold("speech") if e.kind == "action_proposed" else None)
    session.say("Press Enter.")
    await begun(session, "hold_began")
    tool.target = {"wm_class": "Xfce4-terminal", "title": "Terminal"}
    session.release()
    asked = await begun(session, "approval_asked")
    assert "“Terminal”" in asked.question
    session.approve(asked.approval_id, "deny", channel="button")
    await session.wait_idle(20)
    assert not tool.began


async def test_a_yes_does_not_outlast_a_hold_in_which_the_screen_changed(make):
    tool = FakeTool(harmless=False, target={"role": "push button", "name": "Delete"})
    session = await make([[*call(), *done("tool_use")], [*says("It moved."), *done()]], tool)
    session.say("Delete it.")
    asked = await begun(session, "approval_asked")
    session.approve(asked.approval_id, "allow", channel="button")
    session.hold("speech")
    for _ in range(20):
        await asyncio.sleep(0)
    tool.target = {"role": "push button", "name": "Delete all"}
    session.release()
    await session.wait_idle(20)
    assert not tool.began
    assert "changed" in session.log.of(ev.ActionFinished)[0].text


async def test_new_words_void_a_pending_approval(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    session = await make(
        [[*call("bash", toolset=None, command="ls"), *done("tool_use")], [*says("Ok."), *done()]],
        tool,
    )
    session.say("List.")
    asked = await begun(session, "approval_asked")
    session.say("No, wait, something else.")
    assert not session.approve(asked.approval_id, "allow", channel="voice")
    await session.wait_idle(20)
    assert not tool.began
    assert session.log.of(ev.ApprovalDecided)[0].decision == "void"


async def test_the_person_takes_the_mouse_and_the_agent_looks_again_afterwards(make):
    session = await make([[*says("I try."), hang], [*says("I see."), *done()]])
    session.say("Do it.")
    await begun(session, "block_finished")
    session.take_control()
    assert session.status.who == "yours"
    assert session.desktop.input.halted
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(session.model.requests) == 1
    session.return_control("I closed the dialog.")
    await session.wait_idle(20)
    told = session.model.requests[1][-1]["content"]
    assert any("I closed the dialog." in b.get("text", "") for b in told)
    assert told[-1]["type"] == "image"
    assert not session.desktop.input.halted


async def test_words_while_the_person_has_the_mouse_wait_for_it(make):
    session = await make([[*says("Now I can."), *done()]])
    session.take_control()
    session.say("Write a letter.")
    for _ in range(50):
        await asyncio.sleep(0)
    assert not session.model.requests
    assert session.desktop.input.halted
    session.return_control()
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"


async def test_hammering_stop_and_hold_breaks_nothing(make):
    session = await make([[*says("I"), hang], [*says("Fine."), *done()]])
    for _ in range(3):
        session.stop("again")
        session.hold("again")
        session.hold("again")
        session.release()
        session.release()
    session.say("Work.")
    await begun(session, "block_finished")
    for _ in range(5):
        session.stop("again")
    session.say("Are you well?")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].summary == "Fine."


async def test_a_tool_that_crashes_is_noticed_while_the_answer_hangs(make, monkeypatch):
    monkeypatch.setattr(loop, "TELL_WITHIN", 0.2)

    async def crashes(call: ToolCall) -> ToolResult:
        raise RuntimeError("a bug in the tool")

    session = await make([[*call(), hang]], FakeTool(crashes))
    session.say("Click.")
    await session.wait_idle(20)
    assert session.model.closed_streams == 1
    finished = session.log.of(ev.TaskFinished)[-1]
    assert finished.outcome == "failed"
    assert "a bug in the tool" in finished.summary


async def played_with(settings, **parts: Any) -> list[ev.ApprovalDecided]:
    """One risky call under some rules; returns what was decided."""
    ask = call("bash", toolset=None, command="ls")
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    session = Session.create(
        settings,
        desktop=FakeDesktop(),
        model=ScriptedModel([[*ask, *done("tool_use")], [*says("Done."), *done()]]),
        tools=(tool,),
        **parts,
    )
    await session.open()
    session.say("List.")
    await session.wait_idle(20)
    decided = session.log.of(ev.ApprovalDecided)
    assert not session.log.of(ev.ApprovalAsked)
    assert len(tool.ran) == sum(d.decision == "allow" for d in decided)
    assert decided[0].action_id == session.log.of(ev.ActionProposed)[0].action_id
    await session.close()
    return decided


@pytest.mark.parametrize("decision", ["deny", "alternative"])
async def test_what_a_rule_forbids_is_on_record_though_nobody_was_asked(settings, decision: Any):
    rule = Rule("no shell", decision, lambda intent: True, advice="Use the editor.")
    (decided,) = await played_with(settings, rules=(rule,))
    assert (decided.decision, decided.channel, decided.note) == (decision, "rule", "no shell")


async def test_what_was_allowed_beforehand_is_on_record(settings):
    (decided,) = await played_with(settings, allowed=frozenset({"shell"}))
    assert (decided.decision, decided.channel, decided.note) == ("allow", "rule", "shell")


async def test_blank_words_are_refused(make):
    session = await make([])
    with pytest.raises(BadInput):
        session.say("  ")
    assert session.status.task_id is None


async def test_a_desktop_that_cannot_start_is_an_event_and_closing_works(settings):
    session = Session.create(
        settings,
        desktop=FakeDesktop(unavailable="Install Xvnc."),
        model=ScriptedModel([]),
        tools=(FakeTool(),),
    )
    await session.open()
    assert session.status.who == "disconnected"
    assert session.log.of(ev.Failed)[0].error == "Install Xvnc."
    await session.close()


async def test_closing_in_the_middle_of_work_leaves_a_whole_journal(settings):
    session = Session.create(
        settings,
        session_id="one",
        desktop=FakeDesktop(),
        model=ScriptedModel([[*call(), hang]]),
        tools=(FakeTool(),),
    )
    await session.open()
    session.say("Click.")
    await begun(session, "action_finished")
    await session.close("bye")
    again = Session.resume(
        settings, "one", desktop=FakeDesktop(), model=ScriptedModel([]), tools=(FakeTool(),)
    )
    kinds = [event.kind for event in again.log]
    assert kinds[-3:] == ["turn_finished", "task_finished", "session_closed"]
    again.journal.close()
