"""What a seccomp filter says of a system call."""

from __future__ import annotations

import struct


def answer_of(code: bytes, architecture: int, number: int, *arguments: int) -> int:
    """Run classic BPF, of as much as filters use, on a call; returns its answer."""
    steps = list(struct.iter_unpack("=HBBI", code))
    words = [number, architecture, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    at = value = 0
    while True:
        kind, true, false, given = steps[at]
        at += 1
        match kind:
            case 0x20:
                value = words[given // 4]
            case 0x54:
                value &= given
            case 0x05:
                at += given
            case 0x15:
                at += true if value == given else false
            case 0x25:
                at += true if value > given else false
            case 0x35:
                at += true if value >= given else false
            case 0x45:
                at += true if value & given else false
            case 0x06:
                return int(given)
            case _:
                raise AssertionError(f"a filter does not use {kind:#x}")
