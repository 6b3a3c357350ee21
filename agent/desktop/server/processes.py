"""Programs inside the sandbox, started and watched from outside through the guardian."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from agent.desktop.server import sandbox
from agent.desktop.server.calls import filter_file
from agent.desktop.server.groups import Groups, NoGroups, make_groups
from agent.errors import DesktopDied, DesktopUnavailable, ToolError

_MAX_REQUEST = 150_000
_PATIENCE = 30.0
"""Seconds after which a guardian that does not answer is given up: it may have to count a home's
files first."""

_GOODBYE = 3.0
_DEAF = "The desktop's sandbox does not answer."
_CHUNK = 65536


def _beside() -> int:
    """Bytes for what comes beside a message: two descriptors, and who sent it."""
    return socket.CMSG_SPACE(8) + socket.CMSG_SPACE(12)


async def read_pipe(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """A reader of a pipe's end, which it takes over."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK)
    file = os.fdopen(fd, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    return reader, transport


class SandboxProcess:
    """A program in the sandbox; implements ``agent.desktop.base.Process``."""

    def __init__(self, guardian: GuardianClient, pid: int, reader: asyncio.StreamReader | None):
        self.pid = pid
        self._guardian = guardian
        self._reader = reader
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read(self) -> AsyncIterator[bytes]:
        """What it prints (both streams), piece by piece, until all writers are gone."""
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while self._reader and (data := await self._reader.read(_CHUNK)):
            yield data

    async def wait(self) -> int:
        """Its exit code; negative for a signal, -9 when the sandbox went away."""
        return await asyncio.shield(self._code)

    async def kill(self) -> None:
        """End it with its session and its descendants, and wait for it to be gone.

        Where that does not come about, the whole sandbox is ended.
        """
        self.signal(signal.SIGKILL)
        try:
            await asyncio.wait_for(self.wait(), _PATIENCE)
        except TimeoutError:
            self._guardian.give_up()

    def signal(self, number: int) -> None:
        """Send a signal to it, its session and its descendants."""
        if not self._code.done():
            self._guardian.send({"op": "kill", "pid": self.pid, "signal": int(number)})

    @property
    def running(self) -> bool:
        return not self._code.done()

    def ended(self, code: int) -> None:
        """Told by the guardian's client."""
        if not self._code.done():
            self._code.set_result(code)


class GuardianClient:
    """The server's end of a guardian: one per running desktop."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self.on_home: Callable[[dict[str, Any]], None] = lambda said: None
        """Told what the guardian says of the folder that it watches."""
        self.reports: int | None = None
        """Descriptor at which starts of programs wait; whoever takes it closes it."""
        self.network: int | None = None
        """Socket that listens where programs find their proxy; whoever takes it closes it."""
        self.unreported = "the desktop is not confined"
        """Why there is none."""
        self.pid = 0
        """The guardian, as this process calls it; 0 where that is not known."""
        self.before_spawn: Callable[[Sequence[str], bool], None] = lambda argv, command: None
        """Told of each program that is about to be started, and whether its output is read."""
        self._pending: dict[int, asyncio.Future[int]] = {}
        self._running: dict[int, SandboxProcess] = {}
        self._early: dict[int, int] = {}
        self._pipes: weakref.WeakSet[asyncio.ReadTransport] = weakref.WeakSet()
        self._count = 0
        self._groups: Groups = NoGroups()
        self.unbounded = self._groups.why_not
        """Why the desktop as a whole may take what it wants of the machine; empty if not."""
        self._channel: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._hello: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, box: sandbox.Box, *, confined: bool) -> None:
        """Start the sandbox.

        Raises:
            DesktopUnavailable: it cannot run here; the text says why.
        """
        groups = self._groups = await asyncio.to_thread(make_groups)
        self.unbounded = groups.why_not
        calls = filter_file() if confined else None
        try:
            await self._start(
                lambda fd, limits: groups.around(sandbox.command(box, fd, limits, calls=calls)),
                str(box.home) if box.brought else "/",
                _limits() if box.private else {**_limits(), "umask": own_umask()},
                () if calls is None else (calls,),
            )
        finally:
            if calls is not None:
                os.close(calls)

    async def start_open(self, command: Sequence[str]) -> None:
        """Start a guardian as this very user, without a sandbox or limits."""
        own = {"umask": own_umask()}
        await self._start(lambda fd, limits: [*command, str(fd), limits, "1"], "/", own)

    async def _start(
        self,
        command: Callable[[int, str], Sequence[str]],
        cwd: str,
        limits: Mapping[str, int],
        passed: tuple[int, ...] = (),
    ) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        theirs.set_inheritable(True)
        try:
            argv = command(theirs.fileno(), json.dumps(limits))
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(), *passed),
                start_new_session=True,
                cwd=cwd,
            )
        except OSError as error:
            ours.close()
            raise DesktopUnavailable(f"The sandbox does not start: {error}.") from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._receive)
        await self._await_hello()

    async def _await_hello(self) -> None:
        try:
            await asyncio.wait_for(asyncio.shield(self._hello), _PATIENCE)
        except (TimeoutError, DesktopDied):
            reason = await self._stderr()
            await self.close()
            raise DesktopUnavailable(
                f"The sandbox does not start: {reason or 'no answer'}. Run script/bootstrap, allow "
                "unprivileged user namespaces (since Ubuntu 24.04: sudo sysctl "
                "kernel.apparmor_restrict_unprivileged_userns=0), or set SAYSO_SANDBOX=prefer."
            ) from None

    async def _stderr(self) -> str:
        assert self._process is not None  # noqa: S101
        assert self._process.stderr is not None  # noqa: S101
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                return (await self._process.stderr.read(2000)).decode(errors="replace").strip()
        return ""

    def send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Pass a request on. Says nothing when the guardian is gone: its loss is told once."""
        if self._channel is None:
            return
        try:
            socket.send_fds(self._channel, [json.dumps(message).encode()], list(fds))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except BlockingIOError:  # it has left so much unread that nothing more fits
            self.give_up()

    def give_up(self) -> None:
        """End a sandbox that does not answer, from outside: nothing in it can hinder that."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._lost(_DEAF)

    async def ping(self) -> None:
        """Returns when the guardian has answered.

        Raises:
            DesktopDied: it is gone, or does not answer and was given up.
        """
        await self._ask({"op": "ping"}, [])

    async def spawn(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        *,
        output: int | None = None,
        stdin: int | None = None,
    ) -> SandboxProcess:
        """Start a program; with ``output`` (a descriptor) it prints there, else to ``read``.

        Raises:
            ToolError: it does not exist, or cannot be started.
            DesktopDied: the sandbox is gone.
        """
        request: dict[str, Any] = {"op": "spawn", "argv": list(argv), "env": dict(env), "cwd": cwd}
        request["command"] = output is None
        if len(json.dumps(request)) > _MAX_REQUEST:
            raise ToolError("The command is too long. Write it to a file and run the file.")
        reader: asyncio.StreamReader | None = None
        write = -1 if output is None else output
        null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        if output is None:
            read, write = os.pipe2(os.O_CLOEXEC)
            reader, pipe = await read_pipe(read)
            self._pipes.add(pipe)
        self.before_spawn(argv, output is None)
        try:
            pid = await self._ask(request, [null if stdin is None else stdin, write, write])
        finally:
            os.close(null)
            if output is None:
                os.close(write)
        return self._adopt(pid, reader)

    async def _ask(self, request: dict[str, Any], fds: list[Any]) -> int:
        if self._channel is None:
            raise DesktopDied("The desktop is not running.")
        self._count += 1
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pending[self._count] = answer
        self.send({**request, "id": self._count}, fds)
        try:
            return await asyncio.wait_for(asyncio.shield(answer), _PATIENCE)
        except TimeoutError:
            self.give_up()
            return await answer

    def _adopt(self, pid: int, reader: asyncio.StreamReader | None) -> SandboxProcess:
        process = SandboxProcess(self, pid, reader)
        if pid in self._early:
            process.ended(self._early.pop(pid))
        elif self._channel is None:
            process.ended(-9)
        else:
            self._running[pid] = process
        return process

    def _receive(self) -> None:
        assert self._channel is not None  # noqa: S101
        while True:
            data = b""
            beside: list[tuple[int, int, bytes]] = []
            try:
                data, beside, _, _ = self._channel.recvmsg(
                    _CHUNK, _beside(), socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return
            except OSError:
                pass
            if not data:
                self._lost()
                return
            message = json.loads(data)
            if message.get("event") == "hello":
                self._greeted(message, beside)
            else:
                self._handle(message)

    def _greeted(self, message: dict[str, Any], beside: list[tuple[int, int, bytes]]) -> None:
        self.unreported = message.get("unreported", self.unreported)
        for _, kind, data in beside:
            if kind == socket.SCM_RIGHTS:
                numbers = struct.unpack(f"={len(data) // 4}i", data)
                found = dict(zip(message["passed"], numbers, strict=True))
                self.network = found.get("network")
                if (reports := found.get("reports")) is not None:
                    self.reports, self.unreported = reports, ""
            elif kind == socket.SCM_CREDENTIALS:
                self.pid = struct.unpack("=3i", data[:12])[0]
        if not self._hello.done():
            self._hello.set_result(None)

    def _handle(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event == "exit":
            process = self._running.pop(message["pid"], None)
            if process:
                process.ended(message["code"])
            else:
                self._early[message["pid"]] = message["code"]
        elif event == "home":
            self.on_home(message)
        elif event in {"spawned", "failed", "pong"}:
            answer = self._pending.pop(message["id"], None)
            if answer is None or answer.done():
                return
            if event == "failed":
                answer.set_exception(ToolError(f"Cannot start {message['why']}."))
            else:
                answer.set_result(message.get("pid", 0))

    def _lost(self, reason: str = "The desktop's sandbox went away.") -> None:
        if self._channel is None:
            return
        asyncio.get_running_loop().remove_reader(self._channel.fileno())
        self._channel.close()
        self._channel = None
        gone = DesktopDied(reason)
        if not self._hello.done():
            self._hello.set_exception(gone)
            self._hello.exception()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(gone)
        self._pending.clear()
        for process in self._running.values():
            process.ended(-9)
        self._running.clear()
        self._on_lost()

    async def close(self) -> None:
        """End everything inside, and wait until it is gone."""
        self._on_lost = lambda: None
        self._lost()
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), _GOODBYE)
            except TimeoutError:
                self._process.kill()
                with contextlib.suppress(TimeoutError):  # the kernel may hold it up at a dead disk
                    await asyncio.wait_for(self._process.wait(), _GOODBYE)
        await asyncio.to_thread(self._groups.remove)
        for pipe in tuple(self._pipes):  # a full one that nobody reads never sees its end
            pipe.close()


def own_umask() -> int:
    """This process's umask, looked up without changing it for its other threads."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def _limits() -> dict[str, int]:
    """Limits, with room for what an ordinary user already runs (processes count per user)."""
    limits = dict(sandbox.LIMITS)
    uid = os.geteuid()
    if uid == 0:
        return limits
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == uid:
                    limits["nproc"] += len(os.listdir(f"/proc/{name}/task"))
    return limits
