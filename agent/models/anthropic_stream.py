"""From the service's stream events to model parts: blocks are rebuilt as they came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.errors import ContextTooLong, ModelRefused, StreamBroken
from agent.events import Usage
from agent.models.base import Block, BlockDone, Counted, ModelPart, Text, TurnDone, Warned
from agent.models.pricing import priced

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
                self._blocks[event["index"]] = block = dict(event["content_block"])
                if block.get("type") == "fallback":
                    yield Warned(_fallback(block))
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                yield from self._finish_block(event["index"])
            case "message_delta":
                self._count(event.get("usage") or {})
                self._stop_reason = event["delta"].get("stop_reason") or self._stop_reason
                self._stop_details = event["delta"].get("stop_details") or {}
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
            if iteration.get("type") == "compaction":
                for name in _TOKENS:
                    totals[name] += int(iteration.get(name) or 0)
        return priced(self._model, Usage(**totals))

    def _count(self, usage: Mapping[str, Any]) -> None:
        self._usage.update({key: value for key, value in usage.items() if value is not None})

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[ModelPart]:
        block = self._blocks[index]
        match delta["type"]:
            case "text_delta":
                block["text"] = block.get("text", "") + delta["text"]
                yield Text(delta["text"])
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta["thinking"]
                if delta["thinking"]:
                    yield Text(delta["thinking"], "progress" if self._narrates else "thinking")
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self._json.setdefault(index, []).append(delta["partial_json"])
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
            case "compaction_delta":
                block.update({key: value for key, value in delta.items() if key != "type"})
            case _:
                pass

    def _finish_block(self, index: int) -> Iterator[ModelPart]:
        block = self._blocks[index]
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


def _arguments(text: str, given: object) -> dict[str, Any] | None:
    """A call's input, or None where the text is no whole JSON object."""
    if not text:
        return dict(given) if isinstance(given, dict) else None
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
