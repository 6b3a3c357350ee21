"""The agent's sessions of this process: they outlive the pages that show them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigurationError, SaysoError
from agent.events import Failed, SessionOpened, TaskStarted
from agent.session import Session
from dashboard.conductor import Conductor
from dashboard.web.shelf import Card, Shelf

if TYPE_CHECKING:
    from agent.settings import Settings
    from dashboard.voice.evi import Voice

Factory = Callable[[str | None], Session]
"""Makes a session, not yet opened: a new one, or the one of that id from its journal."""

VoiceFactory = Callable[[str], "Voice"]
"""Makes the voice line's tickets for a session's id."""

_NAME = 40


def default_factory(settings: Settings) -> Factory:
    """Sessions as the settings say."""

    def make(session_id: str | None) -> Session:
        if session_id is None:
            return Session.create(settings)
        return Session.resume(settings, session_id)

    return make


@dataclass(slots=True, eq=False)
class Entry:
    """A session, the browser that owns it, and its life in this process."""

    session: Session
    owner: str
    conductor: Conductor
    opening: asyncio.Task[None] | None = None
    pages: set[object] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.session.id

    @property
    def name(self) -> str:
        """What the session is about: its first task, shortened."""
        first = next((e.text for e in self.session.log if isinstance(e, TaskStarted)), "")
        return (first if len(first) <= _NAME else first[: _NAME - 1] + "…") or "New session"


@dataclass(frozen=True, slots=True)
class Listed:
    """A session in the list: running here, or resumable from its journal."""

    id: str
    name: str
    state: str = ""
    running: bool = False


class Sessions:
    """Create, find, list and close sessions by id. All on the server's event loop."""

    def __init__(
        self,
        factory: Factory,
        voice: VoiceFactory,
        shelf: Shelf,
        *,
        limit: int = 8,
        unwatched: float = 1800.0,
    ) -> None:
        self._factory = factory
        self._voice = voice
        self._shelf = shelf
        self._limit = limit
        self._unwatched = unwatched
        self._entries: dict[str, Entry] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def pages(self) -> int:
        """How many pages show a session."""
        return sum(len(entry.pages) for entry in self._entries.values())

    def create(self, owner: str, session_id: str | None = None) -> Entry:
        """A new session of ``owner``, or the journaled one; `open` starts its desktop.

        Raises:
            ConfigurationError: as many as this server allows are running.
            SaysoError: the session cannot be made; the text says why.
        """
        if sum(entry.opening is not None for entry in self._entries.values()) >= self._limit:
            raise ConfigurationError(
                f"{self._limit} sessions are running, which is as many as this server allows. "
                "Close one of them, then load the page again."
            )
        session = self._factory(session_id)
        entry = Entry(session, owner, Conductor(session, self._voice(session.id)))
        self._entries[entry.id] = entry
        return entry

    def find(self, session_id: str, owner: str | None) -> Entry | None:
        """The session of that id if ``owner`` has it; others' look like none at all."""
        entry = self._entries.get(session_id)
        return entry if entry is not None and owner is not None and entry.owner == owner else None

    def listed(self, owner: str) -> list[Listed]:
        """The owner's sessions: those running, the newest first, then the resumable ones."""
        running = self._running(owner)
        listed = [Listed(e.id, e.name, e.session.status.who, running=True) for e in running]
        kept = self._shelf.of(owner)
        return listed + [Listed(key, card.name) for key, card in kept if key not in self._entries]

    def attach(self, owner: str, session_id: str | None = None) -> Entry:
        """The named session, running or resumed; else the owner's newest; else a new one.

        Raises:
            SaysoError: as `create`.
        """
        if session_id and (entry := self.find(session_id, owner)) is not None:
            return entry
        if session_id and session_id not in self._entries and self._owns(owner, session_id):
            return self.create(owner, session_id)
        return next(iter(self._running(owner)), None) or self.create(owner)

    def open(self, entry: Entry) -> None:
        """Start the session's desktop and loop, once; what goes wrong is put in its log."""
        if entry.opening is None:
            self._shelf.put(entry.id, Card(owner=entry.owner, name=entry.name))
            entry.opening = asyncio.get_running_loop().create_task(_open(entry))

    def leave(self, entry: Entry, page: object) -> None:
        """A page is gone. A session that nobody opened goes with its last page.

        One that was opened works on; half an hour after its last page, it is closed as
        soon as it has nothing to do. It can be resumed.
        """
        entry.pages.discard(page)
        if entry.pages or self._entries.get(entry.id) is not entry:
            return
        if entry.opening is None:
            self._start(self._drop(entry))
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._unwatched, self._retire, entry, len(entry.session.log))

    def _retire(self, entry: Entry, length: int) -> None:
        if entry.pages or self._entries.get(entry.id) is not entry:
            return
        grown = len(entry.session.log)
        if grown == length or entry.session.status.task_id is None:
            self._start(self.close(entry.id, "Nobody has looked for a while."))
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._unwatched, self._retire, entry, grown)

    async def _drop(self, entry: Entry) -> None:
        begun = any(isinstance(event, SessionOpened) for event in entry.session.log)
        await self.close(entry.id, "never begun")
        if not begun:
            self._shelf.discard(entry.id)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self, session_id: str, reason: str = "") -> None:
        """End a session and its desktop; it can be resumed later."""
        entry = self._entries.pop(session_id, None)
        if entry is None:
            return
        if entry.opening is not None:
            self._shelf.put(entry.id, Card(owner=entry.owner, name=entry.name))
            entry.opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await entry.opening
        await entry.conductor.close()
        await entry.session.close(reason)

    async def close_all(self, reason: str) -> None:
        """End every session; one that fails to close does not keep the others open."""
        closing = (self.close(session_id, reason) for session_id in tuple(self._entries))
        await asyncio.gather(*closing, return_exceptions=True)

    def _running(self, owner: str) -> list[Entry]:
        return [entry for entry in reversed(self._entries.values()) if entry.owner == owner]

    def _owns(self, owner: str, session_id: str) -> bool:
        card = self._shelf.get(session_id)
        return card is not None and card.owner == owner


async def _open(entry: Entry) -> None:
    try:
        await entry.session.open()
    except SaysoError as error:
        entry.session.log.append(Failed(where="session", error=str(error)))
    except Exception as error:  # noqa: BLE001 - a task's border: shown on the page
        text = f"The session did not start ({type(error).__name__}: {error})."
        advice = "Close it and start a new one; the server's log has the details."
        entry.session.log.append(Failed(where="session", error=text, advice=advice))
