"""Two worker hosts with networks of their own: a cable is pulled amid a trial, and put back.

Hosts are network namespaces, joined by veth pairs, within a namespace of the test's own; the
machine's network is not touched. Where the kernel forbids that the test is skipped, and the
one on loopback addresses in ``test_cluster.py`` remains. So it is for an ordinary user: who
may join networks is root in a namespace of one user only, where no desktop gets a user of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from lab_machines import ROOT, start, until_printed

HOSTS = ("a", "b")
TRIALS = 6
EXPERIMENT = """
name: hosts
arms: {oracle: {model: oracle, tools: [shell]}}
tasks: [slow]
repeats: %d
"""
TASK = """
instruction: Write done into done.txt, slowly.
checks: [{file_text: {path: done.txt, equals: done}}]
oracle: [{shell: sleep 1; echo done > ~/done.txt}]
"""


class Network:
    """A hub and two hosts; each is a process whose network namespace is its own."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids = pids

    def inside(self, host: str) -> list[str]:
        """The beginning of a command that runs in a host's network."""
        return ["nsenter", "--target", str(self.pids[host]), "--net", "--"]

    def ip(self, host: str, *arguments: str) -> None:
        subprocess.run(
            [*self.inside(host), "ip", *arguments], check=True, capture_output=True, text=True
        )

    def join(self) -> None:
        """A cable from the hub to each host: 10.77.N.1 to 10.77.N.2."""
        self.ip("hub", "link", "set", "lo", "up")
        for number, host in enumerate(HOSTS, 1):
            self.ip(host, "link", "set", "lo", "up")
            peer = ("peer", "name", "up0", "netns", str(self.pids[host]))
            self.ip("hub", "link", "add", f"to-{host}", "type", "veth", *peer)
            for end, device, place in ((1, f"to-{host}", "hub"), (2, "up0", host)):
                self.ip(place, "address", "add", f"10.77.{number}.{end}/24", "dev", device)
                self.ip(place, "link", "set", device, "up")


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    """Namespaces that end with their processes."""
    async with AsyncExitStack() as stack:
        made = Network({})
        for host in ("hub", *HOSTS):
            made.pids[host] = await _namespace(stack, ["unshare", "--net"])
        try:
            made.join()
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"Networks cannot be joined here: {getattr(error, 'stderr', error)}")
        yield made


async def _namespace(stack: AsyncExitStack, command: list[str]) -> int:
    """A process that waits in a namespace of its own; its id."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            *(sys.executable, "-c", "import sys; print('here', flush=True); sys.stdin.read()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        pytest.skip(f"Networks of one's own need util-linux: {error}")
    stack.push_async_callback(_end, process)
    assert process.stdout is not None
    if await process.stdout.readline() != b"here\n":
        _, told = await process.communicate()
        pytest.skip(f"The kernel allows no network of one's own: {told.decode().strip()}")
    return process.pid


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


async def until_trials(results: Path, count: int) -> list[dict[str, object]]:
    """Wait until so many trials are there."""
    async with asyncio.timeout(120):
        while True:
            found = list(results.glob("*/trials/*/result.json"))
            if len(found) >= count:
                return [json.loads(path.read_text()) for path in found]
            await asyncio.sleep(0.1)


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="joining networks needs root")
async def test_a_host_that_is_cut_off_and_comes_back_counts_no_trial_twice(tmp_path: Path) -> None:
    """Its trial is run again elsewhere; when the cable is back, all are there exactly once."""
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "task.yaml").write_text(TASK)
    (tmp_path / "hosts.yaml").write_text(EXPERIMENT % TRIALS)
    results = tmp_path / "results"
    async with network() as net, AsyncExitStack() as stack:
        told = ("--host", "0.0.0.0", "--port", "8786", "--no-dashboard")
        scheduler = await start(
            "scheduler", *told, before=net.inside("hub"), SCHEDULER__WORKER_TTL="2s"
        )
        stack.push_async_callback(_end, scheduler)
        await until_printed(scheduler, "Scheduler at:")
        for number, host in enumerate(HOSTS, 1):
            address, own = f"tcp://10.77.{number}.1:8786", f"10.77.{number}.2"
            offers = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--resources", "desktop=1")
            worker = await start("worker", address, *offers, "--host", own, before=net.inside(host))
            stack.push_async_callback(_end, worker)
            await until_printed(worker, "Registered to")
        run = await asyncio.create_subprocess_exec(
            *net.inside("hub"),
            *(sys.executable, "-m", "agent.experiments", "--results", str(results)),
            *("run", str(tmp_path / "hosts.yaml"), "--scheduler", "tcp://10.77.1.1:8786"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        stack.push_async_callback(_end, run)
        first = await until_trials(results, 2)
        net.ip("hub", "link", "set", "to-b", "down")
        await until_trials(results, len(first) + 3)
        net.ip("hub", "link", "set", "to-b", "up")
        out, _ = await run.communicate()
        assert run.returncode == 0, out.decode()
    ended = await until_trials(results, TRIALS)
    assert Counter(r["repeat"] for r in ended) == dict.fromkeys(range(TRIALS), 1)
    assert {r["status"] for r in ended} == {"passed"}, ended
    assert len({r["environment"]["process"] for r in ended}) == 2  # type: ignore[index]
    attempts = next(results.glob("*/attempts.jsonl")).read_text().splitlines()
    assert len(attempts) == TRIALS
