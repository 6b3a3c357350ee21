"""How one request is put on the wire: which tools, headers and markers a service takes.

Three dialects of the same Messages API:

- ``ToolsetDialect`` (here): Anthropic's own service, ``computer_toolset_20260801``;
- ``HostedDialect``: ``computer_20251124``, one action per turn (Bedrock, older models);
- ``PortableDialect``: plain schemas, for any other server that speaks the protocol.

The loop and the journal know the first one's shapes only; the others translate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.models.base import ALL_READABLE, Block, Message, ModelRequest, Readable, ToolSpec
from agent.models.capabilities import as_claude

EPHEMERAL = {"type": "ephemeral"}
"""A five-minute cache breakpoint."""


class Dialect(Protocol):
    """One way to speak."""

    @property
    def name(self) -> str: ...

    @property
    def webp(self) -> bool:
        """Whether pictures may be WebP; else they are sent as JPEG."""
        ...

    @property
    def reads(self) -> frozenset[Readable]:
        """Kinds of attached files that it can carry."""
        ...

    @property
    def thins(self) -> bool:
        """Whether earlier pictures may be left out: nothing is bound to the exact messages."""
        ...

    @property
    def reads_text(self) -> bool:
        """Whether thinking and calls may stand in the text of an answer."""
        ...

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        """Keyword arguments of ``messages.create``."""
        ...

    def incoming(self, block: Block) -> Block:
        """A finished block of an answer in the toolset's shape."""
        ...

    def narrates(self, model: str) -> bool:
        """Whether thinking blocks hold progress lines."""
        ...


@dataclass(frozen=True, slots=True)
class ContextPolicy:
    """When the service itself shortens a long conversation, in input tokens.

    Old tool results are cleared from ``clear_above`` on, at least ``clear_at_least`` at a
    time (each clearing costs one cache write), keeping the newest ``keep`` tool uses; from
    ``compact_above`` on (the service's floor is 50 000) it summarises.
    """

    clear_above: int = 150_000
    clear_at_least: int = 50_000
    keep: int = 20
    compact_above: int = 300_000

    def edits(self) -> list[dict[str, Any]]:
        """The ``context_management.edits`` of a request."""
        return [
            {
                "type": "clear_tool_uses_20250919",
                "trigger": _tokens(self.clear_above),
                "keep": {"type": "tool_uses", "value": self.keep},
                "clear_at_least": _tokens(self.clear_at_least),
            },
            {"type": "compact_20260112", "trigger": _tokens(self.compact_above)},
        ]


_CONTEXT_BETAS = ("context-management-2025-06-27", "compact-2026-01-12")
_UPDATES_BETA = "thinking-display-updates-2026-08-18"


@dataclass(frozen=True, slots=True)
class ToolsetDialect:
    """Anthropic's own service with today's models."""

    context: ContextPolicy = ContextPolicy()
    name: str = "toolset"
    webp: bool = True
    reads: frozenset[Readable] = ALL_READABLE
    thins: bool = False
    reads_text: bool = False

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        known = as_claude(model)
        betas: list[str] = []
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": request.max_tokens,
            "system": system_blocks(request.system),
            "tools": [tool for spec in request.tools for tool in _declare(spec)],
            "messages": mark_previous_turn(request.messages),
            "cache_control": EPHEMERAL,
        }
        if known.edits:
            body["context_management"] = {"edits": self.context.edits()}
            betas.extend(_CONTEXT_BETAS)
        _add_thinking(body, betas, model)
        add_effort(body, request, model)
        if betas:
            body["betas"] = betas
        return body

    def incoming(self, block: Block) -> Block:
        return block

    def narrates(self, model: str) -> bool:
        return as_claude(model).narrates


def system_blocks(system: str) -> list[Block]:
    """The system prompt with a breakpoint behind it, which covers the tools as well."""
    return [{"type": "text", "text": system, "cache_control": EPHEMERAL}] if system else []


def add_effort(body: dict[str, Any], request: ModelRequest, model: str) -> None:
    """Ask for an effort if one is wanted and the model takes it, now or at all."""
    known, effort = as_claude(model), request.effort
    if known.one_effort and request.first_effort is not None:
        effort = request.first_effort
    if effort in known.efforts:
        body["output_config"] = {"effort": effort}


def mark_previous_turn(messages: Sequence[Message]) -> list[Message]:
    """Mark where the last request ended, so that a long batch cannot outrun the lookback.

    The service looks back 20 blocks from each breakpoint; a batch may have more.
    """
    users = [index for index, message in enumerate(messages) if message["role"] == "user"]
    return mark_last_block(messages, users[-2:-1])


def mark_last_block(messages: Sequence[Message], indices: Sequence[int]) -> list[Message]:
    """A copy in which the last block of each named message bears a cache breakpoint."""
    marked = list(messages)
    for index in indices:
        content = marked[index]["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": EPHEMERAL}
            marked[index] = {**marked[index], "content": blocks}
    return marked


def plain_tool(name: str, spec: ToolSpec, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A member as an ordinary tool; its own description, if any, stands in its schema."""
    described = {key: value for key, value in schema.items() if key != "description"}
    return {
        "name": name,
        "description": str(schema.get("description") or spec.description),
        "input_schema": {"type": "object", **described},
    }


TOOLSET_MEMBERS = frozenset(
    (
        *("screenshot", "zoom", "cursor_position", "mouse_move", "wait"),
        *("left_click", "right_click", "middle_click", "double_click", "triple_click"),
        *("left_mouse_down", "left_mouse_up", "left_click_drag", "scroll"),
        *("type", "key", "hold_key"),
    )
)
"""Members of ``computer_toolset_20260801``."""


def _declare(spec: ToolSpec) -> list[dict[str, Any]]:
    if spec.hosted is None:
        return [plain_tool(name, spec, schema) for name, schema in spec.members.items()]
    if spec.toolset is None:
        return [{"type": spec.hosted, "name": spec.name}]
    missing = sorted(TOOLSET_MEMBERS - spec.members.keys())
    tool: dict[str, Any] = {"type": spec.hosted}
    if missing:
        tool["configs"] = {name: {"enabled": False} for name in missing}
    return [tool]


def _add_thinking(body: dict[str, Any], betas: list[str], model: str) -> None:
    match as_claude(model).thinking:
        case "updates":
            body["thinking"] = {"type": "adaptive", "display": "updates"}
            betas.append(_UPDATES_BETA)
        case "summarized":
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
        case "between_tools" | "disabled" as kind:
            body["thinking"] = {"type": kind}
        case "none" | "tags":
            pass


def _tokens(value: int) -> dict[str, Any]:
    return {"type": "input_tokens", "value": value}
