"""The agent's sessions of this process: they outlive the pages that show them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.clock import ended, in_time
from agent.disk import in_thread
from agent.errors import ConfigurationError, JournalError, SaysoError
from agent.record.events import Failed, SessionOpened, TaskStarted
from agent.record.export import import_session, read_export
from agent.record.journal import last_used, remove_session, session_folder
from agent.record.spending import UNNAMED, Spending
from agent.session.kept_hosts import KeptHosts
from agent.session.session import Session
from dashboard.conductor import Conductor
from dashboard.web.memory import memory
from dashboard.web.ownership import Card, Ownership

if TYPE_CHECKING:
    from agent.record.rows import Damage
    from agent.settings import Settings
    from dashboard.voice.client.voice_settings import VoiceSettings
    from dashboard.voice.hume import Voice

_log = logging.getLogger(__name__)

Factory = Callable[[str | None], Session]
"""Makes a session, not yet opened: a new one, or the one of that id from its journal."""

VoiceFactory = Callable[[str], "Voice"]
"""Makes the voice line's tickets for a session's id."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What an owner's sessions are made with."""

    factory: Factory
    voice: VoiceFactory
    voice_settings: VoiceSettings | None = None
    """How they speak until that is changed; as the environment says, if None."""

    hosts: KeptHosts | None = None
    """What the owner has allowed for good; nothing can be, if None."""


_WARMING = 30.0
"""Seconds that the model's service has to read ahead."""

_FAREWELL = 30.0
"""Seconds that a session's start and its voice have to end, when it is closed."""

_LOOK = 0.01
"""Seconds between two looks whether a session has been opened."""

_NAME = 40
_TITLE = 80
_UNNAMED_FULL = (
    "{} sessions of people without a name of their own are running. Together they may have as many "
    "as one person, and each is at work or being looked at. End one of yours, or wait until one is "
    "free."
)
_ROOM = "It made room for another session: nobody was looking at it, and it had nothing to do."
_NONE = "You have no such session; it may have been deleted."
_DELETED = "It was deleted."
_ENDING = "The session is being ended. Try again in a moment."
_ALONE = "Nobody had looked at it for a while."


class ServerFullError(ConfigurationError):
    """As many sessions run as the server allows, and none of them can be retired."""


class NoSuchSessionError(ConfigurationError):
    """There is no session of that id, or it is somebody else's: nobody is told which."""


def default_factory(settings: Settings) -> Factory:
    """Sessions as the settings say."""

    def make(session_id: str | None) -> Session:
        if session_id is None:
            return Session.create(settings)
        return Session.resume(settings, session_id)

    return make


@dataclass(slots=True, eq=False)
class Entry:
    """A session, whose it is, and its life in this process."""

    session: Session
    owner: str
    payer: str
    """As whom the owner is counted where there are bounds for each person (`Identity.payer`)."""

    conductor: Conductor
    title: str = ""
    """What the person calls it."""

    person: str = ""
    """The name that signed in to make it; empty without a login."""

    opening: asyncio.Task[None] | None = None
    pages: set[object] = field(default_factory=set)
    ended: str = ""
    """Why it was ended, in a sentence; empty while it runs, and when the server itself ends."""

    alone: asyncio.TimerHandle | None = None
    """Due when nobody has looked for long enough."""

    @property
    def id(self) -> str:
        return self.session.id

    @property
    def name(self) -> str:
        """What the session is called, or what it is about."""
        return self.card.shown

    @property
    def card(self) -> Card:
        """What is kept of it for the list of sessions."""
        first = next((e.text for e in self.session.log if isinstance(e, TaskStarted)), "")
        about = first if len(first) <= _NAME else first[: _NAME - 1] + "…"
        return Card(
            owner=self.owner,
            name=about,
            title=self.title,
            person=self.person,
            ended=self.ended,
        )

    @property
    def deleted(self) -> bool:
        """Whether it was ended because it is deleted."""
        return self.ended == _DELETED

    @property
    def starting(self) -> bool:
        """Whether it is about to be opened, once those that make room for it have gone.

        What it is told now would stand before its beginning, and be cut off by it.
        """
        opening = self.opening
        return opening is not None and not (self.session.opened or opening.done())

    async def until_open(self) -> None:
        """Wait while it is `starting`."""
        while self.starting:  # noqa: ASYNC110 - two things are looked at
            await asyncio.sleep(_LOOK)

    @property
    def idle(self) -> bool:
        """Whether nobody looks at it and nothing is under way or asked in it."""
        status = self.session.status
        busy = status.task_id is not None or bool(status.open_actions)
        asked = status.pending_approval is not None or status.question is not None
        opened = self.opening is not None and self.opening.done()
        return opened and not (self.pages or busy or asked)


