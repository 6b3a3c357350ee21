"""PocketSphinx (BSD), a recogniser that needs neither a neural network nor a recent system.

It understands less than Moonshine and takes longer; its model, US English, is in its package.
"""

from __future__ import annotations

from pocketsphinx import Decoder

from dashboard.voice.speech.audio import Samples, levelled, pcm16, wordless


class PocketSphinxRecognizer:
    """Its large vocabulary, on whole utterances; words in lower case without marks."""

    def __init__(self) -> None:
        self._decoder = Decoder(loglevel="FATAL")

    def transcribe(self, samples: Samples) -> str:
        if wordless(samples):
            return ""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm16(levelled(samples)), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return str(found.hypstr) if found else ""

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        return [plain]

    def dictation(self, samples: Samples, plain: str) -> list[str]:
        return [plain]
