"""Allowed for this session: exactly the deed that was shown, until it is taken back or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.models.base import ModelRequest
from agent.record import events as ev
from agent.session.approval import Approvals
from agent.session.grants import LONGEST
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import Intent
from dashboard.transcript import Transcript

COMMAND = "ls -la ~"
TERMINAL = {"wm_class": "Xfce4-terminal", "title": "Terminal - user"}


def shell() -> FakeTool:
    return FakeTool(name="bash", members=("bash",), toolset=None, harmless=False)


def running(*commands: str) -> Callable[[ModelRequest], list[Any]]:
    """A model that runs these commands, one after the other, whatever comes of them."""
    left = list(commands)

    def answer(request: ModelRequest) -> list[Any]:
        if not left:
            return [*says("Done."), *done()]
        return [*call("bash", toolset=None, command=left.pop(0)), *done("tool_use")]

    return answer


async def asked(session: Session, many: int = 1) -> ev.ApprovalAsked:
    """Wait until it asked so many times, and is waiting."""
    async with asyncio.timeout(10):
        while len(session.log.of(ev.ApprovalAsked)) < many or not session.status.pending_approval:
            await asyncio.sleep(0.01)
    return session.log.of(ev.ApprovalAsked)[-1]


async def test_the_very_same_command_is_not_asked_about_again(make: Any) -> None:
    """It runs, and the log says beside it why nobody was asked."""
    session = await make(running(COMMAND, COMMAND), shell())
    session.say("Look.")
    first = await asked(session)
    assert first.grant is not None
    assert COMMAND in first.grant.words
    session.approve(first.approval_id, "allow", channel="button", for_session=True)
    await session.wait_idle(10)
    assert len(session.log.of(ev.ApprovalAsked)) == 1
    assert [action.ran for action in session.log.of(ev.ActionFinished)] == [True, True]
    by_hand, by_rule = session.log.of(ev.ApprovalDecided)
    assert (by_hand.channel, by_hand.for_session) == ("button", True)
    assert (by_rule.channel, by_rule.for_session) == ("rule", True)
    assert by_rule.note == first.grant.words


async def test_without_it_the_same_command_is_asked_about_again(make: Any) -> None:
    """Allow is for once."""
    session = await make(running(COMMAND, COMMAND), shell())
    session.say("Look.")
    session.approve((await asked(session)).approval_id, "allow", channel="button")
    second = await asked(session, 2)
    assert session.grants == {}
    session.approve(second.approval_id, "deny", channel="button", for_session=True)
    await session.wait_idle(10)
    assert session.grants == {}, "a no allows nothing"
    assert not session.log.of(ev.ApprovalDecided)[-1].for_session


@pytest.mark.parametrize(
    "near", [f"{COMMAND} ", f"{COMMAND};id", f" {COMMAND}", "ls -la ~/x", "LS -la ~", "ls  -la ~"]
)
async def test_a_near_miss_still_asks(make: Any, near: str) -> None:
    """One character more, less or other is another command."""
    session = await make(running(COMMAND, near), shell())
    session.say("Look.")
    first = await asked(session)
    session.approve(first.approval_id, "allow", channel="button", for_session=True)
    second = await asked(session, 2)
    assert near in second.question
    session.approve(second.approval_id, "deny", channel="button")
    await session.wait_idle(10)


async def test_what_was_taken_back_is_asked_about_again(make: Any) -> None:
    """At once, and the log has it first."""
    session = await make(running(COMMAND), shell())
    session.say("Look.")
    first = await asked(session)
    session.approve(first.approval_id, "allow", channel="button", for_session=True)
    await session.wait_idle(10)
    assert list(session.grants) == [first.approval_id]
    assert session.withdraw(first.approval_id)
    assert session.grants == {}
    assert session.log.of(ev.GrantWithdrawn)[0].approval_id == first.approval_id
    assert not session.withdraw(first.approval_id), "it is not allowed any more"
    assert not session.withdraw("of-no-such-id")
    assert len(session.log.of(ev.GrantWithdrawn)) == 1


async def test_a_session_that_is_resumed_asks_again(tmp_path: Path) -> None:
    """What a journal says was allowed lets nothing happen: it may come from elsewhere."""
    settings = Settings(data_dir=tmp_path)

    async def opened(make: Callable[..., Session], *given: Any) -> Session:
        model = ScriptedModel(running(COMMAND))
        session = make(*given, desktop=FakeDesktop(), model=model, tools=[shell()])
        await session.open()
        session.say("Look.")
        return session

    session = await opened(Session.create, settings)
    first = await asked(session)
    session.approve(first.approval_id, "allow", channel="button", for_session=True)
    await session.wait_idle(10)
    assert session.grants
    await session.close()
    again = await opened(Session.resume, settings, session.id)
    await asked(again, 2)
    assert again.grants == {}
    await again.close()


def grant(intent: Intent) -> ev.Grant | None:
    return Approvals().judge(intent).grant


def test_only_what_can_be_shown_whole_can_be_allowed() -> None:
    """No command too long to see, with signs that are not seen, or empty."""
    whole, hidden = "x" * LONGEST, "ls\u202e"
    assert grant(Intent("bash", "bash", {"command": whole})) is not None
    for command in (f"{whole}x", hidden, "ls\nid", "ls\tx"):
        assert grant(Intent("bash", "bash", {"command": command})) is None


@pytest.mark.parametrize(
    "intent",
    [
        Intent("computer", "left_click", {"role": "push button", "name": "Delete"}),
        Intent("computer", "key", {"key": "ctrl+shift+v", **TERMINAL}, window="1"),
        Intent("computer", "key", {"key": "Delete", "wm_class": "Thunar"}, window="1"),
        Intent("editor", "create", {"path": "/home/user/.bashrc"}),
        Intent("computer", "key", {"key": "Return", **TERMINAL}, window="1"),
        Intent("computer", "type", {"text": "ls\n", **TERMINAL}),
    ],
    ids=str,
)
def test_what_depends_on_something_else_is_asked_about_each_time(intent: Intent) -> None:
    """A button, a paste, a selection, a file's text, a line or a window that is not known."""
    verdict = Approvals().judge(intent)
    assert (verdict.decision, verdict.grant) == ("ask", None)


