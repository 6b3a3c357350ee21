"""Starts of programs in a session: logged, asked about, answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli.terminal import _line
from agent.desktop.base import DesktopStatus
from agent.desktop.server.starts import Notice
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.fake_kernel import WatchedDesktop
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, says
from agent.tools.base import Intent, ToolCall, ToolResult

_TERMINAL = {"wm_class": "Xfce4-terminal", "title": "Terminal", "role": "terminal"}
_EDITOR = {"wm_class": "Mousepad", "title": "a"}


class Scene:
    """A session on a watched desktop in memory, with a shell in a terminal."""

    def __init__(self, session: Session, desktop: WatchedDesktop, tool: FakeTool) -> None:
        self.session = session
        self.desktop = desktop
        self.tool = tool
        self.shell = desktop.shell()

    def touch(self, *words: str) -> Notice:
        kernel = self.desktop.kernel
        return kernel.starts(kernel.fork(self.shell), "touch", *words or ("x",))

    async def asked(self, since: int = 0) -> ev.ApprovalAsked:
        found = await self.session.log.wait_for(
            lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=20
        )
        assert isinstance(found, ev.ApprovalAsked)
        return found

    async def answer(self, notice: Notice) -> str:
        return await asyncio.to_thread(self.desktop.kernel.answer, notice)

    def begun(self) -> list[str]:
        return [p.line for e in self.session.log.of(ev.ProgramStarted) for p in e.programs]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


Make = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[Session] = []

    async def make(*scripts: Any, target: Any = _EDITOR, **parts: Any) -> Scene:
        settings = Settings(
            _env_file=None, data_dir=tmp_path, model="offline", **parts.pop("settings", {})
        )
        desktop, tool = WatchedDesktop(), FakeTool(harmless=False, target=dict(target))
        session = Session.create(
            settings, desktop=desktop, model=ScriptedModel(scripts), tools=[tool], **parts
        )
        made.append(session)
        await session.open()
        return Scene(session, desktop, tool)

    yield make
    for session in made:
        await session.close()


async def test_a_start_waits_for_the_person_and_is_logged_before_it_begins(make: Make):
    scene = await make()
    notice = scene.touch("x")
    asked = await scene.asked()
    assert asked.question == (
        "In a terminal, bash wants to start “touch x”. Allow it? Say “yes, start it” to allow it."
    )
    assert scene.desktop.kernel.waiting(notice)
    assert scene.session.status.who == "waiting"
    assert scene.session.approve(asked.approval_id, "allow", channel="voice")
    assert await scene.answer(notice) == "allowed"
    [begun] = [e for e in scene.session.log.of(ev.ProgramStarted) if e.approval_id]
    assert begun.approval_id == asked.approval_id
    assert begun.programs[0].by[0] == "bash"


async def test_what_needs_no_question_is_in_the_log(make: Make):
    scene = await make()
    await scene.session.log.wait_for(
        lambda e: "bash" in [p.line for p in getattr(e, "programs", ())], timeout=20
    )
    assert scene.begun() == ["xfce4-terminal", "bash"]
    assert scene.session.log.of(ev.ApprovalAsked) == []


async def test_a_no_is_told_to_the_model_and_the_next_action_waits_for_it(make: Make):
    script = [
        [*call(), *call(index=1), *done("tool_use")],
        [*says("I could not."), *done()],
    ]
    scene = await make(*script)
    notices: list[Notice] = []

    async def launch(given: ToolCall) -> ToolResult:
        if not notices:
            notices.append(scene.touch("x"))
            await scene.asked()
        return ToolResult("ok")

    scene.tool.behaviour = launch
    scene.session.say("go")
    asked = await scene.asked()
    await asyncio.wait_for(scene.session.log.wait_for(lambda e: e.kind == "action_finished"), 20)
    assert len(scene.tool.began) == 1
    scene.session.approve(asked.approval_id, "deny", channel="button")
    assert await scene.answer(notices[0]) == "refused"
    await scene.session.wait_idle(20)
    assert len(scene.tool.began) == 2
    model = scene.session.model
    assert isinstance(model, ScriptedModel)
    assert "“touch x” was not started: the person did not allow it." in str(model.requests[-1])
    assert scene.begun().count("touch x") == 0


async def test_the_task_does_not_end_before_what_it_started_is_answered_about(make: Make):
    scene = await make([*call(), *done("tool_use")], [*says("Done."), *done()])

    async def launch(given: ToolCall) -> ToolResult:
        scene.touch("x")
        await scene.asked()
        return ToolResult("ok")

    scene.tool.behaviour = launch
    scene.session.say("go")
    asked = await scene.asked()
    with pytest.raises(TimeoutError):
        await scene.session.wait_idle(0.3)
    scene.session.approve(asked.approval_id, "allow", channel="button")
    await scene.session.wait_idle(20)
    assert scene.session.log.of(ev.TaskFinished)[-1].outcome == "done"


async def test_a_stop_is_a_no_for_all_that_waits(make: Make):
    scene = await make()
    first = scene.touch("x")
    asked = await scene.asked()
    scene.shell = scene.desktop.shell()
    second = scene.touch("y")
    await until(lambda: bool(scene.session._agent.programs._waiting))
    scene.session.stop("enough")
    assert await scene.answer(first) == "refused"
    assert await scene.answer(second) == "refused"
    [decided] = scene.session.log.of(ev.ApprovalDecided)
    assert (decided.approval_id, decided.decision) == (asked.approval_id, "void")


async def test_no_answer_in_time_is_a_no(make: Make):
    scene = await make(settings={"approval_timeout": 0.05})
    notice = scene.touch("x")
    assert await scene.answer(notice) == "refused"
    assert scene.session.log.of(ev.ApprovalDecided)[-1].decision == "timeout"
    assert scene.session.status.pending_approval is None


async def test_what_is_allowed_for_the_session_is_not_asked_about_again(make: Make):
    scene = await make()
    for number in range(2):
        scene.shell = scene.desktop.shell()
        notice = scene.touch("x")
        if number == 0:
            asked = await scene.asked()
            assert asked.grant is not None
            assert "“touch x”" in asked.grant.words
            scene.session.approve(asked.approval_id, "allow", channel="button", for_session=True)
        assert await scene.answer(notice) == "allowed"
    assert len(scene.session.log.of(ev.ApprovalAsked)) == 1
    scene.shell = scene.desktop.shell()
    other = scene.touch("y")
    asked = await scene.asked(since=asked.seq + 1)
    scene.session.approve(asked.approval_id, "deny", channel="button")
    assert await scene.answer(other) == "refused"


async def test_a_secret_is_neither_shown_nor_allowed_for_the_session(make: Make):
    scene = await make()
    scene.touch("--password=hunter2")
    asked = await scene.asked()
    assert asked.grant is None
    assert "hunter2" not in "".join(ev.dump_event(e) for e in scene.session.log)


async def test_a_rule_that_is_allowed_beforehand_asks_nothing(make: Make):
    scene = await make(allowed=frozenset({"program"}))
    assert await scene.answer(scene.touch("x")) == "allowed"
    assert scene.session.log.of(ev.ApprovalAsked) == []
    assert "touch x" in scene.begun()


async def test_without_the_rule_nothing_is_asked(make: Make):
    scene = await make(rules=())
    assert await scene.answer(scene.touch("x")) == "allowed"
    assert scene.session.log.of(ev.ApprovalAsked) == []


async def test_a_line_that_was_allowed_is_asked_about_once(make: Make):
    enter = [*call("key", key="Return"), *done("tool_use")]
    scene = await make(enter, [*says("Done."), *done()], target=_TERMINAL)
    answers: list[str] = []

    async def press(given: ToolCall) -> ToolResult:
        answers.append(await scene.answer(scene.touch("x")))
        return ToolResult("ok")

    scene.tool.behaviour = press
    scene.session.say("go")
    asked = await scene.asked()
    assert asked.rule == "terminal"
    scene.session.approve(asked.approval_id, "allow", channel="button")
    await scene.session.wait_idle(20)
    assert answers == ["allowed"]
    assert len(scene.session.log.of(ev.ApprovalAsked)) == 1


async def test_the_next_keys_wait_until_an_allowed_line_has_started_something(make: Make):
    enter = [*call("key", key="Return"), *done("tool_use")]
    scene = await make(enter, [*says("Done."), *done()], target=_TERMINAL)
    programs = scene.session._agent.programs
    waited: list[bool] = []

    async def press(given: ToolCall) -> ToolResult:
        programs._line_at += 3600  # the time that it gets does not matter here
        keys = Intent("computer", "key", {"key": "a", **_TERMINAL})
        taken = asyncio.create_task(programs.line_taken(keys))
        for _ in range(5):
            await asyncio.sleep(0)
        waited.append(not taken.done())
        assert await scene.answer(scene.touch("x")) == "allowed"
        await asyncio.wait_for(taken, 20)
        return ToolResult("ok")

    scene.tool.behaviour = press
    scene.session.say("go")
    asked = await scene.asked()
    scene.session.approve(asked.approval_id, "allow", channel="button")
    await scene.session.wait_idle(30)
    assert waited == [True]
    assert scene.session.log.of(ev.TaskFinished)[-1].outcome == "done"


@pytest.mark.parametrize("keys", [("ctrl+x", "ctrl+e"), ("alt+e", "p"), ("shift+F10", "p")])
async def test_what_keys_bring_about_that_no_rule_asks_about_is_asked_about(
    make: Make, keys: tuple[str, str]
):
    presses = [step for i, key in enumerate(keys) for step in call("key", key=key, index=i)]
    scene = await make(
        [*presses, *done("tool_use")], [*says("Not done."), *done()], target=_TERMINAL
    )
    waiting: list[Notice] = []

    async def press(given: ToolCall) -> ToolResult:
        if given.input["key"] == keys[-1]:
            waiting.append(scene.touch("x"))
            await scene.asked()
        return ToolResult("ok")

    scene.tool.behaviour = press
    scene.session.say("go")
    asked = await scene.asked()
    assert asked.rule == "program"
    scene.session.approve(asked.approval_id, "deny", channel="button")
    assert await scene.answer(waiting[0]) == "refused"
    await scene.session.wait_idle(20)


async def test_the_agents_own_question_is_answered_before_the_next_is_asked(make: Make):
    enter = [*call("key", key="Return"), *done("tool_use")]
    scene = await make(enter, [*says("Done."), *done()], target=_TERMINAL)
    scene.session.say("go")
    first = await scene.asked()
    notice = scene.touch("x")
    await until(lambda: scene.session._agent.programs.waiting)
    assert scene.session.status.pending_approval == first
    scene.session.approve(first.approval_id, "deny", channel="button")
    second = await scene.asked(since=first.seq + 1)
    assert second.rule == "program"
    scene.session.approve(second.approval_id, "deny", channel="button")
    assert await scene.answer(notice) == "refused"
    await scene.session.wait_idle(20)


async def test_while_the_person_has_the_mouse_starts_are_only_logged(make: Make):
    scene = await make()
    scene.session.take_control()
    assert await scene.answer(scene.touch("x")) == "allowed"
    scene.session.return_control()
    notice = scene.touch("y")
    asked = await scene.asked()
    scene.session.approve(asked.approval_id, "deny", channel="button")
    assert await scene.answer(notice) == "refused"
    assert ("touch x", "person") in [
        (p.line, p.how) for e in scene.session.log.of(ev.ProgramStarted) for p in e.programs
    ]


async def test_a_question_goes_when_what_waits_was_ended(make: Make):
    scene = await make()
    notice = scene.touch("x")
    await scene.asked()
    scene.desktop.kernel.end(notice)
    decided = await scene.session.log.wait_for(lambda e: e.kind == "approval_decided", timeout=20)
    assert isinstance(decided, ev.ApprovalDecided)
    assert decided.decision == "void"
    assert scene.session.status.pending_approval is None


async def test_a_session_that_closes_refuses_what_waits(make: Make):
    scene = await make()
    notice = scene.touch("x")
    await scene.asked()
    closing = asyncio.create_task(scene.session.close())
    assert await scene.answer(notice) == "refused"
    await closing


async def test_a_desktop_that_outlives_its_session_starts_nothing_that_was_to_be_asked_about(
    make: Make,
):
    scene = await make()
    await scene.session._agent.programs.close()
    assert await scene.answer(scene.touch("x")) == "refused"
    assert scene.session.log.of(ev.ApprovalAsked) == []


class Unwatched(FakeDesktop):
    """A desktop whose programs cannot be watched."""

    @property
    def status(self) -> DesktopStatus:
        seen = super().status
        return DesktopStatus(
            seen.state,
            seen.confined,
            seen.network,
            seen.server,
            unwatched="Operation not permitted",
            unbounded="there are no groups",
        )


async def test_a_desktop_that_cannot_be_watched_or_bounded_says_so(tmp_path: Path):
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline")
    session = Session.create(settings, desktop=Unwatched(), model=ScriptedModel([]), tools=[])
    await session.open()
    try:
        assert session.status.unwatched == "Operation not permitted"
        told = session.log.of(ev.DesktopChanged)[-1]
        assert "(programs are not watched: Operation not permitted)" in _line(told)
        assert session.status.unbounded == "there are no groups"
        assert "(programs are not bounded: there are no groups)" in _line(told)
    finally:
        await session.close()
