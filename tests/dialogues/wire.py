"""A person on the raw EVI protocol: microphone, ear and loudspeaker without a browser.

Does in Python what the page's widget does in the browser: streams 20 ms frames at the speed of
time, tells the conductor of speech by energy, plays what comes (silently, but for as long as
it lasts), and cuts it on ``user_interruption``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import time
import wave
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import voices
import websockets

from agent.desktop.base import Window
from agent.record.events import Event
from agent.session.session import Session
from agent.settings import Settings
from dashboard.conductor import Conductor
from dashboard.voice.hume import OfflineVoice
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.audio import pcm16
from dashboard.voice.standalone.__main__ import serve

_FRAME = 320
_HOP = 160
_SILENCE = bytes(_FRAME * 2)


class Gate:
    """The widget's guess whether somebody speaks (`vad.js`), in Python."""

    def __init__(self) -> None:
        self.speaking = self.playing = False
        self._floor, self._loud, self._quiet = -60.0, 0, 0

    def push(self, hop: np.ndarray) -> bool | None:
        level = 10 * np.log10(float(np.mean(hop.astype(np.float32) ** 2)) / 32768**2 + 1e-10)
        margin, least = (16, -40) if self.playing else (10, -52)
        threshold = max(self._floor + margin, least)
        change = (
            0.3 * (level - self._floor) if level < self._floor else min(0.03, level - self._floor)
        )
        self._floor = max(-75.0, self._floor + change)
        if not self.speaking:
            self._loud = self._loud + 1 if level > threshold else 0
            self._quiet = 0
            self.speaking = self._loud >= 3
            return True if self.speaking else None
        self._quiet = 0 if level > threshold - 5 else self._quiet + 1
        if self._quiet < 40:
            return None
        self.speaking, self._loud = False, 0
        return False


@dataclass
class Clip:
    """One message's sound."""

    id: str
    text: str
    seconds: float = 0.0
    complete: bool = False
    began: float | None = None
    pcm: list[bytes] = field(default_factory=list)
    rate: int = 48_000


