"""A synthetic person for the checks: words as 16 kHz PCM, where a speech program is found."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
import wave
from pathlib import Path

import numpy as np

RATE = 16_000
PIECE = RATE // 50 * 2
"""Bytes of 20 ms."""

AUDIO = {"encoding": "linear16", "sample_rate": RATE, "channels": 1}


async def speak(words: str) -> bytes | None:
    """Linear16 at 16 kHz, a second of silence behind it; None without a program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        if shutil.which("espeak-ng"):
            command = ["espeak-ng", "-w", str(path), words]
        elif shutil.which("flite"):
            command = ["flite", "-t", words, "-o", str(path)]
        else:
            return None
        process = await asyncio.create_subprocess_exec(*command)
        await process.wait()
        return _resample(path.read_bytes()) + bytes(RATE * 2)


def _resample(data: bytes) -> bytes:
    with wave.open(io.BytesIO(data)) as sound:
        rate = sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    times = np.arange(0, len(samples) / rate, 1 / RATE)
    return np.interp(times * rate, np.arange(len(samples)), samples).astype(np.int16).tobytes()
