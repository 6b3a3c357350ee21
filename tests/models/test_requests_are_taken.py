"""The service takes whatever Sayso asks of a model, by its own table and the SDK's types."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from anthropic.types import ModelParam
from model_conversation import ManualClock, picture, request, take_turn, user

from agent.errors import ConversationRefused
from agent.models.base import Budget, Learned, Message, ModelRequest
from agent.models.capabilities import EFFORTS, as_claude
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.hosted import claude_dialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.pricing import PRICES
from agent.record.events import Usage
from agent.testing.messages_models import rules_of
from agent.testing.messages_script import Incoming, Reply, call, fails, says, thinking
from agent.testing.messages_server import MessagesServer

pytestmark = pytest.mark.filterwarnings("ignore:The model .* is deprecated")
MODELS = [name for part in get_args(ModelParam) for name in get_args(part)]
ALL = {"pauses": True, "fast": True, "fallbacks": True, "budget": Budget(2_000_000, 1_900_000)}


def answer(incoming: Incoming) -> Reply:
    """A thought and an action, then words."""
    if incoming.body["messages"][-1]["role"] == "user" and len(incoming.body["messages"]) == 1:
        return says(thinking("I look."), call("screenshot"))
    return says("Done.")


@pytest.fixture
async def server() -> AsyncIterator[MessagesServer]:
    async with MessagesServer(answer) as running:
        yield running


def talk_to(server: MessagesServer, name: str, dialect: Any = None) -> AnthropicModel:
    client = new_client(server.key, server.base_url)
    return AnthropicModel(name, dialect or claude_dialect(name), client, clock=ManualClock())


async def converse(model: AnthropicModel, asked: ModelRequest) -> None:
    """Two turns: an action, its result, and a word of Sayso's own where the model takes it."""
    first = await take_turn(model, asked)
    (used,) = [block for block in first.blocks if block["type"] == "tool_use"]
    result = {
        "type": "tool_result",
        "tool_use_id": used["id"],
        "toolset_name": "computer",
        "content": [{"type": "text", "text": "Done."}, picture(64, 64)],
    }
    after: list[Message] = [
        {"role": "assistant", "content": first.blocks},
        {"role": "user", "content": [result]},
    ]
    if model.takes_system_messages:
        words = {"type": "text", "text": "The person used the mouse."}
        after.append({"role": "system", "content": [words]})
    again = replace(asked, messages=[*asked.messages, *after], first_effort=asked.effort or "")
    await take_turn(model, again)


@pytest.mark.parametrize("name", MODELS)
async def test_each_model_of_the_sdk_takes_what_it_is_asked(
    server: MessagesServer, name: str
) -> None:
    """At every effort, with and without all that can be asked for beside."""
    for effort, more in itertools.product((None, *EFFORTS), ({}, ALL)):
        model = talk_to(server, name)
        await converse(model, request([user("Hello.")], effort=effort, **more))
        await model.close()
    assert server.refusals == []
    assert len(server.requests) == 2 * 2 * (1 + len(EFFORTS))


@pytest.mark.parametrize("name", MODELS)
def test_what_a_model_offers_is_asked_for(name: str) -> None:
    """Not only nothing that is refused: the table leaves nothing out that the service has."""
    rules, known = rules_of(name), as_claude(name)
    assert rules is not None
    assert set(known.efforts) == set(rules.efforts)
    if known.toolset:
        assert known.system_messages == rules.system
        assert (known.fast != "no") == bool(rules.fast)
        assert known.budgets == rules.budgets
    assert (known.edge, known.patches) == (rules.edge, rules.patches)


async def sent(server: MessagesServer, name: str, **asked: Any) -> dict[str, Any]:
    """The body that a request becomes."""
    model = talk_to(server, name)
    await take_turn(model, request([user("Hello.")], **asked))
    await model.close()
    assert server.refusals == []
    return server.requests[-1].body


async def test_a_person_who_talks_has_an_hour_for_a_pause(server: MessagesServer) -> None:
    body = await sent(server, "claude-opus-5-5", pauses=True)
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert body["system"][0]["cache_control"] == body["cache_control"]
    body = await sent(server, "claude-opus-5-5")
    assert body["cache_control"] == {"type": "ephemeral"}