class Wire:
    """A stage: the page's part of the conversation."""

    def __init__(self, session: Session, conductor: Conductor, address: str) -> None:
        self.session, self.conductor = session, conductor
        self._address = address
        self._began = time.monotonic()
        self._offset = time.time() - time.monotonic()
        self._numbers = 0
        self._mic: deque[bytes] = deque()
        self._gate = Gate()
        self._clips: list[Clip] = []
        self._sounds: dict[str, Clip] = {}
        self._socket: Any = None
        self._group = ""
        self._tasks: list[asyncio.Task[None]] = []
        self.spoken_at = 0.0
        """When the last sample of what was said last left the microphone (monotonic)."""
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.ready = asyncio.Event()

    # The stage of a dialogue -----------------------------------------------------------

    def events(self) -> list[Event]:
        return list(self.session.log)

    async def say(self, samples: voices.Samples) -> None:
        data = pcm16(np.concatenate([samples, np.zeros(-len(samples) % _FRAME, np.float32)]))
        self._mic.extend(data[i : i + _FRAME * 2] for i in range(0, len(data), _FRAME * 2))

    async def type(self, text: str) -> None:
        self.conductor.typed(text)

    async def drop(self) -> None:
        """The line breaks, as a bad network breaks it; the page reconnects."""
        socket, self._socket = self._socket, None
        self.ready.clear()
        self.tell("local.state", state="reconnecting")
        await socket.close()
        self.tell("local.need_ticket", reason="reconnect")

    async def windows(self) -> list[Window]:
        return list(await self.session.desktop.windows())

    async def text(self, app: str) -> str:
        nodes = (await self.session.desktop.tree()).showing("text")
        texts = [await self.session.desktop.text_of(n) for n in nodes if app in n.app.lower()]
        return "".join(text or "" for text in texts)

    def sound_of(self, text: str) -> str:
        clips = {c.text: c for c in self._sounds.values() if c.text in text and c.pcm}
        read = [voices.transcribe(b"".join(c.pcm), c.rate) for c in list(clips.values())[-3:]]
        return " ".join(read)

    def wall(self, at: float) -> float:
        """The Unix time of a moment of `spoken_at`."""
        return at + self._offset

    # The page's part ----------------------------------------------------------------------

    def post(self, message: dict[str, Any]) -> None:
        """What the conductor sends to the widget."""
        if message["type"] == "ticket":
            self._tasks.append(asyncio.create_task(self._connect(message)))
        elif message["type"] == "evi" and self._socket is not None:
            text = json.dumps(message["message"])
            self._tasks.append(asyncio.create_task(self._send(text)))

    def tell(self, kind: str, **fields: Any) -> None:
        """An event of the widget."""
        self._numbers += 1
        at = (time.monotonic() - self._began) * 1000
        self.conductor.handle([{"n": self._numbers, "t": at, "type": kind, **fields}], self)

    async def start(self) -> None:
        self._attach(on=True)
        self.tell("local.need_ticket", reason="start")
        self._tasks.append(asyncio.create_task(self._stream()))
        self._tasks.append(asyncio.create_task(self._play()))
        await asyncio.wait_for(self.ready.wait(), 60)

    async def close(self) -> None:
        self._attach(on=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    def _attach(self, *, on: bool) -> None:
        if on:
            self.conductor.attach(self)
        else:
            self.conductor.detach(self)

    def _open(self, address: str) -> Any:
        """A socket to an address, for an ``async with`` block."""
        return websockets.connect(address, max_size=None)

    async def _send(self, text: str | bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._socket.send(text)

    async def _connect(self, ticket: dict[str, Any]) -> None:
        audio = {"encoding": "linear16", "sample_rate": 16000, "channels": 1}
        query = {
            **ticket["query"],
            **{f"session_settings[audio][{k}]": v for k, v in audio.items()},
        }
        if self._group:
            query["resumed_chat_group_id"] = self._group
        url = f"{self._address}/v0/evi/chat?{urlencode(query)}"
        async with self._open(url) as socket:
            await socket.send(json.dumps({"type": "session_settings", **ticket["settings"]}))
            with contextlib.suppress(websockets.ConnectionClosed):
                async for text in socket:
                    self._receive(socket, json.loads(text))

    def _receive(self, socket: Any, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "chat_metadata":
            self._socket, self._group = socket, message["chat_group_id"]
            self.tell("local.state", state="ready", chat_id=message["chat_id"])
            self.ready.set()
        if kind == "audio_output":
            self._sound(message)
        else:
            self.messages.append((time.monotonic(), message))
        if kind == "assistant_message":
            clip = Clip(message["id"], message["message"]["content"])
            self._sounds[clip.id] = clip
            self._clips.append(clip)
        elif kind == "assistant_prosody":
            self._sounds[message["id"]].complete = True
            return
        elif kind == "user_interruption":
            self._cut()
        if kind not in ("audio_output", "assistant_prosody"):
            self.tell(**{"kind": kind, **{k: v for k, v in message.items() if k != "type"}})

    def _sound(self, message: dict[str, Any]) -> None:
        clip = self._sounds[message["id"]]
        with wave.open(io.BytesIO(base64.b64decode(message["data"]))) as file:
            clip.rate = file.getframerate()
            clip.pcm.append(file.readframes(file.getnframes()))
            clip.seconds += file.getnframes() / clip.rate
        if clip is self._clips[0] if self._clips else False:
            self._begin(clip)

    def _begin(self, clip: Clip) -> None:
        if clip.began is None:
            clip.began = time.monotonic()
            self._gate.playing = True
            self._tell_play(clip, "started")

    def _tell_play(self, clip: Clip, state: str) -> None:
        played = 0.0 if clip.began is None else min(clip.seconds, time.monotonic() - clip.began)
        self.tell(
            "local.play",
            id=clip.id,
            state=state,
            samples=round(played * clip.rate),
            rate=clip.rate,
            duration=clip.seconds,
        )

    def _cut(self) -> None:
        cut, self._clips = self._clips, []
        self._gate.playing = False
        for clip in cut:
            self._tell_play(clip, "cut")

    async def _play(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            if not self._clips:
                self._gate.playing = False
                continue
            clip = self._clips[0]
            if clip.seconds:
                self._begin(clip)
            done = clip.began is None or time.monotonic() >= clip.began + clip.seconds
            if clip.complete and done:
                self._clips.pop(0)
                self._tell_play(clip, "finished")

    async def _stream(self) -> None:
        due = time.monotonic()
        while True:
            frame = self._mic.popleft() if self._mic else _SILENCE
            if frame is not _SILENCE:
                self.spoken_at = time.monotonic()
            self._listen(np.frombuffer(frame, "<i2"))
            await self._send(frame)
            due = max(due + 0.02, time.monotonic() - 0.2)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _listen(self, frame: np.ndarray) -> None:
        for hop in (frame[:_HOP], frame[_HOP:]):
            change = self._gate.push(hop)
            if change is None:
                continue
            self.tell("local.speech", on=change, late=30 if change else 400)
            if change and self._gate.playing:
                self.tell("local.duck", on=True)


@asynccontextmanager
async def wired(
    data: Path, *, evi: OfflineEvi | None = None, settings: dict[str, Any] | None = None
) -> AsyncIterator[Wire]:
    """A session with a real desktop, talked to over the raw protocol of a real offline server."""
    own = evi is None
    evi = evi or OfflineEvi()
    server, port = await serve(evi, 0, "key", "secret")
    given = {"data_dir": data, "model": "offline", **(settings or {})}
    session = Session.create(Settings(_env_file=None, **given))
    conductor = Conductor(session, OfflineVoice(evi.tokens.issue))
    wire = Wire(session, conductor, f"ws://127.0.0.1:{port}")
    try:
        await asyncio.gather(session.open(), evi.warm())
        await wire.start()
        yield wire
    finally:
        await wire.close()
        await conductor.close()
        await session.close()
        server.stop()
        await server.close_all_connections()
        if own:
            await evi.close()
