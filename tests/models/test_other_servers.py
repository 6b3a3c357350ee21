"""Servers of other makers: asked before the first turn, learned from, told in words.

Each is a local imitation with the real one's wire format (`agent.testing.other_servers`); what
only the real one can settle is in script/live-check.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from model_conversation import answer_calls, picture, request, take_turn, user

from agent.errors import ContextTooLong, ModelUnavailable, StreamBroken
from agent.models.base import Learned
from agent.models.claude.model import AnthropicModel
from agent.models.factory import build_model
from agent.models.pricing import priced
from agent.record.events import Usage
from agent.settings import Settings
from agent.testing.messages_script import call, says, thinking
from agent.testing.other_servers import OtherServer
from agent.testing.scripted import FakeDesktop

Serve = Callable[..., Awaitable[tuple[OtherServer, AnthropicModel]]]
KINDS = ("vllm", "llama.cpp", "ollama", "litellm")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts an imitation, and makes the model that the settings for its address come to."""
    async with AsyncExitStack() as stack:

        async def serve(
            kind: str, script: Any, **options: Any
        ) -> tuple[OtherServer, AnthropicModel]:
            asked = options.pop("asked", options.get("model", "qwen3-vl"))
            server = await stack.enter_async_context(OtherServer(kind, script, **options))  # type: ignore[arg-type]
            settings = Settings(
                model=asked, anthropic_base_url=server.base_url, anthropic_api_key=server.key
            )
            model = build_model(settings, FakeDesktop())
            assert isinstance(model, AnthropicModel)
            stack.push_async_callback(model.close)
            return server, model

        yield serve


def learned(turn: Any) -> list[tuple[str, int]]:
    return [(part.what, part.value) for part in turn.parts if isinstance(part, Learned)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_conversation_with_calls_and_pictures_goes_well(serve: Serve, kind: str):
    """Two turns; the second request holds the first one's call, its result and a picture."""
    script = [says("I click.", call("left_click", coordinate=[1, 2])), says("Done.")]
    server, model = await serve(kind, script)
    messages = [user("Click it.", picture())]
    first = await take_turn(model, request(messages))
    assert [b["name"] for b in first.blocks if b["type"] == "tool_use"] == ["left_click"]
    messages += [{"role": "assistant", "content": first.blocks}]
    messages += [answer_calls(first.blocks, image=picture())]
    second = await take_turn(model, request(messages))
    assert second.blocks == [{"type": "text", "text": "Done."}]
    assert [served.problem for served in server.requests] == ["", ""]
    assert "tool_choice" not in server.requests[1].body
    assert "anthropic-beta" not in server.requests[1].headers


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_is_asked_of_itself_once(serve: Serve, kind: str):
    server, model = await serve(kind, [says("One."), says("Two.")])
    for _ in range(2):
        await take_turn(model, request([user("Hello.")]))
    assert len(server.asked) == len(set(server.asked))
    assert server.asked[0] == "/v1/models"


@pytest.mark.parametrize("kind", ["vllm", "ollama"])
async def test_a_model_that_is_not_there_is_told_with_those_that_are(serve: Serve, kind: str):
    _, model = await serve(kind, [], asked="qwen2-vl")
    with pytest.raises(
        ModelUnavailable, match=r"does not know the model qwen2-vl.*It has qwen3-vl\."
    ):
        await model.check()


async def test_llama_cpp_takes_any_name(serve: Serve):
    _, model = await serve("llama.cpp", [says("Yes.")], asked="whatever")
    await model.check()
    assert (await take_turn(model, request([user("Hello.")]))).done.stop_reason == "end_turn"


async def test_litellm_tells_of_an_unknown_name_at_the_first_turn(serve: Serve):
    """Its list may have wildcards."""
    _, model = await serve("litellm", [], asked="gpt-nine")
    await model.check()
    with pytest.raises(ModelUnavailable, match="does not know the model gpt-nine"):
        await take_turn(model, request([user("Hello.")]))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_key_is_told_before_anything_begins(serve: Serve, kind: str):
    server, model = await serve(kind, [], key="right")
    server._key = "another"
    with pytest.raises(ModelUnavailable, match="does not accept the key"):
        await model.check()


@pytest.mark.parametrize("kind", ["llama.cpp", "ollama", "litellm"])
async def test_a_model_that_cannot_see_is_told_before_anything_begins(serve: Serve, kind: str):
    _, model = await serve(kind, [], vision=False)
    with pytest.raises(ModelUnavailable, match="qwen3-vl cannot see images"):
        await model.check()


async def test_llama_cpps_own_refusal_of_pictures_is_told(serve: Serve):
    """Where it could not be asked: a 500, which is not tried again."""
    server, model = await serve("llama.cpp", [], vision=False)
    with pytest.raises(ModelUnavailable, match="cannot see images"):
        await take_turn(model, request([user("Look.", picture())]))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("kind", "window", "asked"), [("vllm", 8192, 2048), ("llama.cpp", 6000, 1500)]
)
async def test_the_answers_length_goes_by_the_window_that_is_told(
    serve: Serve, kind: str, window: int, asked: int
):
    server, model = await serve(kind, [says("Yes.")], window=window)
    turn = await take_turn(model, request([user("Hello.")]))
    assert [served.body["max_tokens"] for served in server.requests] == [asked]
    assert learned(turn) == []


async def test_litellms_longest_answer_is_asked_for(serve: Serve):
    server, model = await serve("litellm", [says("Yes.")], window=16_000)
    await take_turn(model, request([user("Hello.")]))
    assert server.requests[0].body["max_tokens"] == 4000


