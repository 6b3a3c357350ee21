"""The dialect that every other server understands: plain schemas, separate pictures.

Local servers accept hosted tools and then show the model no parameters, drop images that
lie inside a ``tool_result``, and choke on beta headers, cache markers or ``tool_choice``.
So none of these is sent; a picture follows the results as a block of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.models.base import Block, Message, ModelRequest, Readable, ToolSpec
from agent.models.claude.dialects import plain_tool

_HIDDEN = frozenset({"redacted_thinking", "compaction"})


@dataclass(frozen=True, slots=True)
class PortableDialect:
    """For any ``ANTHROPIC_BASE_URL`` that is not Anthropic's."""

    name: str = "portable"
    webp: bool = False
    reads: frozenset[Readable] = frozenset({"picture", "text"})
    thins: bool = True
    reads_text: bool = True
    system_messages: bool = False
    writes_calls: bool = False
    """For servers that take no tools: the model is told of them, and writes its calls as text."""

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        messages = [_outgoing(message) for message in request.messages]
        tools = [tool for spec in request.tools for tool in _declare(spec)]
        system = request.system
        if tools and self.writes_calls:
            system = f"{system}\n\n{_told_of(tools)}".strip()
            messages = [_as_text(message) for message in messages]
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": request.max_tokens,
            "messages": messages,
        }
        if tools and not self.writes_calls:
            body["tools"] = tools
        if system:
            body["system"] = system
        return body

    def incoming(self, block: Block) -> Block:
        name = str(block.get("name", ""))
        if block.get("type") != "tool_use" or not name.startswith("computer_"):
            return block
        return {**block, "name": name.removeprefix("computer_"), "toolset_name": "computer"}

    def narrates(self, model: str) -> bool:
        return False


def _declare(spec: ToolSpec) -> Iterator[dict[str, Any]]:
    for name, schema in spec.members.items():
        yield plain_tool(_flat(name, spec.toolset), spec, schema)


_HOW = """You act by calling tools. To call one, end your answer with a line of this form:
<tool_call>{"name": "NAME", "arguments": {"ARGUMENT": VALUE}}</tool_call>
Several calls are several such lines; write nothing after them. You are then told what came of
them. When the task is done, answer without a call. The tools:"""


def _told_of(tools: Sequence[dict[str, Any]]) -> str:
    """The tools in words, for a model whose server cannot pass them on."""
    lines = (
        {"name": t["name"], "description": t["description"], "arguments": t["input_schema"]}
        for t in tools
    )
    return "\n".join([_HOW, *(json.dumps(line, ensure_ascii=False) for line in lines)])


def _as_text(message: Message) -> Message:
    """A message whose calls and results are text; pictures stay."""
    if isinstance(message["content"], str):
        return message
    return {**message, "content": [_written(block) for block in message["content"]]}


def _written(block: Block) -> Block:
    match block["type"]:
        case "tool_use":
            call = {"name": block["name"], "arguments": block["input"]}
            text = f"<tool_call>{json.dumps(call, ensure_ascii=False)}</tool_call>"
        case "tool_result":
            failed = "It failed: " if block.get("is_error") else ""
            text = f"<tool_response>\n{failed}{block['content']}\n</tool_response>"
        case _:
            return block
    return {"type": "text", "text": text}


def _flat(member: str, toolset: str | None) -> str:
    return member if toolset is None else f"{toolset}_{member}"


def _outgoing(message: Message) -> Message:
    content = message["content"]
    if isinstance(content, str):
        return {"role": message["role"], "content": content}
    kept = [block for block in content if block["type"] not in _HIDDEN]
    if message["role"] != "user":  # what a model calls a document or a result is none of ours
        return {"role": message["role"], "content": [_said(block) for block in kept]}
    results = [block for block in kept if block["type"] == "tool_result"]
    others = [_plain(block) for block in kept if block["type"] != "tool_result"]
    pictures = [image for block in results for image in _images(block)]
    return {
        "role": message["role"],
        "content": [*(_result(block) for block in results), *pictures, *others],
    }


def _said(block: Block) -> Block:
    return _plain(block) if block["type"] in ("text", "tool_use") else _bare(block)


def _bare(block: Block) -> Block:
    return {key: value for key, value in block.items() if key != "cache_control"}


def _plain(block: Block) -> Block:
    match block["type"]:
        case "text":
            return {"type": "text", "text": block["text"]}
        case "document":
            return {"type": "text", "text": _document(block)}
        case "tool_use":
            return {
                "type": "tool_use",
                "id": block["id"],
                "name": _flat(block["name"], block.get("toolset_name")),
                "input": block["input"],
            }
        case _:
            return _bare(block)


def _document(block: Block) -> str:
    """A text's own words; of a PDF, that it cannot be read here."""
    source, title = block["source"], block.get("title") or "document"
    if source["type"] == "text":
        return f"<document title={title!r}>\n{source['data']}\n</document>"
    return f"(The content of {title} cannot be shown here: this service takes no PDFs.)"


def _result(block: Block) -> Block:
    parts = _parts(block)
    words = "\n".join(part["text"] for part in parts if part["type"] == "text" and part["text"])
    pictured = any(part["type"] == "image" for part in parts)
    result: Block = {
        "type": "tool_result",
        "tool_use_id": block["tool_use_id"],
        "content": words or ("The picture follows." if pictured else "Done."),
    }
    if block.get("is_error"):
        result["is_error"] = True
    return result


def _images(block: Block) -> Iterator[Block]:
    for part in _parts(block):
        if part["type"] == "image":
            yield {"type": "image", "source": part["source"]}


def _parts(block: Block) -> Sequence[Block]:
    content = block.get("content") or ()
    return ({"type": "text", "text": content},) if isinstance(content, str) else content
