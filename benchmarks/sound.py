"""What must hold of a conversation and its hands, in numbers.

``script/bench sound [--json] [PART …]``. Each part is a module of its own,
``benchmarks/sound_PART.py``, whose coroutine ``measure`` returns names and numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
from pathlib import Path

_PARTS = sorted(
    path.stem.removeprefix("sound_") for path in Path(__file__).parent.glob("sound_*.py")
)


def main() -> None:
    """Measure the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(_PARTS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(_PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}")
    found = {part: asyncio.run(_measured(part)) for part in given.parts or _PARTS}
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for part, numbers in found.items():
        print(part)
        for name, number in numbers.items():
            print(f"  {name:50} {number:10.2f}")


async def _measured(part: str) -> dict[str, float]:
    module = importlib.import_module(f"benchmarks.sound_{part}")
    numbers: dict[str, float] = await module.measure()
    return numbers


if __name__ == "__main__":
    main()
