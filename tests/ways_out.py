"""Forty ways from a desktop to what may not be reached, and what would be found there.

What stands for the machine's own services listens on all addresses of this machine, and counts
who comes. Nothing beyond it is contacted.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.desktop import VirtualDesktop
from agent.network.policy import Mode, Place, judge
from agent.network.proxy import Answer

VISITOR = """
import json, socket, sys

def talk(kind, place, data):
    family, sort = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM),
        "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM),
        "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    }[kind]
    with socket.socket(family, sort) as made:
        made.settimeout(10)
        made.connect(tuple(place) if isinstance(place, list) else place)
        made.sendall(data.encode("latin-1"))
        if kind == "udp":
            made.settimeout(0.5)
        got = made.recv(300).decode("latin-1")
        return got.split("\\r\\n")[0]

def attempt(kind, place, data):
    try:
        if kind == "name":
            return str(socket.getaddrinfo(place, 80))
        return talk(kind, place, data)
    except OSError as error:
        return f"{type(error).__name__}: {error}"

print(json.dumps([attempt(*each) for each in json.loads(sys.argv[1])]))
"""
GATE = ["127.0.0.1", 3128]
MARK = "the machine's own service"


def own_address() -> str:
    """This machine's address on its network; its loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


@dataclass
class Services:
    """What listens on this machine."""

    port: int = 0
    visits: list[str] = field(default_factory=list)
    abstract: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(str(writer.get_extra_info("peername")))
        writer.write(f"HTTP/1.1 200 {MARK}\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    made = Services()
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    made.port = listener.getsockname()[1]
    made.abstract = f"\0sayso-test-{made.port}"
    server = await asyncio.start_server(made.serve, sock=listener)
    local = await asyncio.start_unix_server(made.serve, made.abstract)
    async with server, local:
        yield made


class Guard:
    """Answers for a desktop, and remembers what was said of its gate."""

    def __init__(self, mode: Mode | None, reach: tuple[Place, ...] = ()) -> None:
        self.mode = mode
        self.reach = reach
        self.states: asyncio.Queue[str] = asyncio.Queue()
        self.refusals: list[str] = []

    async def judge(self, host: str, port: int) -> Answer:
        """All is allowed without a mode, so that the proxy's own walls stand alone."""
        if self.mode is None:
            return Answer(True)
        said = judge(Place(host, port), self.mode, self.reach, ())
        return Answer(said.decision == "allow", said.by == "reach", said.text, said.more)

    def refused(self, host: str, port: int, why: str) -> None:
        self.refusals.append(host)

    def changed(self, state: str, detail: str) -> None:
        self.states.put_nowait(state)


def attempts(port: int, abstract: str) -> list[tuple[str, object, str]]:
    """Ways to the machine's own service, and to what its neighbours might offer."""
    own, name = own_address(), socket.gethostname()
    hosts = [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001"),
        *("0177.0.0.1", "127.0.0.1.", "0.0.0.0", "0", "localhost", "LOCALHOST.", "a.localhost"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[::1%25lo]", "ip6-localhost", own, name),
        *(f"[::ffff:{own}]", f"x@{own}", "127。0。0。1"),
    ]
    proxied = [f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n" for host in hosts]
    proxied += [f"GET http://{host}:{port}/ HTTP/1.1\r\n\r\n" for host in hosts[::4]]
    proxied += [
        f"GET / HTTP/1.1\r\nHost: {own}:{port}\r\n\r\n",
        f"GET http://example.org@{own}:{port}/ HTTP/1.1\r\n\r\n",
        f"GET //{own}:{port}/ HTTP/1.1\r\n\r\n",
        f"CONNECT {own}:{port}\r\n\r\n",
        f"CONNECT\t{own}:{port} HTTP/1.1\r\n\r\n",
        f"GET gopher://{own}:{port}/ HTTP/1.1\r\n\r\n",
    ]
    query = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01"
    raw: list[tuple[str, object, str]] = [
        ("tcp", ["127.0.0.1", port], "x"),
        ("tcp", [own, port], "x"),
        ("tcp6", ["::1", port], "x"),
        ("tcp", ["169.254.169.254", 80], "x"),
        ("udp", [own, port], "x"),
        ("udp", ["127.0.0.53", 53], query),
        ("udp", [own, 53], query),
        ("unix", abstract, "x"),
        ("name", "example.org", ""),
        ("name", name, ""),
    ]
    return [*raw, *(("tcp", GATE, request.encode().decode("latin-1")) for request in proxied)]


async def visit(desktop: VirtualDesktop, tries: list[tuple[str, object, str]]) -> list[str]:
    """What each way comes to, for a program on the desktop."""
    said = b""
    process = await desktop.spawn(["python3", "-c", VISITOR, json.dumps(tries)])
    async for piece in await process.read():
        said += piece
    results: list[str] = json.loads(said)
    assert len(results) == len(tries)
    return results
