"""A chat at work: its state machine joined to a socket, the speech process and a clock."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final, Protocol

from agent.clock import Clock
from dashboard.voice.server.chat import Chat
from dashboard.voice.server.conditions import Conditions
from dashboard.voice.server.effects import (
    Close,
    Configure,
    Effect,
    FinishHearing,
    Hear,
    Hush,
    Mirror,
    Say,
    Send,
)
from dashboard.voice.server.messages import ClientMessage, Message
from dashboard.voice.speech.listener import ListenSettings
from dashboard.voice.speech.process import Speech, SpeechEvent

log = logging.getLogger(__name__)

_KEPT_SOUND: Final = 32 << 20
"""Characters of ``audio_output`` kept for those who join later; older sound is dropped."""
_KEPT: Final = 48 << 20
"""Characters of all messages kept for them; beyond, the oldest are dropped whatever they are."""


class Client(Protocol):
    """A socket: the chat's own, or one that has joined it."""

    def send(self, text: str) -> None:
        """Queue a text frame; never blocks."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued."""
        ...


class LiveChat:
    """Carries out a `Chat`'s effects, and wakes it when time has passed."""

    def __init__(
        self, chat: Chat, client: Client, speech: Speech, clock: Clock, conditions: Conditions
    ) -> None:
        self.chat, self._client, self._speech, self._clock = chat, client, speech, clock
        self._conditions = conditions
        self._stream = conditions.stream()
        self._joined: list[Client] = []
        self._history: list[str] = []
        self._size = 0
        self._oldest = 0
        """Place in the history before which everything was dropped."""
        self._sounds: list[tuple[int, int]] = []
        """Place and size of each kept ``audio_output`` in the history."""
        self._timer: asyncio.Task[None] | None = None
        self._wakes_at = float("inf")
        self._over = False
        self.joinable = False
        """Whether others may connect to the chat."""

    @property
    def id(self) -> str:
        return self.chat.record.id

    def start(self, settings: ListenSettings) -> None:
        """Begin: ``chat_metadata`` goes out first."""
        self._speech.open(self.id, settings, self._heard)
        self._do(self.chat.open)

    def frame(self, data: str | bytes) -> None:
        """A frame from the client."""
        self._do(lambda now: self.chat.received(data, now))

    def post(self, message: ClientMessage) -> None:
        """A message through the control plane.

        Raises:
            ClientError: it cannot be taken.
        """
        self._do(lambda now: self.chat.take(message, now))

    def join(self, client: Client) -> None:
        """``client`` gets everything so far, then everything as it comes."""
        for text in self._history:
            if text:
                client.send(text)
        self._joined.append(client)

    def leave(self, client: Client) -> None:
        """``client`` is gone."""
        if client in self._joined:
            self._joined.remove(client)

    def end(self, code: int, reason: str) -> None:
        """Close the client's socket after what is queued."""
        self._client.close(code, reason)

    def gone(self, status: str = "USER_ENDED") -> None:
        """The client's socket is closed."""
        if self._over:
            return
        self._over = True
        self._speech.close(self.id)
        self.chat.record.end(status)
        if self._timer is not None:
            self._timer.cancel()
        for client in self._joined:
            client.close(1000, "the chat has ended")

    def _heard(self, event: SpeechEvent) -> None:
        self.chat.by_sound = self._conditions.interrupts_by_sound
        self._do(lambda now: self.chat.heard(self._conditions.heard(event), now))

    def _do(self, step: Callable[[float], list[Effect]]) -> None:
        if self._over:
            return
        for effect in step(self._clock.now()):
            self._carry_out(effect)
        self._set_timer()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Send():
                self._send(effect.message)
            case Mirror():
                self._remember(effect.message)
            case Hear():
                self._speech.hear(self.id, effect.pcm)
            case Say():
                self._speech.say(self.id, effect.line, effect.text)
            case Hush():
                self._speech.hush(self.id)
            case FinishHearing():
                self._speech.finish(self.id)
            case Configure():
                self._speech.configure(self.id, effect.settings)
            case Close():
                self.chat.record.end(effect.reason.upper())
                self._client.close(effect.code, effect.reason)

    def _send(self, message: Message) -> None:
        for item in self._stream.of(message):
            self._client.send(json.dumps(item))
        self._remember(message)
        if (code := self._stream.closes) is not None:
            self._client.close(code, "as asked")

    def _remember(self, message: Message) -> None:
        text = json.dumps(message)
        self._history.append(text)
        self._size += len(text)
        if message["type"] == "audio_output":
            self._sounds.append((len(self._history) - 1, len(text)))
            while sum(size for _, size in self._sounds) > _KEPT_SOUND:
                self._drop(self._sounds.pop(0)[0])
        while self._size > _KEPT:
            self._drop(self._oldest)
            self._oldest += 1
        for client in self._joined:
            client.send(text)

    def _drop(self, place: int) -> None:
        self._size -= len(self._history[place])
        self._history[place] = ""

    def _set_timer(self) -> None:
        """Wake at the chat's deadline; a timer that is early just looks again."""
        due = self.chat.deadline()
        running = self._timer is not None and not self._timer.done()
        if self._over or (running and self._wakes_at <= due):
            return
        if running and self._timer is not asyncio.current_task() and self._timer is not None:
            self._timer.cancel()
        self._wakes_at = due
        self._timer = asyncio.get_running_loop().create_task(self._wait(due))

    async def _wait(self, due: float) -> None:
        await self._clock.sleep(max(0.0, due - self._clock.now()))
        self._timer = None
        self._do(self.chat.tick)
