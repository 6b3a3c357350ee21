"""The live desktop in the page: frames a second, draw → canvas, and what it costs the server.

Two windows on the session's own X screen: a small one whose colour counts, and a large one
that moves. The page reads the count back from its canvas whenever noVNC draws into it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from served import ROOT, entrance, serve
from Xlib import X

from agent.desktop.server.connection import open_display
from benchmarks.page_latency import browser

sys.path.append(str(ROOT / "tests" / "browser"))
from onlooker import Onlooker

_RATE = 40
_WATCH = """() => {
  window.frames = []
  const draw = CanvasRenderingContext2D.prototype.drawImage
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    draw.apply(this, given)
    if (!this.canvas.isConnected) return
    const [r, g, b] = this.getImageData(8, 8, 1, 1).data
    const count = (r >> 4) << 8 | (g >> 4) << 4 | b >> 4
    window.frames.push([count, performance.timeOrigin + performance.now()])
  }
}"""


class Moving:
    """Moves a window and counts in another, on a thread of its own."""

    def __init__(self, env: Any) -> None:
        self.drawn: dict[int, float] = {}
        self._env = env
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Moving:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        display = open_display(self._env)
        counter, mover = self._window(display, 16, 16), self._window(display, 420, 300)
        mover.change_attributes(background_pixel=0x8090A0)
        gc = counter.create_gc()
        for number in range(1, 1 << 12):
            if self._end.wait(1 / _RATE):
                break
            mover.configure(x=40 + 7 * number % 700, y=60 + 5 * number % 380)
            gc.change(foreground=_colour(number))
            self.drawn[number] = time.time() * 1000
            counter.fill_rectangle(gc, 0, 0, 16, 16)
            display.flush()
        display.close()

    @staticmethod
    def _window(display: Any, width: int, height: int) -> Any:
        screen = display.screen()
        depth, kind = screen.root_depth, X.InputOutput
        window = screen.root.create_window(
            0, 0, width, height, 0, depth, kind, override_redirect=True, background_pixel=0
        )
        window.map()
        return window


def _colour(number: int) -> int:
    """Twelve bits in the upper halves of red, green and blue, away from rounding."""
    red, green, blue = number >> 8 & 15, number >> 4 & 15, number & 15
    return (red * 16 + 8) << 16 | (green * 16 + 8) << 8 | (blue * 16 + 8)


async def desktop(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Ten seconds of a moving window, then ten of stillness."""
    folder.chmod(0o755)
    (folder / "tmp").mkdir(mode=0o755)
    look = Onlooker(folder / "data", folder / "tmp")
    env = {"TMPDIR": str(folder / "tmp")}
    seconds = max(5.0, rounds / 4)
    with serve(ROOT / "dashboard", folder / "data", env=env) as served:
        server = psutil.Process(served.process.pid)
        async with browser() as context:
            page = await context.new_page()
            await page.goto(entrance(served.url))
            ready = page.get_by_role("button", name="Take the mouse")
            await ready.and_(page.locator(":enabled")).wait_for(timeout=60_000)
            await page.evaluate(_WATCH)
            await asyncio.sleep(5)
            still = await _cost(server, seconds)
            with Moving(look._env()) as moving:
                await asyncio.sleep(1)
                await page.evaluate("window.frames = []")
                busy = await _cost(server, seconds)
                frames = await page.evaluate("window.frames")
    late = [at - moving.drawn[n] for n, at in _first(frames) if n in moving.drawn]
    return {
        "live desktop, different frames a second": [len(_first(frames)) / seconds],
        "live desktop, draw → canvas (ms)": late,
        "live desktop, server while a window moves (% of a core)": [busy],
        "live desktop, server when idle (% of a core)": [still],
    }


def _first(frames: list[list[float]]) -> list[tuple[int, float]]:
    """When each count was seen first."""
    seen: dict[int, float] = {}
    for number, at in frames:
        seen.setdefault(int(number), at)
    return sorted(seen.items())


async def _cost(server: psutil.Process, seconds: float) -> float:
    """Share of one core that the server's own process takes."""
    before = sum(server.cpu_times()[:2])
    await asyncio.sleep(seconds)
    return 100 * (sum(server.cpu_times()[:2]) - before) / seconds
