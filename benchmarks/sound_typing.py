"""What it costs to look whether typed text stands where it was typed: with and without, by turns.

On a real desktop, in the text editor and in a terminal. *Sent* is the driver alone, *verified* the
computer tool as the loop calls it: what has the keyboard, the text before, typing, the text after.
Each once until it returns, and once until there is a settled picture for the model, which waits
for the same changes on the screen.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

from agent.desktop import VirtualDesktop
from agent.tools import ComputerTool, ToolCall
from agent.tools.screen import Watch

_TURNS = 12
_PATIENCE = 30.0
_WORDS = "The quick brown fox jumps over the lazy dog, and then it rests a while. "

CASES = {
    "editor, 8 characters": ("mousepad", "a word, "),
    "editor, 200 characters": ("mousepad", (_WORDS * 3)[:200]),
    "editor, 5000 characters": ("mousepad", (_WORDS * 70)[:5000]),
    "editor, 200 of other scripts": ("mousepad", ("Grüße, 日本語 και 😀. " * 12)[:200]),
    "terminal, 8 characters": ("xfce4-terminal", "ls -l /x"),
    "terminal, 60 characters": ("xfce4-terminal", _WORDS[:60]),
}
"""Program and text."""

_CLEAR = {"mousepad": "ctrl+a Delete", "xfce4-terminal": "ctrl+u"}


class _Hands:
    """Types into one window, in either way."""

    def __init__(self, desktop: VirtualDesktop) -> None:
        self._desktop = desktop
        self._tool = ComputerTool(desktop)
        self._watch = Watch(desktop)

    async def sent(self, text: str) -> tuple[float, float]:
        """Seconds until the driver returns, and until there is a picture."""
        began = time.perf_counter()
        await self._watch.before_action()
        await self._desktop.input.type(text)
        self._watch.acted()
        acted = time.perf_counter() - began
        await self._watch.closing()
        return acted, time.perf_counter() - began

    async def verified(self, text: str) -> tuple[float, float]:
        """The same of the tool, which must have seen the text."""
        call = ToolCall("a", "type", {"text": text})
        began = time.perf_counter()
        await self._tool.intent(call)
        result = await self._tool.run(call, lambda _: None)
        acted = time.perf_counter() - began
        await self._tool.closing_screenshot()
        if not result.text.startswith("Typed "):
            raise RuntimeError(f"It was not seen: {result.text}")
        return acted, time.perf_counter() - began


async def _opened(desktop: VirtualDesktop, program: str) -> None:
    """Start a program and wait until it takes keys."""
    await desktop.spawn([program])
    async with asyncio.timeout(_PATIENCE):
        while not await _takes_keys(desktop, program):
            await asyncio.sleep(0.05)


async def _takes_keys(desktop: VirtualDesktop, program: str) -> bool:
    tree = await desktop.tree()
    return any(node.app == program and "focused" in node.states for node in tree.nodes)


async def _closed(desktop: VirtualDesktop) -> None:
    for window in await desktop.windows():
        await (await desktop.spawn(["kill", "-KILL", str(window.pid)])).wait()
    async with asyncio.timeout(_PATIENCE):
        while await desktop.windows():
            await asyncio.sleep(0.05)


async def _by_turns(desktop: VirtualDesktop, text: str, clear: str) -> dict[str, list[float]]:
    hands = _Hands(desktop)
    ways: dict[str, Callable[[str], Awaitable[tuple[float, float]]]] = {
        "sent": hands.sent,
        "verified": hands.verified,
    }
    found: dict[str, list[float]] = defaultdict(list)
    for turn in range(_TURNS + 1):
        for name, way in ways.items():
            acted, seen = await way(text)
            await desktop.input.key(clear)
            await desktop.settle()
            if turn:  # what is loaded when it is needed first
                found[name].append(acted)
                found[f"{name}, seen"].append(seen)
    return found


async def measure() -> dict[str, float]:
    """Milliseconds at the median, and verified by sent."""
    numbers: dict[str, float] = {}
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        for name, (program, text) in CASES.items():
            await _opened(desktop, program)
            taken = await _by_turns(desktop, text, _CLEAR[program])
            await _closed(desktop)
            middle = {way: statistics.median(times) for way, times in taken.items()}
            for way, seconds in middle.items():
                numbers[f"{name}: {way}, ms"] = 1000 * seconds
            numbers[f"{name}: ratio"] = middle["verified"] / middle["sent"]
            numbers[f"{name}: ratio, seen"] = middle["verified, seen"] / middle["sent, seen"]
    finally:
        await desktop.stop()
    return numbers
