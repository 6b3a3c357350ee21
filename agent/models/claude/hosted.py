"""The dialect of ``computer_20251124``: one tool named ``computer`` with an ``action`` field.

Bedrock takes nothing newer, and models before Opus 4.8 know nothing newer. One action per
turn, no server-side context management, explicit cache breakpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.errors import ModelUnavailable
from agent.models.base import ALL_READABLE, Block, Message, ModelRequest, Readable, ToolSpec
from agent.models.capabilities import ComputerTool, as_claude
from agent.models.claude.dialects import (
    ToolsetDialect,
    add_effort,
    mark_last_block,
    plain_tool,
    system_blocks,
)

_TOOL: ComputerTool = "computer_20251124"
_BETA = "computer-use-2025-11-24"


@dataclass(frozen=True, slots=True)
class HostedDialect:
    """The older hosted tool. ``effort`` is sent where the service takes it."""

    effort: bool = True
    name: str = "hosted"
    webp: bool = True
    reads: frozenset[Readable] = ALL_READABLE
    thins: bool = False
    reads_text: bool = False
    system_messages: bool = False

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        """Keyword arguments of ``messages.create``.

        Raises:
            ModelUnavailable: the model would see the screen smaller than it is.
        """
        _check_size(request.display, model)
        messages = [_outgoing(message) for message in request.messages]
        users = [index for index, message in enumerate(messages) if message["role"] == "user"]
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": request.max_tokens,
            "system": system_blocks(request.system),
            "tools": [tool for spec in request.tools for tool in _declare(spec, request.display)],
            "messages": mark_last_block(messages, users[-2:]),
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        }
        if any(spec.toolset for spec in request.tools):
            body["betas"] = [_BETA]
        if self.effort:
            add_effort(body, request, model)
        return body

    def incoming(self, block: Block) -> Block:
        if block.get("type") != "tool_use" or block.get("name") != "computer":
            return block
        arguments = dict(block["input"])
        action = str(arguments.pop("action", ""))
        return {**block, "name": action, "toolset_name": "computer", "input": arguments}

    def narrates(self, model: str) -> bool:
        return False


def claude_dialect(model: str) -> ToolsetDialect | HostedDialect:
    """How a Claude is spoken to, by its provider's name for it: Bedrock takes the older tool."""
    if model.lower().startswith("bedrock"):
        return HostedDialect(effort=False)
    return ToolsetDialect() if as_claude(model).toolset else HostedDialect()


def _check_size(display: tuple[int, int], model: str) -> None:
    """The service makes pictures smaller for older models, and clicks would go astray."""
    if not as_claude(model).sees(*display):
        raise ModelUnavailable(
            f"{model} cannot see a desktop of {display[0]} by {display[1]} pixels. Set SAYSO_WIDTH "
            "and SAYSO_HEIGHT to 1280 and 800, or choose a newer model."
        )


def _declare(spec: ToolSpec, display: tuple[int, int]) -> list[dict[str, Any]]:
    if spec.toolset is not None:
        tool = {
            "type": _TOOL,
            "name": spec.toolset,
            "display_width_px": display[0],
            "display_height_px": display[1],
        }
        return [{**tool, "enable_zoom": True} if "zoom" in spec.members else tool]
    if spec.hosted is not None:
        return [{"type": spec.hosted, "name": spec.name}]
    return [plain_tool(name, spec, schema) for name, schema in spec.members.items()]


def _outgoing(message: Message) -> Message:
    content = message["content"]
    if isinstance(content, str):
        return message
    return {**message, "content": _blocks(content)}


def _blocks(blocks: Sequence[Block]) -> list[Block]:
    return [_block(block) for block in blocks]


def _block(block: Block) -> Block:
    toolset = block.get("toolset_name")
    if toolset is None:
        return block
    plain = {key: value for key, value in block.items() if key != "toolset_name"}
    if block["type"] == "tool_use":
        plain["name"] = toolset
        plain["input"] = {"action": block["name"], **block["input"]}
    return plain
