"""A reply as the stream's events, in the dialect and with the thinking that was asked for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.models.claude.dialects import TOOLSET_MEMBERS
from agent.testing.messages_accounting import Block, Signer, flat, tokens_of
from agent.testing.messages_memory import Memory
from agent.testing.messages_script import Reply

Event = dict[str, Any]


class Undeclared(Exception):
    """The script calls a tool, or more at once, than the request offers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply to one request, ready to be sent."""

    body: Mapping[str, Any]
    reply: Reply
    usage: Mapping[str, Any]
    signer: Signer
    context: Mapping[str, Any] | None = None
    compaction: Block | None = None
    memory: Memory = field(default_factory=Memory)

    def events(self) -> Iterator[Event]:
        """All events of the complete answer.

        Raises:
            Undeclared: a block calls what the request did not declare.
        """
        blocks = self._blocks()
        self._check_number(blocks)
        self.memory.keep(self.body, blocks)
        yield {"type": "message_start", "message": self._message()}
        yield {"type": "ping"}
        for index, block in enumerate(blocks):
            cut = index == len(blocks) - 1 and self.reply.stop_reason == "max_tokens"
            yield from _block_events(index, block, self.reply.pace.chunk, cut=cut)
        yield self._message_delta(blocks)
        yield {"type": "message_stop"}

    def _check_number(self, blocks: list[Block]) -> None:
        choice = self.body.get("tool_choice") or {}
        calls = sum(block["type"] == "tool_use" for block in blocks)
        if choice.get("disable_parallel_tool_use") and calls > 1:
            raise Undeclared(f"The script makes {calls} calls; the request allows one a turn.")

    def _message(self) -> dict[str, Any]:
        return {
            "id": f"msg_{uuid.uuid4().hex[:20]}",
            "type": "message",
            "role": "assistant",
            "model": self.body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**self.usage, "output_tokens": 1},
        }

    def _message_delta(self, blocks: list[Block]) -> Event:
        called = any(block["type"] == "tool_use" for block in blocks)
        reason = self.reply.stop_reason or ("tool_use" if called else "end_turn")
        output = self.reply.output_tokens
        if output is None:
            output = sum(tokens_of(block) for block in blocks)
        delta: dict[str, Any] = {"stop_reason": reason, "stop_sequence": None}
        if self.reply.stop_details is not None:
            delta["stop_details"] = self.reply.stop_details
        event: Event = {
            "type": "message_delta",
            "delta": delta,
            "usage": {**self.usage, "output_tokens": output},
        }
        return event if self.context is None else {**event, "context_management": self.context}

    def _blocks(self) -> list[Block]:
        blocks: list[Block] = [self.compaction] if self.compaction else []
        before = flat(self.body["messages"])
        for scripted in self.reply.blocks:
            block = self._rendered(scripted, [*before, *(("assistant", b) for b in blocks)])
            if block is not None:
                blocks.append(block)
        return blocks

    def _rendered(self, block: Block, before: list[tuple[str, Block]]) -> Block | None:
        if block["type"] == "tool_use":
            return {**in_dialect(block, self.body), "id": block.get("id") or new_call_id()}
        if block["type"] != "thinking":
            return block
        asked = self.body.get("thinking") or {}
        if asked.get("type") == "disabled":
            return None
        shown = asked.get("type") == "between_tools" or asked.get("display") in (
            "updates",
            "summarized",
        )
        words = block["thinking"] if shown else ""
        signature = self.signer.sign(self.body, before, words)
        return {"type": "thinking", "thinking": words, "signature": signature}


def new_call_id() -> str:
    """An id for a tool call, unique in every conversation."""
    return f"toolu_{uuid.uuid4().hex[:20]}"


def in_dialect(block: Block, body: Mapping[str, Any]) -> Block:
    """A scripted call as the request's tools allow it to be made.

    Raises:
        Undeclared: they do not.
    """
    tools = {str(tool.get("name") or tool["type"]): tool for tool in body.get("tools") or ()}
    name = block["name"]
    if block.get("toolset_name") == "browser":
        entry = tools.get("browser_toolset_20260801")
        if entry is None or not (entry.get("configs") or {}).get(name, {}).get("enabled", True):
            raise Undeclared(f"The script calls {name}, which the request does not declare.")
        return block
    if name not in TOOLSET_MEMBERS:
        if name not in tools:
            raise Undeclared(f"The script calls {name}, which the request does not declare.")
        return block
    toolset = tools.get("computer_toolset_20260801")
    if toolset is not None and (toolset.get("configs") or {}).get(name, {}).get("enabled", True):
        return block
    plain = {key: value for key, value in block.items() if key != "toolset_name"}
    if "computer" in tools:
        return {**plain, "name": "computer", "input": {"action": name, **block["input"]}}
    if f"computer_{name}" in tools:
        return {**plain, "name": f"computer_{name}"}
    raise Undeclared(f"The script calls {name}, which the request does not declare.")


def _block_events(index: int, block: Block, chunk: int, *, cut: bool) -> Iterator[Event]:
    empty: dict[str, Any] = {
        "text": "",
        "thinking": "",
        "signature": "",
        "input": {},
        "content": None,
    }
    start = {key: empty.get(key, value) for key, value in block.items()}
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in _deltas(block, chunk, cut=cut):
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _deltas(block: Block, chunk: int, *, cut: bool) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "text":
            for piece in _pieces(block["text"], chunk):
                yield {"type": "text_delta", "text": piece}
        case "thinking":
            for piece in _pieces(block["thinking"], chunk):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "compaction":
            yield {"type": "compaction_delta", "content": block["content"]}
        case "tool_use":
            whole = json.dumps(block["input"], ensure_ascii=False)
            said = whole[: len(whole) // 2] if cut else whole
            size = len(said) if block.get("toolset_name") else chunk
            for piece in _pieces(said, size):
                yield {"type": "input_json_delta", "partial_json": piece}
        case _:
            pass


def _pieces(words: str, size: int) -> Iterator[str]:
    for start in range(0, len(words), max(1, size)):
        yield words[start : start + size]
