"""What one server process shares between its pages, made once when it starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent.settings import Settings
from dashboard.voice.evi import HumeVoice, OfflineVoice, TokenMint
from dashboard.web.door import Door
from dashboard.web.identity import Identity, load_secret
from dashboard.web.registry import Factory, Sessions, VoiceFactory, default_factory
from dashboard.web.tickets import Tickets


VOICE = "voice"
"""Purpose of the voice line's tickets."""


@dataclass(slots=True)
class Workbench:
    """Settings, door, identities, tickets and sessions of this process.

    ``secret`` is new with each start: it signs the pages' tokens and the tickets.
    """

    settings: Settings
    sessions: Sessions
    identity: Identity
    door: Door
    secret: bytes = field(repr=False)
    tickets: Tickets = field(repr=False)


_current: Workbench | None = None


def make_workbench(
    settings: Settings | None = None, factory: Callable[[Settings], Factory] = default_factory
) -> Workbench:
    """A workbench from settings; ``factory`` makes the agent's sessions."""
    settings = settings if settings is not None else Settings()
    secret = secrets.token_bytes(32)
    tickets = Tickets(secret)
    return Workbench(
        settings=settings,
        sessions=Sessions(factory(settings), voice_factory(settings, tickets)),
        identity=Identity(load_secret(settings.data_dir / "browser.key")),
        door=Door(voices=_voices(settings)),
        secret=secret,
        tickets=tickets,
    )


def voice_factory(settings: Settings, tickets: Tickets) -> VoiceFactory:
    """Hume's voice when both its keys are set, else the one in this process."""
    if settings.hume_api_key is None or settings.hume_secret_key is None:
        return lambda session_id: OfflineVoice(lambda: tickets.issue(session_id, VOICE, 120))
    base_url = settings.hume_base_url
    mint = TokenMint(settings.hume_api_key, settings.hume_secret_key, base_url)
    return lambda _: HumeVoice(mint, base_url, settings.hume_config_id)


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


def _voices(settings: Settings) -> tuple[str, ...]:
    if settings.hume_api_key is None:
        return ()
    address = urlsplit(settings.hume_base_url)
    scheme = "ws" if address.scheme == "http" else "wss"
    return (f"{scheme}://{address.netloc}",)
