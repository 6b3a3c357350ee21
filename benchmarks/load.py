"""What a server carries: ``script/bench load [--minutes M] [--only crowd|talk|rounds] [--json]``.

A real server with real desktops; its visitors are in another process and have no browser, but
all sockets of a page: its document, its link, its desktop live, its voice.

*crowd*: twenty sessions are asked for at once. *talk*: one session, then eight, in each of which
a person speaks, types, and presses or says Stop, over and over; lag of the server's loop, and
from Stop to the last input to the desktop. *rounds*: sessions with pages and voices come and
go; what the server holds after each round.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/dialogues")]

import httpx  # noqa: E402 - needs the path above
import numpy as np  # noqa: E402
import psutil  # noqa: E402
import voices  # noqa: E402
from served import Served, serve  # noqa: E402

from benchmarks.load_page import LoadPage  # noqa: E402
from dashboard.web.memory import QUIET  # noqa: E402

APP = ROOT / "benchmarks" / "page_apps" / "load"
CROWD, MANY, ROUNDS = 20, 8, 10
IN_A_ROUND = 3
_PATIENCE = 300.0
_SOON = 60.0
TASKS = ("Open the text editor.", "Press escape.", "Open the file manager.", "Scroll down.")
STOP = "Stop."
LONG = "type " + "the quick brown fox jumps over the lazy dog " * 85
LASTS = "wait 60 seconds"
Rows = dict[str, Any]


@dataclass
class Ear:
    """Hears what the watched server tells."""

    lags: list[float] = field(default_factory=list)
    sessions: int = 0
    """Sessions that are still in the server's memory, also those that have ended."""

    told: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    def hear(self, line: socket.socket) -> None:
        while True:
            try:
                message = json.loads(line.recv(1 << 20))
            except BlockingIOError:
                return
            if message["kind"] == "lags":
                self.lags += message["ms"]
                self.sessions = message["sessions"]
            else:
                self.told[message["session"]].append(message)

    async def wait(
        self, session: str, kind: str, since: int, most: float = _SOON, **wanted: Any
    ) -> dict[str, Any]:
        """The first such event of a session after ``since`` of its events."""
        async with asyncio.timeout(most):
            while True:
                for event in self.told[session][since:]:
                    if event["kind"] == kind and wanted.items() <= event.items():
                        return event
                await asyncio.sleep(0.02)

    def count(self, session: str) -> int:
        return len(self.told[session])


@dataclass
class Machine:
    """The served app, the ear at it, and a way in."""

    served: Served
    ear: Ear
    inside: dict[str, str]
    client: httpx.AsyncClient

    @asynccontextmanager
    async def page(self, *, talks: bool = True) -> AsyncIterator[LoadPage]:
        """A page whose desktop is there; with its voice."""
        async with LoadPage(self.served, self.inside, self.client) as page:
            await self.ear.wait(page.session, "desktop_changed", 0, _PATIENCE, state="ready")
            if talks:
                await page.look()
                await page.call()
            yield page

    async def numbers(self) -> dict[str, int]:
        answer = await self.client.get(f"{self.served.root}/health", headers=self.inside)
        return {key: value for key, value in answer.json().items() if isinstance(value, int)}

    async def empty(self) -> None:
        """Until no session and no page is left."""
        async with asyncio.timeout(_PATIENCE):
            while any((await self.numbers()).values()):
                await asyncio.sleep(0.2)


