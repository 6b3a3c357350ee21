"""The validator that the faithful server makes of the SDK's own types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from anthropic.types import ModelParam
from served_bodies import Body, valid_body
from typing_extensions import is_typeddict

from agent.testing import messages_types
from agent.testing.messages_models import MODELS, rules_of
from agent.testing.messages_types import body_problems


def nested(declared: Any, seen: set[Any]) -> Iterator[Any]:
    """Every type that a type is made of, dictionaries' fields included."""
    bare = messages_types._bare(declared)
    if bare in seen:
        return
    seen.add(bare)
    yield bare
    if is_typeddict(bare):
        for hint in messages_types._hints(bare).values():
            yield from nested(hint, seen)
    elif get_origin(bare) is not Literal:
        for argument in get_args(bare):
            yield from nested(argument, seen)


def test_every_type_of_a_request_is_understood() -> None:
    """A new version of the SDK with a kind of type that is not checked is found here."""
    found = list(nested(messages_types._STREAMED, set()))
    assert len(found) > 200
    strange = [
        each
        for each in found
        if not is_typeddict(each)
        and not messages_types._is_sequence(each)
        and get_origin(each) not in (*messages_types._LISTS, *UNIONS, Literal, dict)
        and each not in messages_types._JSON
        and each is not Any
        and not _is_response(each)
    ]
    assert [str(each) for each in strange if "bytes" not in str(each)] == []


UNIONS = (messages_types.Union, messages_types.types.UnionType)


def _is_response(each: Any) -> bool:
    """One of the SDK's models or of its files' kinds: JSON never holds one."""
    module = getattr(each, "__module__", "")
    return isinstance(each, type) and module.split(".")[0] not in ("builtins", "typing")


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        ("max_tokens", "many", "max_tokens: Input should be a valid integer"),
        ("max_tokens", True, "max_tokens: Input should be a valid integer"),
        ("messages", {}, "messages: Input should be a valid list"),
        ("messages", [1], "messages.0: Input should be a valid dictionary"),
        ("messages", [{"role": "user"}], "messages.0.content: Field required"),
        ("messages", [{"content": "x"}], "messages.0: Unable to extract tag"),
        ("messages", [{"role": "user", "content": 5}], "messages.0.content: Input should be"),
        (
            "messages",
            [{"role": "user", "content": [{"type": "text", "text": None}]}],
            "messages.0.content.0.text: Input should be a valid string",
        ),
        (
            "messages",
            [{"role": "user", "content": [{"type": "smell"}]}],
            "messages.0.content.0: Input tag 'smell' found using 'type' does not match",
        ),
        ("cache_control", {"type": "ephemeral", "ttl": "2h"}, "ttl: Input should be '5m' or '1h'"),
        ("thinking", {"type": "between_tools", "display": "updates"}, "thinking.display: Extra"),
        ("fallbacks", [{"max_tokens": 5}], "fallbacks.0.model: Field required"),
        ("stop_sequences", "x", "stop_sequences: Input should be a valid list"),
        ("system", [{"type": "text", "words": ""}], "system.0.text: Field required"),
        (
            "tools",
            [{"name": "a", "input_schema": {"type": "object"}, "members": {}}],
            "tools.0.members: Extra inputs are not permitted",
        ),
        ("context_management", {"edits": [{"type": "forget"}]}, "edits.0: Input tag 'forget'"),
    ],
)
def test_what_is_not_as_declared_is_named_with_its_place(
    where: str, value: Any, words: str
) -> None:
    assert body_problems(valid_body()) == []
    found = body_problems({**valid_body(), where: value})
    assert any(words in problem for problem in found), found


@pytest.mark.parametrize(
    "more",
    [
        {"system": "Words."},
        {"fallbacks": "default", "speed": None, "cache_control": {"type": "ephemeral"}},
        {"output_config": {"effort": "max", "task_budget": {"type": "tokens", "total": 20_000}}},
        {"thinking": {"type": "adaptive", "display": "updates"}},
        {"tools": [{"type": "memory_20250818", "name": "memory"}]},
        {"tools": [{"name": "a", "input_schema": {"type": "object", "anything": 1}}]},
        {"metadata": {"user_id": "u"}, "tool_choice": {"type": "auto"}},
    ],
)
def test_what_is_as_declared_passes(more: Body) -> None:
    assert body_problems({**valid_body(), **more}) == []


def test_the_server_knows_every_model_that_the_sdk_names() -> None:
    named = [name for part in get_args(ModelParam) for name in get_args(part)]
    assert len(named) >= 22
    assert [name for name in named if rules_of(name) is None] == []
    assert set(MODELS) <= set(named)
    assert rules_of("claude-none-0") is None
