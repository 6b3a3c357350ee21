"""The files of a session beside its conversation: the tree, what comes in, what goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import param

from agent.record.events import (
    ActionFinished,
    ControlReturned,
    Event,
    FilesArrived,
    TaskFinished,
    TaskStarted,
    UserMessage,
)
from dashboard.js.component import View

if TYPE_CHECKING:
    from agent.record.log import EventLog

_HERE = Path(__file__).parent
_CHANGES = (ActionFinished, ControlReturned, FilesArrived, TaskFinished, TaskStarted, UserMessage)
_TOGETHER = 0.3
"""Seconds in which several changes are one for the page."""


class FilesPanel(View):
    """The files of one session, running or ended; the browser asks the server's routes itself.

    Nothing of them is sent through Python: only that it is time to look again.
    """

    session_id = param.String("")
    running = param.Boolean(
        True,
        doc="Whether files can be put in, and it stands beside a conversation; an ended session's"
        " stands by itself and is always shown.",
    )
    pending = param.String("", doc="What waits for the person: the tree gives way to it.")
    stamp = param.Integer(0, doc="Grows when something may have changed in the home.")

    _esm = _HERE / "files.bundle.js"
    _stylesheets = [_HERE / "files.css"]  # noqa: RUF012 - as Panel declares it

    def follow(self, log: EventLog, within: Callable[[], Any]) -> Callable[[], None]:
        """Have the page look again after whatever may have changed a file.

        Args:
            log: The session's events.
            within: Makes the page's document the current one.

        Returns:
            What ends it.
        """
        timer: asyncio.TimerHandle | None = None

        def look() -> None:
            nonlocal timer
            timer = None
            with within():
                self.stamp += 1

        def see(event: Event) -> None:
            nonlocal timer
            if isinstance(event, _CHANGES) and timer is None:
                timer = asyncio.get_running_loop().call_later(_TOGETHER, look)

        unsubscribe = log.subscribe(see)

        def end() -> None:
            unsubscribe()
            if timer is not None:
                timer.cancel()

        return end
