"""A small Panel server with the widgets, a scripted voice service, and a byte bridge to an Xvnc."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
from bokeh.server.server import Server
from playwright.sync_api import BrowserContext, Page
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dashboard.desktop.view import DesktopView
from dashboard.voice.client.widget import VoiceWidget
from dashboard.web import dispatch

PATIENCE = 20.0


def until(condition: Callable[[], Any], what: str = "", page: Page | None = None) -> Any:
    """Waits for a condition to become true and returns its value; lets the page run meanwhile."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, f"never happened: {what}"
        if page is not None:
            page.wait_for_timeout(20)
        else:
            threading.Event().wait(0.02)
    return value


class Chat(WebSocketHandler):
    """One chat socket of the scripted voice service; the test says what the service says."""

    service: Service

    def initialize(self, service: Service) -> None:
        self.service = service
        self.frames: list[bytes] = []
        self.messages: list[dict[str, Any]] = []
        self.close_seen = False

    def check_origin(self, origin: str) -> bool:
        return True

    async def prepare(self) -> None:
        if self.service.refuse:
            self.set_status(401)
            self.finish()

    def open(self, *_: str) -> None:
        self.query = {k: v[-1].decode() for k, v in self.request.arguments.items()}
        self.service.chats.append(self)
        number = len(self.service.chats)
        if self.service.silent:
            return
        metadata = {"chat_id": f"chat-{number}", "chat_group_id": "group-1", "request_id": "r"}
        self.write_message(json.dumps({"type": "chat_metadata", **metadata}))

    def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames.append(message)
        else:
            self.messages.append(json.loads(message))

    def on_close(self) -> None:
        self.close_seen = True

    @property
    def pcm(self) -> bytes:
        return b"".join(self.frames)

    def say(self, *messages: dict[str, Any] | str) -> None:
        """Sends messages to the browser; a string goes as it is."""
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            self.service.loop.add_callback(self._write, text)

    def _write(self, text: str) -> None:
        try:
            self.write_message(text)
        except WebSocketClosedError:
            return

    def drop(self, code: int | None = None) -> None:
        """Ends the chat: with a close code, or without a word."""
        if code is None:
            self.service.loop.add_callback(self.ws_connection.stream.close)
        else:
            self.service.loop.add_callback(self.close, code, "scripted")


