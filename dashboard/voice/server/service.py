"""The offline EVI: one speech process, one store, and the chats that are open."""

from __future__ import annotations

import secrets
from typing import Final

from agent.clock import Clock, MonotonicClock
from dashboard.voice.server.chat import Chat, ChatOptions
from dashboard.voice.server.conditions import Conditions, InOrder
from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.live import Client, LiveChat
from dashboard.voice.server.messages import ClientError
from dashboard.voice.server.store import Store
from dashboard.voice.speech.process import Speech, SpeechProcess

TOKEN_SECONDS: Final = 1_800.0
"""An access token's life, as Hume's."""
_MOST_TOKENS: Final = 10_000


class Tokens:
    """Access tokens of ``/oauth2-cc/token``."""

    def __init__(self, clock: Clock, life: float = TOKEN_SECONDS) -> None:
        self._clock, self.life = clock, life
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """A new token."""
        now = self._clock.now()
        self._ends = {t: end for t, end in self._ends.items() if end > now}
        if len(self._ends) >= _MOST_TOKENS:
            self._ends.pop(next(iter(self._ends)))
        token = secrets.token_urlsafe(24)
        self._ends[token] = now + self.life
        return token

    def valid(self, token: str) -> bool:
        """Whether it was issued here and lives."""
        return self._ends.get(token, 0.0) > self._clock.now()


class OfflineEvi:
    """Everything that chats share. ``speech`` is started by the first chat, or by `warm`."""

    def __init__(
        self,
        *,
        speech: Speech | None = None,
        config: ChatConfig | None = None,
        clock: Clock | None = None,
        conditions: Conditions | None = None,
        time_scale: float = 1.0,
        most_chats: int = 16,
    ) -> None:
        self.clock = clock or MonotonicClock()
        self.speech = speech or SpeechProcess()
        self.store = Store()
        self.conditions = conditions or InOrder()
        self.tokens = Tokens(self.clock)
        self.live: dict[str, LiveChat] = {}
        self._config = config or ChatConfig()
        self._scale, self._most = time_scale, most_chats

    async def warm(self) -> None:
        """Load the engines before the first chat needs them."""
        if isinstance(self.speech, SpeechProcess):
            await self.speech.ready()

    async def close(self) -> None:
        """End every chat and the speech process."""
        for chat in list(self.live.values()):
            chat.gone("ERROR")
        self.live.clear()
        if isinstance(self.speech, SpeechProcess):
            await self.speech.stop()

    def expire(self, code: int = 1008) -> None:
        """Every token dies at this moment, and the chats that run end with it."""
        self.tokens = Tokens(self.clock)
        for chat in list(self.live.values()):
            chat.end(code, "token_expired")

    def begin(
        self,
        client: Client,
        *,
        config_id: str | None = None,
        config_version: int | None = None,
        group_id: str | None = None,
        verbose: bool = False,
    ) -> LiveChat:
        """Open a chat.

        Raises:
            ClientError: E0708 (no such group), E0300 (quota), E0101 (no such config).
        """
        if self.conditions.quota or len(self.live) >= self._most:
            raise ClientError("E0300", "quota_exceeded", "No credits or no room for another chat.")
        if group_id is not None and not self.store.chats.group(group_id):
            text = f"There is no chat group {group_id} to resume."
            raise ClientError("E0708", "chat_group_not_found", text)
        config = self._find(config_id, config_version)
        record = self.store.chats.begin(config, group_id)
        options = ChatOptions(verbose, group_id is None, self._scale, self.conditions.late_chunks)
        chat = Chat(record, config, options, self.clock.now())
        live = LiveChat(chat, client, self.speech, self.clock, self.conditions)
        self.live[record.id] = live
        live.start(config.listening)
        return live

    def _find(self, key: str | None, version: int | None) -> ChatConfig:
        if key is None:
            return self._config
        config = self.store.config(key, version)
        if config is None:
            raise ClientError("E0101", "config_not_found", f"There is no config {key}.")
        return config
