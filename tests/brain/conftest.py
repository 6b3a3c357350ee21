from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, model="offline", width=640, height=480)


@pytest.fixture
async def make(settings: Settings) -> AsyncIterator[Callable[..., Any]]:
    """Opens sessions with fakes; closes them all."""
    sessions: list[Session] = []

    async def make(scripts: Any, *tools: FakeTool, **changes: Any) -> Session:
        made = Session.create(
            settings.model_copy(update=changes),
            desktop=FakeDesktop(),
            model=ScriptedModel(scripts),
            tools=tools or (FakeTool(),),
        )
        sessions.append(made)
        await made.open()
        return made

    yield make
    for session in sessions:
        await session.close()