class Service:
    """What the test scripts and sees of the voice service."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.refuse = False
        self.silent = False
        self.loop: IOLoop


class Bench:
    """One opened page: its widget on Python's side, and the events that came from it."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.tickets = True
        self.provider = "offline"
        self.widget: Any = None

    def of(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """The events of one type that have these fields, in order."""
        wanted = fields.items()
        return [e for e in self.events if e["type"] == kind and wanted <= e.items()]

    def states(self) -> list[str]:
        return [e["state"] for e in self.of("local.state")]


class Stage:
    """The server of a test module."""

    def __init__(self) -> None:
        self.service = Service()
        self.voice_options: dict[str, Any] = {}
        self.view_options: dict[str, Any] = {}
        self.vnc: Path | None = None
        self.bridged: list[bytes] = []
        self.bridges: set[Bridge] = set()
        self.bench = Bench()
        self.before: Callable[[Any], Any] = lambda _widget: None  # done while the page is built
        self.extra: Callable[[], Any] = lambda: None  # a page of a test's own
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def stop(self) -> None:
        self.service.loop.add_callback(self._stop)
        self._thread.join(PATIENCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, function: Callable[..., Any], *args: Any, **more: Any) -> None:
        """Does something on the server's own loop."""
        self.service.loop.add_callback(lambda: function(*args, **more))

    def drop_pictures(self) -> None:
        """Breaks the desktop's sockets, as a bad network does."""
        for bridge in tuple(self.bridges):
            bridge.ws_connection.stream.close()

    def _run(self) -> None:
        dispatch.install()  # as the page's own server: Panel alone loses changes
        asyncio.set_event_loop(asyncio.new_event_loop())
        self.service.loop = IOLoop.current()
        patterns = [
            (r"/voice/v0/evi/chat", Chat, {"service": self.service}),
            (r"/desktop/rfb", Bridge, {"stage": self}),
        ]
        self._server: Server = pn.serve(
            {
                "voice": self._voice_page,
                "desktop": self._desktop_page,
                "extra": self._extra_page,
            },
            port=0,
            address="127.0.0.1",
            show=False,
            start=False,
            extra_patterns=patterns,
            websocket_origin="*",
            loop=self.service.loop,
        )
        self._server.start()
        self.port = self._server.port
        self.service.loop.add_callback(self._ready.set)
        self.service.loop.start()

    def _stop(self) -> None:
        self._server.stop()
        self.service.loop.add_callback(self.service.loop.stop)

    def _voice_page(self) -> Any:
        bench = self.bench

        def take(event: dict[str, Any]) -> None:
            bench.events.append(event)
            if event["type"] == "local.need_ticket" and bench.tickets:
                settings = {"custom_session_id": "s-1", "system_prompt": "Be brief."}
                query = {"access_token": f"token-{len(bench.of('local.need_ticket'))}"}
                bench.widget.give_ticket("/voice/v0/evi/chat", query, settings, bench.provider)

        raw = {"echo_cancellation": False, "noise_suppression": False, "auto_gain": False}
        bench.widget = VoiceWidget(take, **{**raw, **self.voice_options})
        self.before(bench.widget)
        return bench.widget

    def _extra_page(self) -> Any:
        return self.extra()

    def _desktop_page(self) -> Any:
        bench = self.bench

        def take(event: dict[str, Any]) -> None:
            bench.events.append(event)
            if event["type"] == "local.need_ticket" and bench.tickets:
                bench.widget.give_ticket({"ticket": "t"})

        bench.widget = DesktopView(take, **self.view_options)
        return pn.Column(bench.widget, width=900, height=600)


# In the page: hears what goes to the loudspeaker, and notes which microphone tracks were opened.
INSTRUMENTS = """
window.heard = []; window.tracks = [];
const code = `registerProcessor("ear", class extends AudioWorkletProcessor {
  process([[x]]) { if (x) this.port.postMessage(x.slice()); return true; } });`;
const url = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
const connect = AudioNode.prototype.connect;
const tap = async (node) => {
  const { context } = node;
  window.rate = context.sampleRate;
  await context.audioWorklet.addModule(url);
  const ear = new AudioWorkletNode(context, "ear");
  ear.port.onmessage = ({ data }) => {
    if (window.heard.length || data.some((x) => x)) window.heard.push(...data);
  };
  connect.call(node, ear);
  connect.call(ear, context.destination);
  window.listening = true;
};
AudioNode.prototype.connect = function (to, ...rest) {
  const player = this instanceof AudioWorkletNode && this.numberOfInputs === 0;
  if (player && to instanceof AudioDestinationNode) void tap(this);
  return connect.call(this, to, ...rest);
};
const ask = navigator.mediaDevices?.getUserMedia?.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await ask(wish);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""


class Talk:
    """A page with the voice widget, and the service's end of its newest chat."""

    def __init__(self, stage: Stage, context: BrowserContext, address: str = "") -> None:
        self.stage = stage
        self.bench = stage.bench
        self.page = context.new_page()
        self.page.add_init_script(INSTRUMENTS)
        self.page.goto(f"{address or stage.url}/voice")
        self.until(lambda: "off" in self.bench.states(), "the widget in the page")

    def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        return until(condition, what, self.page)

    @property
    def widget(self) -> Any:
        return self.bench.widget

    @property
    def chat(self) -> Chat:
        return self.stage.service.chats[-1]

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def start(self) -> Talk:
        """Presses Start; waits for the first chat and for the test's ear."""
        self.press("Start voice")
        self.until(lambda: self.bench.states()[-1] == "ready", "ready")
        self.until(lambda: self.page.evaluate("window.listening"), "the ear")
        return self

    def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Waits for an event with these fields; returns the last one."""
        what = f"{kind} {fields}"
        return self.until(lambda: self.bench.of(kind, **fields), what)[-1]

    def heard(self) -> tuple[np.ndarray, int]:
        """What went to the loudspeaker since its first sound, and its rate."""
        self.page.wait_for_timeout(100)
        return np.array(self.page.evaluate("window.heard")), int(self.page.evaluate("window.rate"))


def wav(samples: np.ndarray, rate: int) -> bytes:
    """A WAV file of 16 bits, mono, as the voice service sends it."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data)
    return out.getvalue()


def sound(message_id: str, index: int, samples: np.ndarray, rate: int = 24000) -> dict[str, Any]:
    """An `audio_output` message."""
    data = base64.b64encode(wav(samples, rate)).decode()
    return {"type": "audio_output", "id": message_id, "index": index, "data": data}


def said(message_id: str, text: str = "Well.") -> dict[str, Any]:
    """An `assistant_message`."""
    message = {"role": "assistant", "content": text}
    fields = {"from_text": False, "is_quick_response": False, "models": {}}
    return {"type": "assistant_message", "id": message_id, "message": message, **fields}


def sine(seconds: float, rate: int = 24000, frequency: float = 440.0) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


class Bridge(WebSocketHandler):
    """Bytes between the page and an X server's RFB socket, as they are."""

    def initialize(self, stage: Stage) -> None:
        self.stage = stage

    async def open(self) -> None:
        if self.stage.vnc is None:
            self.close()
            return
        self.set_nodelay(True)
        self.stage.bridges.add(self)
        self.reader, self.writer = await asyncio.open_unix_connection(str(self.stage.vnc))
        self.pump = asyncio.create_task(self._pump())

    async def _pump(self) -> None:
        while data := await self.reader.read(65536):
            try:
                await self.write_message(data, binary=True)
            except WebSocketClosedError:
                return
        self.close()

    async def on_message(self, message: str | bytes) -> None:
        while not hasattr(self, "writer"):
            await asyncio.sleep(0.01)
        assert isinstance(message, bytes)
        self.stage.bridged.append(message)
        self.writer.write(message)
        await self.writer.drain()

    def on_close(self) -> None:
        self.stage.bridges.discard(self)
        if hasattr(self, "writer"):
            self.writer.close()
