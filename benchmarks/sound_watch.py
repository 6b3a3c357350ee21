"""What the watch over programs adds to a start: two sandboxes side by side, by turns.

In each, a program starts ``/bin/true`` again and again and times it itself, from the call to
its end. One sandbox is watched by the real thread with a listener that only takes note, as
a session's does; in the other nothing is reported. The rest of this process is idle, or (``busy``)
an event loop that computes without a pause.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.desktop.server import guardian, profile, sandbox
from agent.desktop.server.calls import filter_file
from agent.desktop.server.processes import GuardianClient
from agent.desktop.server.starts import Start
from agent.desktop.server.watching import Asked, watch_programs

_TURNS = 12
_STARTS = 50
_PROGRAM = f"""
import os, time
for _ in range({_STARTS}):
    began = time.perf_counter()
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {{}}), 0)
    print((time.perf_counter() - began) * 1000)
"""


class _Notes:
    def __init__(self) -> None:
        self.begun: list[Start] = []

    def started(self, start: Start) -> None:
        self.begun.append(start)

    def asked(self, asked: Asked) -> None:
        asked.answer(allowed=False)


class _Sandbox:
    """A guardian in a sandbox that can start programs, and what it told."""

    def __init__(self, client: GuardianClient, box: sandbox.Box) -> None:
        self._client = client
        self._box = box

    async def starts(self) -> list[float]:
        """Milliseconds of each start."""
        argv = ["/usr/bin/python3", "-I", "-S", "-c", _PROGRAM]
        environment = profile.environment(self._box, "")
        process = await self._client.spawn(argv, environment, self._box.inside)
        said = b"".join([piece async for piece in await process.read()])
        if await process.wait():
            raise RuntimeError(said.decode())
        return [float(line) for line in said.split()]


@asynccontextmanager
async def _sandbox(*, watched: bool, notes: _Notes) -> AsyncIterator[_Sandbox]:
    box = sandbox.make_box(None)
    sandbox.write_etc(box, Path(guardian.__file__))
    client = GuardianClient(lambda: None)

    calls = filter_file()

    def command(channel: int, limits: str) -> list[str]:
        argv = list(sandbox.command(box, channel, limits, calls=calls))
        return argv if watched else argv[:-1]

    try:
        await client._start(command, str(box.home) if box.brought else "/", {}, (calls,))
        with contextlib.ExitStack() as ends:
            if client.reports is not None:
                watch, why = watch_programs(client.reports, client.pid, print)
                ends.callback(watch.close)
                if why:
                    raise RuntimeError(f"Programs are not watched here: {why}.")
                watch.listener = notes
                client.before_spawn = lambda argv, covers: watch.expect(tuple(argv), covers)
            elif watched:
                raise RuntimeError(f"Programs are not watched here: {client.unreported}.")
            yield _Sandbox(client, box)
    finally:
        os.close(calls)
        await client.close()
        box.remove()


async def _compute() -> None:
    """An event loop that is busy: ten milliseconds of Python at a time."""
    while True:
        sum(number * number for number in range(100_000))
        await asyncio.sleep(0)


async def _by_turns(plain: _Sandbox, watched: _Sandbox) -> tuple[list[float], list[float]]:
    without: list[float] = []
    within: list[float] = []
    for _ in range(_TURNS):
        without += await plain.starts()
        within += await watched.starts()
    return without, within


async def measure() -> dict[str, float]:
    """Milliseconds of a start, without and with the watch, and what it adds."""
    found: dict[str, float] = {}
    notes = _Notes()
    async with (
        _sandbox(watched=False, notes=notes) as plain,
        _sandbox(watched=True, notes=notes) as watched,
    ):
        for name in ("idle", "busy"):
            load = asyncio.create_task(_compute()) if name == "busy" else None
            without, within = await _by_turns(plain, watched)
            if load is not None:
                load.cancel()
            middle = statistics.median(within) - statistics.median(without)
            found[f"{name}: unwatched start, median ms"] = statistics.median(without)
            found[f"{name}: watched start, median ms"] = statistics.median(within)
            found[f"{name}: added at the median, ms"] = middle
            found[f"{name}: watched start, p99 ms"] = statistics.quantiles(within, n=100)[98]
            found[f"{name}: unwatched start, p99 ms"] = statistics.quantiles(without, n=100)[98]
    found["starts told"] = float(len(notes.begun))
    return found
