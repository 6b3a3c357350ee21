"""The assistant's side of the conversation: lines, their sound, and when they are heard.

Sound is sent faster than it plays, but only `LEAD` seconds ahead, so that an interruption
finds little on its way. How far playback has got is estimated from what was sent.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from dashboard.voice.server import messages
from dashboard.voice.server.effects import Effect, Effects, Hush, Say, Send
from dashboard.voice.speech.audio import OUT_RATE, wav
from dashboard.voice.speech.text import sentences, spoken

LEAD: Final = 2.0
"""Seconds of sound that may be sent ahead of playback."""
ECHO: Final = 2.0
"""Seconds after which what was played no longer comes back through the microphone."""
HEARD: Final = 1.2
"""Seconds before the end of what is said in which it is clear what it is about."""


@dataclass(slots=True)
class _Line:
    id: str
    text: str
    from_text: bool
    first: bool
    """Whether it begins what is said, rather than going on with it."""
    last: bool
    """Whether ``assistant_end`` follows."""
    sound: deque[bytes] = field(default_factory=deque)
    complete: bool = False
    index: int = -1
    """Of the last thing sent; −1 before the text."""  # noqa: RUF001 - a minus sign


class Floor:
    """Lines waiting, being made and being played."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._lines: deque[_Line] = deque()
        self._plays_until = 0.0
        self._said: deque[tuple[str, float]] = deque(maxlen=8)
        """Lines that were sent, and until when they may be heard."""
        self.listening = False
        """The person speaks: nothing new begins, and what has begun goes on."""
        self.mute = False
        """There is no synthesiser: words go out without sound."""

    def say(self, text: str, *, from_text: bool) -> Effects:
        """Queue ``text``: one line, with an id of its own, for each sentence."""
        found = sentences(text)
        out: Effects = []
        for number, sentence in enumerate(found, 1):
            first, last = number == 1, number == len(found)
            line = _Line(self._new_id(), sentence, from_text, first=first, last=last)
            self._lines.append(line)
            out += self._synthesis(line)
        return out

    def _synthesis(self, line: _Line) -> Effects:
        words = spoken(line.text)
        line.complete = self.mute or not words
        return [] if line.complete else [Say(line.id, words)]

    def sound(self, line_id: str, pcm: bytes) -> None:
        """A piece of a line has been made; of a line that was cut, it is dropped."""
        for line in self._lines:
            if line.id == line_id:
                line.sound.append(pcm)

    def made(self, line_id: str) -> None:
        """All sound of a line has been made."""
        for line in self._lines:
            if line.id == line_id:
                line.complete = True

    def lost(self, *, mute: bool) -> None:
        """The synthesiser died: what it was making stays without sound."""
        self.mute = mute
        for line in self._lines:
            line.complete = True

    def audible(self, now: float) -> bool:
        """Whether the person hears the assistant, as far as can be told from here."""
        begun = bool(self._lines) and self._lines[0].index >= 0
        return begun or now < self._plays_until

    def content_heard(self, now: float) -> bool:
        """Whether so little of what is said is left that the person knows what it is about."""
        unsent = any(line.index < 0 or line.sound or not line.complete for line in self._lines)
        return not unsent and self._plays_until - now <= HEARD

    def recent(self, now: float) -> str:
        """The words that may be in the air, as an echo, at ``now``."""
        begun = [line.text for line in self._lines if line.index >= 0]
        return " ".join([text for text, until in self._said if now < until + ECHO] + begun)

    def drop_unspoken(self) -> Effects:
        """Forget the server's own lines that have not begun (the client's remain)."""
        self._lines = deque(li for li in self._lines if li.index >= 0 or li.from_text)
        return []

    def interrupt(self, now: float, leak: int = 0) -> Effects:
        """Stop: drop everything; ``leak`` chunks of the current line slip out first."""
        out: Effects = [Hush()]
        self._said.extend((line.text, now) for line in self._lines if line.index >= 0)
        if self._lines:
            line = self._lines[0]
            out += [self._chunk(line, line.sound.popleft()) for _ in range(leak) if line.sound]
        self._lines.clear()
        self._plays_until = 0.0
        return out

    def step(self, now: float) -> Effects:
        """Everything that may be sent by now."""
        out: Effects = []
        while self._lines and (sent := self._advance(self._lines[0], now)) is not None:
            out += sent
        return out

    def deadline(self) -> float | None:
        """When `step` has something to do that no event announces."""
        waiting = bool(self._lines) and bool(self._lines[0].sound or self._lines[0].complete)
        return self._plays_until - LEAD if waiting and not self._held(self._lines[0]) else None

    def _held(self, line: _Line) -> bool:
        """Whether a line must not begin, since the person speaks: one that goes on may."""
        return self.listening and line.first and line.index < 0

    def _advance(self, line: _Line, now: float) -> Effects | None:
        """The next messages of ``line``, or None if it has to wait."""
        if line.index < 0:
            if self._held(line) or not (line.sound or line.complete):
                return None
            line.index = 0
            text = messages.assistant_message(line.id, line.text, from_text=line.from_text)
            return [Send(text)]
        if line.sound:
            if self._plays_until - now > LEAD:
                return None
            pcm = line.sound.popleft()
            self._plays_until = max(now, self._plays_until) + len(pcm) / 2 / OUT_RATE
            return [self._chunk(line, pcm)]
        return self._finish() if line.complete else None

    def _chunk(self, line: _Line, pcm: bytes) -> Effect:
        data = base64.b64encode(wav(pcm)).decode()
        line.index += 1
        return Send(messages.audio_output(line.id, line.index - 1, data))

    def _finish(self) -> Effects:
        line = self._lines.popleft()
        self._said.append((line.text, self._plays_until))
        out: Effects = [Send(messages.assistant_prosody(line.id))]
        return [*out, Send(messages.assistant_end())] if line.last else out
