"""What one server process shares between its pages, made once when it starts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from agent.keys import KeyStore
from agent.record.spending import Spending
from agent.setting_kinds import read_declared
from agent.settings import Settings, read_settings
from dashboard.voice.client.voice_settings import VoiceSettings
from dashboard.web.exports import Exports
from dashboard.web.identity import LOCAL, Identity, load_secret
from dashboard.web.intake import Intake
from dashboard.web.lock import Doormat, Lock
from dashboard.web.ownership import Ownership
from dashboard.web.preferences import People
from dashboard.web.registry import Factory, Kit, Sessions, default_factory
from dashboard.web.request_guard import RequestGuard
from dashboard.web.stops import Stops
from dashboard.web.tickets import Tickets
from dashboard.web.tries import Tries
from dashboard.web.voice import Voices, voices


@dataclass(slots=True)
class Workbench:
    """Settings, guard, lock, identities, tickets, voices, sessions, exports of this process.

    ``secret`` is new with each start: it signs the pages' tokens and the tickets.
    """

    settings: Settings
    sessions: Sessions
    voices: Voices
    identity: Identity
    request_guard: RequestGuard
    lock: Lock = field(repr=False)
    doormat: Doormat = field(repr=False)
    secret: bytes = field(repr=False)
    tickets: Tickets = field(repr=False)
    keys: KeyStore = field(repr=False)
    """Of the person who runs the server."""

    people: People
    stops: Stops = field(repr=False)
    tries: Tries = field(default_factory=Tries, repr=False)
    exports: Exports = field(default_factory=Exports)
    intake: Intake = field(default_factory=Intake, repr=False)
    farewells: list[Callable[[], Awaitable[None]]] = field(default_factory=list, repr=False)
    """What else must end with the server; called when it stops."""

    def settings_of(self, owner: str) -> Settings:
        """What an owner's new sessions are made from, keys included."""
        own = self.people.of(owner).settings
        if owner != LOCAL:
            own = own.model_copy(update={"memory_dir": self.people.folder(owner) / "memory"})
        return self.keys_of(owner).fill(own)

    def keys_of(self, owner: str) -> KeyStore:
        """The keys that an owner's sessions run on, beside those of the environment."""
        return self.keys if owner == LOCAL else self.people.keys(owner)

    def experiments_of(self, owner: str) -> Path:
        """Where an owner's experiments are kept."""
        home = self.settings.data_dir if owner == LOCAL else self.people.folder(owner)
        return home / "experiments"

    def admit_voices(self, owner: str) -> None:
        """After a key was entered: pages that load from now on may reach whom it opens."""
        self.voices.admit(self.settings_of(owner))
        self.request_guard = replace(self.request_guard, voices=self.voices.origins)

    async def close(self) -> None:
        """End all sessions, voices, and whatever asked to be told."""
        await asyncio.gather(*(farewell() for farewell in self.farewells))
        await self.sessions.close_all("The server was stopped.")
        await self.voices.close()
        self.exports.close()
        self.doormat.take_up()


_current: Workbench | None = None


def make_workbench(
    settings: Settings | None = None,
    factory: Callable[[Settings], Factory] = default_factory,
    *,
    most_sessions: int | None = None,
) -> Workbench:
    """A workbench from settings; ``factory`` makes the agent's sessions.

    ``most_sessions`` may run at once; as the settings say, if None.
    """
    given = settings if settings is not None else read_settings()
    keys, people = KeyStore(given), People(given, read_declared(VoiceSettings))
    settings = keys.fill(given)
    secret = secrets.token_bytes(32)
    tickets = Tickets(secret)
    spoken = voices(settings, tickets)
    identity = Identity(load_secret(settings.data_dir / "browser.key"))

    def kit(owner: str) -> Kit:
        wanted = bench.settings_of(owner)
        voice = partial(spoken.make_for, wanted)
        hosts = people.hosts(owner)
        return Kit(factory(wanted), voice, people.of(owner).voice_settings, hosts)

    ownership, spending = _accounts(settings, identity)
    sessions = Sessions(
        factory(settings),
        spoken.make,
        ownership,
        limit=most_sessions or settings.max_sessions,
        each=settings.max_sessions_each,
        personal=kit,
        spending=spending,
        payer=identity.payer,
    )
    bench = Workbench(
        settings=settings,
        sessions=sessions,
        stops=Stops(sessions),
        keys=keys,
        people=people,
        voices=spoken,
        identity=identity,
        request_guard=RequestGuard(voices=spoken.origins),
        lock=Lock(identity),
        doormat=Doormat(settings.data_dir),
        secret=secret,
        tickets=tickets,
    )
    return bench


def _accounts(settings: Settings, identity: Identity) -> tuple[Ownership, Spending]:
    """Whose the sessions on disk are, and what each owner has spent."""
    ownership = Ownership(settings.data_dir, heir=lambda: "" if identity.login else LOCAL)
    spending = Spending(settings.daily_dollars_each, settings.daily_dollars)
    spending.read(settings.data_dir, lambda key: ownership.payer(key, identity.payer))
    return ownership, spending


def set_workbench(bench: Workbench) -> None:
    """Make this the process's workbench."""
    global _current
    _current = bench


def workbench() -> Workbench:
    """The process's workbench.

    Raises:
        RuntimeError: the server was started without ``dashboard.web.mount.install``.
    """
    if _current is None:
        raise RuntimeError(
            "The page is not behind its request guard. Start it with `script/server` or "
            "`panel serve dashboard` (Panel's Tornado server)."
        )
    return _current
