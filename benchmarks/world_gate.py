"""The gate: what it adds to a connection, what it lets through a second, and what it refuses.

A server in a network namespace of its own stands for the internet, at the other end of a link that
is shaped to 1 Gbit/s (``tc``'s token bucket, both ways). The same client asks it for the same
from this machine, directly, and from a desktop, through the gate of a real session with a journal.
Where nobody may make namespaces and links, the server is on this machine, unshaped, and the table
says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.desktop import VirtualDesktop
from agent.network.policy import Place
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel
from benchmarks.world_report import Report

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from network.stage import PUBLIC, Internet, by_rules  # noqa: E402 - needs the path above
from network.stage import stage as internet_stage  # noqa: E402
from ways_out import MARK, Guard, attempts, own_address, services, visit  # noqa: E402

_PORT = 8077
_HERE, _THERE = "10.231.77.1", "10.231.77.2"
_RATE = "1gbit"
_MB = 1 << 20

ORIGIN = """
import socket, sys, threading

def serve(line):
    with line:
        words = b""
        while not words.endswith(b"\\n"):
            piece = line.recv(100)
            if not piece:
                return
            words += piece
        size, block = int(words), bytes(1 << 18)
        while size > 0:
            size -= line.send(block[:size])

listener = socket.create_server(("", int(sys.argv[1])), backlog=512)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
"""Sends as many bytes as it is asked for in a line."""

CLIENT = """
import json, socket, sys, time

host, port, count, size = sys.argv[1], *map(int, sys.argv[2:5])
proxy = sys.argv[5]

def ask(size):
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", 3128) if proxy else (host, port), 60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if proxy:
            line.sendall(f"CONNECT {host}:{port} HTTP/1.1\\r\\n\\r\\n".encode())
            head = b""
            while not head.endswith(b"\\r\\n\\r\\n"):
                head += line.recv(1)
            assert b" 200 " in head, head
        line.sendall(f"{size}\\n".encode())
        left, block = size, bytearray(1 << 20)
        while left:
            got = line.recv_into(block)
            assert got, "cut short"
            left -= got
    return time.perf_counter() - began

print(json.dumps([ask(size) for _ in range(count)]))
"""
"""Seconds of so many connections that ask for so many bytes, with or without the gate."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where the server is."""

    address: str
    shaped: bool


async def measure(report: Report, quick: bool) -> None:
    """Latency, throughput, then what may not be reached."""
    with _link() as link:
        async with _session(Place(link.address, _PORT)) as desktop:
            await _latency(report, desktop, link, 40 if quick else 300)
            await _throughput(report, desktop, link, 32 if quick else 192, 2 if quick else 5)
    await _forbidden(report)


