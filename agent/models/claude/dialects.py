"""How one request is put on the wire: which tools, headers and markers a service takes.

Three dialects of the same Messages API:

- ``ToolsetDialect`` (here): Anthropic's own service, ``computer_toolset_20260801``;
- ``HostedDialect``: ``computer_20251124``, one action per turn (Bedrock, older models);
- ``PortableDialect``: plain schemas, for any other server that speaks the protocol.

The loop and the journal know the first one's shapes only; the others translate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from agent.models.base import (
    ALL_READABLE,
    Block,
    Budget,
    Message,
    ModelRequest,
    Readable,
    ToolSpec,
)
from agent.models.capabilities import Capabilities, Thinking, as_claude

EPHEMERAL: Mapping[str, str] = {"type": "ephemeral"}
"""A five-minute cache breakpoint."""

FOR_AN_HOUR: Mapping[str, str] = {"type": "ephemeral", "ttl": "1h"}
"""A breakpoint that outlasts the pauses of a person who talks; it costs more to write."""

Option = Literal["system", "1h", "speed", "fallbacks", "task_budget"]
"""What is asked for beside the bare conversation, and can be left out where a service refuses."""

LEAST_BUDGET = 20_000
"""Tokens; a smaller task budget is refused."""


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

    @property
    def system_messages(self) -> bool:
        """Whether the service takes them, of the models that do."""
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
_FAST_BETA = "fast-mode-2026-02-01"
_FALLBACK_BETA = "server-side-fallback-2026-07-01"
_BUDGET_BETA = "task-budgets-2026-03-13"


@dataclass(frozen=True, slots=True)
class ToolsetDialect:
    """Anthropic's own service with today's models."""

    context: ContextPolicy = ContextPolicy()
    name: str = "toolset"
    webp: bool = True
    reads: frozenset[Readable] = ALL_READABLE
    thins: bool = False
    reads_text: bool = False
    without: frozenset[Option] = frozenset()
    """What the service has refused, or does not have."""

    @property
    def system_messages(self) -> bool:
        return "system" not in self.without

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        known = as_claude(model)
        marker = FOR_AN_HOUR if request.pauses and "1h" not in self.without else EPHEMERAL
        messages = request.messages if self.system_messages else folded(request.messages)
        betas: list[str] = []
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": request.max_tokens,
            "system": system_blocks(request.system, marker),
            "tools": [tool for spec in request.tools for tool in _declare(spec)],
            "messages": mark_previous_turn(messages, marker),
            "cache_control": marker,
        }
        if known.edits:
            body["context_management"] = {"edits": self.context.edits()}
            betas.extend(_CONTEXT_BETAS)
        _add_thinking(body, betas, known.thinks(effort_of(request, known)))
        add_effort(body, request, model)
        self._add_options(body, betas, request, known)
        if betas:
            body["betas"] = betas
        return body

    def leaving(self, option: Option) -> ToolsetDialect:
        """The same without an option."""
        return replace(self, without=self.without | {option})

    def _add_options(
        self, body: dict[str, Any], betas: list[str], request: ModelRequest, known: Capabilities
    ) -> None:
        if request.fast and known.fast != "no" and "speed" not in self.without:
            body["speed"] = "fast"
            betas.extend([_FAST_BETA] if known.fast == "beta" else [])
        if request.fallbacks and known.fallbacks and "fallbacks" not in self.without:
            body["fallbacks"] = "default"
            betas.append(_FALLBACK_BETA)
        if request.budget and known.budgets and "task_budget" not in self.without:
            body.setdefault("output_config", {})["task_budget"] = _task_budget(request.budget)
            betas.append(_BUDGET_BETA)

    def incoming(self, block: Block) -> Block:
        return block

    def narrates(self, model: str) -> bool:
        return as_claude(model).narrates


def system_blocks(system: str, marker: Mapping[str, str] = EPHEMERAL) -> list[Block]:
    """The system prompt with a breakpoint behind it, which covers the tools as well."""
    return [{"type": "text", "text": system, "cache_control": marker}] if system else []


def effort_of(request: ModelRequest, known: Capabilities) -> str | None:
    """The effort that is wanted, now or since the conversation began; None for the model's own."""
    kept = known.one_effort and request.first_effort is not None
    effort = request.first_effort if kept else request.effort
    return effort if effort in known.efforts else None


