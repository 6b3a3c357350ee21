"""From the service's stream events to model parts: blocks are rebuilt as they came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.errors import ContextTooLong, ModelRefused, StreamBroken
from agent.models.base import Block, BlockDone, Counted, ModelPart, Text, TurnDone, Warned
from agent.models.pricing import priced
from agent.record.events import Usage
from agent.sanitize import valid_text

LONGEST = 8_000_000
"""Characters that one answer may have; no model writes so much."""

_HALF = re.compile("[\ud800-\udbff]\\Z")
"""The first half of a character whose second comes with the next piece."""

_TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)


class Assembler:
    """Collects one answer. Feed it each event as plain data; it gives the parts.

    A thinking block is rebuilt from its own deltas and nothing else, so that it can be
    sent back byte for byte, empty ones included.
    """

    def __init__(self, model: str, incoming: Callable[[Block], Block], *, narrates: bool) -> None:
        self.started = False
        self._model = model
        self._incoming = incoming
        self._narrates = narrates
        self._blocks: dict[int, Block] = {}
        self._json: dict[int, list[str]] = {}
        self._half: dict[int, str] = {}
        self._length = 0
        self._usage: dict[str, Any] = {}
        self._stop_reason: str | None = None
        self._stop_details: Mapping[str, Any] = {}
        self._unfinished_call = False
        self._complete = False

    def feed(self, event: Mapping[str, Any]) -> Iterator[ModelPart]:
        """The parts that one event completes."""
        match event.get("type"):
            case "message_start":
                self.started = True
                self._count(event["message"].get("usage") or {})
                yield Counted(self.usage)
            case "content_block_start":
                self._blocks[event["index"]] = block = _begun(event["content_block"])
                if block.get("type") == "fallback":
                    yield Warned(_fallback(block))
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._finish_block(event["index"])
            case "message_delta":
                self._count(event.get("usage") or {})
                reason = event["delta"].get("stop_reason")
                self._stop_reason = str(reason)[:100] if reason else self._stop_reason
                self._stop_details = dict(event["delta"].get("stop_details") or {})
                if self._stop_details and self._stop_reason != "refusal":
                    yield Warned(f"The model's service remarks: {self._why or 'take care'}")
            case "message_stop":
                self._complete = True
            case _:
                pass

    def end(self) -> TurnDone:
        """The end of the turn, once the stream has ended.

        Raises:
            StreamBroken: the stream ended before the answer did, or a call is damaged.
            ModelRefused: the service declined.
            ContextTooLong: the window was full before the answer was complete.
        """
        if not self._complete or self._stop_reason is None:
            raise StreamBroken("The model's answer broke off before its end.")
        if self._stop_reason == "refusal":
            raise ModelRefused(self._refusal())
        if self._stop_reason == "model_context_window_exceeded":
            raise ContextTooLong(
                "The conversation fills the model's whole window. "
                "Choose a model with a larger one, or start a new session."
            )
        if self._unfinished_call and self._stop_reason != "max_tokens":
            raise StreamBroken("The model's answer held a tool call that cannot be read.")
        return TurnDone(self._stop_reason, self.usage)

    @property
    def usage(self) -> Usage:
        """Tokens so far, compactions included, with their price."""
        totals = {name: int(self._usage.get(name) or 0) for name in _TOKENS}
        for iteration in self._usage.get("iterations") or ():
            for name in _TOKENS:
                totals[name] += iteration[name]
        hour = min(self._usage.get("hour", 0), totals["cache_creation_input_tokens"])
        fast = self._usage.get("speed") == "fast"
        return priced(self._model, Usage(**totals, hour_input_tokens=hour, fast=fast))

    def _count(self, usage: Mapping[str, Any]) -> None:
        told = {key: _tokens(usage[key]) for key in _TOKENS if usage.get(key) is not None}
        self._usage.update(told)
        if (cached := usage.get("cache_creation")) is not None:
            self._usage["hour"] = _tokens(cached.get("ephemeral_1h_input_tokens") or 0)
        if usage.get("speed") is not None:
            self._usage["speed"] = usage["speed"]
        if usage.get("iterations") is not None:
            compactions = [i for i in usage["iterations"] if i.get("type") == "compaction"]
            counted = [{key: _tokens(i.get(key) or 0) for key in _TOKENS} for i in compactions]
            self._usage["iterations"] = counted

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[ModelPart]:
        block = self._blocks[index]
        match delta["type"]:
            case "text_delta":
                if text := self._whole(index, delta["text"]):
                    block["text"] += text
                    yield Text(text)
            case "thinking_delta":
                if text := self._whole(index, delta["thinking"]):
                    block["thinking"] = block.get("thinking", "") + text
                    yield Text(text, "progress" if self._narrates else "thinking")
                else:
                    block.setdefault("thinking", "")
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self._grow(delta["partial_json"])
                self._json.setdefault(index, []).append(delta["partial_json"])
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
            case "compaction_delta":
                block.update({key: value for key, value in delta.items() if key != "type"})
            case _:
                pass

    def _whole(self, index: int, piece: str) -> str:
        """A piece of text without the half of a character that may stand at its end."""
        self._grow(piece)
        text = self._half.pop(index, "") + piece
        if half := _HALF.search(text):
            self._half[index] = half.group()
        return valid_text(text[: half.start()] if half else text)

    def _grow(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > LONGEST:
            raise ValueError("The answer does not end.")

    def _finish_block(self, index: int) -> Iterator[ModelPart]:
        block = self._blocks[index]
        if block["type"] == "tool_use":
            _check_call(block)
        if "input" in block:
            arguments = _arguments("".join(self._json.get(index, ())), block["input"])
            if arguments is None:
                self._unfinished_call = True
                return
            block["input"] = arguments
        yield BlockDone(index, self._incoming(block))

    def _refusal(self) -> str:
        advice = "Say it differently, or leave it out."
        if other := self._stop_details.get("recommended_model"):
            advice += f" The service recommends the model {other} for it."
        reason = f" ({self._why.rstrip('.')})" if self._why else ""
        return f"The model declined to answer{reason}. {advice}"

    @property
    def _why(self) -> str:
        """The service's reason for the end of the answer, if it gave one."""
        details = self._stop_details
        return str(details.get("explanation") or details.get("category") or "")


def _fallback(block: Mapping[str, Any]) -> str:
    """What a ``fallback`` block says: the rest of the answer is another model's."""
    first, second = (block.get(side, {}).get("model", "another one") for side in ("from", "to"))
    category = block.get("trigger", {}).get("category")
    why = f" ({category})" if category else ""
    return f"The model {first} declined to answer{why}; {second} answers in its place."


def _begun(given: Mapping[str, Any]) -> Block:
    """The beginning of a block, with the fields that its kind cannot be without."""
    block = {**given, "type": str(given["type"])}
    if block["type"] == "text":
        block["text"] = valid_text(block.get("text") or "")
    return block


def _check_call(block: Block) -> None:
    """Raise ValueError for a call that nothing could answer."""
    named = all(isinstance(block.get(key), str) and block[key] for key in ("id", "name"))
    toolset = block.get("toolset_name")
    if not named or "input" not in block or not isinstance(toolset, str | None):
        raise ValueError("A tool call lacks its id, name or input.")


def _tokens(value: object) -> int:
    """A count of tokens, or ValueError where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ValueError(f"{value!r} is no count of tokens.")
    return int(value)


def _arguments(text: str, given: object) -> dict[str, Any] | None:
    """A call's input, or None where the text is no whole JSON object."""
    if not text:
        return dict(given) if isinstance(given, dict) else None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
