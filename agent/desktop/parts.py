"""What is connected to one running X server: eyes, watch, windows, accessible objects."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from agent.desktop.see import settle
from agent.desktop.see.accessibility import Accessibility
from agent.desktop.see.screen import Screen
from agent.desktop.see.windows import WindowList
from agent.desktop.server.environment import DisplayEnv
from agent.desktop.worker import Worker
from agent.errors import DesktopError

_log = logging.getLogger(__name__)

_GOODBYE = 2.0
"""Seconds that a connection may take to be closed; its server may hang."""


@dataclass
class Parts:
    """The connections of one running desktop, all but the input's."""

    worker: Worker
    screen: Screen
    damage: settle.DamageWatch | None
    windows: WindowList
    accessibility: Accessibility

    @classmethod
    async def connect(
        cls, env: DisplayEnv, *, tooltips: bool, resized: Callable[[int, int], object]
    ) -> Parts:
        """Connect to the server's screen; the rest connects in `start`.

        Args:
            env: where the desktop is.
            tooltips: leave the tooltips of the screen alone.
            resized: told the screen's new width and height, on a thread.

        Raises:
            DesktopDied: the X server does not answer.
        """
        worker = Worker("screen")
        screen = await worker.run(Screen, env)
        damage = await asyncio.to_thread(settle.watch, env, tooltips=tooltips, resized=resized)
        return cls(worker, screen, damage, WindowList(env), Accessibility(env))

    async def start(self, applications: Collection[str] = ()) -> None:
        """Connect to windows and accessible objects, so that the first look does not wait.

        Args:
            applications: accessible names of programs that are being started.
        """
        await asyncio.gather(self.windows.start(), self._start_accessibility(applications))

    async def _start_accessibility(self, applications: Collection[str]) -> None:
        """A desktop without the accessibility bus is usable all the same."""
        try:
            await self.accessibility.start()
            await self.accessibility.await_applications(applications)
        except DesktopError as error:
            _log.warning("%s", error)

    async def close(self) -> None:
        """Let go of the server, also of one that hangs. Never fails."""
        self.worker.submit(self.screen.close)
        self.worker.close()
        for close in (self.windows.close_connection, self.accessibility.close):
            with contextlib.suppress(DesktopError, OSError, TimeoutError):
                await asyncio.wait_for(close(), _GOODBYE)
        if self.damage:
            await asyncio.to_thread(self.damage.close)
