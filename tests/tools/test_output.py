"""What a command prints: bounded, and dealt with in time that grows no faster than it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest

from agent.desktop.base import Process
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ShellTool, ToolCall
from agent.tools.output import OUTPUT_CAP, PIECE, STREAM_CAP, Output, clean, last_of_redrawn, pieces

FLOODS = {
    "one line": "a",
    "redrawn": "\r 41%",
    "line ends": "\n",
    "colours": "\x1b[31mred",
    "escapes": "\x1b",
    "half an escape": "\x1b[0",
    "parameters without end": "\x1b[" + "0" * 4000,
    "titles without end": "\x1b]0;",
    "control characters": "\0\a",
    "beyond ASCII": "é漢😀",
}


def flood(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def seconds(text: str) -> float:
    """Of processor time, the best of three."""
    found = []
    for _ in range(3):
        began = time.process_time()
        clean(last_of_redrawn(text))
        found.append(time.process_time() - began)
    return min(found)


@pytest.mark.parametrize("unit", FLOODS.values(), ids=FLOODS)
def test_ten_times_the_text_takes_no_hundred_times_the_time(unit: str) -> None:
    short, long = (flood(unit, size) for size in (40_000, 400_000))
    assert seconds(long) < 40 * seconds(short) + 0.02


@pytest.mark.parametrize("unit", FLOODS.values(), ids=FLOODS)
def test_a_flood_is_bounded_in_all_that_is_made_of_it(unit: str) -> None:
    streamed: list[str] = []
    output = Output(streamed.append)
    for piece in pieces(flood(unit, 1_000_000).encode()):
        output.add(piece)
    output.add(b"", final=True)
    assert len(output.text()) <= OUTPUT_CAP + 100
    assert len("".join(streamed)) <= STREAM_CAP + PIECE


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("10%\r100%", "100%"),
        ("10%\r100%\n", "100%\n"),
        ("10%\r100%\r", "100%"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\r\r\nb", "a\nb"),
        ("x\ry\nz", "y\nz"),
        ("\r\r", ""),
        ("plain\nlines", "plain\nlines"),
    ],
)
def test_a_line_that_was_redrawn_stands_as_it_was_last(text: str, stands: str) -> None:
    assert last_of_redrawn(text) == stands


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_what_is_streamed_does_not_depend_on_where_it_was_cut(size: int) -> None:
    """An escape, a letter of several bytes and a title may come in parts."""
    data = "a\x1b[1;31mré\x1b[0md\x1b]0;title\x07 漢\x1b(".encode()
    streamed: list[str] = []
    output = Output(streamed.append)
    for start in range(0, len(data), size):
        output.add(data[start : start + size])
    output.add(b"", final=True)
    assert "".join(streamed) == "aréd 漢("
    assert output.text() == "aréd 漢("


def test_bytes_that_are_no_utf8_are_visible_and_told() -> None:
    output = Output(lambda _: None)
    output.add(b"caf\xe9 \xf0\x9f")
    output.add(b"\x98\x80", final=True)
    assert output.text().startswith("caf\\xe9 😀\n[The output is not all UTF-8")


class Printer:
    """A program that has printed a lot at once."""

    pid = 1

    async def read(self) -> AsyncIterator[bytes]:
        async def all_of_it() -> AsyncIterator[bytes]:
            yield b"x" * (100 * PIECE)

        return all_of_it()

    async def wait(self) -> int:
        return 0

    async def kill(self) -> None:
        """It has ended already."""


class PrintingDesktop(FakeDesktop):
    async def spawn(self, argv: Sequence[str], *, cwd: str | None = None) -> Process:
        return Printer()


async def test_the_loop_goes_on_while_much_that_was_printed_is_read() -> None:
    """Others have their turn after each piece, however much comes at once."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(others())
    tool = ShellTool(PrintingDesktop())
    seen: list[int] = []
    await tool.run(ToolCall("a", "bash", {"command": "x"}), lambda text: seen.append(turns))
    counting.cancel()
    assert len(seen) == STREAM_CAP // PIECE + 1
    assert all(later > before for before, later in pairwise(seen))
