"""Who may silence the voice: ``script/bench floor [--quick] [--json] [--endpoint URL]``.

The panel of tau2-bench (``docs/interaction-metrics.md``, after tau-voice) on the offline voice,
over its raw protocol: somebody speaks while a long result is being said. R_Y is the share of real
interruptions after which sound ends within 2 s, L_Y how long that takes from the first voiced
sample; commands to stop are counted apart, too. S_BC, S_VT and S_ND are the shares of nods, tics
and words for somebody else that do not cut the result within 1 s. *Never cut* counts a cut at any
time, *silent* the same sounds in silence: nothing may be answered or begun within 2 s of their end.
R_R is the share of requests in silence that are answered aloud, L_R how long that takes from their
last voiced sample, I_A the share into which the answer begins. *Any voice* is the same server told
to yield to any voice (attention *everything*), as barge-in by voice activity does.

``--counted`` measures as if the machine did nothing else (`benchmarks.floor_counted`).
``--export`` writes the sound of each event as Full-Duplex-Bench lays it out, with its timing
(`benchmarks.floor_files`). ``--beside PYTHON`` adds what pipecat's and LiveKit's own detectors make
of that sound, by a Python into which both were installed (`benchmarks.floor_detectors`).
With ``--endpoint`` another server of the EVI protocol is measured instead, with the key in
``EVI_API_KEY``; ``--metrics`` writes tau2-bench's ``interaction_metrics`` of what was measured.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import websockets
import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/dialogues")]

import room  # noqa: E402 - needs the path above
import voices  # noqa: E402
from wire import Gate  # noqa: E402

from benchmarks import floor_files  # noqa: E402
from dashboard.voice.server.service import OfflineEvi  # noqa: E402
from dashboard.voice.speech.audio import pcm16  # noqa: E402
from dashboard.voice.standalone.__main__ import serve  # noqa: E402

Kind = Literal["real", "stop", "backchannel", "tic", "elsewhere"]
Attention = Literal["addressed", "everything"]

RESULT: Final = (
    "I have looked through all of the folders that you named, and I found seven letters, two "
    "pictures and one long table of numbers. The newest of them was written on Monday, and it is "
    "about the garden, the roof and the old red car behind the house."
)
TUNED: Final[tuple[voices.Voice, ...]] = ("heart", "joe", "rms", "slt")
HELD_OUT: Final[tuple[voices.Voice, ...]] = ("awb", "espeak-gb-m3")
NOISES: Final[tuple[float | None, ...]] = (None, 20.0, 10.0)
"""Decibels of the speech above noise: white, somewhat smoothed (`voices.with_noise`)."""
SPOKEN_OVER: Final = ("backchannel", "stop")
"""Kinds that are heard over a result only: in silence they mean nothing."""
YIELDS_WITHIN: Final = 2.0
KEEPS_FOR: Final = 1.0
ANSWERS_WITHIN: Final = 2.0
_FRAME: Final = 640
_BEFORE: Final = 1.5
"""Seconds of the result that are heard before somebody speaks."""
_VOICED: Final = 0.02
_TOOLS: Final = [
    {"type": "function", "name": name, "parameters": "{}"}
    for name in ("use_computer", "steer_computer", "computer_status", "stop_computer")
]
_QUERY: Final = (
    "verbose_transcription=true&session_settings[audio][encoding]=linear16"
    "&session_settings[audio][sample_rate]=16000&session_settings[audio][channels]=1"
)
_WINDOWS: Final = {
    "no_yield_window_sec": YIELDS_WITHIN,
    "backchannel_yield_window_sec": KEEPS_FOR,
    "vocal_tic_yield_window_sec": KEEPS_FOR,
    "non_directed_yield_window_sec": KEEPS_FOR,
    "vocal_tic_response_window_sec": ANSWERS_WITHIN,
    "non_directed_response_window_sec": ANSWERS_WITHIN,
}


@dataclass(frozen=True)
class Event:
    """One thing that is said, by one voice, in one noise."""

    kind: Kind
    text: str
    voice: voices.Voice
    noise: float | None
    held_out: bool

    def sound(self) -> tuple[voices.Samples, float, float]:
        """Its samples, and the seconds of the first and the last voiced one."""
        if self.text.startswith("cough "):
            clean = room.cough(int(self.text.split()[1]))
        else:
            clean = voices.speech(self.text, self.voice)
        voiced = np.flatnonzero(np.abs(clean) > _VOICED) / voices.RATE
        first, last = float(voiced[0]), float(voiced[-1])
        padded = voices.sequence(clean, voices.silence(0.2))
        if self.noise is None:
            return padded, first, last
        return voices.with_noise(padded, self.noise, seed=len(self.text)), first, last


@dataclass(frozen=True)
class Outcome:
    """What became of the result, or of the silence, because of an event."""

    event: Event
    cut: float | None
    """Seconds from the first voiced sample to the interruption."""
    answered: bool = False
    responded: float | None = None
    """Seconds from the last voiced sample to the first sound of an answer; negative into it."""
    heard: str = ""
    """The last transcript."""
    track: floor_files.Track | None = None
    """What was heard and played."""


@dataclass(frozen=True)
class Endpoint:
    """A server of the EVI protocol."""

    url: str
    key: str
    attention: Attention | None = None
    """To what it is told to pay attention; None for a server that is not Sayso's."""

    def connect(self) -> websockets.connect:
        """Open a chat."""
        address = f"{self.url}/v0/evi/chat?api_key={self.key}&{_QUERY}"
        return websockets.connect(address, max_size=None)

    @property
    def settings(self) -> dict[str, Any]:
        """The message with which each chat begins."""
        told = {"metadata": {"attention": self.attention}} if self.attention else {}
        return {"type": "session_settings", "tools": _TOOLS, **told}


