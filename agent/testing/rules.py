"""The Messages API's rules for a list of messages, as far as a client can break them.

Both the faithful server and the property tests of the history judge by this one function,
so that what passes here is what the service accepts. Sources: the Messages API reference,
its pages on tool use, the computer toolset, vision and thinking (read in November 2026).
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from anthropic.types.beta import BetaRequestDocumentBlockParam
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from agent.content.pdf import is_pdf, pdf_facts
from agent.testing.messages_types import problems

Block = dict[str, Any]
Message = dict[str, Any]

MAX_EDGE = 2576
"""Longest side of a picture in pixels, for the models that take the toolset."""

MAX_IMAGE_TOKENS = 4784
"""Patches of 28 by 28 pixels that one picture may have."""

MAX_MARKERS = 4
"""Cache markers in one request."""

MAX_PAGES = 100
"""Pages of a PDF, for models with a window of 200,000 tokens."""

MAX_TITLE = 500
"""Characters of a document's title."""

MAX_IMAGE_BYTES = 10 * 1024 * 1024
"""Of one picture, as base64."""

_TOOL_ID = re.compile(r"^[a-zA-Z0-9_-]+$")
_MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


def violations(
    messages: Sequence[Message], *, edge: int = MAX_EDGE, patches: int = MAX_IMAGE_TOKENS
) -> list[str]:
    """What the service would refuse about ``messages``; empty when it would take them.

    ``edge`` and ``patches`` bound a picture, in pixels and in patches of 28 by 28 of them.
    """
    if not messages:
        return ["messages: at least one message is required"]
    found = [problem for i, m in enumerate(messages) for problem in _shape(f"messages.{i}", m)]
    if found:
        return found
    turns = _merged(messages)
    if turns[0]["role"] == "assistant":
        found.append("messages.0: the first message must be the user's")
    if turns[-1]["role"] == "assistant":
        found.append("messages: the conversation must end with a user message")
    found += _places(turns)
    found += _answers(turns)
    found += _pictures(turns, edge, patches)
    if sum("cache_control" in block for _, block in _blocks(turns)) > MAX_MARKERS:
        found.append(f"messages: at most {MAX_MARKERS} blocks may have cache_control")
    return found


def prefix_violations(before: Sequence[Message], after: Sequence[Message]) -> list[str]:
    """Where ``after`` is not ``before`` with blocks appended (cache markers aside).

    Thinking is bound to the exact prefix, so a history may only grow.
    """
    old, new = _flat(before), _flat(after)
    if len(new) < len(old):
        return [f"history shrank from {len(old)} to {len(new)} blocks"]
    return [
        f"block {i} changed from {_short(a)} to {_short(b)}"
        for i, (a, b) in enumerate(zip(old, new, strict=False))
        if a != b
    ]


def _flat(messages: Sequence[Message]) -> list[tuple[str, Block]]:
    return [
        (turn["role"], {k: v for k, v in block.items() if k != "cache_control"})
        for turn in _merged(messages)
        for block in turn["content"]
    ]


def _short(value: object) -> str:
    return repr(value)[:200]


def _shape(where: str, message: Message) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system"):
        yield f"{where}.role: must be user, assistant or system, not {role!r}"
    if isinstance(content, str):
        if not content.strip():
            yield f"{where}.content: must not be blank"
        return
    if not isinstance(content, list) or not content:
        yield f"{where}.content: must be text or a list of at least one block"
        return
    for i, block in enumerate(content):
        yield from _block_shape(f"{where}.content.{i}", role, block)
    if role == "assistant" and content[-1].get("type") in ("thinking", "redacted_thinking"):
        yield f"{where}: the final block of an assistant message cannot be thinking"


def _block_shape(where: str, role: object, block: Block) -> Iterator[str]:
    kind = block.get("type")
    allowed = {
        "user": ("text", "image", "tool_result", "document"),
        "assistant": (
            *("text", "thinking", "redacted_thinking", "tool_use", "compaction"),
            *("fallback",),
        ),
        "system": ("text",),
    }.get(str(role), ())
    if kind not in allowed:
        yield f"{where}: a block of type {kind!r} cannot stand in a message of role {role!r}"
    elif kind == "text" and not str(block.get("text", "")).strip():
        yield f"{where}: text blocks must not be blank"
    elif kind == "thinking" and not ("thinking" in block and "signature" in block):
        yield f"{where}: a thinking block needs thinking and signature"
    elif kind == "tool_use":
        yield from _tool_use_shape(where, block)
    elif kind == "tool_result":
        yield from _result_shape(where, block)
    elif kind == "document":
        yield from (f"{where}.document{problem}" for problem in _document_problems(block))


def _document_problems(block: Block) -> Iterator[str]:
    """By the SDK's own types, then by what the service finds inside."""
    found = list(problems(block, BetaRequestDocumentBlockParam, ""))
    yield from (f".{problem}" for problem in found)
    if found:
        return
    source = block["source"]
    if not 0 < len(str(block.get("title") or "-")) <= MAX_TITLE:
        yield f".title: must have 1 to {MAX_TITLE} characters"
    if source["type"] == "text" and not source["data"].strip():
        yield ".source.data: text content must be non-empty"
    if source["type"] == "base64":
        yield from _pdf_problems(source["data"])


@lru_cache(maxsize=64)
def _pdf_problems(data: str) -> tuple[str, ...]:
    try:
        pdf = base64.b64decode(data, validate=True)
    except ValueError:
        return (".source.base64.data: invalid base64 data",)
    if not is_pdf(pdf):
        return (".source.base64.data: The PDF specified was not valid.",)
    facts = pdf_facts(pdf)
    if facts.encrypted:
        return (".source.base64.data: The PDF specified is password protected.",)
    if facts.pages > MAX_PAGES:
        return (f".source.base64.data: A maximum of {MAX_PAGES} PDF pages may be provided.",)
    return ()


