"""What a desktop's world is to a model: names, acts, words, network and browser, measured.

``script/bench world [--only PART,…] [--on NAME,…] [--quick] [--json]``. Parts: names, tree, act,
outline, gate, browser, bill. The first four can go through some of the pages and programs alone, by
their names; ``large`` is the page of five thousand elements, ``sheet`` the spreadsheet. Pages and
programs are shipped with the bench, with all that can be used of them declared beside each; where
it is and what is done to it is told by the pages' own geometry and events, and by GTK. Firefox is
measured where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Sequence

from benchmarks import world_act, world_bill, world_browser, world_gate, world_screens
from benchmarks.world_report import Report
from benchmarks.world_stage import Stage, stage
from benchmarks.world_truth import PAGES, PROGRAMS, truths

Part = Callable[[Stage, Report, bool], Awaitable[None]]

SCREENS = ("names", "tree", "outline")
"""Parts that go through the same screens."""

ON_STAGE: dict[str, Part] = {"act": world_act.measure, "browser": world_browser.measure}
"""Parts that want the furnished desktop for themselves."""

ALONE: dict[str, Callable[[Report, bool], Awaitable[None]]] = {
    "gate": world_gate.measure,
    "bill": world_bill.measure,
}
"""Parts that start what they need."""

PARTS = (*SCREENS, *ON_STAGE, *ALONE)


async def measure(parts: Sequence[str], quick: bool, on: Collection[str] = ()) -> Report:
    """The parts that are wanted, one after the other."""
    report = Report()
    screens = [part for part in SCREENS if part in parts]
    staged = [part for part in ON_STAGE if part in parts]
    if screens or staged:
        async with stage(on) as made:
            if screens:
                await world_screens.measure(made, report, screens, quick)
            for part in staged:
                await ON_STAGE[part](made, report, quick)
    for part, alone in ALONE.items():
        if part in parts:
            await alone(report, quick)
    return report


def chosen(text: str) -> list[str]:
    """Parts by their names."""
    parts = [part.strip() for part in text.split(",")]
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: one of {', '.join(PARTS)}")
    return parts


def names(text: str) -> list[str]:
    """Pages, programs, ``large`` and ``sheet`` by their names."""
    given = [name.strip() for name in text.split(",")]
    known = {truth.name for truth in (*truths(PAGES, ".html"), *truths(PROGRAMS, ".ui"))}
    if unknown := set(given) - known - {"large", "sheet"}:
        raise argparse.ArgumentTypeError(
            f"{', '.join(sorted(unknown))}: one of {', '.join(sorted(known))}, large, sheet"
        )
    return given


def main() -> None:
    """Print the table, or the raw figures with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench world", description=__doc__)
    parser.add_argument("--only", type=chosen, default=list(PARTS), metavar="PART,…")
    parser.add_argument("--on", type=names, default=[], metavar="NAME,…", help="on these alone")
    parser.add_argument("--quick", action="store_true", help="fewer screens and repetitions")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    report = asyncio.run(measure(given.only, given.quick, given.on))
    if given.json:
        print(report.json())
        return
    print(report.table())
    print(f"\nLoad {before:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
