from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from talker import Talk

from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens a session with a scripted model and attaches a voice line that is up."""
    made: list[Talk] = []

    async def open_talk(
        scripts: Any,
        *tools: FakeTool,
        line_up: bool = True,
        home: Path | None = None,
        desktop: FakeDesktop | None = None,
    ) -> Talk:
        settings = Settings(
            _env_file=None, data_dir=tmp_path, model="offline", width=640, height=480
        )
        session = Session.create(
            settings,
            desktop=desktop or FakeDesktop(home=home),
            model=ScriptedModel(scripts),
            tools=tools or (FakeTool(),),
        )
        await session.open()
        made.append(Talk(session))
        if line_up:
            made[-1].connect()
        return made[-1]

    yield open_talk
    for one in made:
        await one.conductor.close()
        await one.session.close()


@pytest.fixture
def slow_tool() -> FakeTool:
    """A tool whose action lasts until it is cancelled."""

    async def forever(call: Any) -> Any:
        await asyncio.Event().wait()

    return FakeTool(behaviour=forever)
