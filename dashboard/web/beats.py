"""Beats of the server's heart, from a thread of its own.

A page must tell a line that is lost from a loop that is late. So a thread, which a late loop does
not hold up, tells every page ten times a second that the process is here, and how long the
loop has been standing still: what the page hears within two seconds is the network's doing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

EVERY = 0.1
"""Seconds between two beats."""

ASKING = 10.0
"""Seconds for which a page that asks nothing is told: a frozen tab takes nothing in."""

_KEPT = 100
_LIMIT = 65_536


class Line:
    """One page's socket, written to by the loop and by the heart.

    After its hello everything the server says goes through here, so that no frame gets into
    another. It has its own descriptor of the socket: a number that was closed may be another's.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock.dup()
        self._lock = threading.Lock()
        self._waiting = b""
        self._closed = False
        self.asked = time.monotonic()

    def say(self, message: dict[str, Any]) -> None:
        """Send a message, at the latest with the next beat."""
        with self._lock:
            if len(self._waiting) < _LIMIT:
                self._waiting += _frame(message)
            self._flush()

    def beat(self, message: dict[str, Any]) -> None:
        """Send a message, or nothing at all if the line does not take it now."""
        with self._lock:
            self._flush()
            if not self._waiting:
                self._waiting = _frame(message)
                sent = self._flush()
                if not sent:
                    self._waiting = b""

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._socket.close()

    def _flush(self) -> int:
        """Bytes sent; the lock is held."""
        if self._closed or not self._waiting:
            return 0
        sent = 0
        with suppress(OSError):  # full for now, or broken: the loop hears of that itself
            sent = self._socket.send(self._waiting, socket.MSG_DONTWAIT)
        self._waiting = self._waiting[sent:]
        return sent


class Heart:
    """Beats for every line while there is one."""

    def __init__(self) -> None:
        self._lines: set[Line] = set()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._turned = 0.0
        self._late: deque[float] = deque(maxlen=_KEPT)

    def enter(self, line: Line) -> None:
        """Beat for a line; called on the loop."""
        with self._lock:
            self._lines.add(line)
        if self._timer is None:
            self._turn(asyncio.get_running_loop())
            self._end = threading.Event()
            beat = threading.Thread(
                target=self._run, args=(self._end,), name="link-heart", daemon=True
            )
            beat.start()

    def leave(self, line: Line) -> None:
        """The line has ended; called on the loop."""
        with self._lock:
            self._lines.discard(line)
            last = not self._lines
        line.close()
        if last and self._timer is not None:
            self._end.set()
            self._timer.cancel()
            self._timer = None

    @property
    def late(self) -> float:
        """Seconds by which a beat was late at most, of late: the process was not let run."""
        return max(self._late, default=0.0)

    @property
    def stuck(self) -> float:
        """Seconds for which the loop has been standing still."""
        return max(0.0, time.monotonic() - self._turned - EVERY)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turned = time.monotonic()
        self._timer = loop.call_later(EVERY, self._turn, loop)

    def _run(self, end: threading.Event) -> None:
        due = time.monotonic() + EVERY
        while not end.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self._late.append(now - due)
            due = now + EVERY
            message = {"beat": time.time(), **self.told()}
            for line in self._asking(now):
                line.beat(message)

    def told(self) -> dict[str, float]:
        """What a page is told of the server's lateness, in seconds."""
        return {"late": round(self.late, 3), "stuck": round(self.stuck, 3)}

    def _asking(self, now: float) -> list[Line]:
        with self._lock:
            return [line for line in self._lines if now - line.asked < ASKING]


heart = Heart()
"""Of this process."""


def _frame(message: dict[str, Any]) -> bytes:
    """A whole text frame of a server (RFC 6455, 5.2)."""
    text = json.dumps(message).encode()
    if len(text) < 126:
        return bytes([0x81, len(text)]) + text
    return bytes([0x81, 126]) + len(text).to_bytes(2, "big") + text
