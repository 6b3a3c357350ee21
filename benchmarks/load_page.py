"""A page without a browser: its document's socket, its link, its desktop and its voice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Self, cast
from urllib.parse import urlencode

import httpx
import voices
from served import Served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from wire import Wire

Message = dict[str, Any]
_TOKEN = re.compile(r'"token":"([^"]+)"')
_ZRLE = 16
_PATIENCE = 300.0


class LoadPage:
    """One person's page at a session of its own. Use it in an ``async with`` block."""

    def __init__(self, served: Served, inside: dict[str, str], client: httpx.AsyncClient) -> None:
        self._served, self._inside, self._client = served, inside, client
        self.session = ""
        self.told = ""
        """All that its document was sent, so that it can be looked for words."""

        self.pictures = 0
        """Updates of the desktop that were taken in."""

        self._models: dict[str, str] = {}
        self._mark = ""
        self._page = f"load-{time.monotonic_ns()}"
        self._numbers: dict[str, count[int]] = {}
        self._answers: dict[str, asyncio.Queue[Message]] = {}
        self._listeners: dict[str, Callable[[Message], None]] = {}
        self._ids = count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[ClientConnection] = []
        self._wire: Wire | None = None

    # The document ------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        document = await self._client.get(
            f"{self._served.url}?session=new", headers={"Cookie": self._inside["Cookie"]}
        )
        found = _TOKEN.search(document.text)
        assert found, document.text[:500]
        self._socket = await self.connect("dashboard/ws", "bokeh", found[1])
        await self._read()
        await self._send("PULL-DOC-REQ", {})
        reply: Message = {}
        while "doc" not in reply:
            _, reply = await self._read()
        self._meet(reply["doc"])
        self._tasks.append(asyncio.create_task(self._follow()))
        await self._event("document_ready")
        self._tasks.append(asyncio.create_task(self._link()))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._wire is not None:
            await self._wire.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.post(
            f"{self._served.root}/goodbye", content=self._mark, headers=self._inside
        )
        for socket in self._sockets:
            await socket.close()

    async def connect(self, path: str, *protocols: str) -> ClientConnection:
        """A socket of the page's."""
        path = path.replace("dashboard/", f"{self._served.url.rsplit('/', 1)[1]}/")
        socket = await connect(
            f"{self._served.root.replace('http', 'ws', 1)}/{path}",
            origin=self._served.root,
            subprotocols=[*protocols, "sayso", self._inside["Sayso-Page"]],
            additional_headers={"Cookie": self._inside["Cookie"]},
            max_size=None,
            open_timeout=60,
            ping_interval=None,
            proxy=None,
        )
        self._sockets.append(socket)
        return socket

    async def _send(self, kind: str, content: Message) -> None:
        header = json.dumps({"msgid": str(next(self._ids)), "msgtype": kind})
        await self._socket.send(header)
        await self._socket.send("{}")
        await self._socket.send(json.dumps(content))

    async def _read(self) -> tuple[str, Message]:
        """The next message: its kind, and its content."""
        header = json.loads(await self._socket.recv())
        await self._socket.recv()
        content = await self._socket.recv()
        for _ in range(header.get("num_buffers", 0)):
            await self._socket.recv()
            await self._socket.recv()
        assert isinstance(content, str)
        self.told = (self.told + content)[-200_000:]
        return str(header["msgtype"]), json.loads(content)

    def _meet(self, part: Any) -> None:
        """Remember the components' models by their classes."""
        if isinstance(part, list):
            for each in part:
                self._meet(each)
        elif isinstance(part, dict):
            known = part.get("attributes")
            if isinstance(known, dict) and "class_name" in known:
                self._models[str(known["class_name"])] = str(part["id"])
                if known["class_name"] == "LinkGuard":
                    own = known["data"]["attributes"]
                    self.session, self._mark = str(own["session"]), str(own["mark"])
            for each in part.values():
                self._meet(each)

    async def _follow(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                kind, content = await self._read()
                for event in content.get("events", ()) if kind == "PATCH-DOC" else ():
                    if event.get("msg_type") == "bokeh_event":
                        values = _plain(event["msg_data"]["values"])
                        if isinstance(values.get("data"), dict):
                            await self._take(str(values["model"].get("id")), values["data"])

    async def _take(self, model: str, message: Message) -> None:
        """A message to a component; those of a relay are acknowledged, as the page does."""
        name = next((each for each, key in self._models.items() if key == model), "")
        if name in ("DesktopView", "VoiceWidget") and "id" in message:
            await self.emit(name, {"type": "local.ack", "id": message["id"]})
        if name in self._listeners:
            self._listeners[name](message)

    async def _event(self, name: str, **values: Any) -> None:
        given = {"type": "event", "name": name, "values": _map(values)}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": given}
        await self._send("PATCH-DOC", {"events": [event]})

    async def act(self, component: str, message: Message) -> None:
        """What a component's browser part sends."""
        model = {"id": self._models[component]}
        await self._event("data_event", model=model, data=message)

    async def emit(self, component: str, *events: Message) -> None:
        """What a relay's browser part sends."""
        numbers = self._numbers.setdefault(component, count(1))
        now = time.monotonic() * 1000
        numbered = [{"n": next(numbers), "t": now, **event} for event in events]
        await self.act(component, {"page": self._page, "events": numbered})

    async def _link(self) -> None:
        """As the page's worker: it asks once a second."""
        line = await self.connect("link")
        with contextlib.suppress(ConnectionClosed):
            for number in count():
                await line.send(json.dumps({"n": number}))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        while True:
                            await line.recv()

    # What a person does -------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Typed words."""
        words = {"id": f"words-{time.monotonic_ns()}", "text": text}
        await self._post(f"sessions/{self.session}/say", words)

    async def stop(self) -> float:
        """Press Stop; when, in Unix seconds."""
        pressed = time.time()
        press = {"press": f"press-{time.monotonic_ns()}", "session": self.session}
        await self._post("stop", press)
        return pressed

    async def _post(self, path: str, body: Message) -> None:
        answer = await self._client.post(
            f"{self._served.root}/{path}", json=body, headers=self._inside
        )
        assert answer.status_code in (200, 202), (path, answer.status_code, answer.text)

    async def delete(self) -> None:
        """The session, by its menu."""
        await self.act("StatusBar", {"type": "delete", "id": self.session})

    # The desktop ---------------------------------------------------------------------------

    async def look(self) -> None:
        """Show the desktop live from now on, as fast as it is taken in."""
        tickets: asyncio.Queue[Message] = asyncio.Queue()
        self._listeners["DesktopView"] = lambda message: (
            tickets.put_nowait(message) if message.get("type") == "ticket" else None
        )
        await self.emit("DesktopView", {"type": "local.need_ticket", "reason": "start"})
        ticket = await asyncio.wait_for(tickets.get(), _PATIENCE)
        socket = await self.connect(f"desktop/rfb?{urlencode(ticket['query'])}", "binary")
        self._tasks.append(asyncio.create_task(self._show(_Bytes(socket))))

    async def _show(self, line: _Bytes) -> None:
        with contextlib.suppress(ConnectionClosed):
            width, height = await line.shake_hands()
            await line.send(struct.pack(">BxHi", 2, 1, _ZRLE))
            whole = 0
            while True:
                await line.send(struct.pack(">BBHHHH", 3, whole, 0, 0, width, height))
                await line.update()
                self.pictures += 1
                whole = 1

    # The voice -----------------------------------------------------------------------------

    async def call(self) -> None:
        """Start the voice: it listens to what is said with `speak`, and plays what it hears."""
        self._wire = _PagesWire(self)
        self._listeners["VoiceWidget"] = self._wire.post
        await asyncio.wait_for(self._wire.start(), _PATIENCE)

    async def speak(self, words: voices.Samples) -> float:
        """Say something aloud; when the last of it has left the microphone, in Unix seconds."""
        assert self._wire is not None
        await self._wire.say(words)
        while self._wire.says:
            await asyncio.sleep(0.02)
        return self._wire.wall(self._wire.spoken_at)


class _PagesWire(Wire):
    """The voice widget's part, talking to Python through the page's document."""

    def __init__(self, page: LoadPage) -> None:
        super().__init__(cast(Any, None), cast(Any, None), "voice")
        self._page = page

    @property
    def says(self) -> bool:
        """Whether words are on their way."""
        return bool(self._mic)

    def tell(self, kind: str, **fields: Any) -> None:
        sending = self._page.emit("VoiceWidget", {"type": kind, **fields})
        self._tasks.append(asyncio.create_task(sending))
        self._tasks = [task for task in self._tasks if not task.done()]

    def _attach(self, *, on: bool) -> None:
        """The page has the line."""

    @asynccontextmanager
    async def _open(self, address: str) -> AsyncIterator[ClientConnection]:
        socket = await self._page.connect(address)
        try:
            yield socket
        finally:
            await socket.close()


class _Bytes:
    """RFB's bytes over a WebSocket, on the viewer's side."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._had = socket, bytearray()

    async def send(self, data: bytes) -> None:
        await self._socket.send(data)

    async def take(self, length: int) -> bytes:
        while len(self._had) < length:
            data = await self._socket.recv()
            assert isinstance(data, bytes)
            self._had += data
        taken = bytes(self._had[:length])
        del self._had[:length]
        return taken

    async def shake_hands(self) -> tuple[int, int]:
        """The desktop's size."""
        await self.send(await self.take(12))
        await self.take((await self.take(1))[0])
        await self.send(b"\x01")
        assert await self.take(4) == bytes(4)
        await self.send(b"\x01")
        width, height = struct.unpack(">HH", await self.take(4))
        await self.take(16)
        await self.take(struct.unpack(">I", await self.take(4))[0])
        return width, height

    async def update(self) -> None:
        """Take in messages to the end of the next change of the picture."""
        while (kind := (await self.take(1))[0]) != 0:
            if kind == 1:
                _, colours = struct.unpack(">xHH", await self.take(5))
                await self.take(6 * colours)
            elif kind == 3:
                await self.take(abs(struct.unpack(">3xi", await self.take(7))[0]))
        (rectangles,) = struct.unpack(">xH", await self.take(3))
        for _ in range(rectangles):
            *_, encoding = struct.unpack(">HHHHi", await self.take(12))
            if encoding == _ZRLE:
                await self.take(struct.unpack(">I", await self.take(4))[0])


def _map(values: Any) -> Any:
    """As Bokeh's serializer writes what is no model."""
    if isinstance(values, dict) and set(values) != {"id"}:
        return {"type": "map", "entries": [[key, _map(each)] for key, each in values.items()]}
    if isinstance(values, list):
        return [_map(each) for each in values]
    return values


def _plain(values: Any) -> Any:
    """The other way round."""
    if isinstance(values, list):
        return [_plain(each) for each in values]
    if isinstance(values, dict) and values.get("type") == "map":
        return {key: _plain(each) for key, each in values.get("entries", ())}
    return values
