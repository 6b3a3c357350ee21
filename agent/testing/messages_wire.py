"""What the service refuses before it thinks: headers, size, model, and fields of the body.

The rules for the message list itself are in `agent.testing.rules`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.models.capabilities import as_claude
from agent.models.claude.dialects import TOOLSET_MEMBERS
from agent.testing.messages_accounting import flat
from agent.testing.rules import violations

MAX_BYTES = 32 * 1024 * 1024
MAX_IMAGES = 600
MAX_MARKERS = 4
LEAST_COMPACTED = 50_000
"""Tokens; a lower threshold of compaction is refused."""

_NEW = "-5-5"
_ALWAYS_THINKING = re.compile(r"claude-(?:fable|mythos)-5-[1-9]|claude-(?:opus|sonnet)-5-5")
_NAME_OF_TOOL = {
    "bash_20241022": "bash",
    "bash_20250124": "bash",
    "text_editor_20241022": "str_replace_editor",
    "text_editor_20250124": "str_replace_editor",
    "text_editor_20250429": "str_replace_based_edit_tool",
    "text_editor_20250728": "str_replace_based_edit_tool",
    "memory_20250818": "memory",
}
_BETA_OF_EDIT = {
    "clear_tool_uses_20250919": "context-management-2025-06-27",
    "compact_20260112": "compact-2026-01-12",
}
_BETA_OF_TOOL = {
    "computer_20241022": "computer-use-2024-10-22",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
}


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
    for message in (*_tools(body, betas), *_sampling(body), *_thinking(body, betas)):
        yield invalid(message)
    for edit in (body.get("context_management") or {}).get("edits", ()):
        yield from (invalid(f"context_management.edits: {why}") for why in _edit(edit, betas))
    markers = _count_markers(body)
    if markers > MAX_MARKERS:
        yield invalid(f"A maximum of {MAX_MARKERS} blocks with cache_control may be provided")
    yield from (invalid(message) for message in violations(body["messages"]))


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
    if not body.get("stream"):
        yield invalid("stream: this server only streams")


def _tools(body: Mapping[str, Any], betas: frozenset[str]) -> Iterator[str]:
    types = [str(tool.get("type", "custom")) for tool in body.get("tools", ())]
    for tool, kind in zip(body.get("tools", ()), types, strict=True):
        if kind in ("computer_toolset_20260801", "browser_toolset_20260801"):
            yield from _toolset(tool)
        elif kind.startswith("computer_"):
            if _BETA_OF_TOOL.get(kind, "") not in betas:
                yield f"tools: {kind} needs the beta header {_BETA_OF_TOOL.get(kind)}"
            if _NEW in body["model"]:
                yield f"tools: {body['model']} takes computer_toolset_20260801 only, not {kind}"
            if not {"display_width_px", "display_height_px", "name"} <= tool.keys():
                yield f"tools: {kind} needs name, display_width_px and display_height_px"
        else:
            yield from _companion(tool, kind)
    names = [str(tool["name"]) for tool in body.get("tools", ()) if "name" in tool]
    if len(names) > len(set(names)):
        yield "tools: Tool names must be unique"
    if "computer_toolset_20260801" in types and not as_claude(body["model"]).toolset:
        yield f"tools: {body['model']} does not support computer_toolset_20260801"
    if "computer_toolset_20260801" not in types and '"toolset_name"' in json.dumps(
        body.get("messages")
    ):
        yield "messages: toolset_name without a toolset in tools"


def _companion(tool: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Whatever is no computer: a known type under its name, or a schema."""
    if kind == "custom":
        missing = {"name", "input_schema"} - tool.keys()
        yield from (f"tools: {tool.get('name')}.{name}: Field required" for name in missing)
    elif kind not in _NAME_OF_TOOL:
        yield f"tools: {kind} is no type of tool that is known here"
    elif tool.get("name") != _NAME_OF_TOOL[kind]:
        yield f"tools: {kind} must have the name {_NAME_OF_TOOL[kind]}"


def _toolset(tool: Mapping[str, Any]) -> Iterator[str]:
    kind = tool["type"]
    for name in tool.keys() - {"type", "configs", "cache_control", "allowed_callers"}:
        yield f"tools: {kind}.{name}: Extra inputs are not permitted"
    if tool.get("allowed_callers", ["direct"]) != ["direct"]:
        yield f"tools: {kind}.allowed_callers: only direct is permitted"
    if kind.startswith("browser"):
        return
    for member, config in (tool.get("configs") or {}).items():
        if member not in TOOLSET_MEMBERS or not config.keys() <= {"enabled", "defer_loading"}:
            yield f"tools: {kind}.configs.{member}: not permitted"


def _sampling(body: Mapping[str, Any]) -> Iterator[str]:
    if (body.get("tool_choice") or {}).get("name") in TOOLSET_MEMBERS:
        yield "tool_choice: a member of a toolset cannot be named"
    if _NEW not in body["model"]:
        return
    for name in ("temperature", "top_p", "top_k", "prefill"):
        if name in body:
            yield f"{name}: not supported on {body['model']}"
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        yield f"tool_choice: {body['model']} cannot be forced to call a tool"


def _thinking(body: Mapping[str, Any], betas: frozenset[str]) -> Iterator[str]:
    thinking = body.get("thinking") or {}
    model, kind = body["model"], thinking.get("type")
    if thinking.get("display") == "updates" and not any("display-updates" in b for b in betas):
        yield "thinking.display: updates needs the beta thinking-display-updates-2026-08-18"
    if kind == "between_tools":
        if "sonnet-5-5" not in model:
            yield f"thinking: between_tools is not supported on {model}"
        if (body.get("output_config") or {}).get("effort") in ("xhigh", "max"):
            yield "output_config.effort: at most high with between_tools"
    if kind == "disabled" and _ALWAYS_THINKING.search(model):
        yield f"thinking: cannot be disabled on {model}"


def _count_markers(body: Mapping[str, Any]) -> int:
    """Markers anywhere; the automatic one at the top counts as one breakpoint."""

    def found(value: Any) -> Iterator[None]:
        if isinstance(value, Mapping):
            if value.get("cache_control"):
                yield None
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            yield from found(item)

    return len(list(found(body)))


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