def _tool_use_shape(where: str, block: Block) -> Iterator[str]:
    if not _TOOL_ID.match(str(block.get("id", ""))):
        yield f"{where}.id: must match {_TOOL_ID.pattern}"
    if not block.get("name"):
        yield f"{where}.name: missing"
    if not isinstance(block.get("input"), dict):
        yield f"{where}.input: must be an object"


def _result_shape(where: str, block: Block) -> Iterator[str]:
    content = block.get("content", [])
    if block.get("is_error") and not content:
        yield f"{where}.content: an error result needs words"
    if isinstance(content, str):
        return
    for i, part in enumerate(content):
        kind = part.get("type")
        if kind not in _held(block.get("toolset_name")):
            yield f"{where}.content.{i}: these results do not hold a block of type {kind!r}"
        if kind == "document":
            yield from (f"{where}.content.{i}{problem}" for problem in _document_problems(part))
        if kind == "text" and not str(part.get("text", "")).strip():
            yield f"{where}.content.{i}: text blocks must not be blank"
        if kind == "image" and block.get("is_error"):
            yield f"{where}.content.{i}: an error result cannot hold an image"


def _held(toolset: object) -> tuple[str, ...]:
    """What the results of a toolset's members, or of other tools, may hold."""
    if toolset is None:
        return ("text", "image", "document", "search_result")
    return ("text", "image", "browser_state") if toolset == "browser" else ("text", "image")


def _places(turns: Sequence[Message]) -> Iterator[str]:
    """A system message follows the user's turn and ends the list, or is answered."""
    for i, turn in enumerate(turns):
        if turn["role"] != "system":
            continue
        if i == 0:
            yield "messages.0: use the top-level 'system' parameter for the initial system prompt"
        elif turns[i - 1]["role"] != "user":
            yield f"messages.{i}: a system message must follow a user message"
        if i + 1 < len(turns) and turns[i + 1]["role"] != "assistant":
            yield f"messages.{i}: a system message must precede an assistant message or be the last"


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Neighbours of one role are one turn to the service; plain text is one block."""
    turns: list[Message] = []
    for message in messages:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": message["role"], "content": list(blocks)})
    return turns


def _answers(turns: Sequence[Message]) -> Iterator[str]:
    """Each call answered once, in the next user message, before anything else in it."""
    seen: set[str] = set()
    asked: dict[str, Block] = {}
    for i, turn in enumerate(turns):
        where = f"messages.{i}"
        if turn["role"] == "assistant":
            calls = [b for b in turn["content"] if b["type"] == "tool_use"]
            for call in calls:
                if call["id"] in seen:
                    yield f"{where}: tool_use ids must be unique, {call['id']} is not"
                seen.add(call["id"])
            asked = {call["id"]: call for call in calls}
            if asked and i + 1 == len(turns):
                yield f"{where}: tool_use without tool_result: {', '.join(asked)}"
        else:
            yield from _answered(where, turn["content"], asked)
            asked = {}


def _answered(where: str, content: Sequence[Block], asked: dict[str, Block]) -> Iterator[str]:
    results = [block for block in content if block["type"] == "tool_result"]
    if any(block["type"] != "tool_result" for block in content[: len(results)]):
        yield f"{where}: tool_result blocks must come before all other content"
    ids = [str(result.get("tool_use_id")) for result in results]
    if missing := [call for call in asked if call not in ids]:
        yield f"{where}: tool_use without tool_result: {', '.join(missing)}"
    for number, (call, result) in enumerate(zip(ids, results, strict=True)):
        if call not in asked:
            yield f"{where}: tool_result for {call}, which the previous message did not call"
        elif call in ids[:number]:
            yield f"{where}: more than one tool_result for {call}"
        elif result.get("toolset_name") != asked[call].get("toolset_name"):
            yield f"{where}: tool_result for {call} must echo its toolset_name"


def _blocks(turns: Sequence[Message]) -> Iterator[tuple[str, Block]]:
    for i, turn in enumerate(turns):
        for j, block in enumerate(turn["content"]):
            yield f"messages.{i}.content.{j}", block
            if block["type"] == "tool_result" and not isinstance(block.get("content", []), str):
                for k, part in enumerate(block.get("content", [])):
                    yield f"messages.{i}.content.{j}.content.{k}", part


def _pictures(turns: Sequence[Message], edge: int, patches: int) -> Iterator[str]:
    pictures = [(w, b) for w, b in _blocks(turns) if b["type"] == "image"]
    edge = min(edge, 2000) if len(pictures) > 20 else edge
    for where, block in pictures:
        source = block.get("source", {})
        if source.get("type") != "base64":
            continue
        media_type = str(source.get("media_type", ""))
        problem = _picture(str(source.get("data", "")), media_type, edge, patches)
        if problem:
            yield f"{where}: {problem}"


@lru_cache(maxsize=1024)
def _picture(data: str, media_type: str, edge: int, patches: int) -> str:
    if len(data) > MAX_IMAGE_BYTES:
        return f"image exceeds 10 MB maximum: {len(data)} bytes > {MAX_IMAGE_BYTES} bytes"
    try:
        with Pillow.open(io.BytesIO(base64.b64decode(data, validate=True))) as picture:
            width, height = picture.size
            found = _MEDIA.get(picture.format or "", "unknown")
    except (binascii.Error, UnidentifiedImageError, OSError):
        return "could not process image"
    if found != media_type:
        return f"the image is {found}, not {media_type}"
    if max(width, height) > edge or -(-width // 28) * -(-height // 28) > patches:
        return f"image_dimensions_too_large: {width}x{height}"
    return ""
