"""D-Bus method calls as bytes, and answers from bytes: a look at a page has a thousand of each.

What is the same in many calls is written once. Readers are made once for each signature. Numbers
are in the machine's own order, as all programs on a machine's bus have them.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

from jeepney.low_level import Endianness, parse_signature

_LITTLE = sys.byteorder == "little"
_FLAG = ord("l" if _LITTLE else "B")
_ORDER = Endianness.little if _LITTLE else Endianness.big
_HEAD = struct.Struct("=BBBBIII")
"""Byte order, kind, flags, version, bytes of the body, serial, bytes of the fields."""

_COUNT = struct.Struct("=I")
_CALL, _RETURN = 1, 2
_PATH, _INTERFACE, _MEMBER, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8

Reader = Callable[[bytes, int], tuple[Any, int]]
"""Takes a body and a place in it; returns a value and the place behind it."""


class Call(NamedTuple):
    """One method call."""

    name: str
    """The program's name on the bus."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[Any, ...] = ()

    def written(self, serial: int) -> bytes:
        """The whole message."""
        body = _body(self.signature, self.body) if self.signature else b""
        path = _text_field(_PATH, "o", self.path)
        fields = _what(self.interface, self.member, self.signature) + _to(self.name) + path
        head = _HEAD.pack(_FLAG, _CALL, 0, 1, len(body), serial, len(fields))
        return b"".join((head, fields, bytes(-len(fields) % 8), body))


class Answer(NamedTuple):
    """One message that came in."""

    answers: int
    """Serial of the call that it answers; -1 if it answers none."""

    body: tuple[Any, ...] | None
    """None for an error, and for what answers no call."""


