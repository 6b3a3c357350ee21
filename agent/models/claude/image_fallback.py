"""Pictures for servers that take less: no WebP, or only so many in one request."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache

from PIL import Image

from agent.models.base import Block, Message

LEFT_OUT = "(An earlier picture is left out.)"
_QUALITY = 90


def without_webp(messages: Sequence[Message]) -> list[Message]:
    """The same messages with every WebP picture as JPEG; what has none is not copied.

    Takes some 15 ms for each picture that is new, so call it off the event loop.
    """
    return [_message(message) for message in messages]


def count_pictures(messages: Sequence[Message]) -> int:
    """How many pictures a request would show."""
    counted = [0]

    def count(_: Block) -> bool:
        counted[0] += 1
        return True

    for message in messages:
        _kept(message, count)
    return counted[0]


def with_newest_pictures(messages: Sequence[Message], most: int) -> list[Message]:
    """The same messages with words in place of all pictures but the newest ``most``."""
    left_out = max(0, count_pictures(messages) - most)
    numbers = itertools.count()
    return [_kept(message, lambda _: next(numbers) >= left_out) for message in messages]


def _kept(message: Message, keep: Callable[[Block], bool]) -> Message:
    content = message["content"]
    if (
        isinstance(content, str) or message["role"] != "user"
    ):  # a model's block is no picture of ours
        return message
    return {**message, "content": [_kept_block(block, keep) for block in content]}


def _kept_block(block: Block, keep: Callable[[Block], bool]) -> Block:
    if block["type"] == "tool_result" and not isinstance(block.get("content", ""), str):
        return {**block, "content": [_kept_block(part, keep) for part in block["content"]]}
    if block["type"] != "image" or keep(block):
        return block
    return {"type": "text", "text": LEFT_OUT}


def _message(message: Message) -> Message:
    content = message["content"]
    if (
        isinstance(content, str) or message["role"] != "user"
    ):  # a model's block is no picture of ours
        return message
    blocks = [_block(block) for block in content]
    return {**message, "content": blocks} if blocks != content else message


def _block(block: Block) -> Block:
    if block["type"] == "tool_result" and not isinstance(block.get("content", ""), str):
        return {**block, "content": [_block(part) for part in block["content"]]}
    if block["type"] != "image" or block["source"].get("media_type") != "image/webp":
        return block
    data = _jpeg(block["source"]["data"])
    return {**block, "source": {"type": "base64", "media_type": "image/jpeg", "data": data}}


@lru_cache(maxsize=64)
def _jpeg(data: str) -> str:
    written = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(data)), formats=("WEBP",)) as picture:
        picture.convert("RGB").save(written, "JPEG", quality=_QUALITY, subsampling=0)
    return base64.b64encode(written.getvalue()).decode()
