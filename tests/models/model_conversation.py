"""A tiny loop for tests of models: tools, pictures, and histories that follow the rules."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from agent.models.base import (
    Block,
    BlockDone,
    Message,
    Model,
    ModelPart,
    ModelRequest,
    Text,
    ToolSpec,
    TurnDone,
    Waiting,
)
from agent.models.claude.dialects import TOOLSET_MEMBERS
from agent.models.claude.model import AnthropicModel
from agent.testing.messages_server import MessagesServer

Connect = Callable[..., Awaitable[tuple[MessagesServer, AnthropicModel]]]
"""The fixture ``connect``: a script and options in, server and model out."""

COMPUTER = ToolSpec(
    name="computer",
    description="Use the desktop.",
    members={
        name: {"type": "object", "properties": {"text": {"type": "string"}}}
        for name in sorted(TOOLSET_MEMBERS - {"cursor_position"})
    },
    hosted="computer_toolset_20260801",
    toolset="computer",
)
SHELL = ToolSpec(
    name="bash",
    description="Run a command.",
    members={"bash": {"properties": {"command": {"type": "string"}}, "required": ["command"]}},
    hosted="bash_20250124",
)
ASK = ToolSpec(
    name="ask",
    description="Ask the person.",
    members={"ask": {"properties": {"question": {"type": "string"}}}},
)
TOOLS = (COMPUTER, SHELL, ASK)
SYSTEM = "You use a desktop for a person who talks to you. " * 60


def picture(
    width: int = 1280, height: int = 800, colour: str = "navy", kind: str = "jpeg"
) -> Block:
    """An image block of that size."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind, quality=30)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": f"image/{kind}", "data": data},
    }


def request(messages: Sequence[Message], **changes: Any) -> ModelRequest:
    """A request with all tools and a system prompt long enough to be cached."""
    fields: dict[str, Any] = {
        "system": SYSTEM,
        "messages": list(messages),
        "tools": TOOLS,
        "display": (1280, 800),
        **changes,
    }
    return ModelRequest(**fields)


def user(words: str, *images: Block) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": words}, *images]}


def answer_calls(blocks: Sequence[Block], *, image: Block | None = None) -> Message:
    """The results of all calls, the picture on the last one."""
    calls = [block for block in blocks if block["type"] == "tool_use"]
    results = []
    for number, call in enumerate(calls, 1):
        content: list[Block] = [{"type": "text", "text": f"Did {call['name']}."}]
        if image is not None and number == len(calls):
            content.append(image)
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": content}
        if "toolset_name" in call:
            result["toolset_name"] = call["toolset_name"]
        results.append(result)
    return {"role": "user", "content": results}


@dataclass
class Turn:
    """Everything that one turn yielded."""

    parts: list[ModelPart] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        return [part.block for part in self.parts if isinstance(part, BlockDone)]

    @property
    def waits(self) -> list[Waiting]:
        return [part for part in self.parts if isinstance(part, Waiting)]

    @property
    def done(self) -> TurnDone:
        last = self.parts[-1]
        assert isinstance(last, TurnDone)
        return last

    def words(self, role: str = "text") -> str:
        return "".join(p.text for p in self.parts if isinstance(p, Text) and p.role == role)


async def take_turn(model: Model, asked: ModelRequest, turn: Turn | None = None) -> Turn:
    """Run one turn to its end; a given ``turn`` keeps what came before a failure."""
    turn = turn or Turn()
    async for part in model.stream(asked):
        turn.parts.append(part)
    return turn


class ManualClock:
    """Sleeps end at once and are remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
