"""The server's beats: they go on while its loop stands still, and say that it does."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.web.beats import Heart, Line


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end and the page's of one connection."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(20)
    with ours, theirs:
        yield ours, theirs


def _frames(data: bytes) -> list[dict[str, Any]]:
    """The whole messages in what a page has received; nothing may be between them."""
    found = []
    while data:
        assert data[0] == 0x81
        long = data[1] == 126
        length, begin = (int.from_bytes(data[2:4], "big"), 4) if long else (data[1], 2)
        if len(data) < begin + length:
            break
        found.append(json.loads(data[begin : begin + length]))
        data = data[begin + length :]
    return found


async def test_it_beats_on_while_the_loop_stands_still_and_says_so(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    heart, line = Heart(), Line(ours)
    heart.enter(line)
    try:
        received = b""
        until = time.monotonic() + 20
        while time.monotonic() < until:  # the loop is not let run meanwhile
            received += theirs.recv(4096)
            if _frames(received)[-1:] and _frames(received)[-1]["stuck"] > 0.5:
                break
        assert _frames(received)[-1]["stuck"] > 0.5
        async with asyncio.timeout(20):
            while heart.stuck > 0.3:
                await asyncio.sleep(0.01)
    finally:
        heart.leave(line)


async def test_beats_and_answers_do_not_get_into_each_other_on_a_line_that_is_full(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    line = Line(ours)
    for n in range(400):
        line.beat({"beat": n})
        line.say({"n": n, "text": "x" * (n % 200)})
    theirs.setblocking(False)
    received = b""
    for _ in range(2000):
        try:
            received += theirs.recv(64)
        except BlockingIOError:
            line.beat({"beat": -1})
    told = [frame["n"] for frame in _frames(received) if "n" in frame]
    assert told == list(range(len(told)))
    assert len(told) > 100
    line.close()


async def test_a_page_that_asks_nothing_is_told_nothing_and_a_closed_line_is_left_alone(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """A frozen tab takes nothing in; a descriptor's number may be another's by now."""
    ours, theirs = ends
    frozen, its_page = socket.socketpair()
    with frozen, its_page:
        its_page.setblocking(False)
        heart, line, other = Heart(), Line(frozen), Line(ours)
        line.asked -= 3600
        heart.enter(line)
        heart.enter(other)
        try:
            await asyncio.to_thread(theirs.recv, 4096)
            await asyncio.to_thread(theirs.recv, 4096)  # beats go on
            with pytest.raises(BlockingIOError):
                its_page.recv(1)
            line.close()
            line.say({"n": 1})
            with pytest.raises(BlockingIOError):
                its_page.recv(1)
        finally:
            heart.leave(other)
            heart.leave(line)
