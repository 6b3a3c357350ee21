from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
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

    async def make(scripts: Any, *tools: FakeTool, secrets: Any = (), **changes: Any) -> Session:
        made = Session.create(
            settings.model_copy(update=changes),
            desktop=FakeDesktop(),
            model=ScriptedModel(scripts),
            tools=tools or (FakeTool(),),
            secrets=secrets,
        )
        sessions.append(made)
        await made.open()
        return made

    yield make
    for session in sessions:
        await session.close()


@pytest.fixture
def client_of() -> Callable[..., AbstractAsyncContextManager[Any]]:
    """The SDK's client of a session, in this process."""
    pytest.importorskip("mcp.client", reason="the extra sayso[mcp] is not installed")
    from mcp import Client

    from agent.mcp.serving import build_server

    def client_of(session: Session, approver: Any = "person") -> Any:
        async def find() -> Session:
            return session

        return Client(build_server(find, approver))

    return client_of
