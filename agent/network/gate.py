"""Keeps the proxy of one desktop running, and answers for what it asks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, Protocol
from urllib.request import getproxies

from agent.clock import ended
from agent.network.addresses import read_host
from agent.network.policy import HOW_ON
from agent.network.proxy import Answer

_log = logging.getLogger(__name__)

GateState = Literal["restarted", "down"]

_MOST_RESTARTS = 3
_WINDOW = 60.0
_LOOK = 5.0
"""Seconds between two looks whether the proxy answers."""

_PATIENCE = 15.0
"""Seconds after which a proxy that does not answer is ended."""

_LEAVING = 5.0
"""Seconds that a proxy which has closed its end may take to be gone."""

_MOST = 1 << 16


class Guard(Protocol):
    """Who answers for a desktop's connections. Everything is called on the desktop's loop."""

    async def judge(self, host: str, port: int) -> Answer:
        """Whether a host may be reached, however long that takes to tell."""
        ...

    def refused(self, host: str, port: int, why: str) -> None:
        """The proxy itself refused something: what was asked for, as it was spelled."""
        ...

    def changed(self, state: GateState, detail: str) -> None:
        """The proxy ended and was restarted, or is not started any more."""
        ...


class Closed:
    """The guard of a desktop that has none: nothing is reached."""

    async def judge(self, host: str, port: int) -> Answer:
        return Answer(False, why="The network of this desktop is off", more=HOW_ON)

    def refused(self, host: str, port: int, why: str) -> None:
        pass

    def changed(self, state: GateState, detail: str) -> None:
        _log.warning("The gate of a desktop is %s: %s", state, detail)


class Gate:
    """One desktop's proxy.

    Args:
        listener: The socket at which programs find it. It stays open while the proxy is started
            again, so that who connects meanwhile waits.
        command: The proxy's command line, to which the numbers of two sockets are added.
    """

    def __init__(self, listener: socket.socket, command: Sequence[str]) -> None:
        self.guard: Guard = Closed()
        self.pid = 0
        """The proxy's process; 0 while there is none."""

        self._listener = listener
        self._command = tuple(command)
        self._channel: socket.socket | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._ponged = asyncio.Event()
        self._keeping = asyncio.create_task(self._keep(), name="network gate")

    async def close(self) -> None:
        """End the proxy; nothing is reached any more."""
        self._keeping.cancel()
        await ended("A network gate", self._keeping)
        self._listener.close()

    def cut(self) -> None:
        """End all connections; who connects again is judged again."""
        self._say({"cut": 1})

    async def _keep(self) -> None:
        deaths: deque[float] = deque(maxlen=_MOST_RESTARTS)
        while True:
            why = await self._run()
            now = time.monotonic()
            if len(deaths) == _MOST_RESTARTS and now - deaths[0] < _WINDOW:
                self._listener.close()  # who connects now is told at once
                self.guard.changed("down", why)
                return
            deaths.append(now)
            self.guard.changed("restarted", why)

    async def _run(self) -> str:
        """Run the proxy until it ends; returns why it did."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            ours.setblocking(False)
            passed = (self._listener.fileno(), theirs.fileno())
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    *map(str, passed),
                    env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    pass_fds=passed,
                    start_new_session=True,
                    cwd="/",
                )
            except OSError as error:
                return f"it does not start ({error.strerror})"
            finally:
                theirs.close()
            self.pid, self._channel = process.pid, ours
            return await self._serve(process, ours)

    async def _serve(self, process: asyncio.subprocess.Process, channel: socket.socket) -> str:
        pulse = asyncio.create_task(self._watch_pulse(process), name="network gate's pulse")
        words = asyncio.create_task(_last_words(process), name="network gate's words")
        try:
            self._say(_upstream())
            await self._listen(channel)
            with contextlib.suppress(TimeoutError):  # to kill it now could hide how it ended
                await asyncio.wait_for(process.wait(), _LEAVING)
        finally:
            self.pid, self._channel = 0, None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            tasks = (pulse, *self._answering)
            for task in tasks:
                task.cancel()
            await ended("An answer of the gate", *tasks)
            await process.wait()
        return await words

    async def _listen(self, channel: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await loop.sock_recv(channel, _MOST):
                self._take(json.loads(data))

    def _take(self, message: dict[str, Any]) -> None:
        """What the proxy says, which reads what strangers wrote."""
        match message:
            case {"ask": int(number), "host": str(host), "port": int(port)}:
                task = asyncio.create_task(self._answer(number, host, port), name=f"reach {host}")
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            case {"refused": str(host), "port": int(port), "why": str(why)}:
                self.guard.refused(host[:200], port, why[:200])
            case {"pong": int()}:
                self._ponged.set()
            case _:
                _log.warning("A gate said something that is not understood")

    async def _answer(self, number: int, host: str, port: int) -> None:
        """The border of an answer: whatever happens, there is one."""
        answer = Answer(False, why="This could not be asked about")
        try:
            spelled = f"[{host}]" if ":" in host else host
            if read_host(spelled) == host and 0 < port < 65536:
                answer = await self.guard.judge(host, port)
        except Exception:  # noqa: BLE001 - the border of a task; logged just below
            _log.exception("An answer for %s failed", host)
        self._say({"answer": number, **asdict(answer)})

    def _say(self, message: dict[str, Any]) -> None:
        if self._channel is not None:
            with contextlib.suppress(OSError):  # it is gone, or hangs and is ended before long
                self._channel.send(json.dumps(message).encode())

    async def _watch_pulse(self, process: asyncio.subprocess.Process) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            self._ponged.clear()
            self._say({"ping": 1})
            try:
                await asyncio.wait_for(self._ponged.wait(), _PATIENCE)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                return


def _upstream() -> dict[str, str]:
    """The proxy that this server itself must use, as its environment says."""
    found = getproxies()
    url = found.get("https") or found.get("http") or found.get("all") or ""
    return {"upstream": url, "direct": found.get("no", "")}


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None  # noqa: S101
    said = (await process.stderr.read(1 << 16)).decode(errors="replace").strip()
    code = await process.wait()
    if said:
        return said.splitlines()[-1][:300]
    if code < 0:
        return f"it was ended by signal {-code}"
    return f"it ended with code {code}" if code else "it ended"


def take_listener(descriptor: int) -> socket.socket:
    """The listening socket of a descriptor that came from a desktop."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)
