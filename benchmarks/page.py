"""The page's numbers: ``script/bench page [--only NAME …] [--json]``.

Real Chromium against real servers on loopback. ``light``: what a first visit costs on loopback
and on a slow line, beside the page of an earlier commit; ``change``: a change in Python → the
DOM, with one and with twenty live sessions, beside a Streamlit script that polls every 0.1 s, in
the same run; ``echo``: JavaScript → Python → JavaScript; ``paint``: a cold first load until one
can type; ``desktop``: frames of the live desktop while a window moves; ``opens``: the server's
memory over opened and closed pages, and how soon it notices a closed tab.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/page")]

from benchmarks.page_desktop import desktop  # noqa: E402 - needs the path above
from benchmarks.page_latency import change, echo, paint  # noqa: E402
from benchmarks.page_light import light  # noqa: E402
from benchmarks.page_memory import opens  # noqa: E402

Rows = dict[str, list[float]]
PARTS: dict[str, Callable[[Path, int], Awaitable[Rows]]] = {
    "light": light,
    "change": change,
    "echo": echo,
    "paint": paint,
    "desktop": desktop,
    "opens": opens,
}


async def measure(parts: list[str], rounds: int) -> Rows:
    """The asked parts, one after the other; values by row."""
    rows: Rows = {}
    for part in parts:
        with tempfile.TemporaryDirectory(prefix="say") as folder:
            rows |= await PARTS[part](Path(folder), rounds)
    return rows


def table(rows: Rows) -> str:
    """Medians and 95th percentiles."""
    lines = ["| what | n | median | p95 |", "|---|---|---|---|"]
    for name, values in rows.items():
        worst = sorted(values)[round(0.95 * (len(values) - 1))]
        lines.append(f"| {name} | {len(values)} | {statistics.median(values):.1f} | {worst:.1f} |")
    ours, theirs = (rows.get(f"change → DOM, {name} (ms)") for name in ("1 session", "Streamlit"))
    if ours and theirs:
        ratio = statistics.median(theirs) / statistics.median(ours)
        lines.append(f"\nStreamlit takes {ratio:.1f} times as long as Sayso (medians).")
    lines += [_beside(name, rows) for name in rows if ", now, " in name and _before(name) in rows]
    return "\n".join(lines)


def _before(name: str) -> str:
    return name.replace(", now, ", ", before, ")


def _beside(name: str, rows: Rows) -> str:
    before, now = (statistics.median(rows[each]) for each in (_before(name), name))
    if now == 0:
        return f"\n{name}: before {before:.1f}, now nothing (medians)."
    return f"\n{name}: before {before / now:.1f} times as much (medians)."


def main() -> None:
    """Print the table, or the raw values with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench page", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=40, help="values a row; pages: five times")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = asyncio.run(measure(given.only, given.rounds))
    print(json.dumps(rows, ensure_ascii=False) if given.json else table(rows))


if __name__ == "__main__":
    main()