async def _latency(report: Report, desktop: VirtualDesktop, link: Link, count: int) -> None:
    direct: list[float] = []
    gated: list[float] = []
    for _ in range(4):  # by turns, since the machine's load changes
        direct += await _direct(link, count // 4, 1)
        gated += await _gated(desktop, link, count // 4, 1)
    one, other = (1000 * statistics.median(took) for took in (direct, gated))
    report.row("connection and first byte, direct, median", one, "ms")
    report.row("connection and first byte, through the gate, median", other, "ms")
    added = other - one
    report.row(f"added by the gate, median of {len(gated)}", added, "ms", "<= 5", added <= 5)


async def _throughput(
    report: Report, desktop: VirtualDesktop, link: Link, megabytes: int, rounds: int
) -> None:
    direct: list[float] = []
    gated: list[float] = []
    for _ in range(rounds):
        direct += await _direct(link, 1, megabytes * _MB)
        gated += await _gated(desktop, link, 1, megabytes * _MB)
    one, other = (8 * megabytes * _MB / statistics.median(t) / 1e9 for t in (direct, gated))
    what = f"on a link of {_RATE}" if link.shaped else "on this machine, not shaped"
    report.row(f"direct, {what}", one, "Gbit/s")
    report.row(f"through the gate, {what}", other, "Gbit/s")
    part = 100 * other / one
    report.row("throughput through the gate, of direct", part, "%", ">= 80", part >= 80)


async def _direct(link: Link, count: int, size: int) -> list[float]:
    given = [link.address, str(_PORT), str(count), str(size), ""]
    process = await asyncio.create_subprocess_exec(
        "/usr/bin/python3", "-c", CLIENT, *given, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return list(json.loads(said))


async def _gated(desktop: VirtualDesktop, link: Link, count: int, size: int) -> list[float]:
    given = [link.address, str(_PORT), str(count), str(size), "gate"]
    process = await desktop.spawn(["/usr/bin/python3", "-c", CLIENT, *given])
    said = b"".join([piece async for piece in await process.read()])
    return list(json.loads(said))


async def _forbidden(report: Report) -> None:
    """All the ways out, with every host allowed and with each mode; and names that change."""
    desktop = VirtualDesktop()
    await desktop.start()
    tried, reached = 0, 0
    try:
        async with services() as own:
            for mode in (None, "listed", "open"):
                desktop.guard_network(Guard(mode))  # type: ignore[arg-type]
                tries = attempts(own.port, own.abstract)
                results = await visit(desktop, tries)
                tried += len(tries)
                reached += len([r for r in results if MARK in r or " 200 " in r])
            redirected, came = await _redirects(desktop, own.port)
            tried, reached = tried + redirected, reached + came
            reached = max(reached, len(own.visits))
    finally:
        await desktop.stop()
    rebound, came = await _rebinding()
    tried, reached = tried + rebound, reached + came
    report.row(
        f"of {tried} attempts that reached a forbidden address", reached, "", "0", not reached
    )


async def _redirects(desktop: VirtualDesktop, port: int) -> tuple[int, int]:
    """Pages that send on to this machine; how many were tried, and how many came to something."""
    own = own_address()
    targets = (
        f"http://{own}:{port}/",
        f"http://127.0.0.1:{port}/",
        f"http://[::ffff:{own}]:{port}/",
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        target = targets[int(head.split(b" ")[1].rpartition(b"/")[2])]
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        writer.close()

    server = await asyncio.start_server(serve, own, 0)
    place = Place(own, server.sockets[0].getsockname()[1])
    desktop.guard_network(Guard("open", (place,)))
    came = 0
    async with server:
        for number in range(len(targets)):
            process = await desktop.spawn(
                ["curl", "-sSLi", "--max-time", "20", f"http://{place}/{number}"]
            )
            said = b"".join([piece async for piece in await process.read()])
            assert b"302 Found" in said, said
            came += MARK.encode() in said
    return len(targets), came


async def _rebinding() -> tuple[int, int]:
    """Names whose second answer is this machine, asked for by a tunnel and by a plain request."""
    forbidden = ("127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")
    names = {f"n{n}.example.org": [[PUBLIC], [address]] for n, address in enumerate(forbidden)}
    async with internet_stage(by_rules("open"), Internet(names)) as net:
        for name in names:
            for ask in (net.tunnel, net.get):
                await ask(name)
        dialled = [address for address, _ in net.internet.dialled if address != PUBLIC]
    return 2 * len(names), len(dialled)


@asynccontextmanager
async def _session(place: Place) -> AsyncIterator[VirtualDesktop]:
    """A desktop whose connections a session answers for, as it does for people."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        settings = Settings(
            _env_file=None, data_dir=Path(folder), model="offline", network="listed",
            reach=(str(place),),
        )  # fmt: skip
        desktop = VirtualDesktop()
        session = Session.create(
            settings, desktop=desktop, model=ScriptedModel([]), tools=[FakeTool()]
        )
        await session.open()
        try:
            yield desktop
        finally:
            await session.close()


@contextlib.contextmanager
def _link() -> Iterator[Link]:
    """The server, at the end of a shaped link where that can be made."""
    name = f"sayso-{os.getpid()}"
    try:
        _lay(name)
        inside = ["ip", "netns", "exec", name]
        link = Link(_THERE, True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"No shaped link can be made: {error}.", file=sys.stderr)
        inside, link = [], Link(own_address(), False)
    server = subprocess.Popen(
        [*inside, sys.executable, "-c", ORIGIN, str(_PORT)], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        server.stdout.readline()
        yield link
    finally:
        server.kill()
        server.wait()
        for undo in (["ip", "netns", "del", name], ["ip", "link", "del", "sayso-out"]):
            subprocess.run(undo, stderr=subprocess.DEVNULL, check=False)


def _lay(name: str) -> None:
    """A namespace, a link into it, and the shape of that."""
    inside = ["ip", "netns", "exec", name]
    shape = ["root", "tbf", "rate", _RATE, "burst", "256kb", "latency", "20ms"]
    for command in (
        ["ip", "netns", "add", name],
        ["ip", "link", "add", "sayso-out", "type", "veth", "peer", "name", "sayso-in"],
        ["ip", "link", "set", "sayso-in", "netns", name],
        ["ip", "addr", "add", f"{_HERE}/24", "dev", "sayso-out"],
        ["ip", "link", "set", "sayso-out", "up"],
        [*inside, "ip", "addr", "add", f"{_THERE}/24", "dev", "sayso-in"],
        [*inside, "ip", "link", "set", "sayso-in", "up"],
        ["tc", "qdisc", "add", "dev", "sayso-out", *shape],
        [*inside, "tc", "qdisc", "add", "dev", "sayso-in", *shape],
    ):
        subprocess.run(command, check=True, capture_output=True)
