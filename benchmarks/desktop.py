"""Hands and eyes against the common way: xdotool, scrot, ImageMagick and a fixed sleep.

Both work on the same desktop, in turns, in one run::

    script/bench desktop [--quick] [--json] [--cycles 100]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from agent.desktop import VirtualDesktop
from agent.desktop.base import Frame, Node
from agent.testing.slow_window import SlowWindow
from benchmarks.desktop_common import CommonWay

Step = Callable[[], Awaitable[None]]
SLEEP = 2.0
"""What the common way waits after an action before it takes a picture."""
TEXT = "The quick brown fox jumps over the lazy dog. 0123456789 " * 9
TEXT = TEXT[:500]
PAGES = ((0.1, 0.16), (0.12,), (0.05, 0.12, 0.19, 0.26))
"""Seconds from a click to each repaint of the windows that stand for pages that load."""
CORPUS = {
    "European": "naïve Straße ÅéÑ œuvre Žluťoučký kůň Łódź ğüşiöç Ελληνικά Привет",
    "CJK": "你好,世界 日本語テキスト 한국어 문장",
    "emoji": "😀 👩‍👩‍👧 🇨🇭 ✓ ❤️",
    "symbols": "€ £ ¥ © ® ™ ½ ÷ ≠ ≤ ∞ → ⌘ |",
    "code": "def f(x):\n\tif x[\"a\"] != 'b':\n\t\treturn `x` | ~{x} & <y> # @ $HOME",
}


async def timed(work: Callable[[], Awaitable[Any]], count: int) -> list[float]:
    took = []
    for _ in range(count):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return took


def middle(values: list[float]) -> float:
    return statistics.median(values)


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


class Bench:
    def __init__(self, desktop: VirtualDesktop, count: int) -> None:
        self.desktop = desktop
        self.common = CommonWay(desktop)
        self.count = count
        self.rows: list[dict[str, Any]] = []

    def row(self, what: str, ours: str, theirs: str, ratio: float | None, goal: str) -> None:
        self.rows.append(
            {"what": what, "sayso": ours, "common": theirs, "ratio": ratio, "goal": goal}
        )
        shown = f"{ratio:.1f}x" if ratio is not None else ""
        print(f"{what:<44} {ours:>16} {theirs:>16} {shown:>9}   {goal}", file=sys.stderr)

    async def versus(
        self,
        what: str,
        ours: Callable[[], Awaitable[Any]],
        theirs: Callable[[], Any],
        goal: str,
        count: int,
    ) -> tuple[float, float]:
        async def common() -> None:
            await asyncio.to_thread(theirs)

        mine, other = middle(await timed(ours, count)), middle(await timed(common, count))
        self.row(what, f"{mine * 1000:.1f} ms", f"{other * 1000:.0f} ms", other / mine, goal)
        return mine, other

    async def open_editor(self) -> tuple[int, int]:
        await self.desktop.spawn(["mousepad"])
        while not (window := await self.desktop.active_window()):
            await self.desktop.settle(first=0.1)
        await self.desktop.settle(first=0.5, quiet=0.3)
        return window.box.center

    async def editor_text(self) -> str:
        def area(node: Node) -> int:
            return node.box.width * node.box.height if node.box else 0

        nodes = (await self.desktop.tree()).showing("text")
        return await self.desktop.text_of(max(nodes, key=area)) if nodes else ""

    async def pictures(self) -> None:
        """From the moment at which the screen is quiet after a key to the picture in base64.

        Sayso writes it while it waits for quiet; how long writing takes has a line of its own.
        """
        await self.open_editor()
        after, afresh, common = [], [], []
        for _ in range(self.count):
            await self.letter(picture=True)
            after += await timed(lambda: _shot(self.desktop), 1)
            await self.letter(picture=False)
            afresh += await timed(lambda: _shot(self.desktop), 1)
            await self.letter(picture=False)
            common += await timed(lambda: asyncio.to_thread(self.common.screenshot), 1)
        theirs = _ms(middle(common))
        for what, ours, goal in (
            ("screenshot ready for the model", after, ">= 15x"),
            ("the same, written when asked for", afresh, "-"),
        ):
            self.row(what, _ms(middle(ours)), theirs, middle(common) / middle(ours), goal)

    async def letter(self, *, picture: bool) -> None:
        await self.desktop.input.type("x")
        await self.desktop.settle(picture=picture)

    async def clicks(self) -> None:
        """Click on a window that reacts after 40 ms, then look."""
        window = SlowWindow(self.desktop.env, (0.04,))
        x, y = window.center
        try:

            async def ours() -> None:
                await self.desktop.input.click(x, y)
                await self.desktop.settle(picture=True)
                base64.b64encode((await self.desktop.screenshot()).data)

            def theirs(wait: float) -> None:
                self.common.click(x, y)
                time.sleep(wait)
                self.common.screenshot()

            await self.desktop.settle(first=0.5)
            mine = []
            for number in range(self.count):
                await self.desktop.input.move(x - 30 + 12 * (number % 5), y)
                x = window.center[0] - 30 + 12 * (number % 5)
                mine += await timed(ours, 1)
            x = window.center[0]
            slow = await timed(lambda: asyncio.to_thread(theirs, SLEEP), max(3, self.count // 5))
            bare = await timed(lambda: asyncio.to_thread(theirs, 0.0), self.count)
        finally:
            window.close()
        took = middle(mine)
        for name, other, goal in (
            ("click + settled picture / 2 s sleep", slow, ">= 10x"),
            ("click + settled picture / no sleep", bare, ">= 1.3x"),
        ):
            ratio = middle(other) / took
            self.row(name, f"{took * 1000:.0f} ms", f"{middle(other) * 1000:.0f} ms", ratio, goal)

    async def typing(self) -> None:
        await self.open_editor()

        async def ours() -> None:
            await self.desktop.input.key("ctrl+a Delete")
            await self.desktop.input.type(TEXT)

        def theirs() -> None:
            self.common.key("ctrl+a")
            self.common.key("Delete")
            self.common.type(TEXT)

        await self.versus("500 characters typed", ours, theirs, ">= 50x", max(3, self.count // 5))
        exact = await self.exact_ours()
        other = await self.exact_common()
        self.row("Unicode corpus exact", exact, other, None, "100 %")

    async def _exact(self, write: Callable[[str], Awaitable[None]]) -> str:
        right = 0
        for text in CORPUS.values():
            await self.desktop.input.key("ctrl+a Delete")
            await write(text)
            await self.desktop.settle(first=0.3, quiet=0.2)
            right += await self.editor_text() == text
        return f"{right} of {len(CORPUS)}"

    async def exact_ours(self) -> str:
        return await self._exact(self.desktop.input.type)

    async def exact_common(self) -> str:
        return await self._exact(lambda text: asyncio.to_thread(self.common.type, text))

    def _steps(
        self, x: int, y: int, pages: list[SlowWindow]
    ) -> list[Callable[[], Awaitable[None]]]:
        """Menus, dialogs, searching and scrolling in an editor around a point, and pages."""
        act = self.desktop.input
        close = partial(act.key, "Escape")
        return [
            partial(act.click, x - 339, y - 216),  # the File menu
            close,
            partial(act.key, "ctrl+o"),
            close,
            partial(act.click, x, y, button="right"),
            close,
            partial(act.scroll, "up", 5, x, y),
            partial(act.key, "ctrl+f"),
            partial(act.type, "words"),
            close,
            *(partial(act.click, *page.center) for page in pages),
        ]

    async def wrong_frames(self) -> None:
        """Is the settled frame the one that stands 2.5 s later? Real menus, dialogs, pages."""
        x, y = await self.open_editor()
        await self.desktop.input.type("some words\n" * 60)
        pages = [
            SlowWindow(self.desktop.env, delays, box=(900, 40 + 220 * row, 200, 200))
            for row, delays in enumerate(PAGES)
        ]
        steps = self._steps(x, y, pages) * (4 if self.count >= 20 else 1)
        wrong, waits = 0, []
        await self.desktop.settle(first=0.5)
        for number, step in enumerate(steps):
            await step()
            began = time.perf_counter()
            await self.desktop.settle()
            await self.desktop.screenshot()
            frame = await self.desktop.grab()
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(2.5)
            if _differs(frame, await self.desktop.grab()):
                wrong += 1
                print(f"wrong frame after step {number}", file=sys.stderr)
        for page in pages:
            page.close()
        what = f"wrong frames (wait {middle(waits) * 1000:.0f} ms median)"
        self.row(what, f"{wrong} of {len(steps)}", "", None, "<= 1 in 40")

    async def mixed(self) -> None:
        """Thirty actions, each followed by a picture for the model."""
        x, y = await self.open_editor()

        async def ours() -> None:
            for number in range(10):
                for act in (
                    self.desktop.input.click(x - 100 + 15 * number, y),
                    self.desktop.input.type("some words of text\n"),
                    self.desktop.input.key("ctrl+Home"),
                ):
                    await act
                    await self.desktop.settle(picture=True)
                    await self.desktop.screenshot()

        def theirs() -> None:
            for number in range(10):
                self.common.click(x - 100 + 15 * number, y)
                time.sleep(SLEEP)
                self.common.screenshot()
                self.common.type("some words of text\n")
                self.common.screenshot()
                self.common.key("ctrl+Home")
                time.sleep(SLEEP)
                self.common.screenshot()

        await self.versus("mixed task, 30 actions", ours, theirs, ">= 8x", 1)

    async def release(self) -> None:
        window, took = SlowWindow(self.desktop.env, ()), []
        await self.desktop.input.move(*window.center)
        for _ in range(self.count):
            await self.desktop.input.button_down("left")
            began = time.perf_counter()
            self.desktop.input.halt()
            took.append(time.perf_counter() - began)
            self.desktop.input.resume()
        window.close()
        self.row("everything released after stop, p95", _ms(p95(took)), "-", None, "<= 20 ms")

    async def all(self) -> None:
        await self.pictures()
        await self.clicks()
        await self.typing()
        await self.mixed()
        trees = await timed(self.desktop.tree, self.count)
        nodes = len((await self.desktop.tree()).nodes)
        self.row(f"accessibility tree p95, {nodes} nodes", _ms(p95(trees)), "-", None, "<= 100 ms")
        await self.release()
        await self.wrong_frames()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


async def _shot(desktop: VirtualDesktop) -> str:
    return base64.b64encode((await desktop.screenshot()).data).decode()


def _differs(one: Frame, other: Frame) -> bool:
    """Whether more than the clock (bottom right corner) differs."""
    import numpy as np

    shape = (one.height, one.width, 3)
    first, second = (np.frombuffer(f.rgb, np.uint8).reshape(shape).copy() for f in (one, other))
    for picture in (first, second):
        picture[-32:, -60:] = 0
    return bool((first != second).any())


async def starts(bench: Bench | None, count: int) -> list[float]:
    took = []
    for _ in range(count):
        desktop = VirtualDesktop()
        began = time.perf_counter()
        await desktop.start()
        took.append(time.perf_counter() - began)
        await desktop.stop()
    if bench:
        bench.row("desktop usable after start()", f"{middle(took):.2f} s", "-", None, "<= 1.5 s")
    return took


async def cycles(count: int) -> None:
    """Start and stop again and again; say what is left."""
    files, folders = [], []
    for _ in range(count):
        desktop = VirtualDesktop()
        await desktop.start()
        folders.append(desktop.home.parent)
        await desktop.stop()
        files.append(len(os.listdir("/proc/self/fd")))
    text = b"".join(_environ(p) for p in Path("/proc").glob("[0-9]*"))
    alive = sum(str(folder).encode() in text for folder in folders)
    left = sum(folder.exists() for folder in folders)
    grown = files[-1] - files[0]
    print(f"{count} cycles: {alive} processes, {left} folders left; {grown:+d} open files")
    if alive or left or grown > 2:
        raise SystemExit(1)


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--cycles", type=int, help="only start and stop so many times")
    chosen = parser.parse_args()
    if chosen.cycles:
        await cycles(chosen.cycles)
        return
    # outside the sandbox, so that the common way's programs run as directly as can be
    desktop = VirtualDesktop(sandbox="off")
    await desktop.start()
    bench = Bench(desktop, 5 if chosen.quick else 25)
    try:
        await bench.all()
    finally:
        await desktop.stop()
    await starts(bench, 3 if chosen.quick else 10)
    if chosen.json:
        print(json.dumps(bench.rows, indent=2))
    else:
        print("| what | Sayso | common way | ratio | goal |\n|---|---|---|---|---|")
        for row in bench.rows:
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.1f}x"
            print(f"| {row['what']} | {row['sayso']} | {row['common']} | {ratio} | {row['goal']} |")


if __name__ == "__main__":
    asyncio.run(main())
