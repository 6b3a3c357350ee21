"""Requests as they stand on the wire, for tests of the faithful server itself."""

from __future__ import annotations

import json
from typing import Any

import httpx
from model_conversation import picture, user

from agent.models.base import Block
from agent.testing.messages_script import call
from agent.testing.messages_server import MessagesServer

Body = dict[str, Any]
HEADERS = {"authorization": "Bearer test-key", "anthropic-version": "2026-10-21"}


SHELL = {"type": "bash_20250124", "name": "bash"}
ASSISTANT = {"role": "assistant", "content": "Well,"}
HEAVY = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "A" * (10 * 1024 * 1024 + 4)},
}


def valid_body() -> Body:
    """A body that the server accepts, after one action."""
    return {
        "model": "claude-opus-5-5",
        "max_tokens": 100,
        "stream": True,
        "tools": [{"type": "computer_toolset_20260801"}],
        "messages": [
            user("Hello."),
            {"role": "assistant", "content": [{**call("left_click"), "id": "toolu_1"}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_1",
                        "toolset_name": "computer",
                        "content": [{"type": "text", "text": "Clicked."}, picture(64, 64)],
                    }
                ],
            },
        ],
    }


async def post(server: MessagesServer, body: Body, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{server.base_url}/v1/messages", json=body, headers=headers)


def result(body: Body) -> Block:
    block: Block = body["messages"][2]["content"][0]
    return block


async def answered(server: MessagesServer, body: Body) -> list[Block]:
    """The blocks of the answer to a body, put together as a client does."""
    answer = await post(server, body, HEADERS)
    assert answer.status_code == 200, answer.text
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    events = [json.loads(line) for line in lines]
    blocks = {e["index"]: e["content_block"] for e in events if e["type"] == "content_block_start"}
    for event in events:
        delta = event.get("delta", {})
        for name in ("signature", "thinking", "text"):
            if delta.get("type") == f"{name}_delta":
                blocks[event["index"]][name] += delta[name]
    return list(blocks.values())


def gone_on(body: Body, blocks: list[Block]) -> Body:
    """The next request after an answer whose last block is a call."""
    done = {"type": "tool_result", "tool_use_id": blocks[-1]["id"], "toolset_name": "computer"}
    after = [{"role": "assistant", "content": blocks}, {"role": "user", "content": [done]}]
    return {**body, "messages": [*body["messages"], *after]}
