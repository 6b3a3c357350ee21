"""A proxy of the environment stands between this machine and others, not within it."""

from __future__ import annotations

import pytest
from model_conversation import request, take_turn, user

from agent.hosts import is_loopback
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.testing.messages_script import says
from agent.testing.messages_server import MessagesServer


async def test_a_model_on_this_machine_is_asked_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One is named by all the variables, and nobody listens there."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with MessagesServer([says("Here.")]) as server:
        client = new_client(server.key, server.base_url)
        claude = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
        turn = await take_turn(claude, request([user("Hello?")]))
        await claude.close()
    assert turn.words() == "Here."


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_what_this_machine_is_called(host: str | None, here: bool) -> None:
    assert is_loopback(host) is here