@asynccontextmanager
async def machine(most: int) -> AsyncIterator[Machine]:
    """A server that allows ``most`` sessions."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="say")))
        line = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        line.bind(str(folder / "watch"))
        line.setblocking(False)
        ear, loop = Ear(), asyncio.get_running_loop()
        loop.add_reader(line, ear.hear, line)
        stack.callback(loop.remove_reader, line)
        env = {
            "SAYSO_BENCH_WATCH": str(folder / "watch"),
            "SAYSO_MODEL": "offline",
            "SAYSO_MAX_SESSIONS": str(most),
            "SAYSO_MAX_SESSIONS_EACH": str(most),
        }
        served = stack.enter_context(serve(APP, folder / "data", env=env))
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(trust_env=False, timeout=120, limits=limits) as client:
            yield Machine(served, ear, served.visitor(), client)


# Twenty at once -------------------------------------------------------------------------------


async def crowd() -> Rows:
    """Seconds until each of twenty is ready, and how many were told their place in the line."""
    async with machine(CROWD) as here:
        began = time.monotonic()

        async def one() -> tuple[float, bool]:
            async with LoadPage(here.served, here.inside, here.client) as page:
                async with asyncio.timeout(_PATIENCE):
                    await here.ear.wait(page.session, "desktop_changed", 0, 300, state="ready")
                took = time.monotonic() - began
                await asyncio.sleep(1)
                told = "first." in page.told and "start" in page.told
                await all_there.wait()
                return took, told

        all_there = asyncio.Event()
        tasks = [asyncio.create_task(one()) for _ in range(CROWD)]
        async with asyncio.timeout(_PATIENCE):
            while not all(_ready(here.ear, key) for key in here.ear.told) or (
                len(here.ear.told) < CROWD
            ):
                await asyncio.sleep(0.2)
        held = usage(here.served)
        all_there.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        good = [each for each in done if isinstance(each, tuple)]
        return {
            "ready": len(good),
            "seconds": sorted(took for took, _ in good),
            "told their place in the line": sum(told for _, told in good),
            "held": held,
        }


def _ready(ear: Ear, session: str) -> bool:
    return any(e["kind"] == "desktop_changed" and e["state"] == "ready" for e in ear.told[session])


# Talking -----------------------------------------------------------------------------------------


@dataclass
class Talk:
    """What one person's conversation showed."""

    tasks: list[float] = field(default_factory=list)
    """Seconds from the end of spoken words to the end of what they asked for."""

    pressed: list[float] = field(default_factory=list)
    """Seconds from a pressed Stop until the input is halted."""

    said: list[float] = field(default_factory=list)
    """Seconds from the end of a spoken "stop" until then."""

    late: int = 0
    """Stops with an input after it was halted."""

    missed: list[str] = field(default_factory=list)


async def talk(here: Machine, page: LoadPage, until: float, found: Talk) -> None:
    """Speak, type, press Stop, say Stop, over and over."""
    number = 0
    await _step(found, _spoken(here, page, TASKS[0], found))
    while time.monotonic() < until:
        await _step(found, _stopped(here, page, found))
        await _step(found, _spoken(here, page, TASKS[number % len(TASKS)], found))
        await _step(found, _stopped(here, page, found, aloud=True))
        number += 1


def _words(text: str) -> voices.Samples:
    """Spoken words up to the end of the last one."""
    samples = voices.speech(text)
    return samples[: int(np.flatnonzero(np.abs(samples) > 0.02)[-1]) + 1]


async def _step(found: Talk, step: Any) -> None:
    try:
        await step
    except TimeoutError:
        found.missed.append(step.__name__)


async def _spoken(here: Machine, page: LoadPage, text: str, found: Talk) -> None:
    since = here.ear.count(page.session)
    ended = await page.speak(_words(text))
    done = await here.ear.wait(page.session, "task_finished", since)
    found.tasks.append(done["at"] - ended)


async def _stopped(here: Machine, page: LoadPage, found: Talk, *, aloud: bool = False) -> None:
    """In the middle of an action: typing for a pressed Stop, waiting for a spoken one."""
    since = here.ear.count(page.session)
    await page.say("open the text editor")
    await here.ear.wait(page.session, "task_finished", since)
    since = here.ear.count(page.session)
    await page.say(LASTS if aloud else LONG)
    await here.ear.wait(page.session, "action_started", since)
    ended = await page.speak(_words(STOP)) if aloud else await page.stop()
    halted = await here.ear.wait(page.session, "halted", since)
    found.late += halted["last"] > halted["at"]
    (found.said if aloud else found.pressed).append(halted["at"] - ended)


