"""Prompt and tools are read ahead when somebody looks, within what may be spent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.messages_script import says
from agent.testing.messages_server import MessagesServer


@pytest.fixture
async def server() -> AsyncIterator[MessagesServer]:
    async with MessagesServer([says("Done.")]) as running:
        yield running


def session_on(server: MessagesServer, folder: Path, **given: Any) -> Session:
    settings = Settings(_env_file=None, data_dir=folder, model="claude-opus-5-5", **given)
    client = new_client(server.key, server.base_url)
    model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
    return Session.create(settings, desktop=FakeDesktop(), model=model)


async def test_the_first_answer_reads_what_was_read_ahead(
    server: MessagesServer, tmp_path: Path
) -> None:
    session = session_on(server, tmp_path)
    await session.open()
    await session.warm()
    await session.warm()  # it is there still
    (warmed,) = session.log.of(ev.TurnFinished)
    assert warmed.stop_reason == ev.WARMED
    assert warmed.usage.cache_creation_input_tokens > 4000
    assert session.status.usage.dollars == warmed.usage.dollars > 0
    session.say("Hello.")
    await session.wait_idle(20)
    first = server.requests[1]
    assert first.usage["cache_read_input_tokens"] == warmed.usage.cache_creation_input_tokens
    assert first.body["messages"][0]["content"][-1]["type"] in ("text", "image")
    assert "Nothing is wanted yet" not in str(first.body["messages"])
    assert server.refusals == []
    await session.close()


async def test_between_two_answers_it_changes_nothing_of_what_the_model_is_told(
    tmp_path: Path,
) -> None:
    now = [1_000_000.0]
    async with MessagesServer([says("One."), says("Two.")]) as server:
        session = session_on(server, tmp_path)
        session._agent.now = lambda: now[0]
        await session.open()
        session.say("First.")
        await session.wait_idle(20)
        before = session._agent.history.messages()
        now[0] = session.log.last(ev.TurnFinished).at + 1000  # type: ignore[union-attr]
        await session.warm()
        assert session._agent.history.messages() == before
        session.say("Second.")
        await session.wait_idle(20)
        assert [served.status for served in server.requests] == [200, 200, 200]
        assert server.refusals == []
        await session.close()


@pytest.mark.parametrize("given", [{"warm_up": False}, {"max_dollars": 1e-9, "spent": True}])
async def test_nothing_is_read_ahead_where_that_may_not_be(
    server: MessagesServer, tmp_path: Path, given: dict[str, Any]
) -> None:
    spent = given.pop("spent", False)
    session = session_on(server, tmp_path, **given)
    await session.warm()  # it is not open
    await session.open()
    if spent:
        usage = ev.Usage(dollars=1.0)
        session.log.append(ev.TurnFinished(turn_id="t", stop_reason="end_turn", usage=usage))
        session._agent.now = lambda: 1e12
    await session.warm()
    assert server.requests == []
    await session.close()


async def test_the_cap_of_the_server_holds_for_it_too(
    server: MessagesServer, tmp_path: Path
) -> None:
    session = session_on(server, tmp_path)
    session.spend_within(lambda: "Nothing more today.")
    await session.open()
    await session.warm()
    assert server.requests == []
    await session.close()


async def test_a_service_that_refuses_it_costs_nothing_and_says_nothing(tmp_path: Path) -> None:
    async with MessagesServer([says("Done.")], key="other") as server:
        server.key = "wrong"
        session = session_on(server, tmp_path)
        await session.open()
        await session.warm()
        assert [served.status for served in server.requests] == [401]
        assert session.log.of(ev.TurnFinished) == []
        assert session.log.of(ev.Failed) == []
        await session.close()