class Incoming:
    """Bytes that came in, and the messages in them."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0

    def add(self, data: bytes) -> None:
        """Note what was received."""
        del self._data[: self._at]
        self._at = 0
        self._data += data

    def next(self) -> Answer | None:
        """The next message; None until the rest of it has come in.

        Raises:
            ConnectionError: the bytes are no message in this machine's order.
        """
        at, left = self._at, len(self._data) - self._at
        if left < _HEAD.size:
            return None
        flag, kind, _, _, length, _, fields = _HEAD.unpack_from(self._data, at)
        if flag != _FLAG:
            raise ConnectionError("The message bus does not speak in this machine's order.")
        start = _HEAD.size + fields + -fields % 8
        if left < start + length:
            return None
        self._at = at + start + length
        answers, signature = _fields(bytes(self._data[at + _HEAD.size : at + start]), fields)
        if kind != _RETURN:
            return Answer(answers, None)
        return Answer(answers, _read_body(signature, bytes(self._data[at + start : self._at])))


# Writing --------------------------------------------------------------------------


def _text_field(code: int, kind: str, text: str) -> bytes:
    data = text.encode()
    return b"%c\x01%b\0%b%b\0" % (code, kind.encode(), _COUNT.pack(len(data)), data)


def _padded(field: bytes) -> bytes:
    return field + bytes(-len(field) % 8)


@lru_cache(256)
def _to(name: str) -> bytes:
    return _padded(_text_field(_DESTINATION, "s", name))


@lru_cache(256)
def _what(interface: str, member: str, signature: str) -> bytes:
    data = signature.encode()
    of_body = b"%c\x01g\0%c%b\0" % (_SIGNATURE, len(data), data) if signature else b""
    fields = _text_field(_INTERFACE, "s", interface), _text_field(_MEMBER, "s", member), of_body
    return b"".join(map(_padded, fields))


def _body(signature: str, body: tuple[Any, ...]) -> bytes:
    try:
        return _kept_body(signature, body)
    except TypeError:  # it has a list in it
        return _new_body(signature, body)


def _new_body(signature: str, body: tuple[Any, ...]) -> bytes:
    data: bytes = parse_signature([*f"({signature})"]).serialise(body, 0, _ORDER)
    return data


_kept_body = lru_cache(256)(_new_body)

# Reading --------------------------------------------------------------------------


def _fields(data: bytes, length: int) -> tuple[int, str]:
    """Which call is answered, and the signature of the body."""
    at, answers, signature = 0, -1, ""
    while at < length:
        code, kind, at = data[at], data[at + 2], at + 4
        if kind == ord("u"):
            answers = _COUNT.unpack_from(data, at)[0] if code == _REPLY_SERIAL else answers
            at += 4
        elif kind == ord("g"):
            end = at + 1 + data[at]
            signature = data[at + 1 : end].decode() if code == _SIGNATURE else signature
            at = end + 1
        else:
            at += 5 + _COUNT.unpack_from(data, at)[0]
        at += -at % 8
    return answers, signature


def _read_body(signature: str, data: bytes) -> tuple[Any, ...]:
    at, values = 0, []
    for reader in _readers(signature):
        value, at = reader(data, at)
        values.append(value)
    return tuple(values)


@cache
def _readers(signature: str) -> tuple[Reader, ...]:
    left, readers = signature, []
    while left:
        one = _first(left)
        readers.append(_reader(one))
        left = left[len(one) :]
    return tuple(readers)


def _first(signature: str) -> str:
    """The first whole type of a signature."""
    if signature[0] == "a":
        return "a" + _first(signature[1:])
    if signature[0] not in "({":
        return signature[0]
    depth = 0
    for place, letter in enumerate(signature):
        depth += (letter in "({") - (letter in ")}")
        if depth == 0:
            return signature[: place + 1]
    raise ConnectionError(f"The message bus sent a signature without an end: {signature}.")


@cache
def _reader(kind: str) -> Reader:
    match kind[0]:
        case "(" | "{":
            return _structure(_readers(kind[1:-1]))
        case "a":
            return _mapping(kind[1:]) if kind[1] == "{" else _array(kind[1:])
        case "v":
            return _variant
        case "s" | "o":
            return _text
        case "g":
            return _signature
        case "b":
            return _boolean
        case letter if letter in _NUMBERS:
            return _number(letter)
    raise ConnectionError(f"The message bus sent a type that is not known: {kind}.")


_NUMBERS = {
    letter: struct.Struct(f"={code}") for letter, code in zip("ynqiuxtd", "BhHiIqQd", strict=True)
}


def _align(kind: str) -> int:
    match kind[0]:
        case "(" | "{":
            return 8
        case "v" | "g":
            return 1
        case letter if letter in _NUMBERS:
            return _NUMBERS[letter].size
    return 4


def _number(letter: str) -> Reader:
    size, unpack = _NUMBERS[letter].size, _NUMBERS[letter].unpack_from

    def read(data: bytes, at: int) -> tuple[Any, int]:
        at += -at % size
        return unpack(data, at)[0], at + size

    return read


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    at += -at % 4
    return bool(_COUNT.unpack_from(data, at)[0]), at + 4


def _text(data: bytes, at: int) -> tuple[str, int]:
    at += -at % 4
    end = at + 4 + _COUNT.unpack_from(data, at)[0]
    return data[at + 4 : end].decode(errors="replace"), end + 1


def _signature(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode(), end + 1


def _variant(data: bytes, at: int) -> tuple[tuple[str, Any], int]:
    kind, at = _signature(data, at)
    value, at = _reader(kind)(data, at)
    return (kind, value), at


def _structure(readers: tuple[Reader, ...]) -> Reader:
    def read(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        at += -at % 8
        values = []
        for reader in readers:
            value, at = reader(data, at)
            values.append(value)
        return tuple(values), at

    return read


def _array(kind: str) -> Reader:
    reader, align = _reader(kind), _align(kind)

    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        at += -at % 4
        end = at + 4 + _COUNT.unpack_from(data, at)[0]
        at += 4
        pad = -at % align
        at, end = at + pad, end + pad
        values = []
        while at < end:
            value, at = reader(data, at)
            values.append(value)
        return values, at

    return read


def _mapping(kind: str) -> Reader:
    pairs = _array(kind)

    def read(data: bytes, at: int) -> tuple[dict[Any, Any], int]:
        found, at = pairs(data, at)
        return dict(found), at

    return read
