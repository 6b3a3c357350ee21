"""What one server process shares between its pages, made once when it starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.settings import Settings
from dashboard.web.door import Door
from dashboard.web.identity import Identity, load_secret
from dashboard.web.registry import Factory, Sessions, default_factory
from dashboard.web.shelf import Shelf
from dashboard.web.tickets import Tickets
from dashboard.web.voice import Voices, voices


@dataclass(slots=True)
class Workbench:
    """Settings, door, identities, tickets, voices and sessions of this process.

    ``secret`` is new with each start: it signs the pages' tokens and the tickets.
    """

    settings: Settings
    sessions: Sessions
    voices: Voices
    identity: Identity
    door: Door
    secret: bytes = field(repr=False)
    tickets: Tickets = field(repr=False)

    async def close(self) -> None:
        """End all sessions and voices."""
        await self.sessions.close_all("The server was stopped.")
        await self.voices.close()


_current: Workbench | None = None


def make_workbench(
    settings: Settings | None = None,
    factory: Callable[[Settings], Factory] = default_factory,
    *,
    most_sessions: int = 8,
) -> Workbench:
    """A workbench from settings; ``factory`` makes the agent's sessions."""
    settings = settings if settings is not None else Settings()
    secret = secrets.token_bytes(32)
    tickets = Tickets(secret)
    spoken = voices(settings, tickets)
    return Workbench(
        settings=settings,
        sessions=Sessions(
            factory(settings), spoken.make, Shelf(settings.data_dir), limit=most_sessions
        ),
        voices=spoken,
        identity=Identity(load_secret(settings.data_dir / "browser.key")),
        door=Door(voices=spoken.origins),
        secret=secret,
        tickets=tickets,
    )


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
            "The page is not behind its door. Start it with `script/server` or "
            "`panel serve dashboard` (Panel's Tornado server)."
        )
    return _current
