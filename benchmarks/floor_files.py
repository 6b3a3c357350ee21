"""The panel's sound in files, as Full-Duplex-Bench lays out a run (versions 1 and 1.5).

``FOLDER/TASK/NUMBER`` holds ``input.wav``, what went to the microphone, ``output.wav``, what the
loudspeaker played meanwhile, of the same length, and ``metadata.json``; from both follows
``latency_intervals.json``, by the definitions of its timing script: where a voice sounds by Silero
(its own defaults), a person's pauses up to 0.6 s and an assistant's up to 0.5 s bridged; *stop* are
the stretches in which both speak, *resp* those from a person's end to the assistant's next begin.
The person says nothing before, since the assistant begins by reading a result.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from dashboard.voice.speech.audio import RATE, Samples, pcm16, read_wav, resample, wav
from dashboard.voice.speech.engines import FRAME, SileroActivity

TASKS: Final = {
    "real": "user_interruption",
    "stop": "user_stop",
    "backchannel": "user_backchannel",
    "elsewhere": "talking_to_other",
    "tic": "vocal_tic",
}
"""Full-Duplex-Bench's name of each kind of event; it has none of stops and tics."""
USER_GAP: Final = 0.6
MODEL_GAP: Final = 0.5
_THRESHOLD: Final = 0.5
_HYSTERESIS: Final = 0.15
_SHORTEST: Final = 0.25
_PAUSE: Final = 0.1
_PAD: Final = 0.03
"""Silero's defaults: seconds of speech that count, of silence that ends it, and around it."""

Interval = tuple[float, float]


@dataclass
class Track:
    """What one chat's microphone heard and its loudspeaker played."""

    mic: list[bytes] = field(default_factory=list)
    """PCM at `RATE`, from the first frame on."""
    first: float = 0.0
    """Seconds of ``mic`` at which the event's first voiced sample stands."""
    _played: list[tuple[float, Samples]] = field(default_factory=list)
    _until: float = 0.0

    def play(self, at: float, data: bytes) -> None:
        """A piece of a line, a WAV file, arrived ``at`` seconds; it is heard after those before."""
        samples, rate = read_wav(io.BytesIO(data))
        start = max(at, self._until)
        self._until = start + len(samples) / rate
        self._played.append((start, resample(samples, rate, RATE)))

    def cut(self, at: float) -> None:
        """The loudspeaker falls silent."""
        kept = (
            (start, samples[: max(0, round((at - start) * RATE))])
            for start, samples in self._played
        )
        self._played = [(start, samples) for start, samples in kept if len(samples)]
        self._until = min(self._until, at)

    def sounds(self) -> tuple[Samples, Samples]:
        """Microphone and loudspeaker, of the same length."""
        heard = np.frombuffer(b"".join(self.mic), "<i2").astype(np.float32) / np.float32(32768)
        played = np.zeros_like(heard)
        for start, samples in self._played:
            place = round(start * RATE)
            piece = samples[: max(0, len(played) - place)]
            played[place : place + len(piece)] = piece
        return heard, played


def write(folder: Path, kind: str, number: int, track: Track, about: dict[str, Any]) -> Path:
    """Write one event; the folder that was made."""
    made = folder / TASKS[kind] / f"{number:03}"
    made.mkdir(parents=True, exist_ok=True)
    heard, played = track.sounds()
    (made / "input.wav").write_bytes(wav(pcm16(heard), RATE))
    (made / "output.wav").write_bytes(wav(pcm16(played), RATE))
    told = {"task": TASKS[kind], "first_voiced": round(track.first, 3), **about}
    timing = latency_intervals(heard, played)
    for name, content in (("metadata", told), ("latency_intervals", timing)):
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (made / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return made


def latency_intervals(heard: Samples, played: Samples) -> dict[str, list[Interval]]:
    """Where both speak, and from a person's end to the assistant's next begin; seconds."""
    user, model = merged(voiced(heard), USER_GAP), merged(voiced(played), MODEL_GAP)
    return {"latency_stop_list": overlaps(user, model), "latency_resp_list": gaps(user, model)}


def voiced(samples: Samples) -> list[Interval]:
    """Where a voice sounds; seconds."""
    activity, data = SileroActivity(), pcm16(samples)
    step, size = FRAME / RATE, FRAME * 2
    probabilities = [
        activity.probability(data[at : at + size]) for at in range(0, len(data) - size + 1, size)
    ]
    found: list[Interval] = []
    begin: float | None = None
    quiet: float | None = None
    for at, probability in zip(itertools.count(0.0, step), probabilities, strict=False):
        if probability >= _THRESHOLD:
            begin, quiet = at if begin is None else begin, None
        elif begin is not None and probability < _THRESHOLD - _HYSTERESIS:
            quiet = at if quiet is None else quiet
            if at - quiet >= _PAUSE:
                found.append((begin, quiet))
                begin = quiet = None
    if begin is not None:
        found.append((begin, len(samples) / RATE))
    length = len(samples) / RATE
    return [(max(0.0, b - _PAD), min(length, e + _PAD)) for b, e in found if e - b >= _SHORTEST]


def merged(found: Sequence[Interval], gap: float) -> list[Interval]:
    """Intervals with the pauses up to ``gap`` seconds between them bridged."""
    out: list[Interval] = []
    for begin, end in sorted(found):
        if out and begin - out[-1][1] <= gap:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((begin, end))
    return out


def overlaps(user: Sequence[Interval], model: Sequence[Interval]) -> list[Interval]:
    """Where both speak; of those that end together, the shortest."""
    shortest: dict[float, float] = {}
    for (a, b), (c, d) in itertools.product(user, model):
        begin, end = max(a, c), min(b, d)
        if end > begin:
            shortest[round(end, 3)] = max(round(begin, 3), shortest.get(round(end, 3), 0.0))
    return [(begin, end) for end, begin in sorted(shortest.items())]


def gaps(user: Sequence[Interval], model: Sequence[Interval]) -> list[Interval]:
    """From the last end of a person's speech to each begin of the assistant's behind it."""
    latest: dict[float, float] = {}
    for _, end in user:
        begin = next((begin for begin, _ in sorted(model) if begin > end), None)
        if begin is not None:
            latest[round(begin, 3)] = max(round(end, 3), latest.get(round(begin, 3), 0.0))
    return [(end, begin) for begin, end in sorted(latest.items())]


def written(folder: Path) -> Iterable[Path]:
    """The folders of all events that were written, in order."""
    return sorted(path.parent for path in folder.glob("*/*/metadata.json"))