def allowed(approvals: Approvals, intent: Intent) -> bool:
    return approvals.judge(intent).decision == "allow"


def test_a_line_is_allowed_in_its_own_window_only_and_as_it_was_typed() -> None:
    """Not in another terminal, not with something before it, not when it was changed."""
    approvals = Approvals()
    typed = Intent("computer", "type", {"text": "make\n", **TERMINAL}, window="7")
    wanted = approvals.judge(typed).grant
    assert wanted is not None
    question = ev.ApprovalAsked(
        approval_id="a", action_id="x", action_hash="h", question="?", phrase="yes", grant=wanted
    )
    approvals.add(question)
    approvals.add(ev.ApprovalDecided(approval_id="a", decision="allow", for_session=True))
    assert allowed(approvals, typed)
    elsewhere = Intent("computer", "type", {"text": "make\n", **TERMINAL}, window="8")
    assert not allowed(approvals, elsewhere)
    before = Intent("computer", "type", {"text": "sudo ", **TERMINAL}, window="7")
    approvals.begins(before)
    approvals.done(before)
    assert not allowed(approvals, typed)
    approvals.done(Intent("computer", "key", {"key": "ctrl+c", **TERMINAL}, window="7"))
    assert allowed(approvals, typed)
    approvals.done(Intent("computer", "key", {"key": "Up", **TERMINAL}, window="7"))
    assert not allowed(approvals, typed)


def test_an_answer_to_another_question_allows_nothing() -> None:
    """The answer's own question must be known, in this process."""
    approvals = Approvals()
    approvals.add(ev.ApprovalDecided(approval_id="a", decision="allow", for_session=True))
    assert approvals.grants.given == {}


async def test_the_conversation_says_what_was_allowed_and_what_it_let_happen(make: Any) -> None:
    """On the card, beside the action, and when it is taken back."""
    session = await make(running(COMMAND, COMMAND), shell())
    session.say("Look.")
    first = await asked(session)
    session.approve(first.approval_id, "allow", channel="button", for_session=True)
    await session.wait_idle(10)
    session.withdraw(first.approval_id)
    transcript = Transcript(lambda sha256: sha256)
    for event in session.log:
        transcript.feed(event)
    items = transcript.snapshot()
    card = next(item for item in items if item["kind"] == "approval")
    assert (card["decision"], card["remembered"]) == ("allow", True)
    assert COMMAND in card["grant"]
    rules = [item.get("rule", "") for item in items if item["kind"] == "action"]
    assert COMMAND in rules[1]
    assert any(
        "asked again" in i["text"] and COMMAND in i["text"] for i in items if i["kind"] == "note"
    )
