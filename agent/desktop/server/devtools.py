"""Where a desktop's Chromium connects its DevTools pipe: a socket in the sandbox, and no port.

The socket lies in the desktop's runtime folder, which nobody else may enter, and the browser
is who connects (`attach.py`): nothing listens inside it, so no page, program or other session can
ask it for anything. What comes over a connection is written by the sandbox: it is bounded, and
trusted no more than what its windows show.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.clock import ended
from agent.errors import BrowserError

SOCKET = "devtools"
"""Its name in the runtime folder."""

_log = logging.getLogger(__name__)

_MOST = 64 << 20
"""Bytes of one message: a tree of a long page, or a picture, has a tenth of that."""

_MOST_CONNECTIONS = 16
_ON_THE_LOOP = 100_000
"""Bytes of a message that are parsed at once; longer ones by a thread."""

_PATIENCE = 10.0
"""Seconds that an answer may take unless a call says otherwise."""

_LIVES, _DIED = "The browser does not answer.", "The browser has closed."
_CREDENTIALS = struct.Struct("3i")

Listener = Callable[[str, dict[str, Any], str], None]
"""Told the name of an event, its parameters, and the session that it came from, or ``""``."""


class Connection:
    """One browser's pipe: JSON messages that end with NUL, answers by number."""

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self.pid = pid
        self.closed = False
        self.listeners: list[Listener] = []
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading = asyncio.create_task(self._read(channel), name="browser's pipe")

    @property
    def is_browser(self) -> bool:
        """Whether a Chromium is at its other end, as far as that can be told."""
        try:
            return "chrom" in os.path.basename(os.readlink(f"/proc/{self.pid}/exe"))
        except OSError:
            return True

    async def call(
        self,
        method: str,
        given: dict[str, Any] | None = None,
        *,
        session: str = "",
        seconds: float = _PATIENCE,
    ) -> dict[str, Any]:
        """Ask for something and wait for the answer.

        Raises:
            BrowserError: it is refused, does not come in time, or the browser is gone.
        """
        number = self._send(method, given or {}, session)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                found: dict[str, Any] = await answer
                return found
        except TimeoutError:
            raise BrowserError(_LIVES, hangs=True) from None
        finally:
            self._waiting.pop(number, None)

    def send(self, method: str, given: dict[str, Any] | None = None, session: str = "") -> None:
        """Ask for something whose answer nobody needs; nothing when the browser is gone."""
        with contextlib.suppress(BrowserError):
            self._send(method, given or {}, session)

    async def close(self) -> None:
        """Let go, at which the browser ends."""
        self._reading.cancel()
        await ended("A browser's pipe", self._reading)

    def _send(self, method: str, given: dict[str, Any], session: str) -> int:
        if self.closed or self._writer is None:
            raise BrowserError(_DIED, gone=True)
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        message |= {"sessionId": session} if session else {}
        self._writer.write(json.dumps(message).encode(errors="replace") + b"\0")
        return number

    async def _read(self, channel: socket.socket) -> None:
        """The border of what a browser says: whatever it is, the connection ends at most."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(sock=channel, limit=_MOST)
            while True:
                data = (await reader.readuntil(b"\0"))[:-1]
                short = len(data) <= _ON_THE_LOOP
                self._take(json.loads(data) if short else await asyncio.to_thread(json.loads, data))
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        except Exception:  # noqa: BLE001 - the border of a task; logged just below
            _log.exception("A browser said something that is not understood")
        finally:
            self.closed = True
            if self._writer is not None:
                self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BrowserError(_DIED, gone=True))
            self._tell("closed", {}, "")

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"id": int(number)}:
                answer = self._waiting.get(number)
                if answer is None or answer.done():
                    return
                if "error" in message:
                    answer.set_exception(BrowserError(str(message["error"].get("message"))[:300]))
                else:
                    answer.set_result(message.get("result") or {})
            case {"method": str(name), "params": dict(given)}:
                self._tell(name, given, str(message.get("sessionId", "")))
            case _:
                pass

    def _tell(self, name: str, given: dict[str, Any], session: str) -> None:
        for listener in tuple(self.listeners):
            try:
                listener(name, given, session)
            except Exception:  # noqa: BLE001 - what one event says must not end the connection
                _log.exception("The event %.60s of a browser was not understood", name)


class Browsers:
    """The browsers of one desktop, as they connect.

    Args:
        folder: The desktop's runtime folder.
        uid: Its user, the only one who may connect.
        gid: That user's group.
    """

    def __init__(self, folder: Path, uid: int, gid: int) -> None:
        self._uid = uid
        self._found: list[Connection] = []
        self._listener = _listen(folder / SOCKET, uid, gid)
        self._accepting = asyncio.create_task(self._accept(), name="browsers")

    @property
    def connection(self) -> Connection | None:
        """That of the browser which has been there longest; None while there is none.

        A Chromium that is called a second time only passes on what it was given, and ends.
        """
        self._found = [each for each in self._found if not each.closed]
        return next((each for each in self._found if each.is_browser), None)

    async def came(self, seconds: float) -> bool:
        """Wait for a browser to connect; whether one has, within so many seconds."""
        end = asyncio.get_running_loop().time() + seconds
        while self.connection is None and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # a process that becomes a browser tells nobody
        return self.connection is not None

    async def close(self) -> None:
        """Let go of all of them."""
        self._accepting.cancel()
        await ended("A desktop's browsers", self._accepting)
        self._listener.close()
        for each in self._found:
            await each.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            channel, _ = await loop.sock_accept(self._listener)
            pid, uid, _ = _CREDENTIALS.unpack(
                channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            self._found = [each for each in self._found if not each.closed]
            if uid != self._uid or len(self._found) >= _MOST_CONNECTIONS:
                channel.close()
                continue
            self._found.append(Connection(channel, pid))


def _listen(path: Path, uid: int, gid: int) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.setblocking(False)
    listener.bind(str(path))
    if os.geteuid() == 0:
        os.chown(path, uid, gid)
    path.chmod(0o600)
    listener.listen(_MOST_CONNECTIONS)
    return listener