class Person:
    """One chat, for one event."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._mic: list[bytes] = []
        self._began = time.monotonic()
        self.track = floor_files.Track()
        self.answered = False
        self.heard = ""
        self.understood, self.cut, self.sounding = (asyncio.Event() for _ in range(3))
        self.cut_at: float | None = None
        self.sounded_at: float | None = None
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._stream())]

    async def send(self, **message: Any) -> None:
        """A message of the protocol."""
        await self._socket.send(json.dumps(message))

    def say(self, samples: voices.Samples, first: float = 0.0) -> float:
        """Speak; the time at which the first frame leaves. ``first`` is that of a voice in it."""
        self.track.first = len(self.track.mic) * _FRAME / 2 / voices.RATE + first
        data = pcm16(samples)
        data += bytes(-len(data) % _FRAME)
        self._mic.extend(data[at : at + _FRAME] for at in range(0, len(data), _FRAME))
        return time.monotonic() + 0.02

    async def told(self, event: asyncio.Event, seconds: float) -> None:
        """Until ``event`` has come and the words are known, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
                await self.understood.wait()

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stream(self) -> None:
        due = self._began = time.monotonic()
        while True:
            self.track.mic.append(self._mic.pop(0) if self._mic else bytes(_FRAME))
            await self._socket.send(self.track.mic[-1])
            due = max(due + 0.02, time.monotonic() - 0.2)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _answer(self, call: str) -> None:
        said = json.dumps({"say": "I am on it."})
        await self.send(type="tool_response", tool_call_id=call, content=said)

    def _played(self, message: dict[str, Any]) -> None:
        at = time.monotonic() - self._began
        if message["type"] == "audio_output":
            self.track.play(at, base64.b64decode(message["data"]))
        elif message["type"] == "user_interruption":
            self.track.cut(at)

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            self._played(message)
            match message["type"]:
                case "user_interruption" if not self.cut.is_set():
                    self.cut_at = time.monotonic()
                    self.cut.set()
                case "audio_output" if not self.sounding.is_set():
                    self.sounded_at = time.monotonic()
                    self.sounding.set()
                case "tool_call":
                    self.answered = True
                    await self._answer(message["tool_call_id"])
                case "user_message":
                    self.heard = message["message"]["content"]
                    if not message.get("interim"):
                        self.understood.set()


async def over_a_result(endpoint: Endpoint, event: Event, patience: float = 2.3) -> Outcome:
    """Somebody speaks while the result is being said; it is watched for ``patience`` seconds."""
    sound, first, _ = event.sound()
    async with endpoint.connect() as socket:
        person = Person(socket)
        await person.send(**endpoint.settings)
        await person.send(type="assistant_input", text=RESULT)
        await asyncio.wait_for(person.sounding.wait(), 60)
        await asyncio.sleep(_BEFORE)
        began = person.say(sound, first) + first
        await person.told(person.cut, max(patience, len(sound) / voices.RATE + 2.0))
        await person.close()
    cut = None if person.cut_at is None else person.cut_at - began
    return Outcome(event, cut, heard=person.heard, track=person.track)


