"""What a chat is configured with: turn detection, interruption, timers, event messages.

Ranges and names are those of Hume's config resource. The defaults differ from Hume's on
purpose, for a person who works with a computer: a turn ends after 550 ms of silence (800
there), 200 ms of speech interrupt (800), and 30 minutes of silence are no reason to leave (2).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dashboard.voice.server.messages import Tool
from dashboard.voice.speech.listener import ListenSettings


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class TurnDetection(_Part):
    end_of_turn_silence_ms: int = Field(default=550, ge=500, le=3_000)
    speech_detection_threshold: float = Field(default=0.5, ge=0, le=1)
    prefix_padding_ms: int = Field(default=300, ge=0, le=1_000)


class Interruption(_Part):
    min_interruption_ms: int = Field(default=200, ge=50, le=2_000)


class Timeout(_Part):
    enabled: bool = True
    duration_secs: int | None = Field(default=1_800, ge=30, le=1_800)


class Timeouts(_Part):
    inactivity: Timeout = Timeout()
    max_duration: Timeout = Timeout()


class EventMessage(_Part):
    enabled: bool = False
    text: str | None = None


class EventMessages(_Part):
    on_new_chat: EventMessage = EventMessage()
    on_inactivity_timeout: EventMessage = EventMessage()
    on_max_duration_timeout: EventMessage = EventMessage()


class ChatConfig(_Part):
    """The parts of a config that change what the offline server does."""

    id: str | None = None
    version: int | None = None
    turn_detection: TurnDetection = TurnDetection()
    interruption: Interruption = Interruption()
    timeouts: Timeouts = Timeouts()
    event_messages: EventMessages = EventMessages()
    tools: tuple[Tool, ...] = ()

    @classmethod
    def of(cls, stored: dict[str, Any]) -> ChatConfig:
        """A stored config; what it leaves out takes the default."""
        return cls.model_validate(_without_nulls(stored))

    @property
    def listening(self) -> ListenSettings:
        """The part that the speech process needs."""
        return ListenSettings(
            silence_ms=self.turn_detection.end_of_turn_silence_ms,
            threshold=self.turn_detection.speech_detection_threshold,
            prefix_ms=self.turn_detection.prefix_padding_ms,
            interruption_ms=self.interruption.min_interruption_ms,
        )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
