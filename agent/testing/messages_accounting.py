"""Tokens, prompt cache and thinking signatures, as the service would reckon them.

Token counts are estimates (four characters a token, pictures by 28-pixel patches); what
is exact is which part of a prompt is new, written to the cache, or read from it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from agent.content.pdf import pdf_facts
from agent.testing.messages_models import rules_of

LOOKBACK = 20
"""Blocks that are searched backwards from each breakpoint."""

TTL: Mapping[str, float] = MappingProxyType({"5m": 300.0, "1h": 3600.0})
"""Seconds that a cached prefix stays warm, by its marker's ``ttl``."""

TOOLSET_TOKENS = 4550
BROWSER_TOKENS = 8300
"""Of the browser's toolset, for which no figure is published: the computer's, with the difference
of their members' schemas in the SDK at four characters a token."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """One block of a prompt; ``static``: a tool or the system text, ``result``: a tool's."""

    digest: bytes
    tokens: int
    marked: str
    """The lifetime that its cache marker asks for; empty where it has none."""

    static: bool = False
    result: bool = False


def minimum_of(model: str) -> int:
    """Tokens below which nothing is cached: 512 for the newest models, more for others."""
    rules = rules_of(model)
    return 512 if rules is None else rules.least_cached


def segments(body: Mapping[str, Any]) -> list[Segment]:
    """A request's prompt in the order in which the service caches it."""
    found = [_segment("tools", tool) for tool in body.get("tools") or ()]
    found += [_segment("system", block) for block in _as_blocks(body.get("system") or "")]
    found += [_segment(role, block) for role, block in since_compaction(body["messages"])]
    if body.get("cache_control") and found:
        found[-1] = replace(found[-1], marked=_lifetime(body["cache_control"]))
    return found


def flat(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Block]]:
    """All blocks with their roles; cache markers are no part of the content."""
    return [
        (message["role"], block) for message in messages for block in _as_blocks(message["content"])
    ]


def since_compaction(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Block]]:
    """What is left of a conversation after its last compaction block."""
    blocks = flat(messages)
    last = max((i for i, (_, b) in enumerate(blocks) if b["type"] == "compaction"), default=0)
    return blocks[last:]


@dataclass(slots=True)
class PromptCache:
    """Which prefixes are warm, by key and model. ``now`` gives seconds."""

    now: Callable[[], float] = time.monotonic
    _warm: dict[tuple[str, bytes], float] = field(default_factory=dict)
    _kept: dict[tuple[str, bytes], float] = field(default_factory=dict)

    def account(self, model: str, prompt: Sequence[Segment]) -> dict[str, Any]:
        """The input side of ``usage`` for a prompt, which is then warm."""
        prefixes, sums = _prefixes(prompt)
        least = minimum_of(model)
        marks = [i for i, segment in enumerate(prompt) if segment.marked and sums[i] >= least]
        hit = max((i for mark in marks for i in self._hits(model, prefixes, mark)), default=-1)
        read = sums[hit] if hit >= 0 else 0
        written = max(0, sums[marks[-1]] - read) if marks else 0
        hours = [sums[mark] for mark in marks if prompt[mark].marked == "1h"]
        for_an_hour = max(0, max(hours, default=0) - read)
        for i in marks:
            self._keep(model, prefixes[i], TTL[prompt[i].marked])
        if hit >= 0:
            self._keep(model, prefixes[hit], self._kept[model, prefixes[hit]])
        total = sums[-1] if sums else 0
        return {
            "input_tokens": total - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {
                "ephemeral_5m_input_tokens": written - for_an_hour,
                "ephemeral_1h_input_tokens": for_an_hour,
            },
        }

    def _keep(self, model: str, prefix: bytes, seconds: float) -> None:
        """Warm a prefix, for as long as the longest marker that it ever had."""
        seconds = max(seconds, self._kept.get((model, prefix), 0.0))
        self._kept[model, prefix] = seconds
        self._warm[model, prefix] = self.now() + seconds

    def _hits(self, model: str, prefixes: Sequence[bytes], mark: int) -> Iterator[int]:
        for i in range(mark, max(-1, mark - LOOKBACK), -1):
            if self._warm.get((model, prefixes[i]), 0.0) > self.now():
                yield i
                return


def _prefixes(prompt: Sequence[Segment]) -> tuple[list[bytes], list[int]]:
    prefixes: list[bytes] = []
    sums: list[int] = []
    digest, total = b"", 0
    for segment in prompt:
        digest = hashlib.sha256(digest + segment.digest).digest()
        total += segment.tokens
        prefixes.append(digest)
        sums.append(total)
    return prefixes, sums


