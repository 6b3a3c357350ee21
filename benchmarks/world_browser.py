"""From choosing the browser in the menu to a window whose address field takes text."""

from __future__ import annotations

import statistics
import time

from agent.desktop.base import Launcher, Node
from benchmarks.world_report import Report
from benchmarks.world_stage import Stage, installed, until

_ADDRESS = ("entry", "editbar", "combo box")
_WORD = "sayso"


async def measure(stage: Stage, report: Report, quick: bool) -> None:
    """Each browser: once cold, then warm."""
    for browser in installed():
        launcher = next(
            each for each in await stage.desktop.launchers() if each.command[0].endswith(browser)
        )
        first = await usable(stage, launcher)
        warm = [await usable(stage, launcher) for _ in range(3 if quick else 8)]
        middle = statistics.median(warm)
        report.row(f"{browser} to usable, first time on a desktop", first, "s")
        report.row(f"{browser} to usable, warm, median", middle, "s", "<= 2.5", middle <= 2.5)
        report.row(f"{browser} to usable, warm, slowest", max(warm), "s")


async def usable(stage: Stage, launcher: Launcher) -> float:
    """Seconds until what is typed stands in its address field."""
    began = time.perf_counter()
    await stage.desktop.launch(launcher)
    await until(lambda: _field(stage, ""), "an address field")
    typed = 0.0

    async def taken() -> bool:
        nonlocal typed
        if await _field(stage, _WORD):
            return True
        if time.perf_counter() - typed > 1.0:  # what was typed too early is lost
            typed = time.perf_counter()
            await stage.desktop.input.key("ctrl+l")
            await stage.desktop.input.type(_WORD)
        return False

    await until(taken, "text in the address field")
    took = time.perf_counter() - began
    await stage.clear()
    return took


async def _field(stage: Stage, text: str) -> Node | None:
    tree = await stage.desktop.tree()
    window = await stage.desktop.active_window()
    for node in tree.showing(*_ADDRESS):
        if "ddress" in node.name and text in (node.text or "") and window:
            return node
    return None
