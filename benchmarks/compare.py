"""This checkout beside an earlier commit: desktop, loop and page, by turns in one run.

``script/bench compare --with COMMIT [--only desktop loop page] [--rounds 3] [--keep]``. Each
measures itself with its own benchmarks, over the same installed libraries; what is compared is
what both of them print and what is better when it is less. The ratio is that of the same round,
now / before. A row is slower if it was so by more than a tenth in every round; then the command
ends with 1. With ``--keep`` the table replaces the one in ``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checkouts import ROOT, checkout, known

DOC = ROOT / "docs" / "benchmarks.md"
HEADING = "## Beside an earlier commit"
RUNS = {
    "desktop": ("--quick", "--json"),
    "loop": ("--quick", "--json"),
    "page": ("--only", "echo", "paint", "desktop", "--rounds", "32", "--json"),
}
SLOWER = 1.1
_LEAST = {"ms": 1.0, "s": 0.01, "% of a core": 1.0}
"""By unit: smaller values count as this. They are noise, whatever their ratio."""

_LESS_IS_BETTER = re.compile(r"\((ms|s|% of a core)\)$| (ms)$|: (requests|pictures|MB|tokens)\b")
_FRAMES = "live desktop, different frames a second"
_BUSY = "live desktop, server while a window moves (% of a core)"
_IDLE = "live desktop, server when idle (% of a core)"
_TIME = re.compile(r"([\d.]+) (ms|s)")
Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both, round by round."""

    name: str
    before: tuple[float, ...]
    now: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        found = _LESS_IS_BETTER.search(self.name)
        least = _LEAST.get((found[1] or found[2] or "") if found else "", 0.01)
        pairs = zip(self.now, self.before, strict=True)
        return [max(now, least) / max(before, least) for now, before in pairs]

    @property
    def slower(self) -> bool:
        return min(self.ratios) > SLOWER

    def __str__(self) -> str:
        before, now, ratio = map(statistics.median, (self.before, self.now, self.ratios))
        spread = f"{min(self.ratios):.2f} to {max(self.ratios):.2f}"
        verdict = "**slower**" if self.slower else ""
        return f"| {self.name} | {before:.4g} | {now:.4g} | {ratio:.2f} | {spread} | {verdict} |"


def values_of(name: str, raw: Any) -> Values:
    """What a benchmark printed with ``--json`` and is better when it is less, by its name."""
    found: Values = {}
    if name == "desktop":
        for row in raw:
            if took := _TIME.fullmatch(row["sayso"]):
                what = re.sub(r", \d+ nodes$", "", row["what"])
                found[f"{what} ({took[2]})"] = float(took[1])
    else:
        for what, value in raw.items():
            several = value if isinstance(value, list) else [value]
            if _LESS_IS_BETTER.search(what) and not what.endswith((", common way", ", share")):
                found[what] = statistics.median(several)
    if frames := statistics.median(raw[_FRAMES]) if name == "page" and _FRAMES in raw else 0.0:
        found["live desktop, between two frames (ms)"] = 1000 / frames
        # More frames may cost more: what one of them costs is compared, beyond an idle page.
        busy = found.pop(_BUSY) - found.get(_IDLE, 0.0)
        found["live desktop, server for a frame (ms)"] = 10 * busy / frames
    return found


def rows_of(before: list[Values], now: list[Values]) -> list[Row]:
    """The figures that every round of both has."""
    names = [n for n in now[0] if all(n in values for values in (*before, *now))]
    return [Row(n, tuple(v[n] for v in before), tuple(v[n] for v in now)) for n in names]


def table(rows: list[Row]) -> str:
    """The rows in Markdown: medians, and how far the ratios of the rounds lie apart."""
    head = "| figure | before | now | now / before | rounds | |\n|---|---|---|---|---|---|"
    return "\n".join([head, *map(str, rows)])


def kept(document: str, section: str) -> str:
    """The document with ``section`` under its heading, in place of what was there."""
    first, _, rest = document.partition(HEADING)
    _, mark, later = rest.partition("\n## ")
    return f"{first.rstrip()}\n\n{HEADING}\n\n{section.strip()}\n{mark and f'{mark}{later}'}"


def _measure(name: str, tree: Path) -> Values:
    command = [sys.executable, "-m", f"benchmarks.{name}", *RUNS[name]]
    env = os.environ | {"PYTHONPATH": str(tree)}
    ran = subprocess.run(command, check=False, cwd=tree, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"benchmarks.{name} failed in {tree}:\n{ran.stderr[-2000:]}")
    return values_of(name, json.loads(ran.stdout))


def _rounds(name: str, old: Path, rounds: int) -> list[Row]:
    """Each round measures both; who begins changes with every round."""
    found: dict[Path, list[Values]] = {old: [], ROOT: []}
    for number in range(rounds):
        for tree in (old, ROOT) if number % 2 == 0 else (ROOT, old):
            told = "now" if tree == ROOT else "before"
            print(f"{name}, round {number + 1} of {rounds}, {told} …", file=sys.stderr)
            found[tree].append(_measure(name, tree))
    return rows_of(found[old], found[ROOT])


def _circumstances(before: str, only: list[str], rounds: int) -> str:
    changed = subprocess.run(["git", "-C", str(ROOT), "diff", "--quiet", "HEAD"], check=False)
    now = f"{known('HEAD')}{', changed' if changed.returncode else ''}"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.1f} over 15 minutes"
    few = f" --only {' '.join(only)}" if set(only) != set(RUNS) else ""
    command = f"script/bench compare --with {before}{few} --rounds {rounds}"
    return f"`{command}`, {day}, now {now}; {load}. Less is better in every row."


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="script/bench compare", description=__doc__)
    parser.add_argument("--with", dest="commit", required=True, help="the commit to stand beside")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    if not (commit := known(given.commit)):
        parser.error(f"This checkout lacks the commit {given.commit}.")
    parts, rows = [_circumstances(commit, given.only, given.rounds)], []
    with (
        tempfile.TemporaryDirectory(prefix="say") as folder,
        checkout(commit, Path(folder) / "before") as old,
    ):
        for name in given.only:
            found = _rounds(name, old, given.rounds)
            parts.append(f"### {name.capitalize()}\n\n{table(found)}")
            rows += found
    section = "\n\n".join(parts)
    print(section)
    if given.keep:
        DOC.write_text(kept(DOC.read_text("utf-8"), section), "utf-8")
    if slower := [row.name for row in rows if row.slower]:
        raise SystemExit(f"Slower than {commit}: {'; '.join(slower)}.")


if __name__ == "__main__":
    main()
