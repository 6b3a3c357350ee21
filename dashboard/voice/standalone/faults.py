"""Faults on demand, so that a client's answer to each can be tested against real traffic."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, Field

from dashboard.voice.speech.listener import Heard
from dashboard.voice.speech.process import SpeechEvent


class Faults(BaseModel):
    """What is to go wrong; nothing by default. Changes apply to chats that run, too."""

    close_after: int | None = None
    """Close the client's socket after this many messages …"""
    close_code: int = 1011
    """… with this code; 1006 drops the connection without a word."""
    unknown_message: bool = False
    """Follow ``chat_metadata`` by a message of a type that nobody knows."""
    missing: dict[str, list[str]] = Field(default_factory=dict)
    """Fields to leave out, by message type."""
    swap_audio: bool = False
    """Send every second ``audio_output`` before the one it follows."""
    huge_message: bool = False
    """Follow ``chat_metadata`` by a context echo of 2 MiB."""
    delay: float = 0.0
    """Seconds before each message."""
    late_chunks: int = 0
    """``audio_output``s that slip out after a ``user_interruption``."""
    interrupts_by_sound: bool = False
    """Any voice interrupts, whatever it says, as it does at Hume."""
    transcript: str = ""
    """What every utterance is heard as, as by a service that hears other languages."""
    refuse: bool = False
    """Every credential has expired: 401."""
    quota: bool = False
    """No credits are left: E0300, then the socket closes."""

    def heard(self, event: SpeechEvent) -> SpeechEvent:
        """``event``, with the words of `transcript`."""
        if not self.transcript or not isinstance(event, Heard) or not event.text:
            return event
        return replace(event, text=self.transcript, readings=(self.transcript,))

    def stream(self) -> FaultyStream:
        """One chat's messages with these faults."""
        return FaultyStream(self)


class FaultyStream:
    """One client's messages with `Faults` put in."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._held: dict[str, Any] | None = None
        self.sent = 0

    def of(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What is sent instead of ``message``."""
        out = [self._without(message)]
        if message["type"] == "chat_metadata":
            out += self._extras()
        if self._faults.swap_audio:
            out = [late for item in out for late in self._swapped(item)]
        self.sent += len(out)
        return out

    @property
    def closes(self) -> int | None:
        """The code to close with, once it is time."""
        after = self._faults.close_after
        return self._faults.close_code if after is not None and self.sent >= after else None

    def _without(self, message: dict[str, Any]) -> dict[str, Any]:
        left_out = self._faults.missing.get(message["type"], [])
        return {key: value for key, value in message.items() if key not in left_out}

    def _extras(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        if self._faults.unknown_message:
            out.append({"type": "weather_report", "temperature": 21})
        if self._faults.huge_message:
            out.append({"type": "session_settings", "context": {"text": "x" * (2 << 20)}})
        return out

    def _swapped(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        held, self._held = self._held, None
        if message["type"] == "audio_output" and held is None:
            self._held = message
            return []
        return [message] if held is None else [message, held]


def parse(text: str) -> Faults:
    """Faults from JSON, as ``--faults`` takes them."""
    return Faults.model_validate(json.loads(text))
