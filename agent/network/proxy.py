"""The forward proxy outside the sandbox: the only thing that dials for a desktop.

A process of its own, with the standard library only. It accepts at a socket that was opened on
the loopback of the desktop's network namespace, holds each connection until the server has
answered for its host, looks the name up once, judges each address found, and dials these very
addresses. What then passes is not looked at.

With the server it speaks JSON datagrams: ``ask`` (may this host be reached?), ``refused`` and
``pong`` to it; ``upstream`` (first of all), ``answer``, ``cut`` and ``ping`` from it. It ends when
the server's end closes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from agent.network.addresses import can_tell_own, is_address, read_host, why_forbidden
from agent.threads import step_in

MOST = 512
"""Connections at a time; more wait in the kernel."""

_HEAD = 32 << 10
"""Bytes that the head of a request may have."""

_PIECE = 256 << 10
_FIRST_PIECE = 8 << 10
"""Bytes that are read at a time: more once so many came, since large buffers are slow to get."""

_PATIENCE = 20.0
"""Seconds for a head to come, for a name to be looked up, and for an address to answer."""

_DEFERRED = 1
"""Seconds for which the kernel keeps a connection to itself that says nothing."""

_ADDRESSES = 6
"""Addresses of a name that are tried."""

_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}")
_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"http://([^/?#@\\\s]+)([/?][\x21-\x7e]*)?", re.IGNORECASE)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_DROPPED = frozenset(
    "connection host keep-alive proxy-authorization proxy-connection te trailer upgrade".split()  # noqa: SIM905
)
"""Fields that are for the proxy itself, or written by it."""


class Refused(Exception):
    """A request gets no connection."""

    def __init__(self, status: int, why: str, more: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        """A sentence for people, and for programs that show the status line."""

        self.more = more
        """What to do about it."""


@dataclass(frozen=True)
class Request:
    """What a program wants to reach."""

    host: str
    port: int
    head: bytes = b""
    """What to send there first; empty where bytes are passed both ways."""

    target: str = ""
    """The path there, with its query."""

    length: int = 0
    """Bytes that follow the head."""


@dataclass(frozen=True)
class Answer:
    """What the server says of a host."""

    allow: bool
    private: bool = False
    """Whether whoever started the server named this very host and port as one of theirs."""

    why: str = ""
    more: str = ""


Judge = Callable[[str, int], Awaitable[Answer]]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Connect = Callable[[str, int], Awaitable[socket.socket]]


def parse(head: bytes) -> Request:
    """The request of a head without its last empty line.

    Raises:
        Refused: it is none that is passed on.
    """
    try:
        first, *lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        raise Refused(400, "The request has letters beyond ASCII") from None
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(400, "This is not a request to a proxy")
    method, target, _ = words
    fields = [_field(line) for line in lines]
    if method == "CONNECT":
        return _authority(target, None)
    found = _TARGET.fullmatch(target)
    if not found or not _METHOD.fullmatch(method):
        raise Refused(400, "Only http and CONNECT pass here")
    there = _authority(found[1], 80)
    path = found[2] or "/"
    path = path if path.startswith("/") else f"/{path}"
    kept = [f"{name}: {value}" for name, value in fields if name.lower() not in _DROPPED]
    lines = [f"{method} {path} HTTP/1.1", f"Host: {found[1]}", *kept, "Connection: close"]
    return Request(
        there.host, there.port, ("\r\n".join(lines) + "\r\n\r\n").encode(), path, _length(fields)
    )


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    value = value.strip(" \t")
    if not colon or not _FIELD.fullmatch(name) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
        raise Refused(400, "A field of the request is malformed")
    return name, value


def _length(fields: Sequence[tuple[str, str]]) -> int:
    if any(name.lower() == "transfer-encoding" for name, _ in fields):
        raise Refused(411, "Say how long the request is")
    given = {value for name, value in fields if name.lower() == "content-length"}
    if not given:
        return 0
    if len(given) > 1 or not re.fullmatch(r"[0-9]{1,15}", length := given.pop()):
        raise Refused(400, "The length of the request cannot be told")
    return int(length)


def _authority(text: str, port: int | None) -> Request:
    """Host and port of ``host:port``; a name that can be read in two ways is none."""
    host, colon, number = text.rpartition(":")
    if not colon or text.endswith("]"):
        if port is None:
            raise Refused(400, "CONNECT needs a port")
        host, number = text, str(port)
    if not _PORT.fullmatch(number) or int(number) > 65535:
        raise Refused(400, "That is not a port")
    name = read_host(host)
    if not name or (":" in host and not host.startswith("[")):
        raise Refused(403, "That host name can be read in more than one way")
    return Request(name, int(number))


def refusal(refused: Refused) -> bytes:
    """The answer that says so: in its status line, and as a page."""
    more = f"<p>{escape(refused.more)}</p>" if refused.more else ""
    page = (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Not reached</title>'
        f"<h1>{escape(refused.why)}.</h1>{more}\n"
    ).encode()
    reason = "".join(c if " " <= c <= "~" else "?" for c in refused.why)
    head = (
        f"HTTP/1.1 {refused.status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(page)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + page


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name; none where it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


async def connect(address: str, port: int) -> socket.socket:
    """A connection to an address; no name is looked up.

    Raises:
        OSError: it does not come about.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, (address, port)), 10)
    except BaseException:
        made.close()
        raise
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


