"""What one look at all objects costs: time, processor time, and calls on accessibility's bus.

Time depends on who else works on the machine, and goals are set for it. Calls, round trips and this
side's processor time do not, so that two versions can be compared on a machine that is busy.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.world_report import Report, p95
from benchmarks.world_stage import Stage, installed, until

ELEMENTS = 5000
LARGE = "<!doctype html><title>Large</title>" + "".join(
    f"<p><a href='#{n}'>Link {n}</a> <button>Button {n}</button>" for n in range(ELEMENTS // 3)
)
"""A page of five thousand elements, most of them far below the fold."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Looks:
    """What looks have cost, one after the other."""

    took: list[float] = field(default_factory=list)
    """Seconds."""

    own: list[float] = field(default_factory=list)
    """Seconds of processor time on this side of the bus."""

    calls: list[int] = field(default_factory=list)
    """Calls on the bus."""

    rounds: list[int] = field(default_factory=list)
    """How often answers were waited for, to one call or to many at once."""

    programs: float = 0.0
    """Seconds of processor time of all that runs on the desktop, its buses among them."""

    async def look(self, stage: Stage) -> int:
        """Look once; returns how many objects were told of."""
        spent = stage.eyes.spent
        own, calls, rounds = spent.seconds, spent.calls, spent.rounds
        programs, began = programs_seconds(), time.perf_counter()
        tree = await stage.eyes.tree()
        self.took.append(time.perf_counter() - began)
        self.programs += programs_seconds() - programs
        self.own.append(spent.seconds - own)
        self.calls.append(spent.calls - calls)
        self.rounds.append(spent.rounds - rounds)
        return len(tree.nodes)

    def tell(self, report: Report, what: str, goal: float) -> None:
        """Report them; the goal is for the time that 95 of 100 do not exceed, in milliseconds."""
        took = p95(self.took) * 1000
        what_p95 = f"tree p95, {what}, {len(self.took)} looks"
        report.row(what_p95, took, "ms", f"<= {goal:g}", took <= goal)
        report.row("the same, median", statistics.median(self.took) * 1000, "ms")
        own = statistics.mean(self.own) * 1000
        report.row("own processor time of a look", own, "ms")
        programs = self.programs / len(self.took) * 1000
        report.row("processor time of the desktop's programs", programs, "ms")
        report.row("calls on the bus, median", statistics.median(self.calls), "")
        report.row("round trips, median", statistics.median(self.rounds), "")


async def large(stage: Stage, report: Report, count: int) -> None:
    """Look at a page of five thousand elements: as it stands, and after each turn of the wheel."""
    stage.put("large.html", LARGE)
    await stage.window(installed()[0], "http://127.0.0.1:8091/large.html")

    async def there() -> bool:
        names = {node.name for node in (await stage.desktop.tree()).nodes}
        return "Button 1" in names and "Button 20" in names

    async def still() -> None:
        await stage.desktop.settle()

    async def turned() -> None:
        across, down = (side // 2 for side in stage.desktop.size)
        await stage.desktop.input.scroll("down", 5, across, down)
        await stage.desktop.settle()

    try:
        await until(there, "the large page")
        for how, before in (("as it stands", still), ("scrolled before each", turned)):
            looks = Looks()
            nodes = await _each(stage, looks, count, before)
            what = f"page of {ELEMENTS:,} elements, {how} ({nodes} objects told)"
            looks.tell(report, what, 150)
    finally:
        await stage.clear()


async def _each(
    stage: Stage, looks: Looks, count: int, before: Callable[[], Coroutine[Any, Any, None]]
) -> int:
    """So many looks, with something done before each; how many objects the last one told of."""
    nodes = 0
    for _ in range(count):
        await before()
        nodes = await looks.look(stage)
    return nodes


def programs_seconds() -> float:
    """Processor time of all processes that this one has started, and of those that they have."""
    above: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            rest = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            pid = int(path.parent.name)
            above[pid], ticks[pid] = int(rest[1]), int(rest[11]) + int(rest[12])
    return sum(ticks[pid] for pid in above if _is_below(pid, above)) / _TICKS


def _is_below(pid: int, above: dict[int, int]) -> bool:
    while (pid := above.get(pid, 0)) > 1:
        if pid == os.getpid():
            return True
    return False
