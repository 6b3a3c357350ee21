"""A spoken command without its end waits a while for the rest: "Open …" and then a name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.clock import Clock
from agent.models.offline.conversation import completed, waits_for_more
from dashboard.voice.client.readings import Reading
from dashboard.voice.intents import FREE, is_stop

PATIENCE = 3.0
"""Seconds of silence after which a command without its end is passed on as it is."""


class Unfinished:
    """Keeps one command until its rest comes or the time is over.

    Args:
        give_up: gets what has waited in vain.
    """

    def __init__(self, clock: Clock, give_up: Callable[[Reading], None]) -> None:
        self._clock = clock
        self._give_up = give_up
        self._kept: Reading | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a command waits for its rest."""
        return self._kept is not None

    def keeps(self, reading: Reading) -> bool:
        """Whether words lack their end, and wait for it from now on.

        Some are known to be for the agent only when their rest has come.
        """
        free = reading.source == "voice" and reading.meaning in (*FREE, "noise")
        if not free or reading.dictated or reading.echo or not waits_for_more(reading.text):
            return False
        self._kept = reading
        self._begin()
        return True

    def sound(self, *, on: bool) -> None:
        """Speech begins, which may be the rest, or ends."""
        if self._kept is not None:
            self._cancel() if on else self._begin()

    def whole(self, rest: str) -> str:
        """The command with its rest; nothing, and the command is given up, if they do not fit."""
        kept = self._kept
        if kept is None:
            return ""
        if is_stop(rest):
            self.forget()
            return ""
        joined = completed(kept.text, rest)
        if not joined:
            self.over()
            return ""
        self.forget()
        return joined

    def over(self) -> None:
        """Wait no longer: what was kept is passed on as it is."""
        kept, self._kept = self._kept, None
        self._cancel()
        if kept is not None and kept.meaning in FREE:
            self._give_up(kept)

    def forget(self) -> None:
        """Wait no longer, and pass nothing on."""
        self._kept = None
        self._cancel()

    def _begin(self) -> None:
        self._cancel()
        self._timer = asyncio.get_running_loop().create_task(self._wait())

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait(self) -> None:
        await self._clock.sleep(PATIENCE)
        self._timer = None
        self.over()