@dataclass
class Upstream:
    """The proxy that this machine itself must use."""

    host: str = ""
    port: int = 0
    credentials: str = ""
    """``name:password``; empty for none."""

    direct: Sequence[str] = ()
    """Hosts, or ends of names, that are dialled without it."""

    unknown: str = ""
    """An address of one that cannot be spoken with; nothing is dialled then."""

    @classmethod
    def read(cls, url: str, direct: str = "") -> Upstream:
        """What ``HTTPS_PROXY`` and ``NO_PROXY`` say."""
        if not url:
            return cls()
        try:
            parts = urlsplit(url if "//" in url else f"http://{url}")
            host, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return cls(unknown="malformed")
        if parts.scheme != "http" or not host:
            return cls(unknown=parts.scheme or "malformed")
        named = parts.username is not None
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if named else ""
        ends = tuple(word.strip().lower().lstrip("*.") for word in direct.split(","))
        return cls(host, port, pair, tuple(filter(None, ends)))

    def serves(self, host: str) -> bool:
        """Whether this host is reached through it."""
        past = any(host == end or host.endswith(f".{end}") for end in self.direct)
        return bool(self.host) and not past

    @property
    def fields(self) -> bytes:
        """Fields of a request that it wants."""
        if not self.credentials:
            return b""
        word = base64.b64encode(self.credentials.encode()).decode()
        return f"Proxy-Authorization: Basic {word}\r\n".encode()


