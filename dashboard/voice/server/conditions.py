"""The seam for what can go wrong at a voice service. Here everything is in order."""

from __future__ import annotations

from typing import Any, Protocol

from dashboard.voice.speech.process import SpeechEvent


class Stream(Protocol):
    """One client's messages on their way out."""

    @property
    def closes(self) -> int | None:
        """The code with which to close the client's socket now."""
        ...

    def of(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What is sent for ``message``."""
        ...


class Conditions(Protocol):
    """How the service is. It may change while chats run."""

    @property
    def delay(self) -> float:
        """Seconds before each message."""
        ...

    @property
    def late_chunks(self) -> int:
        """``audio_output``s that slip out after a ``user_interruption``."""
        ...

    @property
    def interrupts_by_sound(self) -> bool:
        """Whether any voice interrupts, whatever it says."""
        ...

    @property
    def refuse(self) -> bool:
        """Whether every credential has expired."""
        ...

    @property
    def quota(self) -> bool:
        """Whether no credits are left."""
        ...

    def heard(self, event: SpeechEvent) -> SpeechEvent:
        """What is taken to be heard."""
        ...

    def stream(self) -> Stream:
        """For a new chat."""
        ...


class _Straight:
    closes = None

    def of(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        return [message]


class InOrder:
    """Nothing goes wrong."""

    delay = 0.0
    late_chunks = 0
    interrupts_by_sound = False
    refuse = False
    quota = False

    def heard(self, event: SpeechEvent) -> SpeechEvent:
        """As it was heard."""
        return event

    def stream(self) -> Stream:
        """Messages as they are."""
        return _Straight()
