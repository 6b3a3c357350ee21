"""What a room does to a task: coughs, assent, music, television, the agent's own echo."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

import numpy as np
import room
import voices
from dialogue import Player
from wire import Wire

from agent.record.events import HoldBegan, HoldEnded, Narrated, Stopped, UserMessage

ECHO_LEVEL = 0.3
"""Of the loudspeaker's sound, at the microphone, as if nothing was cancelled."""


@dataclass
class Room:
    """What became of one kind of sound."""

    kind: str
    played: int = 0
    stopped: int = 0
    redirected: int = 0
    holds: list[float] = field(default_factory=list)
    """Milliseconds from a sound's end to the end of the hold that it caused; 0 if before."""


def _sounds(kind: str, few: int) -> list[voices.Samples]:
    if kind == "coughs":
        return [room.cough(seed) for seed in range(12)][:few]
    if kind == "assent":
        both = [room.backchannel(n, v) for v in voices.NATURAL for n in range(8)]
        return both[:few]
    if kind == "music":
        return [room.music(seed) for seed in range(6)][:few]
    if kind == "television":
        number = len(room.TELEVISION)
        return [room.television(n, v) for v in voices.NATURAL for n in range(number)][:few]
    return []


async def measure(wire: Wire, few: int = 100) -> list[Room]:
    """Play each kind while a task runs."""
    found = []
    for kind in ("coughs", "assent", "music", "television"):
        of_kind = Room(kind)
        for sound in _sounds(kind, few):
            await _running(wire)
            await _play(wire, sound, of_kind)
        found.append(of_kind)
        print(f"  {kind}: {of_kind.played} played", file=sys.stderr)
    found.append(await _echoes(wire, min(few, 8)))
    await wire.type("Stop.")
    return found


async def _running(wire: Wire) -> None:
    if wire.session.status.task_id is None:
        await wire.type("wait 500 seconds")
        async with asyncio.timeout(30):
            while wire.session.status.running is None:
                await asyncio.sleep(0.05)


async def _play(wire: Wire, sound: voices.Samples, into: Room) -> None:
    since = len(wire.session.log)
    await wire.say(np.asarray(sound))
    await asyncio.sleep(len(sound) / voices.RATE + 1.6)
    _count(wire, since, into)


def _count(wire: Wire, since: int, into: Room) -> None:
    events = wire.events()[since:]
    into.played += 1
    into.stopped += any(isinstance(e, Stopped) for e in events)
    said = (e for e in events if isinstance(e, UserMessage) and e.origin == "person")
    into.redirected += any(e.source == "voice" for e in said)
    ended = [e.at for e in events if isinstance(e, HoldEnded)]
    if any(isinstance(e, HoldBegan) for e in events):
        last = ended[-1] if ended else float("inf")
        into.holds.append(max(0.0, (last - wire.wall(wire.spoken_at)) * 1000))


async def _echoes(wire: Wire, count: int) -> Room:
    """The agent's answers come back through the microphone a little later and lower."""
    into = Room("own echo")
    for _ in range(count):
        await _running(wire)
        await Player(wire).quiet()
        since = len(wire.session.log)
        await wire.type("What are you doing?")
        async with asyncio.timeout(20):
            while not (line := _speaking(wire, since)):
                await asyncio.sleep(0.01)
        await wire.say(voices.speech(line.text) * np.float32(ECHO_LEVEL))
        await asyncio.sleep(len(voices.speech(line.text)) / voices.RATE + 1.6)
        _count(wire, since, into)
    return into


def _speaking(wire: Wire, since: int) -> Narrated | None:
    lines = (e for e in wire.events()[since:] if isinstance(e, Narrated) and e.state == "speaking")
    return next(lines, None)
