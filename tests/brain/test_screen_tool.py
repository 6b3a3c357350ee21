"""What a model with the screen tool is told, and what people are asked and shown of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from agent.record import events as ev
from agent.session.describe import describe
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import ScriptedModel, call, done, says
from agent.tools import ComputerTool, Tool
from agent.tools.by_name import ScreenTool
from agent.tools.screen import Watch

Make = Callable[..., Awaitable[Session]]


@pytest.fixture
async def make(settings: Settings) -> AsyncIterator[Make]:
    """Opens a session with these tools on this desktop; closes it."""
    made: list[Session] = []

    async def make(scripts: Any, desktop: FakeDesktop, *tools: Tool) -> Session:
        model = ScriptedModel(scripts)
        chosen = settings.model_copy(update={"tools": tuple(tool.spec.name for tool in tools)})
        session = Session.create(chosen, desktop=desktop, model=model, tools=tools)
        made.append(session)
        await session.open()
        return session

    yield make
    for session in made:
        await session.close()


def all_text(messages: list[dict[str, Any]]) -> str:
    return json.dumps(messages, ensure_ascii=False)


def types(field: str, text: str) -> list[Any]:
    return [*call("type_into", toolset=None, ref=field, text=text), *done("tool_use")]


async def test_words_take_the_place_of_pictures(make: Make) -> None:
    """The first request has the outline, the end of a batch what changed, and none a picture."""
    desktop = FakeDesktop()
    tool = ScreenTool(desktop)
    session = await make([types("e1", "hello"), [*says("Typed."), *done()]], desktop, tool)
    session.say("Write hello.")
    await session.wait_idle(20)
    first, second = map(all_text, session.model.requests)
    assert "window “Untitled - Mousepad”, active" in first
    assert "text = empty focused e1" in first
    assert "now text = “hello” focused e1" in second
    assert '"image"' not in second
    assert desktop.input.deeds[-1] == "type hello"


async def test_beside_the_computer_tool_one_memory_serves_both(make: Make) -> None:
    """What one tool did counts as the model's own for the other: no note that it moved."""
    desktop = FakeDesktop()
    watch = Watch(desktop)
    hands, names = ComputerTool(desktop, watch=watch), ScreenTool(desktop, watch=watch)

    def typed(text: str, more: str) -> str:
        desktop.shade = 90
        return text + more

    desktop.input.takes = typed

    session = await make(
        [
            [*call("outline", toolset=None), *done("tool_use")],
            types("e1", "hello"),
            [*call("left_click", coordinate=[5, 5]), *done("tool_use")],
            [*says("Done."), *done()],
        ],
        desktop,
        hands,
        names,
    )
    session.say("Write hello.")
    await session.wait_idle(20)
    assert '"image"' in all_text(session.model.requests[0])
    assert "had changed since" not in all_text(session.model.requests[-1])


async def test_lines_typed_into_a_terminal_by_name_are_asked_about(make: Make) -> None:
    desktop = FakeDesktop()
    desktop.role = "terminal"
    [window] = desktop.shown
    desktop.shown = (type(window)(1, "Terminal", "xfce4-terminal", None, window.box, active=True),)
    session = await make(
        [types("e1", "rm -r x\n"), [*says("No."), *done()]], desktop, ScreenTool(desktop)
    )
    session.say("Delete it.")
    asked = await session.log.wait_for(lambda e: isinstance(e, ev.ApprovalAsked), timeout=20)
    assert "“rm -r x" in asked.question
    session.approve(asked.approval_id, "deny", channel="button")
    await session.wait_idle(20)
    assert not [deed for deed in desktop.input.deeds if deed.startswith("type")]
    [proposed] = session.log.of(ev.ActionProposed)
    assert describe(proposed).startswith("Type “rm -r x")


async def test_a_persons_looks_do_not_count_as_the_agents(make: Make) -> None:
    """The agent is still told what changed, though the person has seen it by the same tool."""
    desktop = FakeDesktop()
    session = await make([[*says("Hello."), *done()]], desktop, ScreenTool(desktop))
    [own], [other] = session.manual.tools, session.tools
    assert isinstance(own, ScreenTool)
    assert own is not other
