"""Scripted engines: speech is any frame that is not silent, words are told beforehand."""

from __future__ import annotations

from dashboard.voice.speech.engines import FRAME
from dashboard.voice.speech.listener import Decode, Heard, ListenSettings
from dashboard.voice.speech.process import Sink, Sound, SpeechEvent, Spoken

LOUD = b"\x00\x40" * FRAME
QUIET = bytes(FRAME * 2)


class LoudnessActivity:
    """Speech is what is loud."""

    def probability(self, frame: bytes) -> float:
        return 1.0 if any(frame) else 0.0

    def reset(self) -> None:
        """Nothing is remembered."""


class ScriptedSpeech:
    """A `Speech` without engines: tests say what is heard, lines become `seconds` of sound."""

    def __init__(self, chunks: int = 3) -> None:
        self.sinks: dict[str, Sink] = {}
        self.settings: dict[str, ListenSettings] = {}
        self.heard: list[tuple[str, bytes]] = []
        self.said: list[str] = []
        self.finished: list[str] = []
        self.hushed: list[str] = []
        self.chunks = chunks

    def open(self, chat: str, settings: ListenSettings, sink: Sink) -> None:
        self.sinks[chat], self.settings[chat] = sink, settings

    def configure(self, chat: str, settings: ListenSettings) -> None:
        self.settings[chat] = settings

    def hear(self, chat: str, pcm: bytes) -> None:
        self.heard.append((chat, pcm))

    def finish(self, chat: str) -> None:
        self.finished.append(chat)

    def say(self, chat: str, line: str, text: str) -> None:
        import asyncio

        self.said.append(text)
        asyncio.get_running_loop().call_soon(self._speak, chat, line)

    def hush(self, chat: str) -> None:
        self.hushed.append(chat)

    def close(self, chat: str) -> None:
        self.sinks.pop(chat, None)

    def tell(self, chat: str, event: SpeechEvent) -> None:
        """Something is heard in ``chat``."""
        self.sinks[chat](event)

    def utter(self, chat: str, text: str, utterance: int = 1) -> None:
        """A whole spoken turn."""
        for kind in ("onset", "lasting", "final"):
            said = text if kind == "final" else ""
            self.tell(chat, Heard(kind, utterance, 100, 900, said))

    def _speak(self, chat: str, line: str) -> None:
        if chat in self.sinks:
            for _ in range(self.chunks):
                self.tell(chat, Sound(line, b"\0\x20" * 12_000))
            self.tell(chat, Spoken(line))


def events(found: list[Heard | Decode]) -> list[str]:
    """Kinds of what was heard."""
    return [item.kind for item in found if isinstance(item, Heard)]


def jobs(found: list[Heard | Decode]) -> list[Decode]:
    """Requests for words."""
    return [item for item in found if isinstance(item, Decode)]
