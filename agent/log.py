"""The append-only event log: journal first, then tell everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from agent.events import BaseEvent, Event

Listener = Callable[[Event], None]
E = TypeVar("E", bound=BaseEvent)


class Journal(Protocol):
    """Where events are kept. ``write`` returns only when a ``kill -9`` cannot lose it."""

    def write(self, event: Event) -> None: ...

    def read(self) -> Iterable[Event]: ...


class MemoryJournal:
    """A journal that lives as long as the process, for tests and throw-away runs."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def write(self, event: Event) -> None:
        self._events.append(event)

    def read(self) -> Iterable[Event]:
        return tuple(self._events)


class EventLog:
    """Numbered events of one session, in order, with subscribers.

    Appending is synchronous and must happen on the session's event loop: the journal is
    written, then listeners are called in the order in which they subscribed. A listener
    that raises is reported by ``on_listener_error`` and does not harm the others. ``clean``
    takes out of an event what must not be kept.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time.time,
        on_listener_error: Callable[[Exception], None] | None = None,
        clean: Callable[[BaseEvent], BaseEvent] = lambda event: event,
    ) -> None:
        self._journal: Journal = journal if journal is not None else MemoryJournal()
        self._now = now
        self._events: list[Event] = list(self._journal.read())
        self._listeners: list[Listener] = []
        self._on_listener_error = on_listener_error
        self._clean = clean
        self._grown = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(tuple(self._events))

    def __getitem__(self, seq: int) -> Event:
        return self._events[seq]

    def since(self, seq: int) -> list[Event]:
        """Events numbered ``seq`` and later."""
        return self._events[max(seq, 0) :]

    def of(self, kind: type[E]) -> list[E]:
        """All events of one class, in order."""
        return [event for event in self._events if isinstance(event, kind)]

    def append(self, event: E) -> E:
        """Number, time and journal ``event``, then tell the listeners; return it as kept.

        Raises:
            JournalError: it could not be written; nobody was told and nothing changed.
        """
        numbered = event.model_copy(update={"seq": len(self._events), "at": self._now()})
        kept: E = self._clean(numbered)  # type: ignore[assignment]
        self._journal.write(kept)  # type: ignore[arg-type]
        self._events.append(kept)  # type: ignore[arg-type]
        self._tell(kept)  # type: ignore[arg-type]
        return kept

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each later event; returns the way to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    async def follow(self, seq: int = 0) -> AsyncIterator[Event]:
        """All events from ``seq`` on, those to come included; never ends by itself."""
        while True:
            while seq < len(self._events):
                yield self._events[seq]
                seq += 1
            grown = self._grown
            await grown.wait()

    async def wait_for(
        self, matches: Callable[[Event], bool], *, since: int = 0, timeout: float | None = None
    ) -> Event:
        """The first event from ``since`` on for which ``matches`` is true.

        Raises:
            TimeoutError: none came within ``timeout`` seconds.
        """
        async with asyncio.timeout(timeout):
            async for event in self.follow(since):
                if matches(event):
                    return event
        raise AssertionError("follow() never ends")

    def _tell(self, event: Event) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - a listener's fault is not the log's
                if self._on_listener_error is not None:
                    self._on_listener_error(error)
