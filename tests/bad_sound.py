"""What bad microphones, lines and rooms make of speech, at `RATE`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from dashboard.voice.speech.audio import RATE, Samples, resample

_LINE_RATE: Final = 8_000
_LINE_BAND: Final = (300.0, 3_400.0)
"""Hertz that a telephone carries."""
_MU: Final = 255.0
"""Of the law by which it makes eight bits of a sample."""
_BEAT: Final = RATE // 2
_CHORD: Final = (1.0, 1.26, 1.5, 2.0, 4.0)


def quiet(samples: Samples, seed: int) -> Samples:
    """A microphone far away: a peak of 0.02, with its own noise 34 dB below that."""
    hiss = np.random.default_rng(seed).standard_normal(len(samples)) * 0.0004
    return (samples * (0.02 / _peak(samples)) + hiss).astype(np.float32)


def clipped(samples: Samples, seed: int) -> Samples:
    """Six times too loud."""
    loud: Samples = np.clip(samples * np.float32(6.0 / _peak(samples)), -1.0, 1.0)
    return loud


def telephone(samples: Samples, seed: int) -> Samples:
    """The band of a telephone, in eight bits by the law of its lines."""
    line = resample(samples, RATE, _LINE_RATE)
    tones, hertz = np.fft.rfft(line), np.fft.rfftfreq(len(line), 1 / _LINE_RATE)
    tones[(hertz < _LINE_BAND[0]) | (hertz > _LINE_BAND[1])] = 0
    band = np.fft.irfft(tones, len(line))
    code = np.round(np.sign(band) * np.log1p(_MU * np.abs(band)) / np.log1p(_MU) * 127) / 127
    heard = np.sign(code) * ((1 + _MU) ** np.abs(code) - 1) / _MU
    return resample(heard.astype(np.float32), _LINE_RATE, RATE)


def noisy(samples: Samples, seed: int) -> Samples:
    """A fan, 10 dB below the speech."""
    white = np.random.default_rng(seed).standard_normal(len(samples))
    return _mixed(samples, np.convolve(white, np.full(4, 0.25), "same"))


def musical(samples: Samples, seed: int) -> Samples:
    """Chords and a drum, 10 dB below the speech."""
    random, music = np.random.default_rng(seed), np.zeros(len(samples))
    for begin in range(0, len(samples), _BEAT):
        size = min(_BEAT, len(samples) - begin)
        time, root = np.arange(size) / RATE, 220.0 * 2 ** (random.integers(0, 12) / 12)
        tones = sum(np.sin(2 * np.pi * root * k * time) / k for k in _CHORD)
        music[begin : begin + size] = tones * np.exp(-1.5 * time)
        music[begin : begin + min(400, size)] += random.standard_normal(min(400, size)) * 0.3
    return _mixed(samples, music)


Change = Callable[[Samples, int], Samples]
CHANGES: Final[dict[str, Change]] = {
    "quiet": quiet,
    "clipped": clipped,
    "telephone": telephone,
    "noise": noisy,
    "music": musical,
}
"""By name; each takes a seed for what is random in it."""


def _peak(samples: Samples) -> float:
    return max(1e-9, float(np.abs(samples).max(initial=0.0)))


def _mixed(samples: Samples, other: np.ndarray, decibels: float = 10.0) -> Samples:
    level, loud = (float(np.sqrt(np.mean(sound**2))) for sound in (samples, other))
    gain = level / max(1e-9, loud) / 10 ** (decibels / 20)
    return (samples + other * gain).astype(np.float32)