@dataclass
class Proxy:
    """Serves one listening socket.

    Args:
        judge: Answers for a host and port, however long that takes.
        tell: Told of what was refused here: host, port, why.
        resolve: Looks a name up.
        connect: Dials an address.
    """

    judge: Judge
    tell: Callable[[str, int, str], None] = lambda host, port, why: None
    resolve: Resolve = resolve
    connect: Connect = connect
    upstream: Upstream = field(default_factory=Upstream)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, listener: socket.socket) -> None:
        """Accept connections until this is cancelled."""
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(MOST)
        try:
            while True:
                await room.acquire()
                try:
                    client, _ = await loop.sock_accept(listener)
                except OSError:  # it went away again, or there are too many descriptors
                    room.release()
                    await asyncio.sleep(0.05)
                    continue
                task = loop.create_task(self._serve(client))
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
                task.add_done_callback(lambda _: room.release())
        finally:
            self.cut()

    def cut(self) -> None:
        """End all connections."""
        for task in tuple(self._serving):
            task.cancel()

    async def _serve(self, client: socket.socket) -> None:
        client.setblocking(False)
        with client, contextlib.suppress(OSError, asyncio.TimeoutError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self._pass(client)
            except Refused as refused:
                await _send_refusal(client, refused)

    async def _pass(self, client: socket.socket) -> None:
        head, rest = await asyncio.wait_for(_read_head(client), _PATIENCE)
        try:
            request = parse(head)
        except Refused as refused:
            self.tell(_asked_for(head), 0, refused.why)
            raise
        answer = await self.judge(request.host, request.port)
        if not answer.allow:
            raise Refused(403, answer.why, answer.more)
        origin, relayed = await self._dial(request, answer)
        with origin:
            if request.head:
                await _exchange(client, origin, self._worded(request, relayed), rest)
                return
            if not relayed:
                await _send(client, b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _send(origin, rest)
            await _both_ways(client, origin)

    def _worded(self, request: Request, relayed: bool) -> Request:
        """As it is sent: to an upstream proxy with the whole address."""
        if not relayed:
            return request
        first, rest = request.head.split(b"\r\n", 1)
        method = first.split(b" ")[0]
        host = f"[{request.host}]" if ":" in request.host else request.host
        line = method + f" http://{host}:{request.port}{request.target} HTTP/1.1\r\n".encode()
        return Request(
            request.host,
            request.port,
            line + self.upstream.fields + rest,
            request.target,
            request.length,
        )

    async def _dial(self, request: Request, answer: Answer) -> tuple[socket.socket, bool]:
        """A connection for a request, and whether an upstream proxy is at its other end.

        Raises:
            Refused: its address is forbidden, or does not answer.
        """
        if self.upstream.unknown:
            raise Refused(
                502,
                "The proxy of this machine cannot be used",
                f"Only http:// can be spoken with a proxy, not {self.upstream.unknown}.",
            )
        relayed = self.upstream.serves(request.host) and not answer.private
        addresses = await self._addresses(request, answer.private, relayed)
        if relayed:
            return await self._through_upstream(request), True
        for address in addresses[:_ADDRESSES]:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                return await self.connect(address, request.port), False
        raise Refused(502, f"{request.host} does not answer at port {request.port}")

    async def _addresses(self, request: Request, private: bool, relayed: bool) -> Sequence[str]:
        """The addresses to dial: all that the host has, and none of them forbidden."""
        host = request.host
        if is_address(host):
            found: Sequence[str] = (host,)
        else:
            found = await asyncio.wait_for(self.resolve(host, request.port), _PATIENCE)
        if not found and not relayed:
            raise Refused(502, f"There is no address of {host}")
        for address in () if private else found:
            if what := why_forbidden(address):
                self.tell(host, request.port, f"its address is {what}")
                raise Refused(
                    403,
                    f"{host} is not reached: its address is {what}",
                    "Whoever starts Sayso may name it: --reach HOST:PORT.",
                )
        return found

    async def _through_upstream(self, request: Request) -> socket.socket:
        """A connection to the upstream proxy, which has been asked for a tunnel if one is wanted.

        What it dials is its own to judge.
        """
        upstream = self.upstream
        literal = is_address(upstream.host)
        found = (upstream.host,) if literal else await self.resolve(upstream.host, upstream.port)
        for address in found:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                made = await self.connect(address, upstream.port)
                break
        else:
            raise Refused(502, "The proxy of this machine does not answer")
        if not request.head:
            host = f"[{request.host}]" if ":" in request.host else request.host
            there = f"{host}:{request.port}"
            wanted = f"CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n".encode()
            await _send(made, wanted + upstream.fields + b"\r\n")
        return made


async def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request, and what came after it."""
    loop, data = asyncio.get_running_loop(), b""
    while b"\r\n\r\n" not in data:
        piece = await loop.sock_recv(client, _HEAD)
        if not piece:
            raise ConnectionResetError
        data += piece
        if len(data) > _HEAD:
            raise Refused(431, "The request's head is too long")
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _asked_for(head: bytes) -> str:
    """What was asked for, as it was spelled."""
    words = head[:400].decode("ascii", "replace").split("\r\n")[0].split(" ")
    return "".join(c if c.isprintable() else "?" for c in " ".join(words[1:2]))[:200]


async def _send(there: socket.socket, data: bytes) -> None:
    if data:
        await asyncio.get_running_loop().sock_sendall(there, data)


async def _send_refusal(client: socket.socket, refused: Refused) -> None:
    await _send(client, refusal(refused))
    client.shutdown(socket.SHUT_WR)
    with contextlib.suppress(asyncio.TimeoutError):  # what it still sends must not reset this
        await asyncio.wait_for(_swallow(client), 1.0)


async def _swallow(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while await loop.sock_recv(client, _HEAD):
        pass


async def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until the source has said its last, and say so."""
    loop, buffer = asyncio.get_running_loop(), memoryview(bytearray(_FIRST_PIECE))
    while count := await loop.sock_recv_into(source, buffer):
        await loop.sock_sendall(target, buffer[:count])
        if count == len(buffer) < _PIECE:
            buffer = memoryview(bytearray(_PIECE))
    target.shutdown(socket.SHUT_WR)


async def _both_ways(client: socket.socket, origin: socket.socket) -> None:
    ways = [asyncio.ensure_future(_copy(a, b)) for a, b in ((client, origin), (origin, client))]
    try:
        await asyncio.gather(*ways)
    finally:
        await _end(*ways)


async def _exchange(
    client: socket.socket, origin: socket.socket, request: Request, rest: bytes
) -> None:
    """One request and its answer. Whatever the client sends after it goes nowhere."""
    await _send(origin, request.head)
    back = asyncio.ensure_future(_copy(origin, client))
    on = asyncio.ensure_future(_send_body(client, origin, request.length, rest))
    try:
        await asyncio.wait({back, on}, return_when=asyncio.FIRST_COMPLETED)
        if not back.done() and on.result():
            await back
    finally:
        await _end(back, on)


async def _send_body(
    client: socket.socket, origin: socket.socket, length: int, rest: bytes
) -> bool:
    """Pass so many bytes on; whether the client said no more than that."""
    loop, left = asyncio.get_running_loop(), length - len(rest)
    await _send(origin, rest[:length])
    while left > 0:
        piece = await loop.sock_recv(client, min(left, _PIECE))
        if not piece:
            return False
        left -= len(piece)
        await _send(origin, piece)
    return left == 0 and not await loop.sock_recv(client, 1)


async def _end(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception) and not isinstance(ended, OSError):
            raise ended


class Server:
    """The server that started this process, as it is asked."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._open: dict[int, asyncio.Future[Answer]] = {}
        self._count = 0

    async def judge(self, host: str, port: int) -> Answer:
        """Ask, and wait for the answer."""
        self._count += 1
        number = self._count
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[number] = future
        try:
            await self._say({"ask": number, "host": host, "port": port})
            return await future
        finally:
            del self._open[number]

    def tell(self, host: str, port: int, why: str) -> None:
        """Say what was refused; left out where the server is behind."""
        with contextlib.suppress(BlockingIOError):
            self._channel.send(json.dumps({"refused": host, "port": port, "why": why}).encode())

    async def _say(self, message: dict[str, Any]) -> None:
        await asyncio.get_running_loop().sock_sendall(self._channel, json.dumps(message).encode())

    async def heed(self, begin: Callable[[dict[str, Any]], None], cut: Callable[[], None]) -> None:
        """Take what it says until its end closes."""
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self._channel, 1 << 16):
            message = json.loads(data)
            if "upstream" in message:
                begin(message)
            elif "cut" in message:
                cut()
            elif "ping" in message:
                await self._say({"pong": message["ping"]})
            elif (future := self._open.get(message["answer"])) and not future.done():
                kept = {k: v for k, v in message.items() if k != "answer"}
                future.set_result(Answer(**kept))


async def run(listener: socket.socket, channel: socket.socket) -> None:
    """Serve until the server's end closes."""
    for each in (listener, channel):
        each.setblocking(False)
    with contextlib.suppress(OSError):  # woken once, when there is something to read
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFERRED)
    step_in()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
    server = Server(channel)
    proxy = Proxy(server.judge, server.tell)
    tasks: list[asyncio.Task[None]] = []

    def begin(message: dict[str, Any]) -> None:
        proxy.upstream = Upstream.read(message["upstream"], message["direct"])
        tasks.append(asyncio.ensure_future(proxy.serve(listener)))

    with contextlib.suppress(ConnectionError):
        await server.heed(begin, proxy.cut)
    await _end(*tasks)


def main() -> None:
    """Serve the sockets whose numbers are on the command line."""
    if not can_tell_own():
        sys.exit("The kernel lets any address be bound (ip_nonlocal_bind): nothing is dialled.")
    listener, channel = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    asyncio.run(run(listener, channel))
    os._exit(0)  # a name that is still being looked up would hold up the interpreter's own end
