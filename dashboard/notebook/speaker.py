"""A person made of Python: speaks sentences into a talk's voice line, without a microphone.

It opens the line as the browser's widget does, with a ticket, and sends the sound of a
synthetic voice at the speed of speech. What is said to it counts as heard at once.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from agent.errors import VoiceError
from agent.hosts import is_loopback
from agent.record.events import Event, Heard
from dashboard.notebook.talk import Talk
from dashboard.voice.speech.audio import RATE, pcm16, resample

Message = dict[str, Any]
_FRAME = 0.02
"""Seconds of sound in a message."""
_AUDIO = {"encoding": "linear16", "sample_rate": RATE, "channels": 1}
_REST = 2.0
"""Seconds of silence after a sentence, in which the service sees that it is over."""


class Speaker:
    """Says sentences to a talk; a line of its conductor.

    ::

        speaker = Speaker(talk)
        heard = await speaker.say("Open the text editor.")
        await speaker.close()
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._ticket: asyncio.Future[Message] | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._voice: Any = None

    async def say(self, text: str, *, timeout: float = 30.0) -> Heard:
        """Say ``text``; returns what was heard, final.

        Raises:
            VoiceError: the line cannot be opened.
            TimeoutError: nothing was heard for ``timeout`` seconds.
        """
        sound = await asyncio.to_thread(self._spoken, text)
        if self._socket is None:
            await self._open()
        log = self._talk.session.log
        since = len(log)
        sending = asyncio.create_task(self._send(sound))
        try:
            heard = await log.wait_for(_final, since=since, timeout=timeout)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
        assert isinstance(heard, Heard)  # noqa: S101 - `_final` matches nothing else
        return heard

    async def close(self) -> None:
        """Hang up."""
        self._tell("local.state", state="off")
        for task in filter(None, (self._reader, self._writer)):
            task.cancel()
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
        self._talk.conductor.detach(self)

    def post(self, message: Message) -> None:
        """What the conductor says to the widget."""
        kind = message.get("type")
        if kind == "evi":
            self._out.put_nowait(json.dumps(message["message"]))
        elif kind in ("ticket", "ticket_refused") and self._ticket and not self._ticket.done():
            self._ticket.set_result(message)

    async def _open(self) -> None:
        self._ticket = asyncio.get_running_loop().create_future()
        self._tell("local.need_ticket", reason="start")
        ticket = await self._ticket
        if ticket["type"] != "ticket":
            raise VoiceError(str(ticket["message"]))
        query = "&".join(f"{name}={value}" for name, value in ticket["query"].items())
        address = f"{ticket['url']}?{query}"
        proxy = None if is_loopback(urlsplit(address).hostname) else True
        self._socket = await connect(address, max_size=None, proxy=proxy)
        self._out.put_nowait(
            json.dumps({"type": "session_settings", **ticket["settings"], "audio": _AUDIO})
        )
        self._writer = asyncio.create_task(self._write(self._socket))
        self._reader = asyncio.create_task(self._read(self._socket))
        self._tell("local.state", state="ready")

    async def _write(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await socket.send(await self._out.get())

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "audio_output":
                    self._tell("local.play", id=message["id"], state="started")
                    self._tell("local.play", id=message["id"], state="finished")
                else:
                    self._talk.conductor.handle([message], self)

    async def _send(self, sound: bytes) -> None:
        assert self._socket is not None  # noqa: S101 - `say` has opened it
        loop, size = asyncio.get_running_loop(), int(RATE * _FRAME) * 2
        began = loop.time()
        self._tell("local.speech", on=True, late=0)
        for n in range(0, len(sound), size):
            await self._socket.send(sound[n : n + size])
            await asyncio.sleep(began + (n / size + 1) * _FRAME - loop.time())
            if n < len(sound) - int(RATE * _REST) * 2 <= n + size:
                self._tell("local.speech", on=False, late=0)
        while True:
            await self._socket.send(bytes(size))
            await asyncio.sleep(_FRAME)

    def _spoken(self, text: str) -> bytes:
        if self._voice is None:
            from hibari import Hibari

            self._voice = Hibari(threads=1)
        samples = resample(self._voice(text, seed=0), self._voice.sample_rate, RATE)
        return pcm16(np.concatenate([samples, np.zeros(int(RATE * _REST), np.float32)]))

    def _tell(self, kind: str, **more: Any) -> None:
        self._talk.conductor.handle([{"type": kind, **more}], self)


def _final(event: Event) -> bool:
    return isinstance(event, Heard) and not event.interim and event.source == "voice"
