"""What the browser components share on Python's side: numbered, acknowledged messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from panel.custom import JSComponent

Event = dict[str, Any]

_FRESH = 20.0  # seconds after which a message that the page never took is not worth repeating


class RelayComponent(JSComponent):
    """A component that gets events in batches and sends messages which the page acknowledges.

    Events that were lost with the page's socket are asked for again, so that none is missing or
    comes twice; messages that the page never acknowledged are repeated to a page rendered anew.

    Args:
        on_event: Called on the server's loop with each event of the page in order; each has `type`,
            `n` (1, 2, … since it was rendered) and `t` (milliseconds since the page was loaded).
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._listener = on_event
        self._numbers = count(1)
        self._unacknowledged: dict[int, tuple[float, Event]] = {}
        self._page: str | None = None
        self._last_number = 0

    def post(self, message: Event) -> int:
        """Sends a message to the page; returns the id under which the page acknowledges it."""
        number = next(self._numbers)
        message = {"id": number, **message}
        self._unacknowledged[number] = (time.monotonic(), message)
        self._send_msg(message)
        return number

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        error = {"code": code, "message": message, "advice": advice}
        return self.post({"type": "ticket", "error": error})

    def _handle_msg(self, data: Any) -> None:
        events = data.get("events") if isinstance(data, dict) else None
        if not isinstance(events, list):
            return
        if data.get("page") != self._page:
            self._page, self._last_number = data.get("page"), 0
            self._repeat()
        for event in events:
            if not isinstance(event, dict) or not isinstance(event.get("type"), str):
                continue
            if not self._is_next(event, resent=bool(data.get("resent"))):
                return
            if event["n"] > self._last_number:
                self._last_number = event["n"]
                self._take(event)

    def _is_next(self, event: Event, *, resent: bool) -> bool:
        """Whether nothing is missing before this event; else what is missing is asked for."""
        number = event.get("n")
        if not isinstance(number, int):
            return False
        if number <= self._last_number + 1 or resent:
            return True
        self._send_msg({"type": "resend", "after": self._last_number})
        return False

    def _take(self, event: Event) -> None:
        if event["type"] == "local.ack":
            self._unacknowledged.pop(event.get("id", 0), None)
        if self._listener is not None:
            self._listener(event)

    def _repeat(self) -> None:
        """What was sent before the page could take it goes again; the page knows what it has."""
        oldest = time.monotonic() - _FRESH
        fresh = {n: kept for n, kept in self._unacknowledged.items() if kept[0] > oldest}
        self._unacknowledged = fresh
        for _, message in fresh.values():
            self._send_msg(message)