async def talks(many: int, minutes: float) -> Rows:
    """``many`` sessions at once, for so many minutes after all of them are there."""
    for text in (*TASKS, STOP):
        voices.speech(text)
    async with machine(MANY) as here, AsyncExitStack() as stack:
        opening = (stack.enter_async_context(here.page()) for _ in range(many))
        pages = await asyncio.gather(*opening)
        await asyncio.sleep(5)
        here.ear.lags.clear()
        used, before = _processor(here.served), waits(here.served)
        found = [Talk() for _ in pages]
        until = time.monotonic() + minutes * 60
        began = time.monotonic()
        both = zip(pages, found, strict=True)
        await asyncio.gather(*(talk(here, page, until, each) for page, each in both))
        seconds = time.monotonic() - began
        return {
            "lags": here.ear.lags,
            "tasks": [value for each in found for value in each.tasks],
            "pressed": [value for each in found for value in each.pressed],
            "said": [value for each in found for value in each.said],
            "inputs after a Stop": sum(each.late for each in found),
            "missed": [what for each in found for what in each.missed],
            "pictures": sum(page.pictures for page in pages),
            "held": usage(here.served),
            "waited": {
                name: (now - before[name]) / seconds for name, now in waits(here.served).items()
            },
            "processors": {
                name: (now - used[name]) / seconds for name, now in _processor(here.served).items()
            },
        }


def _processor(served: Served) -> dict[str, float]:
    """Seconds of processor time so far: of the server, of all it has started, of this process."""
    server = psutil.Process(served.process.pid)
    below = 0.0
    for each in server.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            below += sum(each.cpu_times()[:2])
    mine = sum(psutil.Process().cpu_times()[:2])
    return {"server": sum(server.cpu_times()[:2]), "desktops and speech": below, "visitors": mine}


def waits(served: Served) -> dict[str, float]:
    """Seconds so far in which threads ran, and in which they were ready but had no processor.

    Of the loop's thread, of the server's others together, and of the speech process: what the
    kernel has counted, whatever else the machine does.
    """
    server = psutil.Process(served.process.pid)
    found: dict[str, float] = defaultdict(float)
    for each in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.Error, OSError):
            for thread in Path(f"/proc/{each.pid}/task").iterdir():
                ran, waited = (int(n) / 1e9 for n in _schedstat(thread).split()[:2])
                who = _whose(each, server, thread.name)
                found[f"{who}: ran"] += ran
                found[f"{who}: waited"] += waited
    return dict(found)


def _schedstat(thread: Path) -> str:
    return (thread / "schedstat").read_text()


def _whose(process: psutil.Process, server: psutil.Process, thread: str) -> str:
    if process.pid == server.pid:
        return "loop" if int(thread) == server.pid else "server's other threads"
    return "speech" if "dashboard.voice.speech.worker" in process.cmdline() else "desktops"


# What is held -----------------------------------------------------------------------------------


def usage(served: Served) -> dict[str, float]:
    """What the server holds now, with the processes that it started."""
    server = psutil.Process(served.process.pid)
    below = server.children(recursive=True)
    return {
        "server's memory (MB)": server.memory_info().rss / 2**20,
        "others' memory (MB)": sum(_memory(each) for each in below) / 2**20,
        "files": float(server.num_fds()),
        "sockets": float(len(server.net_connections("all"))),
        "threads": float(server.num_threads()),
        "processes": float(len(below)),
    }


def _memory(process: psutil.Process) -> int:
    """What is this process's own: shared pages are counted by their share."""
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


async def rounds(times: int) -> list[dict[str, float]]:
    """What is held before the first round, and after each, once it is still."""
    for text in TASKS:
        voices.speech(text)
    async with machine(MANY) as here:
        held = []
        for number in range(times + 1):
            await _round(here)
            settled = await _settled(here.served)
            held.append({**settled, "sessions in memory": float(here.ear.sessions)})
            print(f"  round {number} of {times}: {held[-1]}", file=sys.stderr)
        return held


async def _round(here: Machine) -> None:
    async with AsyncExitStack() as stack:
        opening = (stack.enter_async_context(here.page()) for _ in range(IN_A_ROUND))
        pages = await asyncio.gather(*opening)
        found = Talk()
        await asyncio.gather(*(_step(found, _spoken(here, p, TASKS[0], found)) for p in pages))
        await asyncio.gather(*(_step(found, _stopped(here, p, found)) for p in pages))
        for page in pages:
            await page.delete()
        async with asyncio.timeout(_PATIENCE):
            while (await here.numbers())["sessions"]:
                await asyncio.sleep(0.2)
    await here.empty()


async def _settled(served: Served) -> dict[str, float]:
    """As it is once memory was given back and it is the same twice, or does not settle."""
    await asyncio.sleep(2 * QUIET)
    before: dict[str, float] = {}
    for _ in range(30):
        now = await asyncio.to_thread(usage, served)
        if before and all(before[k] == now[k] for k in now if "memory" not in k):
            return now
        before = now
        await asyncio.sleep(2)
    return before


