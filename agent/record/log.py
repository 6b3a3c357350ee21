"""The append-only event log: journal first, then the guards, then everybody else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import chain
from typing import Protocol, TypeVar

from agent.errors import GuardFailed
from agent.record.events import BaseEvent, Event

_log = logging.getLogger(__name__)
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
    """Numbered events of one session, in order, with guards and subscribers.

    Appending is synchronous and must happen on the session's event loop: the journal is
    written, then guards are called, then listeners, each in the order in which they came. A
    listener that raises is logged and does not harm the others. A guard keeps what work
    relies on: where one raises, that is logged, told to ``on_guard_failed``, and no further
    event is taken. ``clean`` takes out of an event what must not be kept.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time.time,
        on_guard_failed: Callable[[GuardFailed], None] = lambda error: None,
        clean: Callable[[BaseEvent], BaseEvent] = lambda event: event,
    ) -> None:
        self._journal: Journal = journal if journal is not None else MemoryJournal()
        self._now = now
        self._events: list[Event] = []
        self._places: dict[type[BaseEvent], list[int]] = {}
        """Where the events of each class stand."""
        for event in self._journal.read():
            self._keep(event)
        self._listeners: list[Listener] = []
        self._guards: list[Listener] = []
        self._on_guard_failed = on_guard_failed
        self._failed = False
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
        """All events of one class and those below it, in order."""
        found = [places for known, places in self._places.items() if issubclass(known, kind)]
        places = found[0] if len(found) == 1 else sorted(chain.from_iterable(found))
        return [self._events[place] for place in places]  # type: ignore[misc]

    def last(self, kind: type[E]) -> E | None:
        """The newest event of one class and those below it; None if there is none."""
        ends = (places[-1] for known, places in self._places.items() if issubclass(known, kind))
        place = max(ends, default=None)
        return None if place is None else self._events[place]  # type: ignore[return-value]

    def append(self, event: E) -> E:
        """Number, time and journal ``event``, then tell the listeners; return it as kept.

        Raises:
            JournalError: it could not be written; nobody was told and nothing changed.
            GuardFailed: a guard failed on it, or on an earlier one.
        """
        if self._failed:
            raise GuardFailed
        numbered = event.model_copy(update={"seq": len(self._events), "at": self._now()})
        kept: E = self._clean(numbered)  # type: ignore[assignment]
        self._journal.write(kept)  # type: ignore[arg-type]
        self._keep(kept)  # type: ignore[arg-type]
        self._guard(kept)  # type: ignore[arg-type]
        self._tell(kept)  # type: ignore[arg-type]
        if self._failed:
            raise GuardFailed
        return kept

    @property
    def failed(self) -> bool:
        """Whether a guard failed: no further event is taken."""
        return self._failed

    def guard(self, fold: Listener) -> Callable[[], None]:
        """Call ``fold`` with each later event before any listener hears of it.

        Returns the way to stop that. A fold appends nothing.
        """
        return _put(self._guards, fold)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each later event; returns the way to stop that."""
        return _put(self._listeners, listener)

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

    def _keep(self, event: Event) -> None:
        self._places.setdefault(type(event), []).append(len(self._events))
        self._events.append(event)

    def _guard(self, event: Event) -> None:
        for fold in tuple(self._guards):
            try:
                fold(event)
            except Exception:  # noqa: BLE001 - the others fold it as well; `append` raises
                _log.exception("A guard failed on event %d (%s)", event.seq, event.kind)
                self._failed = True
        if self._failed:
            self._on_guard_failed(GuardFailed())

    def _tell(self, event: Event) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a listener's fault is not the log's
                _log.exception("A listener failed on event %d (%s)", event.seq, event.kind)


def _put(called: list[Listener], one: Listener) -> Callable[[], None]:
    called.append(one)

    def take_out() -> None:
        if one in called:
            called.remove(one)

    return take_out
