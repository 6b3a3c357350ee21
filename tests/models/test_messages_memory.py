"""What the faithful server remembers of its answers, and what it does beside the script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from model_conversation import picture
from served_bodies import HEADERS, answered, gone_on, post, valid_body

from agent.testing.messages_script import call, says, thinking
from agent.testing.messages_server import MessagesServer


@pytest.fixture
async def server() -> AsyncIterator[MessagesServer]:
    async with MessagesServer(lambda incoming: says("Hi.")) as running:
        yield running


async def test_thinking_cannot_be_left_out_before_a_call() -> None:
    """Not even when it is empty, and though no later thinking would tell."""
    async with MessagesServer(lambda _: says(thinking(), call("screenshot"))) as server:
        body = valid_body()
        blocks = await answered(server, body)
        assert [block["type"] for block in blocks] == ["thinking", "tool_use"]
        await answered(server, gone_on(body, blocks))
        refused = await post(server, gone_on(body, blocks[1:]), HEADERS)
        assert refused.status_code == 400
        assert "must be sent back" in refused.json()["error"]["message"]


async def test_between_tools_keeps_one_effort() -> None:
    """Another one, or none, in the middle of a conversation is a 400."""
    async with MessagesServer(lambda _: says(call("screenshot"))) as server:
        body = valid_body() | {
            "model": "claude-sonnet-5-5",
            "thinking": {"type": "between_tools"},
            "output_config": {"effort": "low"},
        }
        blocks = await answered(server, body)
        await answered(server, gone_on(body, blocks))
        other = gone_on(body, blocks) | {"output_config": {"effort": "high"}}
        refused = await post(server, other, HEADERS)
        assert refused.status_code == 400
        assert "cannot change" in refused.json()["error"]["message"]


async def test_a_request_for_nothing_warms_the_cache(server: MessagesServer) -> None:
    """``max_tokens: 0`` is answered whole, without the script, and the next request reads."""
    words = {"type": "text", "text": "word " * 900, "cache_control": {"type": "ephemeral"}}
    body = {**valid_body(), "system": [words]}
    warmed = (await post(server, {**body, "max_tokens": 0, "stream": False}, HEADERS)).json()
    assert warmed["content"] == []
    assert warmed["usage"]["cache_creation_input_tokens"] > 0
    assert [block["type"] for block in await answered(server, body)] == ["text"]
    assert server.requests[1].usage["cache_read_input_tokens"] > 0


async def test_one_call_a_turn_is_a_promise_that_the_script_must_keep() -> None:
    """A script with more is at fault, and hears so."""
    async with MessagesServer([says(call("screenshot"), call("screenshot"))]) as server:
        choice = {"type": "auto", "disable_parallel_tool_use": True}
        answer = await post(server, {**valid_body(), "tool_choice": choice}, HEADERS)
        assert answer.status_code == 500
        assert "allows one" in answer.json()["error"]["message"]


async def test_late_instructions_may_be_the_systems(server: MessagesServer) -> None:
    """``role: system`` in the middle of a conversation, text only."""
    body = valid_body()
    body["messages"].append({"role": "system", "content": "The person now speaks German."})
    assert (await post(server, body, HEADERS)).status_code == 200
    body["messages"][-1]["content"] = [picture(64, 64)]
    assert (await post(server, body, HEADERS)).status_code == 400


async def test_another_models_thinking_is_not_shown_to_it() -> None:
    """It is no fault to send it; a block that nobody gave is one on either model."""
    async with MessagesServer(lambda _: says(thinking("I look."), call("screenshot"))) as server:
        body = valid_body()
        blocks = await answered(server, body)
        other = gone_on(body, blocks) | {"model": "claude-haiku-5-5"}
        await answered(server, other)
        assert [served.dropped for served in server.requests] == [0, 1]
        await answered(server, gone_on(body, blocks))
        assert server.requests[-1].dropped == 0
        invented = {**blocks[0], "signature": "mine"}
        refused = await post(server, gone_on(body, [invented, *blocks[1:]]), HEADERS)
        assert refused.status_code == 400
