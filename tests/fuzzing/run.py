"""Runs cases against a target, and sees that each ends, in words, within bounds.

A case is a pure function of seed and number. It has failed if it raises, if something is logged
as an error meanwhile, if it takes longer than `_PATIENCE`, or more memory than `_MOST`.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import random
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from agent.testing.fuzz import Found

_PATIENCE = 60.0
"""Seconds for one case: more than any machine under load takes."""

_MOST = 700 * 2**20
"""Bytes that a case may take beyond what the process has."""

_GROWS = 150 * 2**20
"""Bytes by which all cases together may make the process grow, once it is warm."""

_WARM = 300
"""Cases after which it is."""


class Target(Protocol):
    """What is fuzzed."""

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        """Do one case; what became of it in a word, and what is wrong."""
        ...


Opened = Callable[[Path], AbstractAsyncContextManager[Target]]


async def fuzz(
    open_target: Opened,
    seed: int,
    *,
    cases: int = 10**9,
    first: int = 0,
    seconds: float = 1e9,
    most: int = _MOST,
) -> Found:
    """Do so many cases, or for so many seconds; ``most`` bytes of memory are enough for each."""
    found = Found()
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="sayso-fuzz-") as folder, _complaints() as complaints:
        async with open_target(Path(folder)) as target:
            gc.collect()
            gc.freeze()  # what is there is not looked at after each case
            warm = 0
            for number in range(first, first + cases):
                if time.monotonic() >= deadline:
                    break
                with _watched(f"--seed {seed} --case {number}"):
                    faults = await _case(target, f"{seed}/{number}", found, most)
                faults += complaints
                complaints.clear()
                found.cases += 1
                found.faults += [f"--seed {seed} --case {number}: {each}" for each in faults]
                if found.cases == _WARM:
                    warm = _resident()
            if warm and _resident() - warm > _GROWS:
                found.faults.append(f"--seed {seed}: grown from {warm} to {_resident()} bytes")
    return found


async def _case(target: Target, seed: str, found: Found, most: int) -> list[str]:
    _forget_peak()
    before = _resident()
    try:
        async with asyncio.timeout(_PATIENCE):
            outcome, faults = await target.case(random.Random(seed))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return [f"{error!r:.300} in {last.name}, {Path(last.filename).name}:{last.lineno}"]
    found.outcomes[outcome] += 1
    gc.collect()  # what is found only when it is thrown away is of this case
    if (more := _peak() - before) > most:
        faults.append(f"it takes {more >> 20} MB ({outcome})")
    return faults


# What is looked at beside -------------------------------------------------------------------


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        where = ""
        if error is not None and error.__traceback__ is not None:
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f" in {last.name}, {Path(last.filename).name}:{last.lineno}"
        self.kept.append(f"logged: {record.getMessage()[:200]} {error!r:.300}{where}")


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """What is logged as an error, and what no task waits for."""
    handler = _Errors()
    logging.getLogger().addHandler(handler)  # Tornado's own may pass nothing on
    if not logging.getLogger("tornado").propagate:
        logging.getLogger("tornado").addHandler(handler)

    def unheard(_: Any, context: dict[str, Any]) -> None:
        what = context.get("exception") or (context["message"], context.get("task"))
        handler.kept.append(f"nobody waits for: {what!r:.600}")

    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().set_exception_handler(unheard)
    try:
        yield handler.kept
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger("tornado").removeHandler(handler)


@contextlib.contextmanager
def _watched(what: str) -> Iterator[None]:
    """Where the process itself stands still, tell where, and end it."""

    def give_up() -> None:
        print(f"{what}: it hangs", flush=True)
        faulthandler.dump_traceback(all_threads=True)
        os._exit(1)

    timer = threading.Timer(4 * _PATIENCE, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _resident() -> int:
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")
