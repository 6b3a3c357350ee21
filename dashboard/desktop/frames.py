"""Pictures of the desktop for the page while there is no live RFB connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.errors import DesktopError

if TYPE_CHECKING:
    from agent.desktop.base import Desktop

BETWEEN = 0.2
"""Least seconds between two pictures."""

CALM = 2.0
"""Seconds after which a new picture is taken although nothing was seen to change."""


class Frames:
    """Takes a picture whenever the screen has changed, for as long as somebody looks."""

    def __init__(self, desktop: Desktop, show: Callable[[bytes], None]) -> None:
        self._desktop = desktop
        self._show = show
        self._task: asyncio.Task[None] | None = None

    def run(self, wanted: bool) -> None:
        """Start or stop; both may be said twice."""
        if wanted and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._follow())
        elif not wanted and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _follow(self) -> None:
        last = b""
        while True:
            try:
                picture = await self._desktop.screenshot()
                if picture.data != last:
                    last = picture.data
                    self._show(last)
                await asyncio.sleep(BETWEEN)
                await self._desktop.settle(first=CALM, quiet=0.1, cap=CALM)
            except DesktopError:
                # It says through the log when it is back; `run` is then called again.
                self._task = None
                return
