"""Python's end of the browser parts' messages, whoever carries them: Panel or Jupyter."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

Event = dict[str, Any]

_FRESH = 20.0  # seconds after which a message that the page never took is not worth repeating


class Relay:
    """Takes a page's events in order, and sends messages which the page acknowledges.

    Events that were lost with the page's socket are asked for again, so that none is missing or
    comes twice; messages that the page never acknowledged are repeated to a page rendered again.

    Args:
        send: Sends one message to the page.
        on_event: Called with each event of the page in order; each has `type`, `n` (1, 2, …
            since it was rendered) and `t` (milliseconds since the page was loaded).
    """

    def __init__(
        self, send: Callable[[Event], None], on_event: Callable[[Event], None] | None
    ) -> None:
        self._send = send
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
        self._send(message)
        return number

    def receive(self, data: Any) -> None:
        """Takes what the page sent; anything else than its events is ignored."""
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
        self._send({"type": "resend", "after": self._last_number})
        return False

    def _take(self, event: Event) -> None:
        if event["type"] == "local.ack":
            self._unacknowledged.pop(event.get("id", 0), None)
        elif event["type"] == "local.back":
            self._repeat()
        if self._listener is not None:
            self._listener(event)

    def _repeat(self) -> None:
        """What was sent before the page could take it goes again; the page knows what it has."""
        oldest = time.monotonic() - _FRESH
        fresh = {n: kept for n, kept in self._unacknowledged.items() if kept[0] > oldest}
        self._unacknowledged = fresh
        for _, message in fresh.values():
            self._send(message)


def refusal(code: str, message: str, advice: str) -> Event:
    """The answer to `local.need_ticket` when there is none, with the reason for the person."""
    return {"type": "ticket", "error": {"code": code, "message": message, "advice": advice}}
