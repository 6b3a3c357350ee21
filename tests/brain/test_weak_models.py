"""Models that come to no end: they say or do the same again and again, or nothing at all."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import StreamBroken
from agent.models.base import TurnDone
from agent.models.factory import build_model
from agent.record import events as ev
from agent.session.describe import SAME_ACTIONS, describe_limit
from agent.session.limits import Limits
from agent.session.loop import IDLE, MAX_IDLE
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import Incoming, Reply, call, says
from agent.testing.other_servers import OtherServer
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done
from agent.testing.scripted import call as asks
from agent.testing.scripted import says as speaks

TOLD = [*speaks("<tool_call>?"), TurnDone("end_turn", told="It could not be read.")]
CUT = [*speaks("And so on and"), *done("max_tokens")]
PAUSED = [*speaks("Wait."), *done("pause_turn")]
BROKEN: list[Any] = [*speaks("I"), StreamBroken("It broke off.")]
EMPTY: list[Any] = [*done()]
END = [*speaks("It is done."), *done()]


class Quick:
    """A clock on which nobody waits."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Not at all."""


async def outcome(scripts: list[Any]) -> tuple[Session, ev.TaskFinished]:
    parts: dict[str, Any] = {"model": ScriptedModel(scripts), "tools": (FakeTool(),)}
    settings = Settings(model="offline")
    session = Session(
        settings, "s", MemorySessionJournal(), desktop=FakeDesktop(), clock=Quick(), **parts
    )
    await session.open()
    session.say("Do it.")
    await session.wait_idle(30)
    await session.close()
    return session, session.log.of(ev.TaskFinished)[-1]


@pytest.mark.parametrize("answer", [CUT, PAUSED, TOLD], ids=["cut", "paused", "unreadable"])
async def test_answers_without_an_action_that_never_end_are_ended(answer: list[Any]):
    """At the threshold, not before it."""
    session, ended = await outcome([answer] * 100)
    assert (ended.outcome, ended.summary) == ("failed", IDLE)
    assert session.status.turns == MAX_IDLE
    session, ended = await outcome([*[answer] * (MAX_IDLE - 1), END])
    assert (ended.outcome, ended.summary) == ("done", "It is done.")


async def test_an_action_in_between_begins_the_count_anew():
    click = [*asks(), *done("tool_use")]
    _, ended = await outcome([*[CUT] * 3, click, *[CUT] * 3, END])
    assert ended.summary == "It is done."


@pytest.mark.parametrize("pair", [(BROKEN, EMPTY), (BROKEN, CUT), (EMPTY, CUT), (BROKEN, TOLD)])
async def test_no_two_kinds_of_nothing_take_turns_for_ever(pair: tuple[list[Any], list[Any]]):
    session, ended = await outcome([*pair] * 50)
    assert ended.outcome == "failed"
    assert session.status.turns <= 2 * MAX_IDLE


async def test_what_could_not_be_read_is_told_to_the_model():
    session, _ = await outcome([TOLD, END])
    told = session.model.requests[1][-1]["content"]
    assert told == [{"type": "text", "text": "It could not be read."}]


def turns(number: int, *, words: str = "Again.", ticking: bool = True) -> Limits:
    limits = Limits(Settings(model="offline"))
    for turn in range(number):
        limits.add(ev.TurnStarted(turn_id="t", model="m"))
        limits.add(ev.TextStreamed(turn_id="t", text=words.format(turn)))
        limits.add(
            ev.ActionProposed(
                action_id="a", turn_id="t", tool="computer", name="key", input={}, action_hash="h"
            )
        )
        image = ev.Image(sha256=f"{turn * ticking}", media_type="image/webp", width=1, height=1)
        limits.add(ev.ScreenSeen(action_id="a", image=image))
    return limits


def circle(limits: Limits) -> list[float]:
    return [e.used for e in limits.excesses(0) if e.limit == "loop" and e.share >= 1]


def test_the_same_words_and_actions_are_asked_about_whatever_the_screen_shows():
    """A clock that ticks hides no circle; at the threshold, not before it."""
    assert circle(turns(SAME_ACTIONS - 1)) == []
    assert circle(turns(SAME_ACTIONS)) == [SAME_ACTIONS]
    told = ev.LimitReached(limit="loop", used=SAME_ACTIONS, allowed=3, share=3.3)
    assert describe_limit(told) == "the same thing 10 times"


def test_a_model_that_says_what_it_sees_goes_through_a_long_document():
    assert circle(turns(40, words="Page {}.")) == []


async def test_a_foreign_models_thinking_is_in_the_log_and_nowhere_else():
    """Neither in what is shown and spoken, nor in the result, nor sent back to it."""
    script = [
        says("<think>Where is it?</think>I click it.", call("left_click", coordinate=[1, 2])),
        says('<think>And?</think>{"name": "key", "arguments": {"text": "a"}}'),
        says("<think>Good.</think>It is saved."),
    ]
    requests: list[dict[str, Any]] = []

    def answer(request: Incoming) -> Reply:
        requests.append(request.body)
        return script.pop(0)

    async with OtherServer("vllm", answer, window=8000) as server:
        settings = Settings(
            model="qwen3-vl", anthropic_base_url=server.base_url, anthropic_api_key=server.key
        )
        model = build_model(settings, FakeDesktop())
        tool = FakeTool()
        session = Session(
            settings,
            "s",
            MemorySessionJournal(),
            model=model,
            tools=(tool,),
            desktop=FakeDesktop(),
        )
        await session.open()
        session.say("Save it.")
        await session.wait_idle(60)
        log = session.log
        await session.close()
    assert [ran.name for ran in tool.ran] == ["left_click", "key"]
    assert log.of(ev.TaskFinished)[-1].summary == "It is saved."
    shown = "".join(e.text for e in log.of(ev.TextStreamed) if e.role == "text")
    assert shown == "I click it.It is saved."
    thought = "".join(e.text for e in log.of(ev.TextStreamed) if e.role == "thinking")
    for words in ("Where is it?", "And?", '"name": "key"', "Good."):
        assert words in thought
    assert "think" not in str(requests)
    assert requests[2]["messages"][-2]["content"][-1]["name"] == "computer_key"
