"""The voices a page may open a line to: Hume's, or the offline EVI of this process."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from agent.errors import SaysoError, VoiceError
from dashboard.voice.hume import HumeVoice, OfflineVoice, Ticket, TokenMint
from dashboard.web.tickets import Tickets

if TYPE_CHECKING:
    from agent.settings import Settings
    from dashboard.voice.hume import Voice
    from dashboard.voice.server.service import OfflineEvi
    from dashboard.web.registry import VoiceFactory

PURPOSE = "voice"
PREFIX = "/voice"
_TICKET_SECONDS = 120.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Voices:
    """Makes a voice for each session; holds the offline EVI."""

    make: VoiceFactory
    """For a session as the server's own settings say."""

    offline: VoiceFactory
    evi: OfflineEvi | None = None
    origins: tuple[str, ...] = ()
    """Socket origins outside this server that the page must be allowed to reach."""

    _warming: asyncio.Task[None] | None = None

    def make_for(self, settings: Settings, session_id: str) -> Voice:
        """The voice that these settings want for a session."""
        return _hume(settings) if settings.speaks_hume else self.offline(session_id)

    def admit(self, settings: Settings) -> None:
        """Let pages reach Hume if these settings do."""
        if settings.speaks_hume:
            address = urlsplit(settings.hume_base_url)
            scheme = "ws" if address.scheme == "http" else "wss"
            self.origins = (f"{scheme}://{address.netloc}",)

    def warm(self) -> None:
        """Load the speech engines in the background, once."""
        if self.evi is not None and self._warming is None:
            self._warming = asyncio.get_running_loop().create_task(_warm(self.evi))

    async def close(self) -> None:
        """End all offline chats and the speech process."""
        if self._warming is not None:
            self._warming.cancel()
        if self.evi is not None:
            await self.evi.close()

    def routes(self, tickets: Tickets, check: type) -> list[tuple[Any, ...]]:
        """The offline EVI's chat socket, for holders of a ticket who pass the handler ``check``."""
        if self.evi is None:
            return []
        from dashboard.voice.server.handlers import routes

        def good(credential: str | None) -> bool:
            return tickets.check(credential or "", PURPOSE) is not None

        return list(routes(good, PREFIX, evi=self.evi, mixin=check))


def voices(settings: Settings, tickets: Tickets) -> Voices:
    """Hume's voice when both its keys are set, else the one in this process."""
    offline, evi = _offline(settings, tickets)
    spoken = Voices(lambda session_id: spoken.make_for(settings, session_id), offline, evi)
    spoken.admit(settings)
    return spoken


def _offline(settings: Settings, tickets: Tickets) -> tuple[VoiceFactory, OfflineEvi | None]:
    try:
        from dashboard.voice.server.service import OfflineEvi
        from dashboard.voice.speech.process import SpeechProcess

        speech = SpeechProcess(recognizer=settings.recognizer, synthesizer=settings.synthesizer)
        evi = OfflineEvi(speech=speech)
    except ImportError as error:
        trouble = NoVoice(
            f"The offline voice's packages are missing ({error}). Run script/bootstrap, then "
            "start the server again."
        )
        return (lambda _: trouble), None
    return (
        lambda session_id: OfflineVoice(lambda: tickets.issue(session_id, PURPOSE, _TICKET_SECONDS))
    ), evi


def _hume(settings: Settings) -> Voice:
    key, secret = settings.hume_api_key, settings.hume_secret_key
    if key is None or secret is None:
        return NoVoice("Hume's two keys are missing. Enter them in Settings.", "hume")
    mint = TokenMint(key, secret, settings.hume_base_url)
    return HumeVoice(mint, settings.hume_base_url, settings.hume_config_id)


@dataclass(slots=True)
class NoVoice:
    """A voice that cannot be had, and why."""

    trouble: str
    provider: Literal["hume", "offline"] = "offline"

    async def ticket(self, *, fresh: bool = False, relay: bool = False) -> Ticket:
        """Never a ticket.

        Raises:
            VoiceError: always, with the reason and the way out.
        """
        raise VoiceError(self.trouble)


async def _warm(evi: OfflineEvi) -> None:
    try:
        await evi.warm()
    except SaysoError as error:
        _log.warning("The speech engines do not start: %s", error)