async def in_silence(endpoint: Endpoint, event: Event, patience: float = 2.0) -> Outcome:
    """Somebody speaks and the assistant has nothing to say; it is watched for so many seconds."""
    sound, _, last = event.sound()
    async with endpoint.connect() as socket:
        person = Person(socket)
        await person.send(**endpoint.settings)
        ends = person.say(sound) + last
        await person.told(person.sounding, len(sound) / voices.RATE + patience)
        await person.close()
    answered = person.answered or person.sounding.is_set()
    responded = None if person.sounded_at is None else person.sounded_at - ends
    return Outcome(event, None, answered=answered, responded=responded, heard=person.heard)


def events(each: int) -> list[Event]:
    """``each`` of a kind, a third of them held out: sentences, voices and noises in turn."""
    stored = yaml.safe_load(Path(__file__).with_name("floor_events.yaml").read_text("utf-8"))
    out: list[Event] = []
    for kind in get_args(Kind):
        rows = stored[kind]
        tuned, kept = itertools.cycle(rows["tuned"]), itertools.cycle(rows["held_out"])
        for number in range(each):
            held_out = number % 3 == 2
            by = HELD_OUT if held_out else TUNED
            voice, noise = by[number // 3 % len(by)], NOISES[number // 2 % len(NOISES)]
            if not held_out:
                voice = TUNED[number % len(TUNED)]
            out.append(Event(kind, next(kept if held_out else tuned), voice, noise, held_out))
    return out


async def measure(
    which: list[Event], endpoint: Endpoint, chats: int
) -> tuple[list[Outcome], list[Outcome]]:
    """Each event over a result, and those that are no nod in silence, too."""
    slots = asyncio.Semaphore(chats)
    for event in which:
        event.sound()  # made beforehand: it takes seconds, in which nothing else here goes on

    async def run(what: Any, event: Event) -> Outcome:
        async with slots:
            outcome: Outcome = await what(endpoint, event)
            print(f"  {what.__name__} {_line(outcome)}", file=sys.stderr, flush=True)
            return outcome

    over = await asyncio.gather(*(run(over_a_result, e) for e in which))
    quiet = [e for e in which if e.kind not in SPOKEN_OVER]
    return over, await asyncio.gather(*(run(in_silence, e) for e in quiet))


async def measure_ours(
    which: list[Event], attention: Attention, chats: int
) -> tuple[list[Outcome], list[Outcome]]:
    """The same on an offline server that is started for it."""
    evi = OfflineEvi()
    server, port = await serve(evi, 0, "bench", "bench")
    await evi.warm()
    try:
        endpoint = Endpoint(f"ws://127.0.0.1:{port}", "bench", attention)
        return await measure(which, endpoint, chats)
    finally:
        server.stop()
        await evi.close()


def _line(outcome: Outcome) -> str:
    event, cut = outcome.event, outcome.cut
    when = "-" if cut is None else f"{cut:.2f}"
    noise = "quiet" if event.noise is None else f"{event.noise:.0f} dB"
    said = f"{event.kind} “{event.text}” {event.voice} {noise}{' held out' * event.held_out}"
    return f"{said}: cut {when} answered {outcome.answered} heard “{outcome.heard}”"


def interval(successes: int, of: int) -> str:
    """A share with its 95 % interval (Wilson)."""
    if not of:
        return "-"
    p, z = successes / of, 1.96
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{p:.2f} ({max(0.0, middle - half):.2f} to {min(1.0, middle + half):.2f}), n={of}"


def _cut_within(outcome: Outcome, seconds: float) -> bool:
    return outcome.cut is not None and outcome.cut <= seconds


def panel(over: Iterable[Outcome], silent: Iterable[Outcome]) -> dict[str, str]:
    """The panel's columns."""
    by: dict[str, list[Outcome]] = {}
    for outcome in over:
        by.setdefault(outcome.event.kind, []).append(outcome)
    real = by.get("real", [])
    times = [o.cut for o in real if o.cut is not None and o.cut <= YIELDS_WITHIN]
    stops = by.get("stop", [])
    stopped = [o.cut for o in stops if o.cut is not None and o.cut <= YIELDS_WITHIN]
    row = {
        "R_Y": interval(sum(_cut_within(o, YIELDS_WITHIN) for o in real), len(real)),
        "L_Y median s": f"{np.median(times):.2f}" if times else "-",
        "stopped": interval(len(stopped), len(stops)),
        "stop word median s": f"{np.median(stopped):.2f}" if stopped else "-",
    }
    for name, kind in (("S_BC", "backchannel"), ("S_VT", "tic"), ("S_ND", "elsewhere")):
        of = by.get(kind, [])
        row[name] = interval(sum(not _cut_within(o, KEEPS_FOR) for o in of), len(of))
        row[f"{name}, never cut"] = interval(sum(o.cut is None for o in of), len(of))
    quiet = list(silent)
    for name, kind in (("S_VT silent", "tic"), ("S_ND silent", "elsewhere")):
        those = [o for o in quiet if o.event.kind == kind]
        row[name] = interval(sum(not o.answered for o in those), len(those))
    asked = [o for o in quiet if o.event.kind == "real"]
    replies = [o.responded for o in asked if o.responded is not None]
    row["R_R"] = interval(len(replies), len(asked))
    row["L_R median s"] = f"{np.median(replies):.2f}" if replies else "-"
    row["I_A"] = interval(sum(r < 0 for r in replies), len(asked))
    return row


def interaction_metrics(over: list[Outcome], silent: list[Outcome]) -> dict[str, Any]:
    """What was measured, as tau2-bench writes it for a voice; null where nothing was.

    Times are those of single frames, not of its ticks of 0.2 s, and events of a kind are as many
    here as was asked for, not as a dialogue brings them.
    """
    real = [o for o in over if o.event.kind == "real"]
    yields = [o.cut for o in real if o.cut is not None and o.cut <= YIELDS_WITHIN]
    asked = [o for o in silent if o.event.kind == "real"]
    replies = [o.responded for o in asked if o.responded is not None]
    nods = _kept(over, "backchannel")
    tics, others = (_kept(over, k) + _ignored(silent, k) for k in ("tic", "elsewhere"))
    domain = {
        "response_latency_mean": _mean(replies),
        "yield_latency_mean": _mean(yields),
        "response_rate": _share(len(replies), len(asked)),
        "yield_rate": _share(len(yields), len(real)),
        "agent_interruption_rate": _share(sum(r < 0 for r in replies), len(asked)),
        "selectivity_backchannel": _share(sum(nods), len(nods)),
        "selectivity_vocal_tic": _share(sum(tics), len(tics)),
        "selectivity_non_directed": _share(sum(others), len(others)),
        "counts": {
            "n_simulations": len(over) + len(silent),
            "response_total": len(asked),
            "yield_total": len(real),
            "backchannel_total": len(nods),
            "vocal_tic_total": len(tics),
            "non_directed_total": len(others),
            "agent_interrupts_count": sum(r < 0 for r in replies),
        },
    }
    config = {"tick_duration_sec": _FRAME / 2 / voices.RATE, **_WINDOWS}
    return {"version": "1.0", "config": config, "domains": {"desktop": domain}, "overall": domain}


def _kept(over: list[Outcome], kind: Kind) -> list[bool]:
    return [not _cut_within(o, KEEPS_FOR) for o in over if o.event.kind == kind]


def _ignored(silent: list[Outcome], kind: Kind) -> list[bool]:
    return [not o.answered for o in silent if o.event.kind == kind]


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(successes: int, of: int) -> float | None:
    return successes / of if of else None


def ducks(which: Iterable[Event]) -> Iterator[float]:
    """Milliseconds from the first voiced sample to the page's rule that lowers the loudspeaker."""
    for event in which:
        sound, first, _ = event.sound()
        gate = Gate()
        gate.playing = True
        for hop in np.zeros((100, 160), np.int16):
            gate.push(hop)
        pcm = np.frombuffer(pcm16(sound), "<i2")
        for number, at in enumerate(range(0, len(pcm) - 160, 160), 1):
            if gate.push(pcm[at : at + 160]):
                yield max(0.0, number * 10 - first * 1000)
                break
        else:
            yield float("inf")


def show(rows: dict[str, dict[str, str]]) -> None:
    """A Markdown table, one column for each measured server."""
    names = list(rows)
    print(f"| | {' | '.join(names)} |")
    print("|---" * (len(names) + 1) + "|")
    for column in next(iter(rows.values())):
        print(f"| {column} | {' | '.join(rows[name][column] for name in names)} |")


def export(over: list[Outcome], folder: Path) -> dict[str, Outcome]:
    """Write the sound of what was measured over a result; the outcomes by their folders."""
    out: dict[str, Outcome] = {}
    for number, outcome in enumerate((o for o in over if o.track is not None), 1):
        event = outcome.event
        about = {
            "text": event.text,
            "voice": event.voice,
            "decibels": event.noise,
            "held_out": event.held_out,
            "cut_after": outcome.cut,
        }
        assert outcome.track is not None
        out[str(floor_files.write(folder, event.kind, number, outcome.track, about))] = outcome
    return out


def beside(python: str, written: dict[str, Outcome], folder: Path) -> dict[str, list[Outcome]]:
    """What other detectors make of the sound that was written, by their names."""
    command = [python, "-c", "from floor_detectors import main; main()", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, dict[str, float | None]] = json.loads(told)
    return {
        f"{name}, detector alone": [_detected(written[at], when) for at, when in cuts.items()]
        for name, cuts in found.items()
    }


def _detected(ours: Outcome, when: float | None) -> Outcome:
    assert ours.track is not None
    return Outcome(ours.event, None if when is None else when - ours.track.first)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="15 events a cell instead of 60")
    parser.add_argument("--each", type=int, help="events of a kind")
    parser.add_argument("--chats", type=int, default=2, help="chats at once")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--only-ours", action="store_true", help="without the row of any voice")
    parser.add_argument("--counted", action="store_true", help="time as on an idle machine")
    parser.add_argument("--endpoint", help="another server of the protocol: wss://host")
    parser.add_argument("--metrics", type=Path, help="where to write interaction_metrics")
    parser.add_argument("--export", type=Path, help="folder for sound in Full-Duplex-Bench's way")
    parser.add_argument("--beside", metavar="PYTHON", help="one that has pipecat and LiveKit")
    return parser.parse_args()


