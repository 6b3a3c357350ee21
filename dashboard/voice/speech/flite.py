"""Flite (a BSD-like licence), a synthesiser that is a program of the system.

It sounds like a robot and needs no model in memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from typing import Final

from agent.errors import VoiceError
from dashboard.voice.speech.audio import OUT_RATE, Samples, read_wav, resample

_OPTIONS: Final = ("-voice", "slt", "-f", "/dev/stdin")
_PATIENCE: Final = 30.0
"""Seconds for a sentence, which takes a tenth of one."""


class FliteSynthesizer:
    """One run of the program for each sentence.

    Raises:
        VoiceError: the program is missing.
    """

    def __init__(self) -> None:
        program = shutil.which("flite")
        if program is None:
            raise VoiceError("the program flite is not installed; script/bootstrap installs it")
        self._program = program

    def speak(self, sentence: str) -> Iterator[Samples]:
        with os.fdopen(os.memfd_create("sentence"), "rb") as file:  # nothing of it can be left
            subprocess.run(
                [self._program, *_OPTIONS, "-o", f"/proc/self/fd/{file.fileno()}"],
                input=_ascii(sentence),
                check=True,
                capture_output=True,
                pass_fds=[file.fileno()],
                timeout=_PATIENCE,
            )
            samples, rate = read_wav(file)
        yield resample(samples, rate, OUT_RATE)


def _ascii(text: str) -> bytes:
    """All that it reads: letters without their accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
