"""The latest messages between a session and its page's voice line, for whoever inspects them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

KEPT = 1000

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``at`` in Unix seconds. Tickets are kept without what they open."""

    at: float
    direction: Direction
    kind: str
    body: dict[str, Any]


class Wire:
    """Keeps the last messages of both directions; nothing of it is written down."""

    def __init__(self) -> None:
        self._kept: deque[Message] = deque(maxlen=KEPT)
        self._listeners: list[Callable[[Message], None]] = []

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._kept))

    def note(self, direction: Direction, body: dict[str, Any]) -> None:
        """Take a message in."""
        kind = str(body.get("type", ""))
        if kind == "evi":
            body = dict(body.get("message") or {})
            kind = str(body.get("type", ""))
        elif kind == "ticket":
            body = {"type": kind, "provider": body.get("provider")}
        message = Message(time.time(), direction, kind, body)
        self._kept.append(message)
        for listener in tuple(self._listeners):
            listener(message)

    def subscribe(self, listener: Callable[[Message], None]) -> Callable[[], None]:
        """Call ``listener`` with each later message; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None
