"""What the widget needs to open its voice line: address, short-lived token, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

from dashboard.voice.hume.token import TokenMint
from dashboard.voice.hume.tools import tool_definitions

CHAT_PATH = "/v0/evi/chat"
OFFLINE_PREFIX = "/voice"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One opening of the voice line. ``query`` holds a secret that dies soon: never log it."""

    url: str
    provider: Literal["hume", "offline"]
    query: dict[str, str] = field(repr=False)
    settings: dict[str, Any]

    def message(self) -> dict[str, Any]:
        """As the widget takes it."""
        return {
            "type": "ticket",
            "url": self.url,
            "provider": self.provider,
            "query": self.query,
            "settings": self.settings,
        }


class Voice(Protocol):
    """Who listens and speaks: Hume, or the server's own offline EVI."""

    provider: Literal["hume", "offline"]

    async def ticket(self, *, fresh: bool = False, relay: bool = False) -> Ticket: ...


def _settings(relay: bool) -> dict[str, Any]:
    """Session settings; in relay mode EVI has no tools, for it never answers by itself."""
    return {"tools": [] if relay else tool_definitions()}


class HumeVoice:
    """The real EVI, reached by the browser with a token that lives 30 minutes."""

    provider: Literal["hume", "offline"] = "hume"

    def __init__(self, mint: TokenMint, base_url: str, config_id: str | None) -> None:
        parts = urlsplit(base_url.rstrip("/"))
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = urlunsplit((scheme, parts.netloc, parts.path + CHAT_PATH, "", ""))
        self._mint = mint
        self._config_id = config_id

    async def ticket(self, *, fresh: bool = False, relay: bool = False) -> Ticket:
        """A ticket for one opening.

        Raises:
            ConfigurationError, VoiceError: as ``TokenMint.token``.
        """
        query = {
            "access_token": await self._mint.token(fresh=fresh),
            "verbose_transcription": "true",
        }
        if self._config_id:
            query["config_id"] = self._config_id
        return Ticket(self._url, self.provider, query, _settings(relay))


class OfflineVoice:
    """The server's own EVI on the page's own origin; ``issue`` makes a single-session ticket."""

    provider: Literal["hume", "offline"] = "offline"

    def __init__(self, issue: Callable[[], str]) -> None:
        self._issue = issue

    async def ticket(self, *, fresh: bool = False, relay: bool = False) -> Ticket:
        """A ticket for one opening; the address is relative to the page."""
        del fresh
        query = {"access_token": self._issue(), "verbose_transcription": "true"}
        path = (OFFLINE_PREFIX + CHAT_PATH).lstrip("/")  # a proxy may put something before it
        return Ticket(path, self.provider, query, _settings(relay))
