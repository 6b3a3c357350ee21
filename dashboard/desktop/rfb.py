"""Reads the client's side of an RFB conversation, to let pass only what may pass.

The protocol is RFC 6143 with TigerVNC's and QEMU's extensions as noVNC uses them. Anything
unknown closes the connection: a message that we cannot measure would hide the next one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

KEY, POINTER, CUT_TEXT, RESIZE, EXTENDED_KEY = 4, 5, 6, 251, 255

_INPUT = frozenset({KEY, POINTER, CUT_TEXT, EXTENDED_KEY})
_FIXED = {0: 20, 3: 10, KEY: 8, 150: 10, 250: 4, EXTENDED_KEY: 12}
_HANDSHAKE = (12, 1, 1)
_VERSIONS = frozenset({b"RFB 003.008\n", b"RFB 003.007\n"})
_LONGEST = 2**20
_NO_AUTHENTICATION = 1


class ProtocolBroken(Exception):
    """The client sent what RFB does not know, or too much of it."""


class ClientFilter:
    """Passes a client's messages on; input only while ``may_control()`` is true.

    Resizing the desktop is never passed on: the agent's coordinates depend on its size.
    """

    def __init__(self, may_control: Callable[[], bool]) -> None:
        self._may_control = may_control
        self._buffer = bytearray()
        self._handshake = list(_HANDSHAKE)
        self._keys: set[int] = set()
        self._pointer = (0, 0, 0)
        self._broken = ""
        """Why the connection is closed: what comes until then is not read."""

    def feed(self, data: bytes) -> bytes:
        """The bytes that may go on to the server.

        Raises:
            ProtocolBroken: the connection must be closed; nothing passes any more.
        """
        if self._broken:
            raise ProtocolBroken(self._broken)
        self._buffer += data
        held = self._keys.copy(), self._pointer
        try:
            return b"".join(message for message in self._messages() if self._passes(message))
        except ProtocolBroken as error:
            self._broken = str(error)
            self._buffer.clear()
            self._keys, self._pointer = held  # nothing of this data has passed
            raise

    def release(self) -> bytes:
        """Messages that let go of every key and button that the client holds."""
        ups = [struct.pack(">BBHI", KEY, 0, 0, key) for key in sorted(self._keys)]
        buttons, x, y = self._pointer
        if buttons:
            ups.append(struct.pack(">BBHH", POINTER, 0, x, y))
        self._keys.clear()
        self._pointer = (0, x, y)
        return b"".join(ups)

    def _messages(self) -> Iterator[bytes]:
        while self._buffer:
            length = self._handshake[0] if self._handshake else _length(self._buffer)
            if length is None or len(self._buffer) < length:
                return
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            yield message

    def _passes(self, message: bytes) -> bool:
        if self._handshake:
            self._check_handshake(message)
            return True
        if message[0] == RESIZE:
            return False
        if message[0] in _INPUT and not self._may_control():
            return False
        self._remember(message)
        return True

    def _check_handshake(self, message: bytes) -> None:
        step = len(_HANDSHAKE) - len(self._handshake)
        self._handshake.pop(0)
        if step == 0 and message not in _VERSIONS:
            raise ProtocolBroken("unknown RFB version")
        if step == 1 and message[0] != _NO_AUTHENTICATION:
            raise ProtocolBroken("unknown security type")

    def _remember(self, message: bytes) -> None:
        if message[0] == POINTER:
            self._pointer = struct.unpack_from(">BHH", message, 1)
        elif message[0] == KEY:
            _, down, _, key = struct.unpack(">BBHI", message)
            self._hold(key, down)
        elif message[0] == EXTENDED_KEY:
            _, _, down, key, _ = struct.unpack(">BBHII", message)
            self._hold(key, down)

    def _hold(self, key: int, down: int) -> None:
        (self._keys.add if down else self._keys.discard)(key)


def _length(buffer: bytearray) -> int | None:
    """Length of the message at the buffer's start, None if more is needed to tell."""
    kind = buffer[0]
    if kind in _FIXED:
        if kind == EXTENDED_KEY and len(buffer) > 1 and buffer[1] != 0:
            raise ProtocolBroken("unknown QEMU message")
        return _FIXED[kind]
    if kind == POINTER:
        # The marker bit announces a seventh byte with the buttons beyond the seventh.
        return None if len(buffer) < 2 else 7 if buffer[1] & 0x80 else 6
    head = {2: 4, CUT_TEXT: 8, RESIZE: 8, 248: 9}.get(kind)
    if head is None:
        raise ProtocolBroken(f"unknown message {kind}")
    if len(buffer) < head:
        return None
    length = head + _tail(kind, buffer)
    if length > _LONGEST:
        raise ProtocolBroken(f"message {kind} is too long")
    return length


def _tail(kind: int, buffer: bytearray) -> int:
    if kind == 2:
        return 4 * int(struct.unpack_from(">H", buffer, 2)[0])
    if kind == CUT_TEXT:
        return abs(int(struct.unpack_from(">i", buffer, 4)[0]))
    if kind == RESIZE:
        return 16 * buffer[6]
    return buffer[8]