async def test_the_limit_on_tokens_is_told_to_the_model(server: MessagesServer) -> None:
    body = await sent(server, "claude-opus-5-5", budget=Budget(50_000, 40_000), effort="low")
    assert body["output_config"] == {
        "effort": "low",
        "task_budget": {"type": "tokens", "total": 50_000, "remaining": 40_000},
    }
    body = await sent(server, "claude-opus-5-5", budget=Budget(100, 0))
    assert body["output_config"]["task_budget"] == {
        "type": "tokens",
        "total": 20_000,
        "remaining": 0,
    }
    body = await sent(server, "claude-sonnet-5", budget=Budget(50_000, 40_000))
    assert "output_config" not in body


async def test_fast_mode_is_asked_where_there_is_one(server: MessagesServer) -> None:
    assert (await sent(server, "claude-opus-5-5", fast=True))["speed"] == "fast"
    assert "speed" not in await sent(server, "claude-sonnet-5-5", fast=True)
    assert "speed" not in await sent(server, "claude-opus-5-5")


async def test_sonnet_thinks_first_at_the_efforts_that_need_it(server: MessagesServer) -> None:
    """``between_tools`` reaches up to high."""
    body = await sent(server, "claude-sonnet-5-5", effort="max")
    assert body["thinking"] == {"type": "adaptive", "display": "updates"}
    body = await sent(server, "claude-sonnet-5-5", effort="high")
    assert body["thinking"] == {"type": "between_tools"}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("speed: 'claude-opus-5-5' does not support the `speed` parameter", "speed"),
        ("fallbacks: Extra inputs are not permitted", "fallbacks"),
        ("output_config.task_budget: Extra inputs are not permitted", "task_budget"),
        ("cache_control.ttl: Input should be '5m'", "ttl"),
        ("role 'system' is not supported on this model", '"role": "system"'),
    ],
)
async def test_what_a_service_refuses_is_left_out_from_then_on(words: str, field: str) -> None:
    """It is told once, and the conversation goes on."""

    def refuse(incoming: Incoming) -> Reply:
        return fails(400, message=words) if field in json.dumps(incoming.body) else says("Hi.")

    said: list[Message] = [
        user("Hello."),
        {"role": "system", "content": [{"type": "text", "text": "The person used the mouse."}]},
    ]
    async with MessagesServer(refuse) as server:
        model = talk_to(server, "claude-opus-5-5")
        first = await take_turn(model, request(said, **ALL))
        assert [part.what for part in first.parts if isinstance(part, Learned)] == ["option"]
        again = await take_turn(model, request(said, **ALL))
        assert not [part for part in again.parts if isinstance(part, Learned)]
        assert [served.status for served in server.requests] == [400, 200, 200]
        assert server.refusals == []
        await model.close()


async def test_a_refusal_that_stays_is_told() -> None:
    """No circle: each thing is left out once."""
    async with MessagesServer(lambda _: fails(400, message="speed: not today")) as server:
        model = talk_to(server, "claude-opus-5-5", ToolsetDialect())
        with pytest.raises(ConversationRefused, match="speed: not today"):
            await take_turn(model, request([user("Hello.")], **ALL))
        assert len(server.requests) == 2
        await model.close()


async def test_fast_mode_and_the_hours_cache_are_reckoned_at_their_price(
    server: MessagesServer,
) -> None:
    """By what the answer says that it was, not by what was asked for."""
    model = talk_to(server, "claude-opus-5-5")
    asked = request([user("Hello.")], pauses=True)
    plain = (await take_turn(model, replace(asked, pauses=False))).done.usage
    hour = (await take_turn(model, replace(asked, messages=[user("Good day.")]))).done.usage
    fast = (await take_turn(model, replace(asked, messages=[user("Hi.")], fast=True))).done.usage
    await model.close()
    assert plain.cache_creation_input_tokens > 0
    assert (plain.hour_input_tokens, plain.fast) == (0, False)
    assert hour.hour_input_tokens == hour.cache_creation_input_tokens > 0
    assert fast.fast
    price = PRICES["claude-opus-5-5"]
    assert price.of(replace_usage(hour, fast=True)) == pytest.approx(2 * price.of(hour))
    more = price.of(hour) - price.of(replace_usage(hour, hour_input_tokens=0))
    assert more == pytest.approx(
        hour.hour_input_tokens * (2 * price.input - price.cache_write) / 1e6
    )


def replace_usage(usage: Usage, **changes: Any) -> Usage:
    return usage.model_copy(update=changes)
