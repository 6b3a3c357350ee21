"""The judge of message lists finds each breach of the API's rules, and only those."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from agent.testing.fake_desktop import FakeDesktop
from agent.testing.rules import prefix_violations, violations


def text(words: str = "Hi.") -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(call: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": "left_click", "input": {}, **more}


def result(call: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": [text()], **more}


def image(width: int = 10, height: int = 10, media_type: str = "image/jpeg") -> dict[str, Any]:
    picture = asyncio.run(FakeDesktop(width=width, height=height).screenshot())
    data = base64.b64encode(picture.data).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def model(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


GOOD = [user(text(), image()), model(text(), use()), user(result(), text())]


def test_a_good_conversation_passes():
    assert violations(GOOD) == []
    assert violations([{"role": "user", "content": "Hi."}]) == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], "at least one message"),
        ([model(text()), user(text())], "first message must be the user's"),
        ([user(text()), model(text())], "must end with a user message"),
        ([user()], "at least one block"),
        ([user(text(" "))], "must not be blank"),
        ([user(text()), model(use()), user(text())], "tool_use without tool_result: c1"),
        ([user(text()), model(use())], "tool_use without tool_result"),
        ([user(text()), model(text()), user(result())], "did not call"),
        ([user(text()), model(use()), user(result(), result())], "more than one tool_result"),
        ([user(text()), model(use()), user(text(), result())], "before all other content"),
        (
            [user(text()), model(use(toolset_name="computer")), user(result())],
            "must echo its toolset_name",
        ),
        (
            [user(text()), model(use()), user(result(toolset_name="computer"))],
            "must echo its toolset_name",
        ),
        (
            [user(text()), model(use()), user(result()), model(use()), user(result())],
            "ids must be unique",
        ),
        (
            [user(text()), model(use()), user(result(is_error=True, content=[image()]))],
            "cannot hold an image",
        ),
        ([user(text()), model(use("a b")), user(result("a b"))], "must match"),
        (
            [
                user(text()),
                model({"type": "thinking", "thinking": "", "signature": ""}),
                user(text()),
            ],
            "final block",
        ),
        ([user(image(3000, 20))], "image_dimensions_too_large"),
        ([user(*[image(2100, 20)] * 21)], "image_dimensions_too_large"),
        ([user(image(media_type="image/png"))], "not image/png"),
        ([user(*[text() | {"cache_control": {}}] * 5)], "at most 4"),
        ([user(use())], "cannot stand in"),
    ],
)
def test_each_breach_is_named(messages: list[dict[str, Any]], expected: str):
    assert expected in "; ".join(violations(messages))


def test_a_history_may_only_grow():
    assert prefix_violations(GOOD[:1], GOOD) == []
    assert prefix_violations(GOOD, GOOD[:2])
    changed = [user(text("Other.")), *GOOD[1:]]
    assert prefix_violations(GOOD, changed)
    marked = [user(text() | {"cache_control": {"type": "ephemeral"}}, image()), *GOOD[1:]]
    assert prefix_violations(GOOD, marked) == []
