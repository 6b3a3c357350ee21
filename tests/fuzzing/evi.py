"""The offline EVI server on loopback: hostile frames, messages, addresses and REST bodies."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import random
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import websockets

from agent.testing.fuzz_answers import as_json, scrambled, spoil
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.audio import wav
from dashboard.voice.speech.listener import Heard, ListenSettings
from dashboard.voice.speech.process import Sink, Sound, SpeechLost, Spoken
from dashboard.voice.standalone.__main__ import serve
from fuzzing.run import Target

_KEY, _SECRET = "fuzz-key", "fuzz-secret"
_HEADERS = {"X-Hume-Api-Key": _KEY}
_TOOL = {
    "type": "function",
    "name": "use_computer",
    "description": "works",
    "parameters": '{"type": "object", "properties": {"instruction": {"type": "string"}}}',
}
_MESSAGES: tuple[dict[str, Any], ...] = (
    {
        "type": "session_settings",
        "audio": {"encoding": "linear16", "sample_rate": 16000, "channels": 1},
    },
    {
        "type": "session_settings",
        "tools": [_TOOL],
        "context": {"text": "task: none", "type": "persistent"},
        "variables": {"name": "Ann", "vocabulary": "Xfce; Thunar"},
        "metadata": {"vocabulary": ["Mousepad", "Thunar"]},
    },
    {"type": "user_input", "text": "Open the editor and write hello."},
    {"type": "user_input", "text": "stop"},
    {"type": "assistant_input", "text": "I open the editor. It takes a moment."},
    {"type": "tool_response", "tool_call_id": "call", "content": '{"say": "Done."}'},
    {"type": "tool_error", "tool_call_id": "call", "error": "no", "content": "It failed."},
    {"type": "pause_assistant_message"},
    {"type": "resume_assistant_message"},
    {"type": "audio_input", "data": "AAAAAAAA"},
)
_REST = (
    ("POST", "/v0/evi/tools", {"name": "t", "parameters": "{}"}),
    ("POST", "/v0/evi/prompts", {"name": "p", "text": "You are kind."}),
    (
        "POST",
        "/v0/evi/configs",
        {
            "name": "c",
            "evi_version": "3",
            "prompt": {"text": "Be kind."},
            "voice": {"name": "ITO"},
            "tools": [{"id": "x", "version": 0}],
            "event_messages": {"on_new_chat": {"enabled": True, "text": "Hello."}},
            "timeouts": {"inactivity": {"enabled": True, "duration_secs": 30}},
            "turn_detection": {"end_of_turn_silence_ms": 800},
        },
    ),
    ("GET", "/v0/evi/chats", {}),
    ("GET", "/v0/evi/chat_groups", {}),
    ("GET", "/v0/tts/voices", {}),
    ("POST", "/oauth2-cc/token", {}),
)


class _Speech:
    """Hears something in every third sound, says each line at once, and breaks off at times."""

    def __init__(self) -> None:
        self._sinks: dict[str, Sink] = {}
        self._sounds = 0

    def open(self, chat: str, settings: ListenSettings, sink: Sink) -> None:
        self._sinks[chat] = sink

    def configure(self, chat: str, settings: ListenSettings) -> None:
        """Nothing is recognised here."""

    def hear(self, chat: str, pcm: bytes) -> None:
        self._sounds += 1
        if self._sounds % 3 == 0:
            for kind in ("onset", "lasting", "interim", "final"):
                self._later(chat, Heard(kind, self._sounds, 100, 900, "Open the editor."))
        if self._sounds % 97 == 0:
            self._later(chat, SpeechLost("it broke off"))

    def finish(self, chat: str) -> None:
        """There is no turn to end."""

    def say(self, chat: str, line: str, text: str) -> None:
        self._later(chat, Sound(line, bytes(2_400)))
        self._later(chat, Spoken(line))

    def hush(self, chat: str) -> None:
        """All was said at once."""

    def close(self, chat: str) -> None:
        self._sinks.pop(chat, None)

    def _later(self, chat: str, event: Any) -> None:
        def tell() -> None:
            if chat in self._sinks:
                self._sinks[chat](event)

        asyncio.get_running_loop().call_soon(tell)


class _Evi:
    """A running server."""

    def __init__(self, service: OfflineEvi, port: int) -> None:
        self._service, self._port = service, port
        self._url = f"http://127.0.0.1:{port}"
        self._http = httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=60)

    async def close(self) -> None:
        await self._http.aclose()

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        doing = chance.choice([self._chat] * 6 + [self._rest] * 2 + [self._raw])
        outcome = await doing(chance)
        faults = await self._still_works()
        if self._service.live:
            faults.append(f"{len(self._service.live)} chats are left")
            self._service.live.clear()
        return outcome, faults

    async def _still_works(self) -> list[str]:
        """A plain chat: its metadata, and an echo of what is typed."""
        try:
            async with asyncio.timeout(30), self._socket(f"api_key={_KEY}") as socket:
                await _until(socket, "chat_metadata")
                await socket.send('{"type": "user_input", "text": "Are you well?"}')
                said = await _until(socket, "user_message")
        except (TimeoutError, OSError, websockets.WebSocketException) as error:
            return [f"the next chat: {error!r}"]
        finally:
            await self._ended()
        words = said["message"]["content"]
        return [] if words == "Are you well?" else [f"the next chat hears {words!r}"]

    async def _ended(self) -> None:
        """Until the server has noticed that its chats are closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20):
                while self._service.live:
                    await asyncio.sleep(0.001)

    def _socket(self, query: str) -> websockets.connect:
        address = f"ws://127.0.0.1:{self._port}/v0/evi/chat?{query}"
        return websockets.connect(address, max_size=None, proxy=None)

    async def _chat(self, chance: random.Random) -> str:
        try:
            async with self._socket(_query(chance)) as socket:
                reading = asyncio.create_task(_drain(socket))
                with contextlib.suppress(websockets.ConnectionClosed):
                    for _ in range(chance.randint(1, 12)):
                        await socket.send(_frame(chance))
                        if chance.random() < 0.2:
                            await self._posted(chance)
                    await (await socket.ping())
                await socket.close()
                answers = await reading
        except websockets.InvalidStatus as error:
            return f"HTTP {error.response.status_code}"
        finally:
            await self._ended()
        return "error told" if "error" in answers else "taken"

    async def _posted(self, chance: random.Random) -> None:
        """By the control plane."""
        chat = next(iter(self._service.live), "none")
        path = f"/v0/evi/chat/{chat}/send"
        await self._http.post(path, content=_text(chance), headers=_HEADERS)

    async def _rest(self, chance: random.Random) -> str:
        method, path, body = copy.deepcopy(chance.choice(_REST))
        if chance.random() < 0.7:
            spoil({"body": body}, chance)
        if chance.random() < 0.3:
            store = self._service.store
            ids = [row["id"] for row in store.configs.newest()] or ["none"]
            path = chance.choice(["/v0/evi/configs", "/v0/evi/tools", "/v0/evi/prompts"])
            path = f"{path}/{chance.choice(ids)}{chance.choice(['', '/version/0', '/version/9'])}"
            method = chance.choice(["GET", "POST", "PATCH", "DELETE", "PUT"])
        query = {
            k: chance.choice(["0", "-1", "9" * 400, "x", "²", "true", "\0"]) for k in _asked(chance)
        }
        content = as_json(body).encode("utf-8", "surrogatepass")
        if chance.random() < 0.2:
            content = scrambled(content, chance)
        address = f"{path}?{urlencode(query)}"
        answer = await self._http.request(method, address, content=content, headers=_HEADERS)
        return f"HTTP {answer.status_code}"

    async def _raw(self, chance: random.Random) -> str:
        """Bytes that are no WebSocket's after a good handshake, or no HTTP at all."""
        shake = (
            f"GET /v0/evi/chat?api_key={_KEY} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        if chance.random() < 0.3:
            shake = scrambled(shake, chance)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.suppress(ConnectionError):
            writer.write(shake + b"".join(_raw_frame(chance) for _ in range(chance.randint(0, 4))))
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            while await reader.read(65_536):
                pass
        writer.close()
        await self._ended()
        return "raw"


async def _until(socket: websockets.ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def _drain(socket: websockets.ClientConnection) -> set[str]:
    """The types of what comes; each must be a message."""
    kinds: set[str] = set()
    with contextlib.suppress(websockets.ConnectionClosed):
        async for text in socket:
            kinds.add(json.loads(text)["type"])
    return kinds


def _asked(chance: random.Random) -> list[str]:
    names = ["page_size", "page_number", "ascending_order", "name", "status", "provider"]
    return chance.sample(names, chance.randint(0, 3))


def _query(chance: random.Random) -> str:
    odd = chance.choice(["", "x", "-1", "²", "9" * 5000, "\0", "\ud83d", "16000", "true", "[]"])
    value = quote(odd.encode("utf-8", "surrogatepass"))
    return f"api_key={_KEY}&" + chance.choice(
        [
            "",
            "verbose_transcription=true",
            f"config_id={value}&config_version={value}",
            f"resumed_chat_group_id={value}",
            f"session_settings[audio][sample_rate]={value}&session_settings[audio][channels]=1",
            f"session_settings[a]={value}&session_settings[a][b]={value}",
            f"session_settings[a][b]={value}&session_settings[a]={value}",
            f"session_settings[variables][x]={value}&session_settings[]={value}",
            "session_settings" + "[a]" * 2000 + f"={value}",
            f"allow_connection=true&{value}={value}",
        ]
    )


def _text(chance: random.Random) -> bytes:
    message = copy.deepcopy(chance.choice(_MESSAGES))
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        spoil(message, chance)
        if not message:
            break
    written = as_json(message).encode("utf-8", "surrogatepass")
    return scrambled(written, chance) if chance.random() < 0.2 else written


def _frame(chance: random.Random) -> str | bytes:
    if chance.random() < 0.6:
        written = _text(chance)
        try:
            return written.decode()
        except UnicodeDecodeError:
            return written
    sound = chance.randbytes(chance.choice([0, 1, 2, 3, 640, 3_201]))
    file = wav(sound, chance.choice([4_000, 16_000, 44_100]))
    lies = bytearray(file)
    struct.pack_into("<I", lies, chance.choice([4, 16, 24, 40]), chance.randrange(2**32))
    webm = b"\x1a\x45\xdf\xa3" + sound
    return chance.choice([sound, file, bytes(lies), scrambled(file, chance), webm, b"RIFF"])


def _raw_frame(chance: random.Random) -> bytes:
    body = chance.choice([b"{}", b'"\xed\xa0\xbd"', b"\xff\xfe", b"", chance.randbytes(200)])
    first = chance.choice(
        [0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0xF1, 0x83, chance.randrange(256)]
    )
    length = chance.choice([len(body), len(body), len(body), 125, 0])
    masked = chance.choice([0x80, 0x80, 0x80, 0])
    head = bytes([first, masked | length])
    if chance.random() < 0.1:
        head = bytes([first, masked | 127]) + struct.pack(">Q", chance.choice([2**63, 2**31, 200]))
    mask = chance.randbytes(4) if masked else b""
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)) if mask else head + body


@contextlib.asynccontextmanager
async def evi(folder: Path) -> AsyncIterator[Target]:
    """A server with speech that is scripted."""
    service = OfflineEvi(speech=_Speech())
    server, port = await serve(service, 0, _KEY, _SECRET)
    target = _Evi(service, port)
    try:
        yield target
    finally:
        await target.close()
        server.stop()
        await server.close_all_connections()
        await service.close()
