"""A person at the page: speaks, types, presses, and hears what comes back."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import voices
from onlooker import PATIENCE, Onlooker, until
from playwright.async_api import BrowserContext, Page, WebSocket, expect
from served import entrance

from agent.record.events import Heard, Narrated, VoiceChanged

LEAD = 1.2
"""Seconds before the first word: on a busy machine the microphone is live that much later."""


@dataclass
class Ear:
    """What the voice service sent to the page: texts, and sound by message id."""

    texts: dict[str, str] = field(default_factory=dict)
    sound: dict[str, list[bytes]] = field(default_factory=dict)

    def forget(self) -> None:
        """Listen for what comes from now on."""
        self.texts.clear()
        self.sound.clear()

    def listen(self, socket: WebSocket) -> None:
        if "/evi/chat" in socket.url:
            socket.on("framereceived", self._frame)

    def _frame(self, payload: Any) -> None:
        if not isinstance(payload, str):
            return
        message = json.loads(payload)
        if message["type"] == "assistant_message":
            self.texts[message["id"]] = message["message"]["content"]
        elif message["type"] == "audio_output":
            self.sound.setdefault(message["id"], []).append(base64.b64decode(message["data"]))

    async def hears(self, message_id: str) -> str:
        """The sound of a message, read by the recogniser; what else this process serves goes on."""
        return await asyncio.to_thread(self.understood, message_id)

    def understood(self, message_id: str) -> str:
        """The sound of a message, read by the recogniser, which blocks for seconds."""
        pieces, rate = [], 0
        for data in self.sound[message_id]:
            with wave.open(io.BytesIO(data)) as clip:
                rate = clip.getframerate()
                pieces.append(np.frombuffer(clip.readframes(clip.getnframes()), np.int16))
        return voices.transcribe(np.concatenate(pieces).tobytes(), rate)


class Person:
    """Uses one page of the served app; the microphone is a WAV that is written anew."""

    def __init__(self, page: Page, microphone: Path, look: Onlooker) -> None:
        self.page = page
        self.look = look
        self.ear = Ear()
        self._microphone = microphone
        self._talking = False
        page.on("websocket", self.ear.listen)

    async def arrive(self, url: str) -> None:
        """Open the page and wait for its desktop."""
        self.page.set_default_timeout(PATIENCE * 1000)
        await self.page.goto(entrance(url))
        mouse = self.page.get_by_role("button", name="Take the mouse")
        await expect(mouse).to_be_enabled(timeout=PATIENCE * 1000)

    async def start_voice(self) -> None:
        """Press Start and wait until the voice listens."""
        silence = voices.silence(1.0, 48_000)
        voices.write_wav(self._microphone, silence, 48_000)
        await self._press("Start voice", "ready", self.look.count())

    async def say(self, text: str, voice: voices.Voice = "heart") -> Heard:
        """Say ``text`` into the microphone; returns what was heard, final."""
        since = await self.begin_saying(text, voice)
        return await self.look.event(Heard, lambda heard: not heard.interim, since)

    async def begin_saying(self, text: str, voice: voices.Voice = "heart") -> int:
        """Begin to say ``text``; returns the number from which events may answer it."""
        await self._press("Mute voice", "muted", self.look.count())
        write = partial(voices.say_wav, lead_silence=LEAD, tail_silence=30)
        # In a thread: the network of these tests is in this process, and must not stand still.
        await asyncio.to_thread(write, text, voice, self._microphone)
        since = self.look.count()
        await self._press("Unmute voice", "ready", since)
        return since

    async def type(self, text: str) -> int:
        """Type into the text box and send."""
        since = self.look.count()
        await self.page.get_by_label("Type what to do").fill(text)
        await self.page.keyboard.press("Enter")
        return since

    async def listens_to_the_end(self) -> None:
        """Wait until nothing more is being said or about to be."""

        def silent() -> bool:
            states = {line.narration_id: line.state for line in self.look.of(Narrated)}
            return not {"queued", "sent", "speaking"} & set(states.values())

        await until(silent, "silence")

    async def sees(self, text: str) -> None:
        """Wait until the conversation shows ``text``."""
        found = self.page.locator(".conversation").get_by_text(text, exact=False)
        shown = found.filter(visible=True).last
        await expect(shown).to_be_visible(timeout=PATIENCE * 1000)

    async def _press(self, button: str, state: str, since: int) -> None:
        await self.page.get_by_role("button", name=button).click()
        await self.look.event(VoiceChanged, lambda change: change.state == state, since)


async def new_person(context: BrowserContext, microphone: Path, look: Onlooker) -> Person:
    """A person with a fresh page."""
    return Person(await context.new_page(), microphone, look)
