"""Cut anywhere with the real SDK against the faithful server, which enforces the API's rules.

Random answers with random faults, before the first byte and after it; random numbers of
steps of the event loop, in which the bytes come and go; every control there is, the end of
the process included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from cases import cases
from cut_cases import CONTROLS, SETTINGS, Case, check, cut
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.desktop.base import EncodedImage
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, Client, new_client
from agent.testing.messages_script import FOREVER, Reply, call, fails, says, thinking
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeDesktop, FakeTool, HastyClock
from agent.tools.base import ToolCall, ToolResult

MEMBERS = ("left_click", "type", "screenshot")
WANTED = (BUSY, DOWN, LARGE, LONG) = (
    "Busy.",
    "Down.",
    "Request exceeds the maximum size",
    "prompt is too long: 9 tokens > 8 maximum",
)
blocks = st.lists(
    st.sampled_from(["thought", "text", "click", "click", "miss", "look", "risk"]),
    min_size=1,
    max_size=4,
)
ends = st.sampled_from(["complete", "complete", "complete", "cut", "error", "no_stop", "hang"])
faults = st.sampled_from(
    ["busy", "overloaded", "down", "silent", "empty", "refused", "long", "large"]
)
replies = st.lists(
    st.one_of(
        st.tuples(blocks, ends, st.integers(0, 12)),
        st.tuples(blocks, ends, st.integers(0, 12)),
        faults,
    ),
    max_size=5,
)
cuts = st.lists(st.tuples(st.integers(0, 70), st.sampled_from(CONTROLS)), max_size=6)


def reply(kinds: list[str], end: str, after: int) -> Reply:
    made = {
        "thought": lambda: thinking("Which one?"),
        "text": lambda: "I look at the window.",
        "click": lambda: call("left_click", coordinate=[1, 2]),
        "miss": lambda: call("left_click", coordinate=[9, 9]),
        "look": lambda: call("screenshot"),
        "risk": lambda: call("type", text="ls\n"),
    }
    wanted = kinds if kinds[-1] != "thought" else [*kinds, "text"]
    return says(
        *(made[kind]() for kind in wanted), end=end, end_after=None if end == "complete" else after
    )


def fault(kind: str) -> Reply:
    return {
        "busy": lambda: fails(429, retry_after=7, message=BUSY),
        "overloaded": lambda: Reply(end="error", end_after=0),
        "down": lambda: fails(500, message=DOWN),
        "silent": lambda: Reply(hang=FOREVER),
        "empty": Reply,
        "refused": lambda: says("I can", stop_reason="refusal"),
        "long": lambda: fails(400, message=LONG),
        "large": lambda: fails(413, message=LARGE),
    }[kind]()


async def act(call: ToolCall) -> ToolResult:
    await asyncio.sleep(0)
    if call.input.get("coordinate") == [9, 9]:
        return ToolResult("Missed.", is_error=True)
    if call.name == "screenshot":
        return ToolResult("", await FakeDesktop().screenshot())
    return ToolResult("ok")


class EyedTool(FakeTool):
    """A terminal; shows the screen at the end of each batch, after it has settled."""

    closing_note = "The screen changed."

    async def closing_screenshot(self) -> EncodedImage | None:
        for _ in range(3):
            await asyncio.sleep(0)
        return await FakeDesktop().screenshot()


class KeptClient(AnthropicModel):
    """Leaves the client open for the next session: it takes longer to make than a case."""

    async def close(self) -> None:
        """Nothing is held."""


class Service:
    """A server, the SDK's client, and the loop that both live on."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.script: list[Reply] = []
        self.server = MessagesServer(lambda _: self.script.pop(0) if self.script else says("Done."))
        self.runner.run(self.server.start())
        self.client: Client = self.runner.run(self._client())

    async def _client(self) -> Client:
        return new_client(self.server.key, self.server.base_url)

    def case(self, script: list[Reply]) -> Case:
        self.script[:] = script
        self.server.requests.clear()
        target = {"wm_class": "Xfce4-terminal"}
        return Case(
            lambda _: KeptClient(
                "claude-opus-5-5", ToolsetDialect(), self.client, clock=HastyClock()
            ),
            lambda _: [EyedTool(act, harmless=False, members=MEMBERS, target=target)],
            settings=SETTINGS.model_copy(update={"max_turns": 4}),
            before_last=self.script.clear,
            rounds=60,
        )

    def refused(self) -> list[Any]:
        """What the server found wrong, but for what the script made it say."""
        return [s.problem for s in self.server.requests if s.problem and s.problem not in WANTED]

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.run(self.server.stop())
        self.runner.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


@pytest.mark.slow
@settings(
    max_examples=cases(1000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(script=replies, controls=cuts)
def test_the_service_accepts_what_any_cut_leaves(
    service: Service, script: list[Any], controls: list[tuple[int, str]]
) -> None:
    made = [fault(one) if isinstance(one, str) else reply(*one) for one in script]
    check(service.runner.run(cut(service.case(made), controls)))
    assert service.refused() == []
