"""What can be said now, told to the offline recogniser: programs, windows, labels that show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agent.clock import ended
from agent.errors import SaysoError
from agent.models.offline import HELP, vocabulary
from agent.record.events import DesktopChanged, Event, ScreenSeen, TaskFinished
from dashboard.voice.client.timers import Timers

if TYPE_CHECKING:
    from agent.desktop.base import Desktop

EVERY = 3.0
"""Seconds between two looks: reading the screen's labels costs some milliseconds of two cores."""


_COMMANDS = frozenset(example for topic in HELP for example in topic.examples)
"""Sentences are not names: the recogniser would complete the beginning of one to the whole."""


class Biasing:
    """Looks at the desktop after it changed, and tells a changed vocabulary."""

    def __init__(self, desktop: Desktop, tell: Callable[[Sequence[str]], None]) -> None:
        self._desktop = desktop
        self._tell = tell
        self._timers = Timers()
        self._looking: asyncio.Task[None] | None = None
        self._again = False
        self._known: list[str] = []

    def see(self, event: Event) -> None:
        """The screen may have changed."""
        if isinstance(event, ScreenSeen | TaskFinished) or (
            isinstance(event, DesktopChanged) and event.state == "ready"
        ):
            self.refresh()

    def refresh(self, *, forget: bool = False) -> None:
        """Look soon; with ``forget``, tell it even if nothing changed (a new chat)."""
        if forget:
            self._known = []
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        else:
            self._again = True

    async def close(self) -> None:
        """End."""
        self._timers.cancel_all()
        if self._looking is not None:
            self._looking.cancel()
            await ended("A look at the screen's words", self._looking)

    async def _look(self) -> None:
        try:
            said = await vocabulary(self._desktop)
            found = [phrase for phrase in said if phrase not in _COMMANDS]
        except SaysoError:
            found = self._known  # no desktop at present: what was known stays
        if found != self._known:
            self._known = found
            self._tell(found)
        self._timers.after("look", EVERY, self._rested)

    def _rested(self) -> None:
        self._looking = None
        if self._again:
            self._again = False
            self.refresh()
