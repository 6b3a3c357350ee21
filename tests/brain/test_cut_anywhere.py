"""Cut at any await, by any control: the history stays valid, and nothing is done twice.

Each case runs a random script of answers with random faults, lets the event loop take a
random number of steps, and then does random things to it. `ScriptedModel` judges every
request by the API's rules and demands that the history only grows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import events as ev
from agent.desktop.base import EncodedImage
from agent.errors import ContextTooLong, ModelRefused, ModelUnavailable, StreamBroken
from agent.models.base import BlockDone, Text, Waiting
from agent.session import Session
from agent.settings import Settings
from agent.testing.memory import MemorySessionJournal
from agent.testing.rules import violations
from agent.testing.scripted import (
    FakeDesktop,
    FakeTool,
    HastyClock,
    ScriptedModel,
    call,
    done,
    hang,
    says,
    thinks,
)
from agent.tools.base import ToolCall, ToolResult


def block(kind: str) -> list[Any]:
    """Steps of one piece of an answer."""
    return {
        "text": lambda: says("I look at the window now. "),
        "blank": lambda: says("  "),
        "half text": lambda: [Text("And then I ")],
        "thought": lambda: thinks("Which button?"),
        "half thought": lambda: [Text("Perhaps", "thinking")],
        "progress": lambda: [Text("Opening the menu.", "progress")],
        "click": lambda: call("left_click", coordinate=[1, 2]),
        "miss": lambda: call("left_click", coordinate=[9, 9], miss=True),
        "ask": lambda: call("type", text="ls\n", wm_class="Xfce4-terminal"),
        "unknown": lambda: call("fly", toolset=None),
        "wait": lambda: [Waiting(0.5, "The service is busy.")],
        "cut": lambda: [StreamBroken("The connection was cut.")],
        "refused": lambda: [ModelRefused("Declined.")],
        "too long": lambda: [ContextTooLong("The conversation is too long.")],
        "no key": lambda: [ModelUnavailable("The key is wrong.")],
        "hang": lambda: [hang],
    }[kind]()


KINDS = ("text", "blank", "half text", "thought", "half thought", "progress", "wait")
CALLS = ("click", "click", "miss", "ask", "unknown")
FAULTS = ("cut", "cut", "refused", "too long", "no key", "hang")
ENDS = ("end_turn", "tool_use", "max_tokens", "refusal", "pause_turn", "")
CONTROLS = (
    "redirect",
    "queue",
    "hold",
    "release",
    "stop",
    "allow",
    "deny",
    "answer yes",
    "answer no",
    "take",
    "return",
    "narration cut",
    "kill",
)

answers = st.tuples(
    st.lists(st.sampled_from(KINDS + CALLS + CALLS), max_size=5),
    st.one_of(st.just(""), st.just(""), st.sampled_from(FAULTS)),
    st.sampled_from(ENDS),
)
cuts = st.lists(st.tuples(st.integers(0, 24), st.sampled_from(CONTROLS)), max_size=7)


def script(kinds: list[str], fault: str, end: str) -> list[Any]:
    steps = [step for kind in kinds for step in block(kind)]
    steps += block(fault) if fault else []
    steps += done(end, input_tokens=10) if end else []
    return [
        s if not isinstance(s, BlockDone) else BlockDone(i, s.block) for i, s in enumerate(steps)
    ]


async def act(call: ToolCall) -> ToolResult:
    await asyncio.sleep(0)
    return ToolResult("Missed.", is_error=True) if call.input.get("miss") else ToolResult("ok")


class EyedTool(FakeTool):
    """Shows the screen at the end of each batch, after it has settled; every other time it
    shows nothing new."""

    closing_note = ""
    _looks = 0

    async def closing_screenshot(self) -> EncodedImage | None:
        for _ in range(3):
            await asyncio.sleep(0)
        self._looks += 1
        self.closing_note = "The screen is unchanged." if self._looks % 2 else ""
        return None if self._looks % 2 else await FakeDesktop().screenshot()


@dataclass
class Case:
    """One session with its script; survives kills by its journal."""

    scripts: list[list[Any]]
    journal: MemorySessionJournal = field(default_factory=MemorySessionJournal)
    tool: FakeTool = field(default_factory=lambda: EyedTool(act, harmless=False))
    faults: list[str] = field(default_factory=list)

    async def open(self) -> None:
        self.model = ScriptedModel(self.next_script)
        self.model.faults = self.faults
        self.session = Session(
            SETTINGS,
            "case",
            self.journal,
            desktop=FakeDesktop(),
            model=self.model,
            tools=(self.tool,),
            clock=HastyClock(),
        )
        await self.session.open()

    def next_script(self, request: object) -> list[Any]:
        return self.scripts.pop(0) if self.scripts else [*says("Done."), *done()]

    async def control(self, what: str) -> None:
        session, status = self.session, self.session.status
        asked, question = status.pending_approval, status.question
        match what:
            case "redirect" | "queue":
                session.say("No, the other one.", how=what)
            case "hold":
                session.hold("speech")
            case "release":
                session.release("noise")
            case "stop":
                session.stop("button")
            case "allow" | "deny" if asked is not None:
                session.approve(asked.approval_id, what, channel="button")
            case "answer yes" | "answer no" if question is not None:
                session.answer(question.question_id, what.removeprefix("answer "))
            case "take":
                session.take_control()
            case "return":
                session.return_control("I moved a window.")
            case "narration cut":
                session.log.append(
                    ev.Narrated(narration_id="n", text="I look at it", state="cut", cut_at=2)
                )
            case "kill":
                await self.kill()
            case _:
                pass

    async def kill(self) -> None:
        """The process ends: nothing more is written; another one opens the journal."""
        dead, self.journal = self.session, self.journal.copy()
        dead.control.abandon()
        await dead.control.finished()
        await self.open()

    async def finish(self) -> None:
        """A patient person sees the session through and says a last word."""
        for _ in range(200):
            status = self.session.status
            if status.task_id is None:
                break
            for what in ("return", "release", "allow", "answer no"):
                await self.control(what)
            for _ in range(12):
                await asyncio.sleep(0)
        else:
            self.session.stop("it hangs")
        self.scripts.clear()
        for what in ("return", "release"):
            await self.control(what)
        self.session.say("Are you well?")
        await self.session.wait_idle(30)


SETTINGS = Settings(
    _env_file=None, data_dir=Path("/nonexistent"), max_turns=9, width=640, height=480
)


async def run(scripts: list[Any], controls: list[tuple[int, str]]) -> Case:
    case = Case([script(*answer) for answer in scripts])
    await case.open()
    case.session.say("Press the button.")
    for steps, what in controls:
        for _ in range(steps):
            await asyncio.sleep(0)
        await case.control(what)
    await case.finish()
    return case


def check(case: Case) -> None:
    events = list(case.session.log)
    assert case.faults == []
    assert violations(case.session._agent.history.messages()[:-1]) == []
    assert max(Counter(c.id for c in case.tool.began).values(), default=1) == 1
    assert case.session.status.outcome == "done"
    every_end_is_closed(events)
    nothing_began_while_barred(events)
    asked_before_done(events)


def every_end_is_closed(events: list[ev.Event]) -> None:
    ids = {
        kind: [getattr(e, name) for e in events if e.kind == kind]
        for kind, name in {
            "task_started": "task_id",
            "task_finished": "task_id",
            "turn_started": "turn_id",
            "turn_finished": "turn_id",
            "action_proposed": "action_id",
            "action_finished": "action_id",
            "approval_asked": "approval_id",
            "approval_decided": "approval_id",
            "question_asked": "question_id",
            "question_answered": "question_id",
        }.items()
    }
    for begin, end in (
        ("task_started", "task_finished"),
        ("turn_started", "turn_finished"),
        ("action_proposed", "action_finished"),
        ("approval_asked", "approval_decided"),
        ("question_asked", "question_answered"),
    ):
        assert sorted(ids[begin]) == sorted(ids[end]), (begin, ids[begin], ids[end])


def nothing_began_while_barred(events: list[ev.Event]) -> None:
    barred: set[str] = set()
    for event in events:
        match event.kind:
            case "hold_began" | "control_taken":
                barred.add(event.kind)
            case "hold_ended":
                barred.discard("hold_began")
            case "control_returned":
                barred.discard("control_taken")
            case "stopped":
                barred = (barred - {"hold_began"}) | {"stopped"}
            case "task_started":
                barred.discard("stopped")
            case "action_started":
                assert not barred, event
            case "turn_started":
                assert barred <= {"hold_began"}, event
            case _:
                pass


def asked_before_done(events: list[ev.Event]) -> None:
    """What a rule asks about began only after its own approval was allowed."""
    asked = {e.approval_id: e.action_id for e in events if isinstance(e, ev.ApprovalAsked)}
    allowed: set[str] = set()
    risky = {e.action_id for e in events if isinstance(e, ev.ActionProposed) and e.name == "type"}
    for event in events:
        if isinstance(event, ev.ApprovalDecided) and event.decision == "allow":
            allowed.add(asked[event.approval_id])
        if isinstance(event, ev.ActionStarted) and event.action_id in risky:
            assert event.action_id in allowed


@pytest.mark.slow
@settings(
    max_examples=3000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scripts=st.lists(answers, max_size=5), controls=cuts)
def test_any_cut_leaves_a_history_that_the_service_accepts(
    scripts: list[Any], controls: list[tuple[int, str]]
) -> None:
    check(asyncio.run(run(scripts, controls)))
