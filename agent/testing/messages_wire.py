"""What the service refuses before it thinks: headers, size, model, and fields of the body.

The shape of a body is judged by the SDK's own types (`agent.testing.messages_types`), what each
model takes by a table of the server's own (`agent.testing.messages_models`), and the message list
by `agent.testing.rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from anthropic.types import AnthropicBetaParam
from anthropic.types.beta import BetaComputerToolsetConfigsParam

from agent.testing.messages_accounting import flat
from agent.testing.messages_models import COMPUTER_BETAS, LEAST_BUDGET, MODELS, Rules, rules_of
from agent.testing.messages_types import body_problems
from agent.testing.rules import violations

MAX_BYTES = 32 * 1024 * 1024
MAX_IMAGES = 600
MAX_MARKERS = 4
LEAST_COMPACTED = 50_000
"""Tokens; a lower threshold of compaction is refused."""

_BETA_OF_EDIT = {
    "clear_tool_uses_20250919": "context-management-2025-06-27",
    "clear_thinking_20251015": "context-management-2025-06-27",
    "compact_20260112": "compact-2026-01-12",
}
_BETA_OF_FIELD = {
    "compaction": "compact-2026-09-04",
    "diagnostics": "cache-diagnosis-2026-04-07",
    "fallbacks": "server-side-fallback-2026-07-01",
    "thread": "message-threads-2026-08-12",
}
"""Fields of a body that are known only with their beta header."""

_BETAS = frozenset(word for part in get_args(AnthropicBetaParam) for word in get_args(part) if word)
_MEMBERS = frozenset(BetaComputerToolsetConfigsParam.__annotations__)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error answer: status, type, words and, where there is one, a code."""

    status: int
    type: str
    message: str
    code: str | None = None


def invalid(message: str) -> Problem:
    """A 400; pictures that are too large have a code of their own."""
    code = "image_dimensions_too_large" if "image_dimensions_too_large" in message else None
    return Problem(400, "invalid_request_error", message, code)


def header_problem(headers: Mapping[str, str], key: str | None) -> Problem | None:
    """What is wrong with authorization and version headers."""
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    given = bearer or headers.get("x-api-key", "")
    if key is not None and given != key:
        return Problem(401, "authentication_error", "invalid x-api-key")
    if not headers.get("anthropic-version"):
        return invalid("anthropic-version: header is required")
    return None


def anthropic_problems(body: Mapping[str, Any], betas: frozenset[str]) -> Iterator[Problem]:
    """What Anthropic's own service would refuse."""
    yield from _basics(body)
    yield from map(invalid, body_problems(body))
    rules = rules_of(str(body["model"])) or next(iter(MODELS.values()))
    yield from (invalid(message) for message in _headers(body, betas))
    yield from (invalid(message) for message in _for_model(body, betas, rules))
    for edit in (body.get("context_management") or {}).get("edits", ()):
        yield from (invalid(f"context_management.edits: {why}") for why in _edit(edit, betas))
    markers = _count_markers(body)
    if markers > MAX_MARKERS:
        yield invalid(f"A maximum of {MAX_MARKERS} blocks with cache_control may be provided")
    yield from map(invalid, _lifetimes(body))
    found = violations(body["messages"], edge=rules.edge, patches=rules.patches)
    yield from map(invalid, found)


def _headers(body: Mapping[str, Any], betas: frozenset[str]) -> Iterator[str]:
    for beta in sorted(betas - _BETAS):
        yield f"Unexpected value(s) `{beta}` for the `anthropic-beta` header."
    for name, beta in _BETA_OF_FIELD.items():
        if body.get(name) is not None and beta not in betas:
            yield f"{name}: Extra inputs are not permitted (it needs the beta header {beta})"
    for index, message in enumerate(body["messages"]):
        if "clear_at" in message and "mid-conversation-system-clear-at-2026-08-21" not in betas:
            yield f"messages.{index}.clear_at: Extra inputs are not permitted"
        if "output_config" in message and "mid-conversation-output-config-2026-07-01" not in betas:
            yield f"messages.{index}.output_config: Extra inputs are not permitted"


