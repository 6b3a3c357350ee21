"""Frames between the server and its speech process: a JSON head and raw sound.

Eight bytes of lengths, the head, the sound. Both ends are ours and of one version.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, Final

LENGTHS: Final = struct.Struct("<II")

Head = dict[str, Any]


def pack(head: Head, body: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack(data: bytes, head: int) -> tuple[Head, bytes]:
    """Head and sound of a frame's bytes after its lengths."""
    return json.loads(data[:head]), data[head:]


def read(stream: BinaryIO) -> tuple[Head, bytes] | None:
    """The next frame, or None at the stream's end. Blocks."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    data = stream.read(head + body)
    if len(data) < head + body:
        return None
    return unpack(data, head)
