"""When pipecat and LiveKit would fall silent, by voice activity and their own defaults.

Their packages bring two hundred others and are not among ours: `benchmarks.floor` has another
Python, into which they were installed, call `main` (``--beside``). Read in their sources: a turn of
pipecat's begins, and interrupts, when its analyser says *speaking*; LiveKit pauses its voice when
its detector has counted ``min_duration`` of speech, unless its service judges the sound. Of
neither is more run than its detector: no transcript, no resumption.
"""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from importlib import import_module
from pathlib import Path
from typing import Any

RATE = 16_000
_PIECE = 640
"""Bytes that are heard at once: 20 ms."""


def main() -> None:
    """For each ``input.wav`` below a folder, the second at which each falls silent, as JSON."""
    found: dict[str, dict[str, float | None]] = {"pipecat": {}, "LiveKit": {}}
    for path in sorted(Path(sys.argv[1]).glob("*/*/input.wav")):
        with wave.open(str(path)) as file:
            pcm = file.readframes(file.getnframes())
        name = str(path.parent)
        found["pipecat"][name] = asyncio.run(pipecat(pcm))
        found["LiveKit"][name] = asyncio.run(livekit(pcm))
    print(json.dumps(found))


async def pipecat(pcm: bytes) -> float | None:
    """Second at which `SileroVADAnalyzer`, as it comes, says that somebody is speaking."""
    vad: Any = import_module("pipecat.audio.vad.vad_analyzer")
    analyzer = import_module("pipecat.audio.vad.silero").SileroVADAnalyzer(sample_rate=RATE)
    analyzer.set_sample_rate(RATE)
    try:
        for at in range(0, len(pcm), _PIECE):
            if await analyzer.analyze_audio(pcm[at : at + _PIECE]) == vad.VADState.SPEAKING:
                return (at + _PIECE) / 2 / RATE
        return None
    finally:
        await analyzer.cleanup()


async def livekit(pcm: bytes) -> float | None:
    """Second at which LiveKit's Silero, as it comes, has counted enough speech to interrupt."""
    rtc: Any = import_module("livekit.rtc")
    vad: Any = import_module("livekit.agents.vad")
    turns: Any = import_module("livekit.agents.voice.turn")
    needed = turns._INTERRUPTION_DEFAULTS["min_duration"]
    stream = import_module("livekit.plugins.silero").VAD.load().stream()
    for at in range(0, len(pcm) - _PIECE + 1, _PIECE):
        stream.push_frame(rtc.AudioFrame(pcm[at : at + _PIECE], RATE, 1, _PIECE // 2))
    stream.end_input()
    async for event in stream:
        done = event.type == vad.VADEventType.INFERENCE_DONE
        if done and event.speech_duration >= needed:
            return float(event.samples_index / RATE)
    return None
