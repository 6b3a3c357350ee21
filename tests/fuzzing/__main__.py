"""Fuzzed input for all that reads what strangers wrote.

``script/fuzz [TARGET …] [--cases N | --minutes M] [--seed S] [--case N]``. Without a target, all of
them, one after the other; minutes are for all of them together. What fails is told with its
target, seed and number: ``script/fuzz TARGET --seed S --case N`` does it again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import secrets
from collections import Counter

from agent.streams import take_any_text
from fuzzing import TARGETS, fuzz_target


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", nargs="*", help=f"of {', '.join(TARGETS)}; all without one")
    parser.add_argument("--cases", type=int, metavar="N", help="how many of each (default 10000)")
    parser.add_argument("--minutes", type=float, metavar="M", help="how long, instead")
    parser.add_argument("--seed", type=int, metavar="S", help="of the random generator")
    parser.add_argument("--case", type=int, metavar="N", help="only the case of this number")
    given = parser.parse_args()
    if unknown := [name for name in given.target if name not in TARGETS]:
        parser.error(f"there is no target {unknown[0]}: choose from {', '.join(TARGETS)}")
    return given


def main() -> int:
    """The command line; see the module."""
    take_any_text()
    logging.disable(logging.WARNING)
    given = _arguments()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    names = given.target or list(TARGETS)
    cases, seconds = given.cases or 10_000, 1e9
    if given.minutes:
        cases, seconds = 10**9, 60 * given.minutes / len(names)
    if given.case is not None:
        cases = 1
    done: Counter[str] = Counter()
    faults = 0
    for name in names:
        found = asyncio.run(
            fuzz_target(name, seed, cases=cases, first=given.case or 0, seconds=seconds)
        )
        done[name], faults = found.cases, faults + len(found.faults)
        print(f"{name}: {found.cases} cases; {dict(found.outcomes)}", flush=True)
        for fault in found.faults[:50]:
            print(f"{name} {fault}", flush=True)
    print(f"{', '.join(f'{done[name]} {name}' for name in names)}; {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
