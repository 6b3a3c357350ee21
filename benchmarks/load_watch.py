"""Inside the measured server: what its sessions do, its loop's lag, and the last input to each.

Tells it in datagrams to a socket, so that the process that measures writes no file and asks for
nothing. Nothing is done that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from agent.desktop.act import strokes
from agent.desktop.server.environment import DisplayEnv
from agent.record.events import Event
from agent.session.session import Session
from agent.settings import Settings

TOLD = frozenset(
    {"desktop_changed", "task_started", "action_started", "task_finished", "stopped", "failed"}
)
_EVERY = 0.005
"""Seconds that the loop is asked to sleep; what it sleeps longer is its lag."""

_AGAIN = 0.02
"""Seconds until it is tried again to tell what found no room: few datagrams wait at a socket."""

_AFTER = 1.5
"""Seconds after a Stop at which it is asked what was the last input."""


class Watch:
    """Tells whoever listens at ``path`` what happens in this process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._waiting: deque[bytes] = deque()
        self._inputs: dict[str, float] = {}
        self._displays: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: WeakSet[Session] = WeakSet()
        self._see_input()

    def factory(self, settings: Settings) -> Callable[[str | None], Session]:
        """Sessions as a server makes them, and watched."""

        def make(session_id: str | None) -> Session:
            session = (
                Session.create(settings)
                if session_id is None
                else Session.resume(settings, session_id)
            )
            self._sessions.add(session)
            session.log.subscribe(lambda event: self._on_event(session, event))
            return session

        return make

    def start(self) -> None:
        """Watch the running loop."""
        self._tasks.add(asyncio.get_running_loop().create_task(self._lags()))

    def _tell(self, **message: Any) -> None:
        self._waiting.append(json.dumps(message).encode())
        if len(self._waiting) == 1:
            self._send()

    def _send(self) -> None:
        """Send what waits; what finds no room is sent a little later."""
        with contextlib.suppress(FileNotFoundError, ConnectionError):  # nobody listens any more
            while self._waiting:
                try:
                    self._socket.sendto(self._waiting[0], self._path)
                except BlockingIOError:
                    asyncio.get_running_loop().call_later(_AGAIN, self._send)
                    return
                self._waiting.popleft()
        self._waiting.clear()

    async def _lags(self) -> None:
        lags: list[float] = []
        told = time.monotonic()
        while True:
            began = time.monotonic()
            await asyncio.sleep(_EVERY)
            now = time.monotonic()
            lags.append(round((now - began - _EVERY) * 1000, 2))
            if now - told > 0.5:
                self._tell(kind="lags", ms=lags, sessions=len(self._sessions))
                lags, told = [], now

    def _on_event(self, session: Session, event: Event) -> None:
        if event.kind not in TOLD:
            return
        more = {name: getattr(event, name, None) for name in ("state", "outcome", "source", "text")}
        self._tell(session=session.id, **{"kind": event.kind, "at": event.at, **more})
        if event.kind == "stopped":
            asyncio.get_running_loop().call_later(_AFTER, self._halted, session, event.at)

    def _halted(self, session: Session, at: float) -> None:
        display = getattr(session.desktop, "env", None)
        last = self._inputs.get(display.display, 0.0) if display is not None else 0.0
        self._tell(kind="halted", session=session.id, at=at, last=last)

    def _see_input(self) -> None:
        """Note when each display was last pressed something, or the pointer moved, by the agent."""
        make, fake = strokes.Strokes.__init__, strokes.xtest.fake_input

        def made(own: strokes.Strokes, env: DisplayEnv, gate: strokes.Gate) -> None:
            make(own, env, gate)
            self._displays[id(own.display)] = env.display

        def faked(display: Any, *given: Any, **more: Any) -> None:
            fake(display, *given, **more)
            if (name := self._displays.get(id(display))) is not None:
                self._inputs[name] = time.time()

        strokes.Strokes.__init__ = made  # type: ignore[method-assign]
        strokes.xtest.fake_input = faked
