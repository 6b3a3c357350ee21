"""What a chat's state machine asks its surroundings to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.voice.server.messages import Message
from dashboard.voice.speech.listener import ListenSettings


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to the client and to everybody who has joined the chat."""

    message: Message


@dataclass(frozen=True, slots=True)
class Mirror:
    """Show a client's message to everybody who has joined the chat."""

    message: Message


@dataclass(frozen=True, slots=True)
class Close:
    """Close the client's socket."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Hear:
    """Give sound (PCM16 at `audio.RATE`) to the recogniser."""

    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FinishHearing:
    """No more sound comes: let the recogniser end the turn."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Change how the recogniser listens."""

    settings: ListenSettings


@dataclass(frozen=True, slots=True)
class Say:
    """Synthesise a line."""

    line: str
    text: str


@dataclass(frozen=True, slots=True)
class Hush:
    """Forget every line that is still being synthesised."""


Effect = Send | Mirror | Close | Hear | FinishHearing | Configure | Say | Hush
Effects = list[Effect]
