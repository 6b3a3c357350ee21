"""Dask's scheduler and workers as processes of their own, as a person would start them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Machines:
    """A scheduler and workers, each a process with an address of its own on loopback."""

    def __init__(self, scheduler: str) -> None:
        self.scheduler = scheduler
        self.workers: list[asyncio.subprocess.Process] = []

    async def worker(self, host: str, *, desktop: bool = True) -> asyncio.subprocess.Process:
        offers = ["--resources", "desktop=1"] if desktop else []
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", host, *offers)
        process = await start("worker", self.scheduler, *arguments)
        await until_printed(process, "Registered to")
        self.workers.append(process)
        return process


async def start(
    *arguments: str, before: Sequence[str] = (), **settings: str
) -> asyncio.subprocess.Process:
    """A part of Dask; ``before`` is the command's beginning, settings are Dask's in capitals."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "lab")])
    return await asyncio.create_subprocess_exec(
        *before,
        sys.executable,
        "-m",
        "dask",
        *arguments,
        env={
            **os.environ,
            "PYTHONPATH": paths,
            "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "info",
            **{f"DASK_DISTRIBUTED__{name}": value for name, value in settings.items()},
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def until_printed(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if words in (text := line.decode()):
                drain = asyncio.create_task(process.stderr.read())
                drain.add_done_callback(lambda task: task.cancelled() or task.exception())
                return text
    raise AssertionError(f"{words!r} was not printed")


@asynccontextmanager
async def machines() -> AsyncIterator[Machines]:
    scheduler = await start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    line = await until_printed(scheduler, "Scheduler at:")
    made = Machines(line.split("Scheduler at:")[1].strip())
    try:
        yield made
    finally:
        for process in (*made.workers, scheduler):
            if process.returncode is None:
                process.kill()
            await process.wait()
