"""Checks, their verdicts, and the line that each of them prints."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TextIO

State = Literal["pass", "fail", "skip"]


@dataclass(frozen=True)
class Verdict:
    """What a check found, as a sentence."""

    state: State
    sentence: str
    dollars: float = 0.0


def passed(sentence: str, dollars: float = 0.0) -> Verdict:
    return Verdict("pass", sentence, dollars)


def failed(sentence: str, dollars: float = 0.0) -> Verdict:
    return Verdict("fail", sentence, dollars)


def skipped(sentence: str) -> Verdict:
    return Verdict("skip", sentence)


def judge(good: bool, yes: str, no: str, dollars: float = 0.0) -> Verdict:
    return passed(yes, dollars) if good else failed(no, dollars)


@dataclass(frozen=True)
class Check:
    """``dollars``: the most that it may cost; it is skipped where less is left."""

    name: str
    run: Callable[[], Awaitable[Verdict]]
    dollars: float = 0.0
    seconds: float = 120.0


async def run_checks(checks: Sequence[Check], *, budget: float, out: TextIO) -> int:
    """Run one after the other, print a line each and then how many did what.

    Returns 1 if one failed, 2 if all were skipped, so that nothing is known, else 0.
    """
    spent, states = 0.0, Counter[State]()
    for check in checks:
        if spent + check.dollars > budget:
            verdict = skipped(f"it may cost {check.dollars:.2f} dollars, which is not left.")
        else:
            verdict = await _run(check)
        spent += verdict.dollars
        states[verdict.state] += 1
        print(f"{verdict.state:5} {check.name:26} {verdict.sentence}", file=out, flush=True)
    counts = f"{states['pass']} passed, {states['fail']} failed, {states['skip']} skipped"
    print(f"{counts}; spent about {spent:.3f} dollars.", file=out, flush=True)
    if states["fail"]:
        return 1
    return 0 if states["pass"] else 2


async def _run(check: Check) -> Verdict:
    try:
        async with asyncio.timeout(check.seconds):
            return await check.run()
    except TimeoutError:
        return failed(f"it took longer than {check.seconds:.0f} s.", check.dollars)
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, the next runs
        return failed(f"{type(error).__name__}: {error}", check.dollars)
