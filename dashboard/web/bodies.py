"""Bodies of requests that come in for long: one that goes silent is given up."""

from __future__ import annotations

import asyncio
from typing import Any

SILENT = 60.0
"""Seconds without a byte after which nobody is taken to be sending any more: a line that was lost
in silence is never closed by the other end."""


class Patience:
    """Closes a connection on which nothing comes for too long while something is waited for.

    Args:
        connection: The request's, as Tornado has it.
        seconds: How long nothing may come.
    """

    def __init__(self, connection: Any, seconds: float = SILENT) -> None:
        self._connection = connection
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Something is waited for, from now on."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.give_up)

    def end(self) -> None:
        """What came is being dealt with, or is complete."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def give_up(self) -> None:
        """Close the connection now; whoever handles the request is told that it is closed."""
        self.end()
        stream = self._connection.stream
        if stream is not None:
            stream.close()
