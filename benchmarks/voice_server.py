"""The offline EVI alone: latencies that a client sees, and the lag of the server's loop.

``python -m benchmarks.voice_server [--chats 4] [--rounds 5]``. The server runs in this
process, the clients in another one; they stream spoken WAVs at the pace of a microphone.
Targets are those of the issue on voice that concern the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import numpy as np
import websockets

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import voices  # noqa: E402 - needs the path above

from dashboard.voice.server.service import OfflineEvi  # noqa: E402
from dashboard.voice.standalone.__main__ import serve  # noqa: E402

QUERY = (
    "api_key=bench&verbose_transcription=true&session_settings[audio][encoding]=linear16"
    "&session_settings[audio][sample_rate]=16000&session_settings[audio][channels]=1"
)
FRAME = 640
TOOLS = [
    {"type": "function", "name": name, "parameters": "{}"}
    for name in ("use_computer", "stop_computer")
]
TARGETS = {
    "end of words to final transcript": 1_000,
    "end of words to first sound of the answer": 1_200,
    "end of stop word to interim": 500,
    "onset over the voice to user_interruption": 800,
    "server loop lag": 20,
}
Times = dict[str, list[float]]


class Client:
    """One chat that speaks, answers tool calls, and notes when what arrives."""

    def __init__(self, socket: websockets.ClientConnection, times: Times) -> None:
        self.socket, self.times = socket, times
        self.speech_began = self.speech_ended = 0.0
        self.reader = asyncio.create_task(self._read())
        self.seen: dict[str, float] = {}

    async def speak(self, text: str, tail: float) -> None:
        """Stream ``text`` and silence; the ends of the words are where sound ends."""
        words = voices.speech(text)
        loud = np.flatnonzero(np.abs(words) > 0.02)
        first, last = loud[0] / voices.RATE, loud[-1] / voices.RATE
        pcm = voices.pcm16(voices.sequence(words, voices.silence(tail)))
        began = time.monotonic()
        self.speech_began, self.speech_ended = began + first, began + last
        self.seen = {}
        for number, place in enumerate(range(0, len(pcm), FRAME)):
            await self.socket.send(pcm[place : place + FRAME])
            await asyncio.sleep(max(0.0, began + (number + 1) * 0.02 - time.monotonic()))

    def note(self, name: str, since: float) -> None:
        """The first time in this turn."""
        if name not in self.seen:
            self.seen[name] = time.monotonic()
            self.times.setdefault(name, []).append((self.seen[name] - since) * 1000)

    async def _read(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            await self._on(message["type"], message)

    async def _on(self, kind: str, message: dict) -> None:
        if kind == "user_message":
            said = message["message"]["content"].lower()
            if not message["interim"]:
                self.note("end of words to final transcript", self.speech_ended)
            elif "stop" in said:
                self.note("end of stop word to interim", self.speech_ended)
        elif kind == "tool_call":
            content = json.dumps({"say": "I am opening it and will tell you more. " * 2})
            answer = {"type": "tool_response", "tool_call_id": message["tool_call_id"]}
            await self.socket.send(json.dumps(answer | {"content": content}))
        elif kind == "audio_output" and "end of words to final transcript" in self.seen:
            self.note("end of words to first sound of the answer", self.speech_ended)
        elif kind == "user_interruption":
            self.note("onset over the voice to user_interruption", self.speech_began)


async def chat(port: int, rounds: int, times: Times) -> None:
    """Ask, be answered, interrupt with "stop"."""
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/v0/evi/chat?{QUERY}", max_size=None
    ) as socket:
        client = Client(socket, times)
        await socket.send(json.dumps({"type": "session_settings", "tools": TOOLS}))
        for _ in range(rounds):
            await client.speak("Open the text editor, please.", 1.6)
            await client.speak("Stop.", 3.0)
        client.reader.cancel()


async def clients(port: int, count: int, rounds: int) -> None:
    """All chats at once; prints their times as JSON."""
    times: Times = {}
    for text in ("Open the text editor, please.", "Stop."):
        voices.speech(text)
    await asyncio.gather(*(chat(port, rounds, times) for _ in range(count)))
    print(json.dumps(times))


async def lag(into: list[float]) -> None:
    """How late this loop comes back, in ms, 200 times a second."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(0.005)
        into.append((time.monotonic() - began - 0.005) * 1000)


async def bench(count: int, rounds: int) -> Times:
    """Server here, clients in a process of their own."""
    evi = OfflineEvi()
    server, port = await serve(evi, 0, "bench", "bench")
    await evi.warm()
    lags: list[float] = []
    watching = asyncio.create_task(lag(lags))
    command = (sys.executable, "-m", "benchmarks.voice_server", "--client", str(port))
    process = await asyncio.create_subprocess_exec(
        *(*command, "--chats", str(count), "--rounds", str(rounds)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    out, _ = await process.communicate()
    watching.cancel()
    server.stop()
    await evi.close()
    return {**json.loads(out), "server loop lag": lags}


def main() -> None:
    """Print the table, or be the clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        asyncio.run(clients(args.client, args.chats, args.rounds))
        return
    times = asyncio.run(bench(args.chats, args.rounds))
    print(f"{args.chats} chats at once, {args.rounds} rounds each; milliseconds")
    print("| what | n | p50 | p95 | p99 | target | p95 / target |")
    print("|---|---|---|---|---|---|---|")
    for name, target in TARGETS.items():
        p50, p95, p99 = np.percentile(times.get(name) or [float("nan")], [50, 95, 99])
        print(
            f"| {name} | {len(times.get(name, []))} | {p50:.0f} | {p95:.0f} | {p99:.0f} | "
            f"{target} | {p95 / target:.2f} |"
        )


if __name__ == "__main__":
    main()
