"""How soon the offline model sees what it awaits, and how often it looks: told of changes, or not.

``script/bench planner [--json] [--rounds 20]``. Both ways await the same on the same desktop, by
turns; the other way differs in nothing but that it looks every 60 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.desktop import VirtualDesktop
from agent.desktop.base import Tree
from agent.models.offline.grammar import Command
from agent.models.offline.steps import Moment
from agent.models.offline.view import View, look

EVERY = 0.06
PATIENCE = 20.0
NOTHING = "nothing, for 2 s"


class Watched(VirtualDesktop):
    """Counts how often the accessible objects are read."""

    polled = False
    looks = 0

    async def tree(self) -> Tree:
        self.looks += 1
        return await super().tree()

    async def changed(self, since: float, seconds: float) -> bool:
        if self.polled:
            await asyncio.sleep(EVERY)
            return True
        return await super().changed(since, seconds)


@dataclass
class Cost:
    """What one way took: seconds from the act to its being seen, and looks, of each round."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    looks: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


Act = Callable[[], Awaitable[object]]
Seen = Callable[[View], object]


async def awaited(
    desktop: Watched, act: Act, seen: Seen, seconds: float, delay: float
) -> tuple[float, int]:
    """Seconds from an act to its being seen, by somebody who waits already; and looks."""
    await desktop.settle(first=0.3, quiet=0.2)
    moment = Moment(desktop, await look(desktop), Command("scroll", {}))
    began, desktop.looks = time.perf_counter(), 0
    waiting = asyncio.create_task(moment.until(seen, seconds))
    await asyncio.sleep(delay)
    began = began if seconds != PATIENCE else time.perf_counter()
    await act()
    assert await waiting or seconds != PATIENCE
    return time.perf_counter() - began, desktop.looks


async def rounds(desktop: Watched, number: int, told: Cost, polled: Cost) -> None:
    """Each of the things that happen, both ways."""

    async def nothing() -> None: ...

    def open_windows(view: View) -> int:
        return sum(window.wm_class == "Mousepad" for window in view.windows)

    delays = [random.Random(turn).uniform(0.1, 0.4) for turn in range(number)]
    for turn in range(2 * number):
        desktop.polled = turn % 4 in (1, 2)
        cost = polled if desktop.polled else told

        async def one(
            name: str, act: Act, seen: Seen, cost: Cost = cost, delay: float = delays[turn // 2]
        ) -> None:
            nothing_comes = name == NOTHING
            seconds, looks = await awaited(
                desktop, act, seen, 2.0 if nothing_comes else PATIENCE, delay
            )
            cost.seconds[name].append(seconds)
            cost.looks[name].append(looks)

        async def start() -> None:
            await desktop.spawn(["mousepad"])

        async def write() -> None:
            await desktop.input.type("A line of text#")

        async def menu() -> None:
            await desktop.input.key("alt+f")

        async def close() -> None:
            window = await desktop.active_window()
            assert window is not None
            assert window.pid is not None
            await desktop.spawn(["kill", "-9", str(window.pid)])

        await one("a program opens", start, lambda v: open_windows(v) == 1 and v.field)
        await one("text is typed", write, lambda v: v.field and "#" in (v.field.text or ""))
        await one("a menu opens", menu, lambda v: v.menu_open)
        await desktop.input.key("Escape")
        await one(NOTHING, nothing, lambda v: False)
        await one("a program ends", close, lambda v: open_windows(v) == 0)


async def measure(number: int) -> tuple[Cost, Cost]:
    """Told of changes, and looking at fixed times."""
    told, polled, desktop = Cost(), Cost(), Watched()
    await desktop.start()
    try:
        await rounds(desktop, number, told, polled)
    finally:
        await desktop.stop()
    return told, polled


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    told, polled = asyncio.run(measure(given.rounds))
    if given.json:
        print(json.dumps({"told": vars(told), "polled": vars(polled)}))
        return
    print(f"{'median, told / every 60 ms':28} {'ms until it is seen':>26} {'looks':>20}")
    for name in told.seconds:
        one, other = (1000 * statistics.median(cost.seconds[name]) for cost in (told, polled))
        few, many = (statistics.mean(cost.looks[name]) for cost in (told, polled))
        ratios = f"{one / other:.2f}", f"{few / many:.2f}"
        print(f"{name:28} {one:9.0f} / {other:5.0f} = {ratios[0]:>6}", end=" ")
        print(f"{few:6.1f} / {many:4.1f} = {ratios[1]}")


if __name__ == "__main__":
    main()