@dataclass(frozen=True, slots=True)
class Listed:
    """A session in the list: running here, or resumable from its journal."""

    id: str
    name: str
    state: str = ""
    running: bool = False
    used: float = 0.0
    """When something last happened in it, in Unix seconds."""

    ended: str = ""
    """Why it was ended, in a sentence, if it was."""

    person: str = ""
    """The name whose it is; empty for one that was made without a login."""


class Sessions:
    """Create, find, list and close sessions by id. All on the server's event loop."""

    def __init__(
        self,
        factory: Factory,
        voice: VoiceFactory,
        ownership: Ownership,
        *,
        limit: int = 8,
        each: int | None = None,
        unwatched: float = 1800.0,
        personal: Callable[[str], Kit] | None = None,
        spending: Spending | None = None,
        payer: Callable[[str, str], str] = lambda owner, person: owner,
    ) -> None:
        self._kit = personal or (lambda owner: Kit(factory, voice))
        self.ownership = self._ownership = ownership
        self._limit = limit
        self._each = limit if each is None else each
        self.spending = spending or Spending(0.0, 0.0)
        self._payer = payer
        self._payers: dict[str, str] = {}
        self._unwatched = unwatched
        self._entries: dict[str, Entry] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._ending: dict[str, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def pages(self) -> int:
        """How many pages show a session."""
        return sum(len(entry.pages) for entry in self._entries.values())

    def create(self, owner: str, session_id: str | None = None, *, person: str = "") -> Entry:
        """A new session of ``owner``, or the journaled one; `open` starts its desktop.

        Raises:
            ServerFullError: as many as this server allows are running, and none can be retired.
            SaysoError: the session cannot be made; the text says why.
        """
        payer = self._payers[owner] = self._payer(owner, person)
        self._check_room(payer)
        kit = self._kit(owner)
        session = kit.factory(session_id)
        session.log.guard(lambda event: self.spending.add(event, payer))
        session.spend_within(
            partial(self.spending.refusal, payer), partial(self.spending.notice, payer)
        )
        card = self._ownership.get(session.id)
        title = card.title if card is not None else ""
        entry = Entry(
            session,
            owner,
            payer,
            Conductor(session, kit.voice(session.id), voice_settings=kit.voice_settings),
            title,
            person or (card.person if card is not None else ""),
        )
        session.network.kept = kit.hosts
        session.network.attended = lambda: bool(entry.pages)
        self._entries[entry.id] = entry
        return entry

    def _check_room(self, payer: str) -> None:
        few = self._each < self._limit
        if few and self._opened(payer) >= self._each and self._oldest_idle(payer) is None:
            many = "1 session is" if self._each == 1 else f"{self._each} sessions of yours are"
            if payer == UNNAMED:
                raise ServerFullError(_UNNAMED_FULL.format(self._each))
            raise ServerFullError(
                f"{many} running, which is as many as one person may have here, and each is at "
                "work or being looked at. End one of them."
            )
        if self._opened() >= self._limit and self._oldest_idle() is None:
            many = "1 session is" if self._limit == 1 else f"{self._limit} sessions are"
            own = any(entry.payer == payer for entry in self._entries.values())
            advice = (
                "End one of yours, or wait until another is free."
                if own
                else "Wait until one is free."
            )
            raise ServerFullError(
                f"{many} running, which is as many as this server allows, and each is at work or "
                f"being looked at. {advice}"
            )

    def payer(self, owner: str) -> str:
        """As whom an owner who has had a session here is counted."""
        return self._payers.get(owner, owner)

    def _of(self, payer: str | None) -> list[Entry]:
        """One person's sessions, or all."""
        return [e for e in self._entries.values() if payer is None or e.payer == payer]

    def _opened(self, payer: str | None = None) -> int:
        return sum(entry.opening is not None for entry in self._of(payer))

    def _oldest_idle(self, payer: str | None = None) -> Entry | None:
        return min((e for e in self._of(payer) if e.idle), key=_used, default=None)

    def _make_room(self, payer: str) -> list[asyncio.Task[None]]:
        """Retire the oldest idle sessions until one more may run; what is to be waited for."""
        self._check_room(payer)
        leaving = []
        for whose, limit in ((payer, self._each), (None, self._limit)):
            while self._opened(whose) >= limit and (oldest := self._oldest_idle(whose)) is not None:
                self._entries.pop(oldest.id)
                leaving.append(self._end(oldest, _ROOM, _ROOM))
        return leaving

    def find(self, session_id: str, owner: str | None) -> Entry | None:
        """The session of that id if ``owner`` has it; others' look like none at all."""
        entry = self._entries.get(session_id)
        return entry if entry is not None and owner is not None and entry.owner == owner else None

    def listed(self, owner: str, most: int = 12) -> list[Listed]:
        """The owner's sessions: those running, the newest first, then the resumable ones.

        It reads the disk; where that matters, call `running` here and `kept` in a thread.
        """
        running = self.running(owner)
        here = {each.id for each in running}
        return running + [kept for kept in self.kept(owner, most) if kept.id not in here]

    def running(self, owner: str) -> list[Listed]:
        """The owner's sessions of this process, the newest first."""
        return [
            Listed(
                e.id,
                e.name,
                e.session.status.who,
                running=True,
                used=_used(e),
                person=e.person,
            )
            for e in self._running(owner)
            if e.opening is not None
        ]

    def kept(self, owner: str, most: int = 12) -> list[Listed]:
        """The owner's journaled sessions, the most recently used first. From any thread."""
        folder = self._ownership.data_dir
        kept = self._ownership.of(owner, most)
        return [
            Listed(
                key,
                card.shown,
                used=last_used(folder, key),
                ended=card.ended,
                person=card.person,
            )
            for key, card in kept
        ]

    def card(self, session_id: str, owner: str) -> Card | None:
        """The card of one of this owner's sessions. It reads the disk."""
        card = self._ownership.get(session_id)
        return card if card is not None and card.owner == owner else None

    def ended(self, session_id: str, owner: str) -> Card | None:
        """The card of a session of this owner that was ended and does not run; else None.

        It reads the disk.
        """
        if session_id in self._entries:
            return None
        card = self.card(session_id, owner)
        return card if card is not None and card.ended else None

    async def wake(self, session_id: str, owner: str) -> None:
        """Have an ended session go on when its page is loaded next.

        Raises:
            NoSuchSessionError: the owner has no such session.
            ServerFullError: there is no room for it now.
        """
        if ending := self._ending.get(session_id):
            await ending.wait()
        card = await in_thread(self.card, session_id, owner)
        if card is None:
            raise NoSuchSessionError(_NONE)
        if session_id not in self._entries:
            self._check_room(self._payer(owner, card.person))
            card = card.model_copy(update={"ended": ""})
            await in_thread(self._ownership.put, session_id, card)

    def folder(self, session_id: str, owner: str | None) -> Path | None:
        """Where the session lies if ``owner`` has it; others' look like none at all."""
        if owner is None or not self.owns(owner, session_id):
            return None
        return session_folder(self._ownership.data_dir, session_id)

    def owns(self, owner: str, session_id: str) -> bool:
        """Whether a session, running or journaled, is this owner's."""
        entry = self._entries.get(session_id)
        if entry is not None:
            return entry.owner == owner
        card = self._ownership.get(session_id)
        return card is not None and card.owner == owner

    def rename(self, session_id: str, owner: str, title: str) -> bool:
        """Call a session something; an empty title gives it back the name of its first task."""
        if not self.owns(owner, session_id):
            return False
        title = " ".join(title.split())[:_TITLE]
        entry, card = self._entries.get(session_id), self._ownership.get(session_id)
        if entry is not None:
            entry.title = title
            card = entry.card
        if card is not None:
            self._ownership.put(session_id, card.model_copy(update={"title": title}))
        return True

    async def delete(self, session_id: str, owner: str) -> None:
        """Delete a session for good; one that runs is ended first.

        Raises:
            ConfigurationError: the owner has no such session.
            JournalError: it is open in another process, or the disk refuses.
        """
        if not self.owns(owner, session_id):
            raise NoSuchSessionError(_NONE)
        await asyncio.shield(self._start(self._remove(session_id)))

    async def _remove(self, session_id: str) -> None:
        await self.close(session_id, _DELETED)
        await in_thread(remove_session, self._ownership.data_dir, session_id)

    def adopt(self, folder: Path, owner: str) -> tuple[str, Damage]:
        """Take an exported session in as this owner's: its id, and what of it cannot be read.

        From any thread.

        Raises:
            JournalError: the folder is not a whole export, or the disk refuses.
        """
        session_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}-imported"
        damage = read_export(folder)
        import_session(folder, self._ownership.data_dir, session_id=session_id)
        self._ownership.put(
            session_id, Card(owner=owner, name="Imported session", ended="It was imported.")
        )
        if not self.owns(owner, session_id):  # the disk had no room for whose it is
            remove_session(self._ownership.data_dir, session_id)
            raise JournalError("The session could not be kept; free some disk space, try again.")
        return session_id, damage

    def attach(self, owner: str, session_id: str | None = None, *, person: str = "") -> Entry:
        """The named session, running or resumed; without a name the newest, else a new one.

        Raises:
            NoSuchSessionError: the owner has no session of that id.
            SaysoError: as `create`.
        """
        if not session_id:
            running = next(iter(self._running(owner)), None)
            return running or self.create(owner, person=person)
        if (entry := self.find(session_id, owner)) is not None:
            return entry
        if not self.owns(owner, session_id):
            raise NoSuchSessionError(_NONE)
        if session_id in self._ending:
            raise ConfigurationError(_ENDING)
        return self.create(owner, session_id, person=person)

    def open(self, entry: Entry) -> None:
        """Start the session's desktop and loop, once; what goes wrong is put in its log."""
        if entry.opening is not None:
            return
        try:
            leaving = self._make_room(entry.payer)
        except ServerFullError as error:  # it was there when the page was made
            entry.session.log.append(Failed(where="session", error=str(error)))
            return
        self._ownership.put(entry.id, entry.card)
        entry.opening = asyncio.get_running_loop().create_task(_open(entry, leaving))

    def warm(self, entry: Entry) -> None:
        """Have the model's service read ahead for whoever looks at the session now."""
        self._start(_warm(entry))

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
            self._watch(entry)

    def _retire(self, entry: Entry, length: int) -> None:
        if entry.pages or self._entries.get(entry.id) is not entry:
            return
        grown = len(entry.session.log)
        if grown == length or entry.session.status.task_id is None:
            self._start(self.close(entry.id, _ALONE))
        else:
            self._watch(entry)

    def _watch(self, entry: Entry) -> None:
        """Look again when nobody has looked for so long."""
        if entry.alone is not None:
            entry.alone.cancel()
        loop, grown = asyncio.get_running_loop(), len(entry.session.log)
        entry.alone = loop.call_later(self._unwatched, self._retire, entry, grown)

    async def _drop(self, entry: Entry) -> None:
        begun = any(isinstance(event, SessionOpened) for event in entry.session.log)
        await self.close(entry.id, "never begun")
        if entry.session.created and not begun:
            self._ownership.discard(entry.id)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def close(self, session_id: str, reason: str = "", *, ended: bool = True) -> None:
        """End a session and its desktop; it can be resumed later.

        ``ended``: whether it is to stay so until somebody resumes it. If not, its page goes on
        with it as soon as it comes back. It goes on to its end although whoever asked for it
        may be gone: a page goes when its session ends.
        """
        entry = self._entries.pop(session_id, None)
        if entry is not None:
            await asyncio.shield(self._end(entry, reason, reason if ended else ""))
        elif ending := self._ending.get(session_id):
            await ending.wait()

    def _end(self, entry: Entry, reason: str, ended: str) -> asyncio.Task[None]:
        self._ending[entry.id] = over = asyncio.Event()
        entry.ended = ended
        return self._start(self._finish(entry, reason, over))

    async def _finish(self, entry: Entry, reason: str, over: asyncio.Event) -> None:
        try:
            if entry.opening is not None:
                self._ownership.put(entry.id, entry.card)
                entry.opening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await in_time(entry.opening, _FAREWELL, f"the start of session {entry.id}")
            try:
                await in_time(entry.conductor.close(), _FAREWELL, f"the voice of {entry.id}")
            finally:
                await entry.session.close(reason)
        finally:
            self._ending.pop(entry.id, None)
            over.set()
            memory.freed()

    async def close_all(self, reason: str) -> None:
        """End every session; one that fails to close does not keep the others open."""
        closing = (self.close(key, reason, ended=False) for key in tuple(self._entries))
        await ended("The end of a session", *closing, *self._closing)

    def _running(self, owner: str) -> list[Entry]:
        return [entry for entry in reversed(self._entries.values()) if entry.owner == owner]


