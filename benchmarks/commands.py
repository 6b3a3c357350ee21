"""Voice commands without a model, by what came of them: ``script/bench commands [--json]``.

Says the sentences of ``tests/offline/spoken`` to a session with the offline model on a real
desktop, and looks their effects up there. ``--set NAME``, ``--area NAME`` and ``--only ID …``
choose; ``--each N --seed S`` takes N of every area; ``--memory`` tries those of a text in an
editor in memory. ``--floor`` raises the floor that ``script/test`` compares with, where more is
right now.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "offline")]

from editor_in_memory import EditorStage  # noqa: E402 - needs the path above
from spoken_cases import FLOOR, SETS, Case, every_case, floor, sample  # noqa: E402
from spoken_stage import Kept, Played, RealStage, Stage, play  # noqa: E402

_HEAD = (
    "# Sentences that are right, by set and area: the rows that are not marked open, exactly, so\n"
    "# that to lower it takes a change here and a reason there. `script/bench commands --floor`\n"
    "# raises it.\n"
)


@asynccontextmanager
async def _stage(*, memory: bool) -> AsyncIterator[Stage]:
    if memory:
        yield EditorStage()
        return
    desktop = Kept()
    await desktop.start()
    try:
        yield RealStage(desktop)
    finally:
        await desktop.end()


async def measure(chosen: Iterable[Case], *, memory: bool) -> list[Played]:
    """What came of each, told on stderr as it comes."""
    results: list[Played] = []
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with _stage(memory=memory) as stage:
            for number, case in enumerate(chosen):
                played = await play(stage, case, Path(folder) / str(number))
                results.append(played)
                seconds = " ".join(f"{s:.1f}" for s in played.seconds)
                told = f"{case.key} {case.id} {played.verdict:8} {seconds} s {list(case.say)}"
                print(told, file=sys.stderr)
                if played.verdict != "right":
                    print(f"    {played.why} | {played.answers[-1:]}", file=sys.stderr)
    return results


def _counts(played: Played) -> bool:
    """Whether a case is right: one that is marked as open is not, though it be declined well."""
    return played.verdict == "right" and not played.case.open


def table(results: Iterable[Played]) -> str:
    """Right, declined and untrue by set and area, then how long sentences took."""
    by_area: dict[str, list[Played]] = {}
    for played in results:
        by_area.setdefault(played.case.key, []).append(played)
        by_area.setdefault(f"{played.case.set}/all", []).append(played)
    rows = ["| set and area | right | declined well | untrue |", "|---|---|---|---|"]
    for key in sorted(by_area, key=lambda key: (key.partition("/")[0], key.endswith("/all"))):
        found = by_area[key]
        right = sum(map(_counts, found))
        well = sum(p.verdict == "right" and bool(p.case.open) for p in found)
        untrue = sum(p.verdict in ("untrue", "broke") for p in found)
        rows.append(f"| {key} | {right} of {len(found)} | {well} | {untrue} |")
    return "\n".join([*rows, "", *_latency(by_area)])


def _latency(by_area: dict[str, list[Played]]) -> list[str]:
    every = [p for key, found in by_area.items() if not key.endswith("/all") for p in found]
    refusals = [p.seconds[-1] for p in every if p.refused and not p.acted and p.seconds]
    acts = [p.seconds[-1] for p in every if p.acted and p.seconds]
    kinds = {"refused, nothing touched": refusals, "acted": acts}
    return [
        f"{name}: {len(took)}, median {statistics.median(took):.2f} s, "
        f"9 of 10 within {sorted(took)[int(0.9 * (len(took) - 1))]:.2f} s"
        for name, took in kinds.items()
        if took
    ]


def raise_floor(results: Iterable[Played]) -> dict[str, int]:
    """Write the floor, each count being the higher of what was kept and what is right now."""
    found: dict[str, int] = {}
    for played in results:
        found[played.case.key] = found.get(played.case.key, 0) + _counts(played)
    kept = floor() if FLOOR.exists() else {}
    risen = {key: max(kept.get(key, 0), found.get(key, 0)) for key in {**kept, **found}}
    FLOOR.write_text(_HEAD + yaml.safe_dump(risen, sort_keys=False), "utf-8")
    return risen


def main() -> None:
    """Print the table, or everything with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench commands", description=__doc__)
    parser.add_argument("--set", choices=SETS, help="one set only")
    parser.add_argument("--area", help="one area only")
    parser.add_argument("--only", nargs="+", help="ids of sentences")
    parser.add_argument("--each", type=int, help="so many of each area")
    parser.add_argument("--seed", type=int, default=0, help="which, with --each")
    parser.add_argument("--memory", action="store_true", help="in an editor in memory")
    parser.add_argument("--floor", action="store_true", help="raise what is kept")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chosen = [
        case
        for case in every_case()
        if given.set in (None, case.set)
        and given.area in (None, case.area)
        and (given.only is None or case.id in given.only)
        and (case.in_text or not given.memory)
    ]
    if given.each:
        chosen = sample(chosen, given.each, given.seed)
    results = asyncio.run(measure(chosen, memory=given.memory))
    if given.floor:
        raise_floor(results)
    if given.json:
        print(json.dumps([dataclasses.asdict(p) for p in results], ensure_ascii=False))
    else:
        print(table(results))


if __name__ == "__main__":
    main()
