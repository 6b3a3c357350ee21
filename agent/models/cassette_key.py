"""When two requests are the same conversation: the normal form that a cassette compares."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from agent.models.base import Block, ModelRequest

_DATE = re.compile(r"^Today is \w+, \d\d \w+ \d{4}\.")
"""Sayso's own line to the model; a recording shall play on other days as well."""

_OWN = re.compile(
    r"(Today is DATE\.|The screen |The user interrupted you here\.$|The person heard "
    r"|Sayso was restarted here|The session was closed here|The desktop (was|broke)|Your home "
    r"|This conversation (?:begins anew|starts over)\. "
    r"|Files came in from the person: |Secrets you may type: )"
)
"""Beginnings of what a session tells the model by itself."""


def normalise(request: ModelRequest) -> dict[str, Any]:
    """What a request says, without pictures' bytes, the date, ids, signatures and markers."""
    numbers: dict[str, str] = {}
    messages = [
        {"role": message["role"], "content": _normal_content(message["content"], numbers)}
        for message in request.messages
    ]
    return {
        "turn": sum(message["role"] == "assistant" for message in messages),
        "system": hashlib.sha256(request.system.encode()).hexdigest(),
        "tools": sorted(name for spec in request.tools for name in spec.members),
        "display": list(request.display),
        "messages": messages,
    }


def loosened(normal: Mapping[str, Any]) -> dict[str, Any]:
    """Turn, last words and tools of a normal form: what has to agree when not strict.

    Words are the person's: what Sayso itself says of date, screen and interruptions is not.
    """
    words = [
        block["text"]
        for message in normal["messages"]
        if message["role"] == "user"
        for block in message["content"]
        if block["type"] == "text" and not _OWN.match(block["text"])
    ]
    said = " ".join(words[-1].split()).casefold() if words else ""
    return {"turn": normal["turn"], "said": said, "tools": normal["tools"]}


def _normal_content(content: Any, numbers: dict[str, str]) -> list[Block]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_normal_block(block, numbers) for block in content]


def _normal_block(block: Block, numbers: dict[str, str]) -> Block:
    if block["type"] in ("image", "document"):
        return {"type": block["type"]}
    if block["type"] == "text":
        return {"type": "text", "text": _DATE.sub("Today is DATE.", block["text"])}
    dropped = ("signature", "cache_control", "citations", "caller")
    normal = {key: value for key, value in block.items() if key not in dropped}
    for name in ("id", "tool_use_id"):
        if name in normal:
            normal[name] = numbers.setdefault(normal[name], f"call {len(numbers) + 1}")
    if block["type"] == "tool_result":
        normal["content"] = _normal_content(block.get("content", ()), numbers)
    return normal


def digest(value: Mapping[str, Any]) -> str:
    """A key: SHA-256 of a normal form."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
