"""What is changed in a running session, and what of it is still so after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agent.errors import BadInput, ConfigurationError
from agent.models.base import ModelRequest
from agent.prompts import Prompt
from agent.record import events as ev
from agent.session.approval import DEFAULT_RULES
from agent.session.changes import checked
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says

E = TypeVar("E", bound=ev.BaseEvent)
OTHER = Prompt("terse", "Be terse on {{ width }} pixels.")


class Listening:
    """A script that keeps each request."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    def __call__(self, request: ModelRequest) -> list[Any]:
        self.requests.append(request)
        return [*says("Done."), *done()]


def shell() -> FakeTool:
    return FakeTool(name="bash", members=("bash",), toolset=None, harmless=False)


async def test_another_prompt_is_used_from_the_next_task_on(make: Any) -> None:
    """And the log says which, whole."""
    model = Listening()
    session = await make(model, FakeTool(), shell())
    session.say("One.")
    await session.wait_idle(10)
    session.use_prompt(OTHER, ("computer",))
    session.say("Two.")
    await session.wait_idle(10)
    before, after = model.requests
    assert after.system == "Be terse on 640 pixels."
    assert before.system != after.system
    assert [tool.name for tool in before.tools] == ["computer", "bash"]
    assert [tool.name for tool in after.tools] == ["computer"]
    said = session.log.of(ev.SettingChanged)[0].value
    assert (said["hash"], said["template"]) == (OTHER.hash, OTHER.template)


async def test_a_running_task_keeps_its_prompt(make: Any) -> None:
    """A prompt that changes between two turns would be neither the one nor the other."""
    requests: list[ModelRequest] = []

    def script(request: ModelRequest) -> list[Any]:
        requests.append(request)
        if len(requests) == 1:
            session.use_prompt(OTHER)
            return [*call("left_click", coordinate=[1, 2]), *done("tool_use")]
        return [*says("Done."), *done()]

    session = await make(script)
    session.say("One.")
    await session.wait_idle(10)
    assert requests[0].system == requests[1].system != "Be terse on 640 pixels."


async def test_a_wrong_prompt_changes_nothing(make: Any) -> None:
    """It is told before anything is written down."""
    session = await make(Listening())
    with pytest.raises(ConfigurationError, match="nowhere"):
        session.use_prompt(Prompt("bad", "Hello {{ nowhere }}"))
    assert not session.log.of(ev.SettingChanged)


async def test_changes_outlive_a_restart(settings: Settings, tmp_path: Path) -> None:
    """They are read from the log."""
    first = Session.create(
        settings, session_id="s", desktop=FakeDesktop(), model=ScriptedModel([]), tools=()
    )
    await first.open()
    first.use_prompt(OTHER)
    first.change("max_dollars", 0.5)
    await first.close()
    model = Listening()
    again = Session.resume(
        settings, "s", desktop=FakeDesktop(), model=ScriptedModel(model), tools=()
    )
    await again.open()
    again.say("Go.")
    await again.wait_idle(10)
    assert model.requests[0].system == "Be terse on 640 pixels."
    assert again.effective.max_dollars == 0.5
    await again.close()


async def test_a_lower_limit_is_felt_at_once(make: Any) -> None:
    """The next turn asks whether to go on."""
    session = await make(
        [[*call("left_click", coordinate=[1, 2]), *done("tool_use", dollars=1.0)]] * 2
    )
    session.change("max_dollars", 0.5)
    session.say("Go.")
    assert "0.50 dollars" in (await _first(session, ev.QuestionAsked)).text
    session.stop("enough")


async def _first(session: Session, kind: type[E]) -> E:
    async with asyncio.timeout(10):
        async for event in session.log.follow(0):
            if isinstance(event, kind):
                return event
    raise AssertionError


async def test_what_is_allowed_beforehand_is_not_asked(make: Any) -> None:
    """And is asked again once that is taken back."""
    script = [
        [*call("bash", toolset=None, command="ls"), *done("tool_use")],
        [*says("Done."), *done()],
    ]
    session = await make([*script, *script], shell())
    session.change("allow", ["shell"])
    session.say("Go.")
    await session.wait_idle(10)
    assert not session.log.of(ev.ApprovalAsked)
    session.change("allow", [])
    session.say("Go.")
    assert (await _first(session, ev.ApprovalAsked)).rule == "shell"
    session.stop("enough")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("width", 800, "session begins"),
        ("max_turns", 0, "greater than or equal to 1"),
        ("max_turns", "many", "whole number"),
        ("effort", "huge", "'high', 'xhigh' or 'max'"),
        ("volume", 11, "volume"),
    ],
)
async def test_what_cannot_be_is_refused(make: Any, name: str, value: Any, says: str) -> None:
    """With a sentence, and nothing is written down."""
    session = await make([])
    with pytest.raises(BadInput, match=says):
        session.change(name, value)
    assert not session.log.of(ev.SettingChanged)


def test_the_rules_that_can_be_allowed_are_those_that_ask() -> None:
    """No others: what is forbidden cannot be allowed."""
    for rule in DEFAULT_RULES:
        if rule.decision == "ask":
            assert checked("allow", [rule.name]) == (rule.name,)
        else:
            with pytest.raises(BadInput, match="There is no rule"):
                checked("allow", [rule.name])
    assert checked("width", "800") == 800