def add_effort(body: dict[str, Any], request: ModelRequest, model: str) -> None:
    """Ask for an effort if one is wanted and the model takes it, now or at all."""
    if (effort := effort_of(request, as_claude(model))) is not None:
        body["output_config"] = {"effort": effort}


def folded(messages: Sequence[Message]) -> list[Message]:
    """The same messages with what Sayso itself says among the user's words."""
    whole: list[Message] = []
    for message in messages:
        role = "user" if message["role"] == "system" else message["role"]
        if whole and role == "user" == whole[-1]["role"]:
            whole[-1] = {**whole[-1], "content": [*whole[-1]["content"], *message["content"]]}
        else:
            whole.append({**message, "role": role})
    return whole


def mark_previous_turn(
    messages: Sequence[Message], marker: Mapping[str, str] = EPHEMERAL
) -> list[Message]:
    """Mark where the last request ended, so that a long batch cannot outrun the lookback.

    The service looks back 20 blocks from each breakpoint; a batch may have more.
    """
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant" and i]
    return mark_last_block(messages, [index - 1 for index in answers[-1:]], marker)


def mark_last_block(
    messages: Sequence[Message], indices: Sequence[int], marker: Mapping[str, str] = EPHEMERAL
) -> list[Message]:
    """A copy in which the last block of each named message bears a cache breakpoint."""
    marked = list(messages)
    for index in indices:
        content = marked[index]["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": marker}
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

BROWSER_MEMBERS = frozenset(
    (
        *("navigate", "list_tabs", "new_tab", "switch_tab", "close_tab", "read_page"),
        *("get_page_text", "find", "form_input", "scroll_to", "screenshot", "zoom"),
        *("left_click", "right_click", "middle_click", "double_click", "triple_click", "hover"),
        *("left_click_drag", "left_mouse_down", "left_mouse_up", "mouse_move", "scroll"),
        *("type", "key", "hold_key", "wait"),
    )
)
"""Members of ``browser_toolset_20260801`` that are on unless they are switched off."""

BROWSER_EXTRAS = frozenset({"file_upload", "read_console", "read_network", "javascript_exec"})
"""Those that are off unless they are switched on."""

_MEMBERS = {
    "computer_toolset_20260801": (TOOLSET_MEMBERS, frozenset[str]()),
    "browser_toolset_20260801": (BROWSER_MEMBERS, BROWSER_EXTRAS),
}


def _declare(spec: ToolSpec) -> list[dict[str, Any]]:
    if spec.hosted is None:
        return [plain_tool(name, spec, schema) for name, schema in spec.members.items()]
    if spec.toolset is None:
        return [{"type": spec.hosted, "name": spec.name}]
    usual, extra = _MEMBERS[spec.hosted]
    served = spec.members.keys()
    changed = {name: name in served for name in sorted((usual - served) | extra)}
    tool: dict[str, Any] = {"type": spec.hosted}
    if changed:
        tool["configs"] = {name: {"enabled": on} for name, on in changed.items()}
    return [tool]


def _task_budget(budget: Budget) -> dict[str, Any]:
    """As the service takes it, which refuses one below `LEAST_BUDGET`."""
    total = max(LEAST_BUDGET, budget.total)
    return {"type": "tokens", "total": total, "remaining": max(0, min(budget.left, total))}


def _add_thinking(body: dict[str, Any], betas: list[str], thinking: Thinking) -> None:
    match thinking:
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