Found = dict[str, tuple[list[Outcome], list[Outcome]]]


def _measured(arguments: argparse.Namespace, which: list[Event]) -> Found:
    """Over a result and in silence, by the name of what was measured; ours first."""
    found: Found = {}
    if arguments.endpoint:
        there = Endpoint(arguments.endpoint.rstrip("/"), os.environ.get("EVI_API_KEY", ""))
        return {"measured": asyncio.run(measure(which, there, arguments.chats))}
    if arguments.counted:
        from benchmarks.floor_counted import measure_counted

        over, silent, ends = measure_counted(which, "addressed")
        p50, p95 = np.percentile(ends, [50, 95])
        print(f"End of words to the final transcript, s (p50, p95): {p50:.2f}, {p95:.2f}\n")
        return {"Sayso, counted time": (over, silent)}
    found["Sayso"] = asyncio.run(measure_ours(which, "addressed", arguments.chats))
    if not arguments.only_ours:
        found["any voice"] = asyncio.run(measure_ours(which, "everything", arguments.chats))
    return found


def _compared(arguments: argparse.Namespace, over: list[Outcome]) -> Found:
    """Write the sound, if it is asked for, and ask other detectors about it."""
    with tempfile.TemporaryDirectory(prefix="floor") as passing:
        folder: Path = arguments.export or Path(passing)
        if not (arguments.export or arguments.beside):
            return {}
        sound = export(over, folder)
        others = beside(arguments.beside, sound, folder) if arguments.beside else {}
        return {name: (cuts, []) for name, cuts in others.items()}


def main() -> None:
    """Measure, and print the panel."""
    arguments = _arguments()
    which = events(arguments.each or (15 if arguments.quick else 60))
    found = _measured(arguments, which)
    ours = next(iter(found.values()))
    found |= _compared(arguments, ours[0])
    if arguments.metrics:
        written = interaction_metrics(*ours)
        arguments.metrics.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    rows: dict[str, dict[str, str]] = {}
    for name, (over, silent) in found.items():
        rows[name] = panel(over, silent)
        for kept in (False, True):
            part = f"{name}, {'held out' if kept else 'tuned'}"
            rows[part] = panel(
                *([o for o in of if o.event.held_out is kept] for of in (over, silent))
            )
    lowered = sorted(ducks(e for e in which if e.kind != "tic"))
    ducked = f"{np.percentile(lowered, 50):.0f}, {np.percentile(lowered, 95):.0f}"
    if arguments.json:
        print(json.dumps({"panel": rows, "duck ms (p50, p95)": ducked}, indent=1))
        return
    show(rows)
    print(f"\nSpeech onset to a lowered loudspeaker, ms (p50, p95): {ducked}")


if __name__ == "__main__":
    main()
