"""What goes on the wire in each dialect, field by field."""

from __future__ import annotations

import json

import pytest
from model_conversation import COMPUTER, SHELL, answer_calls, picture, request, user

from agent.errors import ModelUnavailable
from agent.models.base import Block, Message
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.portable import PortableDialect

CALL: Block = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "left_click",
    "toolset_name": "computer",
    "input": {"coordinate": [1, 2]},
}
HISTORY: list[Message] = [
    user("Hello.", picture()),
    {
        "role": "assistant",
        "content": [
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "I click.", "citations": None},
            CALL,
        ],
    },
    answer_calls([CALL], image=picture()),
]


def test_portable_sends_what_every_server_keeps() -> None:
    """Text results first, their picture as a block after them, nothing of Anthropic's own."""
    body = PortableDialect().body(request(HISTORY, effort="low"), "qwen-vl")
    assert body.keys() == {"model", "max_tokens", "messages", "tools", "system"}
    result, image = body["messages"][2]["content"]
    assert result == {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": "Did left_click.",
    }
    assert image["type"] == "image"
    text, called = body["messages"][1]["content"]
    assert text == {"type": "text", "text": "I click."}
    assert called["name"] == "computer_left_click"
    assert "toolset_name" not in json.dumps(body)


def test_portable_tools_have_schemas() -> None:
    """One ordinary tool for each member, so that a model sees its parameters."""
    tools = PortableDialect().body(request([user("Hi.")]), "qwen-vl")["tools"]
    assert len(tools) == len(COMPUTER.members) + 2
    assert all(tool["input_schema"]["type"] == "object" for tool in tools)
    assert {tool["name"] for tool in tools} >= {"computer_zoom", "bash", "ask"}


def test_portable_fills_a_result_without_words() -> None:
    """An empty text result would be lost; the picture is announced instead."""
    bare = [{"type": "tool_result", "tool_use_id": "t", "content": [picture()], "is_error": True}]
    body = PortableDialect().body(request([{"role": "user", "content": bare}]), "m")
    assert body["messages"][0]["content"][0] == {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": "The picture follows.",
        "is_error": True,
    }


def test_hosted_turns_members_into_actions_and_back() -> None:
    """``left_click`` is an action of ``computer`` on the wire."""
    dialect = HostedDialect()
    body = dialect.body(request(HISTORY), "claude-sonnet-4-6")
    sent = body["messages"][1]["content"][2]
    assert sent["name"] == "computer"
    assert sent["input"] == {"action": "left_click", "coordinate": [1, 2]}
    assert "toolset_name" not in body["messages"][2]["content"][0]
    assert dialect.incoming(sent) == CALL


def test_toolset_asks_for_context_management() -> None:
    """Clearing first, compaction later, each with its beta."""
    body = ToolsetDialect().body(request(HISTORY), "claude-opus-5-5")
    kinds = [edit["type"] for edit in body["context_management"]["edits"]]
    assert kinds == ["clear_tool_uses_20250919", "compact_20260112"]
    assert "context-management-2025-06-27" in body["betas"]
    assert body["tools"][1] == {"type": SHELL.hosted, "name": "bash"}


@pytest.mark.parametrize("turns", [1, 2, 7])
@pytest.mark.parametrize("dialect", [ToolsetDialect(), HostedDialect()], ids=["toolset", "hosted"])
def test_there_are_never_more_than_four_markers(dialect: Dialect, turns: int) -> None:
    """The service refuses a fifth."""
    messages: list[Message] = []
    for number in range(turns):
        messages += [user(f"Say {number}."), {"role": "assistant", "content": "Yes."}]
    body = dialect.body(request([*messages, user("Last.")]), "claude-opus-5-5")
    assert 1 <= json.dumps(body).count('"cache_control"') <= 4


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("claude-opus-5-5", "low", {"effort": "low"}),
        ("claude-sonnet-5-5", "max", {"effort": "max"}),
        ("claude-sonnet-4-6", "xhigh", None),
        ("claude-opus-5-5", None, None),
        ("claude-haiku-4-5", "low", None),
    ],
)
def test_effort_is_sent_where_it_is_taken(
    model: str, effort: str | None, sent: dict[str, str] | None
) -> None:
    """A value that a model refuses is left out."""
    body = ToolsetDialect().body(request([user("Hi.")], effort=effort), model)
    assert body.get("output_config") == sent


@pytest.mark.parametrize(
    ("model", "display", "seen"),
    [
        ("claude-sonnet-4-6", (1366, 768), True),
        ("claude-sonnet-4-6", (1920, 1080), False),
        ("us.anthropic.claude-opus-4-5-v1:0", (1500, 1000), False),
        ("claude-opus-4-7", (1920, 1080), True),
        ("us.anthropic.claude-opus-4-8-v1:0", (1920, 1200), True),
    ],
)
def test_a_desktop_that_an_older_model_would_see_smaller_is_refused(
    model: str, display: tuple[int, int], seen: bool
) -> None:
    """The service rescales for them, and every click would miss by a tenth or more."""
    asked = request([user("Hello.")], display=display)
    if seen:
        assert HostedDialect().body(asked, model)["tools"]
        return
    with pytest.raises(ModelUnavailable, match="SAYSO_WIDTH"):
        HostedDialect().body(asked, model)


def test_the_prompt_is_static_between_turns() -> None:
    """System and tools of two requests are the same bytes, or the cache is lost."""
    first = ToolsetDialect().body(request(HISTORY[:1]), "claude-opus-5-5")
    second = ToolsetDialect().body(request(HISTORY), "claude-opus-5-5")
    for part in ("system", "tools", "thinking", "context_management"):
        assert json.dumps(first[part]) == json.dumps(second[part])