def _for_model(body: Mapping[str, Any], betas: frozenset[str], rules: Rules) -> Iterator[str]:
    """What a model does not take."""
    yield from _tools(body, betas, rules)
    yield from _choice(body, rules)
    yield from _thinking(body, betas, rules)
    yield from _output(body, betas, rules)
    yield from _speed(body, betas, rules)
    if not rules.system and any(m["role"] == "system" for m in body["messages"]):
        yield "role 'system' is not supported on this model"


def portable_problems(
    body: Mapping[str, Any], headers: Mapping[str, str], *, vision: bool
) -> Iterator[Problem]:
    """What a strict server of another make would refuse or, worse, drop in silence."""
    yield from _basics(body)
    if headers.get("anthropic-beta"):
        yield invalid("anthropic-beta: unknown header")
    for name in ("tool_choice", "context_management", "thinking", "cache_control"):
        if name in body:
            yield invalid(f"{name}: unknown field")
    text = json.dumps(body)
    if '"cache_control"' in text or '"toolset_name"' in text:
        yield invalid("unknown field: cache_control or toolset_name")
    for tool in body.get("tools", ()):
        if "input_schema" not in tool:
            yield invalid(f"tools: {tool.get('type')} has no input_schema")
    if any(part["type"] == "image" for part in _result_parts(body)):
        yield invalid("images inside a tool_result are dropped here")
    if any(block["type"] == "document" for _, block in flat(body["messages"])):
        yield invalid("unknown content block type: document")
    if not vision and '"type": "image"' in text:
        yield Problem(
            500,
            "api_error",
            "image input is not supported - hint: you may need to provide the mmproj",
        )
    yield from (invalid(message) for message in violations(body["messages"]))


def _edit(edit: Mapping[str, Any], betas: frozenset[str]) -> Iterator[str]:
    kind = str(edit.get("type"))
    least = (edit.get("trigger") or {}).get("value", LEAST_COMPACTED)
    if kind == "compact_20260112" and least < LEAST_COMPACTED:
        yield f"{kind} needs a trigger of at least {LEAST_COMPACTED} tokens"
    if _BETA_OF_EDIT.get(kind, "") not in betas:
        yield f"{kind} needs its beta header"


