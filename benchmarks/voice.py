"""The voice's numbers: ``script/bench voice [--json] [--rounds N] [--few N] [--only PART …]``.

``page``: Chromium hears WAVs, the served app answers. ``wire``: the same conversation over
the raw protocol. ``room``: sounds that must not disturb a task. ``words``: commands
understood by voice and noise. ``four``: four chats at once, and the server loop's lag.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/dialogues", "tests/browser")]

import voices  # noqa: E402 - needs the path above
from page_stage import paged  # noqa: E402
from wire import wired  # noqa: E402

from benchmarks import voice_room, voice_server, voice_talk, voice_understood  # noqa: E402
from benchmarks.voice_talk import Times, percentiles  # noqa: E402

PARTS = ("page", "wire", "room", "words", "four")
TARGETS: dict[str, tuple[float | None, float | None]] = {
    voice_talk.DUCKED: (None, 120),
    voice_talk.SILENT: (None, 350),
    voice_talk.HALTED: (None, 500),
    voice_talk.ACTION: (1000, 1600),
    voice_talk.SOUND: (1200, None),
    voice_talk.TRANSCRIPT: (None, None),
    voice_talk.HELD: (None, None),
}
"""Goals in milliseconds: p50 and p95."""
Table = dict[str, Any]


async def page(arguments: argparse.Namespace) -> Table:
    """The conversation in Chromium."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with paged(Path(folder)) as stage:
            return _latencies(await voice_talk.talk(stage, arguments.rounds))


async def wire(arguments: argparse.Namespace) -> Table:
    """The conversation without a browser."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with wired(Path(folder)) as stage:
            return _latencies(await voice_talk.talk(stage, arguments.rounds))


async def room(arguments: argparse.Namespace) -> Table:
    """Sounds that are nobody's words."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        settings = {"max_seconds": 3600.0}
        async with wired(Path(folder), settings=settings) as stage:
            rooms = await voice_room.measure(stage, arguments.few)
    return {
        one.kind: {
            "played": one.played,
            "stopped the task": one.stopped,
            "redirected it": one.redirected,
            "held": len(one.holds),
            "released p95 ms": round(percentiles(one.holds)[1]) if one.holds else "-",
        }
        for one in rooms
    }


async def words(arguments: argparse.Namespace) -> Table:
    """Commands by voice and noise."""
    out: Table = {}
    for voice in dict.fromkeys((*voices.NATURAL, *voices.ROBOTIC, *voices.TUNED)):
        for noise in (None, 10.0):
            row = voice_understood.measure(voice, noise, arguments.few)
            name = f"{voice}, {'quiet' if noise is None else f'{noise:.0f} dB'}"
            out[name] = {
                "said": row.said,
                "tuned by it": "yes" if voice in voices.TUNED else "no",
                "understood %": round(100 * row.understood / row.said),
                "word errors %": round(100 * row.errors / row.words, 1),
            }
            print(f"  {name}: missed {row.missed[:6]}", file=sys.stderr)
    return out


async def four(arguments: argparse.Namespace) -> Table:
    """Four chats at once on one server."""
    times = await voice_server.bench(4, max(3, arguments.rounds // 2))
    return {
        name: dict(zip(("p50", "p95", "p99"), map(round, percentiles(values)), strict=True))
        for name, values in times.items()
    }


def _latencies(times: Times) -> Table:
    out: Table = {}
    for name, (goal50, goal95) in TARGETS.items():
        p50, p95, _ = percentiles(times.get(name, []))
        missed = (goal50 is not None and p50 > goal50) or (goal95 is not None and p95 > goal95)
        goals = "; ".join(
            f"{which} ≤ {goal:g}" for which, goal in (("p50", goal50), ("p95", goal95)) if goal
        )
        out[name] = {
            "n": len(times.get(name, [])),
            "p50 ms": round(p50) if p50 == p50 else "-",
            "p95 ms": round(p95) if p95 == p95 else "-",
            "goal": goals or "-",
            "met": "-" if not goals else "no" if missed else "yes",
        }
    return out


def show(part: str, table: Table) -> None:
    """A Markdown table."""
    columns = list(next(iter(table.values()), {}))
    print(f"\n### {part}\n\n| what | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    for name, row in table.items():
        print(f"| {name} | {' | '.join(str(row.get(column, '-')) for column in columns)} |")
    sys.stdout.flush()


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--rounds", type=int, default=10, help="of the conversation")
    parser.add_argument("--few", type=int, default=1000, help="at most so many sounds, commands")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    found: Table = {}
    for part in arguments.only:
        found[part] = asyncio.run(globals()[part](arguments))
        if not arguments.json:
            show(part, found[part])
    if arguments.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