# Told ---------------------------------------------------------------------------------------------


async def measure(minutes: float, times: int, only: str) -> Rows:
    """All of it, with the load of the machine before each part."""
    found: Rows = {"load": {}}

    def note(part: str) -> None:
        found["load"][part] = os.getloadavg()[0]

    if only in ("", "crowd"):
        note("crowd")
        found["crowd"] = await crowd()
    if only in ("", "talk"):
        note("one")
        found["one"] = await talks(1, minutes / 2)
        note("many")
        found["many"] = await talks(MANY, minutes)
    if only in ("", "rounds"):
        note("rounds")
        found["rounds"] = await rounds(times)
    return found


def tables(found: Rows) -> str:
    """What was measured, as Markdown."""
    parts = [f"Load average before: {found['load']}"]
    if "crowd" in found:
        parts.append(_crowd_table(found["crowd"]))
    if "many" in found:
        parts.append(_talk_table(found["one"], found["many"]))
    if "rounds" in found:
        parts.append(_rounds_table(found["rounds"]))
    return "\n\n".join(parts)


def _crowd_table(found: Rows) -> str:
    seconds = found["seconds"] or [float("nan")]
    return (
        f"{CROWD} at once: {found['ready']} ready, after {seconds[0]:.1f} to {seconds[-1]:.1f} s "
        f"(median {statistics.median(seconds):.1f}); {found['told their place in the line']} were "
        f"told their place in the line. Held: {_held(found['held'])}"
    )


def _talk_table(one: Rows, many: Rows) -> str:
    lines = [f"| what | one session | {MANY} sessions | ratio |", "|---|---|---|---|"]
    for name, key, share, scale in (
        ("loop lag, p50 (ms)", "lags", 50, 1),
        ("loop lag, p95 (ms)", "lags", 95, 1),
        ("loop lag, p99 (ms)", "lags", 99, 1),
        ("Stop pressed → last input, p50 (ms)", "pressed", 50, 1000),
        ("Stop pressed → last input, p95 (ms)", "pressed", 95, 1000),
        ("end of a spoken Stop → last input, p50 (ms)", "said", 50, 1000),
        ("end of a spoken Stop → last input, p95 (ms)", "said", 95, 1000),
        ("end of spoken words → their task's end, p50 (ms)", "tasks", 50, 1000),
    ):
        low, high = (_percentile(each[key], share) * scale for each in (one, many))
        lines.append(f"| {name} | {low:.1f} | {high:.1f} | {high / low:.2f} |")
    counted = ("pressed", "said", "tasks", "missed")
    lines += [f"| {name}, number | {len(one[name])} | {len(many[name])} | |" for name in counted]
    more = ("inputs after a Stop", "pictures")
    lines += [f"| {name} | {one[name]} | {many[name]} | |" for name in more]
    for name in one["processors"]:
        low, high = one["processors"][name], many["processors"][name]
        lines.append(f"| processors used: {name} | {low:.2f} | {high:.2f} | {high / low:.2f} |")
    for name in one["waited"]:
        low, high = one["waited"][name], many["waited"].get(name, 0.0)
        lines.append(f"| {name} | {low:.3f} | {high:.3f} | {high / max(low, 1e-3):.2f} |")
    for name in one["held"]:
        low, high = one["held"][name], many["held"][name]
        lines.append(f"| {name} | {low:.0f} | {high:.0f} | {high / low:.2f} |")
    return "\n".join(lines)


def _rounds_table(held: list[dict[str, float]]) -> str:
    names = list(held[0])
    lines = [f"| after round | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for number, each in enumerate(held):
        lines.append(f"| {number} | {' | '.join(f'{each[name]:.0f}' for name in names)} |")
    last = " | ".join(f"{held[-1][name] / max(1.0, held[0][name]):.2f}" for name in names)
    return "\n".join([*lines, f"| last / round 0 | {last} |"])


def _held(held: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in held.items())


def _percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values or [float("nan")], share))


def main() -> None:
    """Print the tables, or the raw values with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="that eight talk; one: half")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=("crowd", "talk", "rounds"), default="")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(measure(given.minutes, given.rounds, given.only))
    print(json.dumps(found) if given.json else tables(found))


if __name__ == "__main__":
    main()