async def test_a_refused_length_is_learned_once_and_told(serve: Serve):
    """vLLM before it told its window; the next requests ask for what was learned."""
    server, model = await serve("vllm", [says("One."), says("Two.")], window=8192)
    server.about = lambda path, asked: (404, {})  # type: ignore[method-assign]
    first = await take_turn(model, request([user("Hello.")]))
    second = await take_turn(model, request([user("Hello.")]))
    lengths = [served.body["max_tokens"] for served in server.requests]
    assert lengths == [16_000, 2048, 2048]
    assert (learned(first), learned(second)) == ([("answer", 2048)], [])


async def test_a_conversation_that_fills_the_window_is_told_as_too_long(serve: Serve):
    """It is not tried with ever shorter answers."""
    server, model = await serve("vllm", [], window=1000)
    with pytest.raises(ContextTooLong):
        await take_turn(model, request([user("word " * 2000)]))
    assert len(server.requests) == 1


async def test_llama_cpps_overflow_is_no_failure_of_the_server(serve: Serve):
    server, model = await serve("llama.cpp", [], window=1000)
    with pytest.raises(ContextTooLong):
        await take_turn(model, request([user("word " * 2000)]))
    assert len(server.requests) == 1


async def test_as_many_pictures_are_shown_as_the_server_takes(serve: Serve):
    server, model = await serve("vllm", [says("One."), says("Two.")], pictures=2)
    pictures = [picture(colour=colour) for colour in ("navy", "red", "green", "blue")]
    turn = await take_turn(model, request([user("Look.", *pictures)]))
    assert learned(turn) == [("pictures", 2)]
    await take_turn(model, request([user("Look.", *pictures)]))
    shown = [str(served.body).count("'image'") for served in server.requests]
    assert shown == [4, 2, 2]


@pytest.mark.parametrize("kind", ["vllm", "llama.cpp", "ollama"])
async def test_a_server_without_tools_has_the_model_write_its_calls(serve: Serve, kind: str):
    """Asked (Ollama) or learned from the refusal; the results go back as text as well."""
    written = '<tool_call>{"name": "left_click", "arguments": {"coordinate": [1, 2]}}</tool_call>'
    server, model = await serve(kind, [says(f"I click.\n{written}"), says("Done.")], tools=False)
    messages = [user("Click it.")]
    first = await take_turn(model, request(messages))
    (done,) = [b for b in first.blocks if b["type"] == "tool_use"]
    assert (done["name"], done["toolset_name"]) == ("left_click", "computer")
    assert ("tools", 1) in learned(first)
    messages += [{"role": "assistant", "content": first.blocks}]
    messages += [answer_calls(first.blocks, image=picture())]
    await take_turn(model, request(messages))
    last = server.requests[-1].body
    assert "tools" not in last
    assert '"name": "computer_left_click"' in last["system"]
    assert "tool_use" not in str(last["messages"])
    assert "<tool_response>\\nDid left_click.\\n</tool_response>" in str(last["messages"])
    assert str(last).count("'image'") == 1


async def test_thinking_that_a_template_opened_is_learned(serve: Serve):
    script = [says("Hm.</think>One."), says("Hm.</think>Two.")]
    _, model = await serve("vllm", script)
    first = await take_turn(model, request([user("Hello.")]))
    second = await take_turn(model, request([user("Hello.")]))
    assert [b["text"] for b in (*first.blocks, *second.blocks)] == ["One.", "Two."]
    assert (first.words("thinking"), second.words("thinking")) == ("", "Hm.")
    assert learned(second) == [("thinking", 1)]


@pytest.mark.parametrize(
    ("behind", "computer"),
    [
        ("anthropic/claude-opus-5-5", "computer_toolset_20260801"),
        ("anthropic/claude-opus-4-6", "computer_20251124"),
        ("bedrock/us.anthropic.claude-opus-4-8", "computer_20251124"),
    ],
)
async def test_litellm_before_claude_keeps_the_cache_and_the_computer_tool(
    serve: Serve, behind: str, computer: str
):
    """By whatever name; the price is that of the model behind it."""
    script = [says(thinking("So."), call("left_click", coordinate=[1, 2])), says("Done.")]
    server, model = await serve("litellm", script, model="desk", behind=behind)
    messages = [user("Click it.", picture())]
    first = await take_turn(model, request(messages))
    messages += [{"role": "assistant", "content": first.blocks}]
    messages += [answer_calls(first.blocks, image=picture())]
    second = await take_turn(model, request(messages))
    assert [served.problem for served in server.requests] == ["", ""]
    body = server.requests[1].body
    assert computer in [tool.get("type") for tool in body["tools"]]
    assert body["model"] == "desk"
    assert "cache_control" in str(body)
    usage = second.done.usage
    assert usage.cache_read_input_tokens > 0
    assert (
        usage.dollars == priced(behind, Usage(**{**usage.model_dump(), "dollars": 0})).dollars > 0
    )


async def test_litellm_before_another_model_is_spoken_to_as_any_server(serve: Serve):
    server, model = await serve(
        "litellm", [says("Hello.")], model="claude-like", behind="openai/gpt-5"
    )
    await take_turn(model, request([user("Hello.")]))
    assert "cache_control" not in str(server.requests[0].body)


async def test_errors_of_the_provider_behind_litellm_are_told_as_its_own(serve: Serve):
    """A picture that is too large, in OpenAI's shape with Anthropic's words within."""
    _, model = await serve("litellm", [], model="desk", behind="anthropic/claude-opus-5-5")
    with pytest.raises(ContextTooLong, match="does not take a screenshot of this size"):
        await take_turn(model, request([user("Look.", picture(4000, 3000))]))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_breaks_off_is_told(serve: Serve, kind: str):
    _, model = await serve(kind, [says("I am", end="cut")])
    with pytest.raises(StreamBroken):
        await take_turn(model, request([user("Hello.")]))
