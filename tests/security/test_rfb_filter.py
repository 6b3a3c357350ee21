"""What a browser may send to the desktop: looking always, touching only with the mouse in hand."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.desktop.rfb import ClientFilter, ProtocolBroken

HELLO = b"RFB 003.008\n" + b"\x01" + b"\x01"
FORMAT = struct.pack(">B3x16x", 0)
ENCODINGS = struct.pack(">BxHii", 2, 2, 7, -223)
UPDATE = struct.pack(">BBHHHH", 3, 1, 0, 0, 1280, 800)
CONTINUOUS = struct.pack(">BBHHHH", 150, 1, 0, 0, 1280, 800)
FENCE = struct.pack(">B3xIB", 248, 1, 3) + b"abc"
LOOKING = [FORMAT, ENCODINGS, UPDATE, CONTINUOUS, FENCE]
KEY = struct.pack(">BBHI", 4, 1, 0, 0x61)
POINTER = struct.pack(">BBHH", 5, 1, 10, 20)
POINTER_EXTENDED = struct.pack(">BBHHB", 5, 0x81, 10, 20, 1)
CUT = struct.pack(">B3xI", 6, 5) + b"hello"
CUT_EXTENDED = struct.pack(">B3xi", 6, -6) + b"abcdef"
KEY_EXTENDED = struct.pack(">BBHII", 255, 0, 1, 0x62, 48)
TOUCHING = [KEY, POINTER, POINTER_EXTENDED, CUT, CUT_EXTENDED, KEY_EXTENDED]
RESIZE = struct.pack(">BBHHBB", 251, 0, 640, 480, 1, 0) + bytes(16)

messages = st.lists(st.sampled_from([*LOOKING, *TOUCHING, RESIZE]), max_size=30)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Data cut at the given places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@given(messages, st.lists(st.integers(0, 10_000), max_size=20))
def test_without_control_only_looking_passes(sent: list[bytes], cuts: list[int]) -> None:
    """However the bytes are cut into frames."""
    watching = ClientFilter(lambda: False)
    passed = b"".join(watching.feed(p) for p in pieces(HELLO + b"".join(sent), cuts))
    assert passed == HELLO + b"".join(m for m in sent if m in LOOKING)


@given(messages, st.lists(st.integers(0, 10_000), max_size=20))
def test_with_control_all_passes_but_resizing(sent: list[bytes], cuts: list[int]) -> None:
    """The filter unplugged: what the test above sees dropped, passes."""
    driving = ClientFilter(lambda: True)
    passed = b"".join(driving.feed(p) for p in pieces(HELLO + b"".join(sent), cuts))
    assert passed == HELLO + b"".join(m for m in sent if m != RESIZE)


def test_control_is_asked_for_each_message() -> None:
    """Losing the mouse takes effect with the next message."""
    control = [True]
    client = ClientFilter(lambda: control[0])
    client.feed(HELLO)
    assert client.feed(KEY) == KEY
    control[0] = False
    assert client.feed(KEY) == b""


def test_what_was_held_is_let_go() -> None:
    """Keys and buttons that the person held do not stay down."""
    client = ClientFilter(lambda: True)
    client.feed(HELLO + KEY + KEY_EXTENDED + POINTER)
    up = struct.Struct(">BBHI")
    expected = up.pack(4, 0, 0, 0x61) + up.pack(4, 0, 0, 0x62) + struct.pack(">BBHH", 5, 0, 10, 20)
    assert client.release() == expected
    assert client.release() == b""


def test_what_was_not_passed_is_not_let_go() -> None:
    """A key that went down in bytes that were refused is not up either: the server never knew."""
    client = ClientFilter(lambda: True)
    with pytest.raises(ProtocolBroken):
        client.feed(HELLO + KEY + POINTER + b"\x63")
    assert client.release() == b""


@pytest.mark.parametrize(
    "bad",
    [
        b"GET / HTTP/1.1\r\n",
        b"RFB 003.008\n\x02",
        HELLO + b"\x63",
        HELLO + struct.pack(">B3xI", 6, 2**30),
        HELLO + b"\xff\x01",
    ],
)
def test_what_cannot_be_measured_ends_the_connection(bad: bytes) -> None:
    """An unknown message would hide the next one; nor does anything pass until it is closed."""
    client = ClientFilter(lambda: False)
    with pytest.raises(ProtocolBroken):
        client.feed(bad)
    for late in (b"\x01", b"\x01", HELLO, UPDATE, UPDATE + KEY):
        with pytest.raises(ProtocolBroken):
            client.feed(late)