def _basics(body: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            yield invalid(f"{name}: Field required")
    if not body.get("stream") and body.get("max_tokens") != 0:
        yield invalid("stream: this server only streams")


def _tools(body: Mapping[str, Any], betas: frozenset[str], rules: Rules) -> Iterator[str]:
    tools = body.get("tools") or ()
    types = [str(tool.get("type", "custom")) for tool in tools]
    for kind in types:
        if not kind.startswith("computer_"):
            continue
        if kind in COMPUTER_BETAS and COMPUTER_BETAS[kind] not in betas:
            yield f"tools: {kind} needs the beta header {COMPUTER_BETAS[kind]}"
        if kind not in rules.tools:
            known = ", ".join(sorted(rules.tools))
            yield f"'{body['model']}' does not support tool types: {kind}. Did you mean {known}?"
    names = [str(tool["name"]) for tool in tools if "name" in tool]
    if len(names) > len(set(names)):
        yield "tools: Tool names must be unique"
    if not any("_toolset_" in kind for kind in types) and '"toolset_name"' in json.dumps(
        body["messages"]
    ):
        yield "messages: toolset_name without a toolset in tools"


def _choice(body: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    choice = body.get("tool_choice") or {}
    if choice.get("name") in _MEMBERS:
        yield "tool_choice: a member of a toolset cannot be named"
    if not rules.forced and choice.get("type") in ("any", "tool"):
        yield f"tool_choice: {body['model']} cannot be forced to call a tool"


def _thinking(body: Mapping[str, Any], betas: frozenset[str], rules: Rules) -> Iterator[str]:
    thinking = body.get("thinking") or {}
    model, kind = body["model"], thinking.get("type")
    if thinking.get("display") == "updates" and not any("display-updates" in b for b in betas):
        yield "thinking.display: updates needs the beta thinking-display-updates-2026-08-18"
    if thinking.get("block_binding") and "thinking-binding-controls-2026-08-01" not in betas:
        yield "thinking.adaptive.block_binding: Extra inputs are not permitted"
    if kind == "disabled" and kind not in rules.thinking:
        yield f"thinking: cannot be disabled on {model}"
    elif kind is not None and kind not in rules.thinking:
        yield f"thinking.type: {kind} is not supported on {model}"
    if kind == "between_tools" and _effort(body) in ("xhigh", "max"):
        yield "output_config.effort: at most high with between_tools"


def _output(body: Mapping[str, Any], betas: frozenset[str], rules: Rules) -> Iterator[str]:
    effort, budget = _effort(body), (body.get("output_config") or {}).get("task_budget")
    if effort is not None and effort not in rules.efforts:
        known = ", ".join(sorted(rules.efforts)) or "none"
        yield f"This model does not support effort level '{effort}'. Supported levels: {known}."
    if budget is None:
        return
    where = "output_config.task_budget"
    if "task-budgets-2026-03-13" not in betas:
        yield f"{where}: Extra inputs are not permitted (it needs task-budgets-2026-03-13)"
    if not rules.budgets:
        yield f"{where}: not supported on {body['model']}"
    if budget["total"] < LEAST_BUDGET:
        yield f"{where}.total: Input should be greater than or equal to {LEAST_BUDGET}"
    if not 0 <= (budget.get("remaining") or 0) <= budget["total"]:
        yield f"{where}.remaining: Input should be between 0 and total"


def _speed(body: Mapping[str, Any], betas: frozenset[str], rules: Rules) -> Iterator[str]:
    if body.get("speed") is None:
        return
    if not rules.fast:
        yield f"speed: '{body['model']}' does not support the `speed` parameter"
    elif rules.fast != "open" and rules.fast not in betas:
        yield f"speed: Extra inputs are not permitted (it needs the beta header {rules.fast})"


def _effort(body: Mapping[str, Any]) -> str | None:
    effort: str | None = (body.get("output_config") or {}).get("effort")
    return effort


_ORDER = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"


def _lifetimes(body: Mapping[str, Any]) -> Iterator[str]:
    """Cache markers for an hour stand before those for five minutes."""
    short = False
    for marker in _markers([body.get("tools"), body.get("system"), body["messages"]]):
        if marker.get("ttl") != "1h":
            short = True
        elif short:
            yield _ORDER
    if short and (body.get("cache_control") or {}).get("ttl") == "1h":
        yield _ORDER


def _markers(value: Any) -> Iterator[Mapping[str, Any]]:
    """Cache markers below a value, in the order in which the prompt is read."""
    if isinstance(value, Mapping):
        if value.get("cache_control"):
            yield value["cache_control"]
        value = [item for name, item in value.items() if name != "cache_control"]
    for item in value if isinstance(value, list) else ():
        yield from _markers(item)


def _count_markers(body: Mapping[str, Any]) -> int:
    """Markers anywhere; the automatic one at the top counts as one breakpoint."""
    inner = len(list(_markers([body.get("tools"), body.get("system"), body["messages"]])))
    return inner + bool(body.get("cache_control"))


def count_images(body: Mapping[str, Any]) -> int:
    """Pictures in a request, those in results included."""
    blocks = [block for _, block in flat(body["messages"])]
    parts = [*blocks, *_result_parts(body)]
    return len([part for part in parts if part["type"] == "image"])


def _result_parts(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for _, block in flat(body["messages"]):
        content = block.get("content")
        if block["type"] == "tool_result" and isinstance(content, list):
            yield from content
