"""Pictures for servers that may not read WebP: many local ones know only JPEG and PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image

from agent.models.base import Block, Message

_QUALITY = 90


def without_webp(messages: Sequence[Message]) -> list[Message]:
    """The same messages with every WebP picture as JPEG; what has none is not copied.

    Takes some 15 ms for each picture that is new, so call it off the event loop.
    """
    return [_message(message) for message in messages]


def _message(message: Message) -> Message:
    content = message["content"]
    if isinstance(content, str):
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