class Signer:
    """Signs thinking blocks for the model that made them and over all that stands before them.

    A block of a model whose thinking another cannot read is no fault: it is left out of what that
    other model is shown (`dropped`).
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._makers: dict[str, str] = {}

    def sign(self, body: Mapping[str, Any], before: Sequence[tuple[str, Block]], words: str) -> str:
        """The signature of a thinking block that follows ``before``."""
        signature = self._mac(str(body["model"]), body, before, words)
        self._makers[signature] = str(body["model"])
        return signature

    def problems(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Thinking blocks that were altered or invented, or whose prefix was altered."""
        blocks = flat(body["messages"])
        for i, (_, block) in enumerate(blocks):
            if block["type"] != "thinking" or not self._reads(body, block):
                continue
            maker = self._makers.get(str(block.get("signature", "")), str(body["model"]))
            expected = self._mac(maker, body, blocks[:i], str(block.get("thinking", "")))
            if not _equal(expected, str(block.get("signature", ""))):
                yield (
                    f"block {i}: Invalid `signature` in `thinking` block: the block, or what "
                    "stands before it, is not what it was when the answer was given"
                )

    def dropped(self, body: Mapping[str, Any]) -> int:
        """How many thinking blocks the model of ``body`` cannot read, and is not shown."""
        blocks = [block for _, block in flat(body["messages"]) if block["type"] == "thinking"]
        return sum(not self._reads(body, block) for block in blocks)

    def _reads(self, body: Mapping[str, Any], block: Block) -> bool:
        model = str(body["model"])
        maker = self._makers.get(str(block.get("signature", "")), model)
        rules = rules_of(model)
        return maker == model or rules is None or maker in rules.reads

    def _mac(
        self,
        model: str,
        body: Mapping[str, Any],
        before: Sequence[tuple[str, Block]],
        words: str,
    ) -> str:
        prompt = json.dumps([_bare(tool) for tool in body.get("tools") or ()], sort_keys=True)
        mac = hmac.new(self._secret, f"{model}\n{prompt}".encode(), hashlib.sha256)
        for block in _as_blocks(body.get("system") or ""):
            mac.update(_digest("system", block))
        for role, block in before:
            mac.update(_digest(role, block))
        mac.update(words.encode())
        return base64.b64encode(mac.digest()).decode()


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode(errors="surrogatepass"))


def tokens_of(block: Mapping[str, Any]) -> int:
    """Estimated tokens of a block."""
    if str(block.get("type", "")).startswith("computer_toolset"):
        return TOOLSET_TOKENS
    if str(block.get("type", "")).startswith("browser_toolset"):
        return BROWSER_TOKENS
    if block.get("type") == "image":
        width, height = image_size(str(block.get("source", {}).get("data", "")))
        return -(-width // 28) * -(-height // 28)
    if block.get("type") == "document":
        return _document_tokens(block.get("source", {}))
    content = block.get("content")
    if isinstance(content, list):
        return 10 + sum(tokens_of(part) for part in content)
    return 3 + len(json.dumps(_bare(block), ensure_ascii=False)) // 4


PAGE_TOKENS = 3000
"""Of a PDF's page: its text, and a picture of it."""


def _document_tokens(source: Mapping[str, Any]) -> int:
    data = str(source.get("data", ""))
    if source.get("type") == "text":
        return 10 + len(data) // 4
    return 10 + PAGE_TOKENS * max(1, _pages(data))


@lru_cache(maxsize=64)
def _pages(data: str) -> int:
    try:
        return pdf_facts(base64.b64decode(data)).pages
    except ValueError:
        return 0


@lru_cache(maxsize=512)
def image_size(data: str) -> tuple[int, int]:
    """Width and height of a base64 picture; (0, 0) when it is none."""
    try:
        with Pillow.open(io.BytesIO(base64.b64decode(data))) as picture:
            return picture.size
    except (binascii.Error, UnidentifiedImageError, OSError):
        return (0, 0)


def _segment(role: str, block: Block) -> Segment:
    return Segment(
        digest=_digest(role, block),
        tokens=tokens_of(block),
        marked=_mark_of(block),
        static=role in ("tools", "system"),
        result=block.get("type") == "tool_result",
    )


def _mark_of(block: Mapping[str, Any]) -> str:
    content = block.get("content")
    inner = content if isinstance(content, list) else ()
    found = {_lifetime(b["cache_control"]) for b in (block, *inner) if b.get("cache_control")}
    return "1h" if "1h" in found else "".join(found)


def _lifetime(marker: Mapping[str, Any]) -> str:
    return str(marker.get("ttl") or "5m")


def _digest(role: str, block: Mapping[str, Any]) -> bytes:
    text = json.dumps([role, _bare(block)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if key != "cache_control"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _as_blocks(content: Any) -> list[Block]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