def _used(entry: Entry) -> float:
    log = entry.session.log
    return log[len(log) - 1].at if len(log) else 0.0


async def _open(entry: Entry, leaving: Iterable[asyncio.Task[None]]) -> None:
    await ended("The end of a session", *leaving)
    try:
        await entry.session.open()
    except SaysoError as error:
        _tell(entry, Failed(where="session", error=str(error)))
    except Exception as error:  # noqa: BLE001 - a task's border: shown on the page
        _log.exception("Session %s did not start", entry.id)
        text = f"The session did not start ({type(error).__name__}: {error})."
        advice = "Close it and start a new one; the server's log has the details."
        _tell(entry, Failed(where="session", error=text, advice=advice))


async def _warm(entry: Entry) -> None:
    if entry.opening is None:
        return
    await asyncio.wait([entry.opening])
    try:
        async with asyncio.timeout(_WARMING):
            await entry.session.warm()
    except TimeoutError:
        return
    except Exception:  # noqa: BLE001 - a task's border: the first turn comes later, and no worse
        _log.exception("Session %s was not read ahead", entry.id)


def _tell(entry: Entry, failed: Failed) -> None:
    try:
        entry.session.log.append(failed)
    except JournalError as error:
        entry.session.trouble = f"{failed.error} {error}"
