"""Cut at any await, by any control: the history stays valid, and nothing is done twice.

Each case runs a random script of answers with random faults, lets the event loop take a
random number of steps, and then does random things to it. Every request is judged by the
API's rules, and the history may only grow.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cases import cases
from cut_cases import CONTROLS, Case, check, cut, played
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.desktop.base import EncodedImage
from agent.errors import ContextTooLong, ModelRefused, ModelUnavailable, StreamBroken
from agent.models.base import BlockDone, Text, Waiting
from agent.testing.scripted import (
    FakeDesktop,
    FakeTool,
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


def scripted(scripts: list[list[Any]]) -> Case:
    """A session whose model gives these answers, and then is done whatever it is asked."""

    def next_script(request: object) -> list[Any]:
        return scripts.pop(0) if scripts else [*says("Done."), *done()]

    return Case(
        lambda _: ScriptedModel(next_script),
        lambda _: [EyedTool(act, harmless=False)],
        before_last=scripts.clear,
    )


@pytest.mark.slow
@settings(
    max_examples=cases(3000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scripts=st.lists(answers, max_size=5), controls=cuts)
def test_any_cut_leaves_a_history_that_the_service_accepts(
    scripts: list[Any], controls: list[tuple[int, str]]
) -> None:
    check(played(cut(scripted([script(*answer) for answer in scripts]), controls)))
