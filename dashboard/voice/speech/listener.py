"""From sound to utterances: onset, interim words, end of turn.

A `Listener` does no I/O and asks no clock: time is counted in samples, so that an hour of
sound can be fed in a second. It asks for words by yielding `Decode` and is told them by
`Listener.decoded`; while it waits it keeps listening.

A turn ends after ``silence_ms`` without speech, longer if the words dangle. The words for
the end are asked for early in that silence, so that the transcript is there when the
silence is long enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dashboard.voice.speech.audio import RATE
from dashboard.voice.speech.engines import FRAME, TurnDetector, VoiceActivity

FRAME_MS: Final = FRAME * 1000 // RATE
_FRAME_BYTES: Final = FRAME * 2
_ONSET_FRAMES: Final = 2
"""Frames of speech in a row that begin an utterance: 64 ms."""
_HYSTERESIS: Final = 0.15
_FIRST_INTERIM_MS: Final = 192
_AT_ONCE_MS: Final = 64
"""Speech between two interims in the first `_FIRST_WORD_MS`, which may be "stop". One is asked for
when the last is told, so that a machine which is slower than this has fewer."""
_FIRST_WORD_MS: Final = 800
_SOON_MS: Final = 160
"""The same in the first `_YOUNG_MS`, in which it is decided whether the utterance interrupts."""
_YOUNG_MS: Final = 1_500
_PAUSE_MS: Final = 32
"""Silence after which the words of a young utterance are asked for: the closure of "stop"."""
_INTERIM_MS: Final = 250
_INTERIM_SHARE: Final = 0.1
"""Long utterances cost more to decode: at least this share of their length between interims."""
_EARLY_MS: Final = 192
"""Silence after which the words are asked for, in case this was the end."""
_LEAST_SPEECH_MS: Final = 96
"""Less than this is a click or a cough, not words."""


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """What a config says about hearing; milliseconds."""

    silence_ms: int = 550
    threshold: float = 0.5
    prefix_ms: int = 300
    interruption_ms: int = 200
    longest_ms: int = 20_000
    """A turn that will not end (music, television) is cut here."""
    names: tuple[str, ...] = ()
    """What can be named now, for the recogniser."""
    dictating: bool = False
    """Whether words are to be typed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something happened in the sound; ``begin`` and ``end`` are ms since the chat's first."""

    kind: str
    """``onset`` | ``lasting`` (long enough to interrupt) | ``interim`` | ``final`` |
    ``nothing`` (it ended without words)."""
    utterance: int
    begin: int
    end: int
    text: str = ""
    readings: tuple[str, ...] = ()
    """``text`` and what else it may have been, likeliest first."""
    silence: int = 0
    """Milliseconds without a voice since the last of the words; 0 while some may be missing."""


@dataclass(frozen=True, slots=True)
class Decode:
    """A request for the words in ``pcm``; answer by `Listener.decoded`."""

    job: int
    final: bool
    pcm: bytes = field(repr=False)
    names: tuple[str, ...] = ()
    dictated: bool = False


Output = list[Heard | Decode]


@dataclass(slots=True)
class _Utterance:
    number: int
    begin: int
    pcm: bytearray
    speech_ms: int = 0
    silence_ms: int = 0
    fresh_ms: int = 0
    """Speech since the last interim was asked for."""
    lasting: bool = False
    pending: Decode | None = None
    spoken_version: int = 0
    """Counts up with every frame of speech; words are complete if asked for at this count."""
    asked_version: int = -1
    final_version: int = -1
    """The same of the last final."""
    text_version: int = -1
    text_job: int = 0
    text: str = ""
    readings: tuple[str, ...] = ()
    reread: bool = False
    """Whether the second look has been taken."""

    @property
    def complete(self) -> bool:
        return self.text_version == self.spoken_version


class Listener:
    """One chat's hearing."""

    def __init__(
        self, activity: VoiceActivity, turns: TurnDetector, settings: ListenSettings
    ) -> None:
        self._activity, self._turns, self._settings = activity, turns, settings
        self._rest = b""
        self._now = 0
        self._before: deque[bytes] = deque()
        self._onset = 0
        self._current: _Utterance | None = None
        self._ending: dict[int, _Utterance] = {}
        self._numbers = 0
        self._jobs = 0

    def configure(self, settings: ListenSettings) -> None:
        """Use ``settings`` from the next frame on."""
        self._settings = settings

    def feed(self, pcm: bytes) -> Output:
        """Listen to more sound, of any length."""
        data, out = self._rest + pcm, Output()
        whole = len(data) - len(data) % _FRAME_BYTES
        for place in range(0, whole, _FRAME_BYTES):
            out += self._frame(data[place : place + _FRAME_BYTES])
        self._rest = data[whole:]
        return out

    def finish(self) -> Output:
        """No more sound is coming: the turn, if there is one, is over."""
        utterance = self._current
        if utterance is None:
            return []
        utterance.silence_ms = max(utterance.silence_ms, self._settings.silence_ms * 4)
        return self._ask_end(utterance) + self._try_end(utterance)

    def decoded(self, job: Decode, readings: Sequence[str] | None) -> Output:
        """The words of ``job``; None if it was dropped for a newer one.

        A final job may be answered again with more ``readings``, likeliest first.
        """
        ended = self._ending.pop(job.job, None)
        if ended is not None:
            self._told(ended, readings or ())
            return [self._closing(ended)]
        utterance = self._current
        if utterance is None:
            return []
        if utterance.pending is None or utterance.pending.job != job.job:
            return self._reread(utterance, job, readings)
        utterance.pending = None
        if readings is None:
            utterance.final_version = -1
            return []
        self._told(utterance, readings)
        utterance.text_version, utterance.text_job = utterance.asked_version, job.job
        told = [self._heard("interim", utterance)] if utterance.text else []
        return [*told, *self._try_end(utterance)] if job.final else [*told]

    def _reread(self, utterance: _Utterance, job: Decode, readings: Sequence[str] | None) -> Output:
        """Further readings of the words that stand; of others they come too late."""
        if readings is None or utterance.text_job != job.job:
            return []
        utterance.readings, utterance.reread = tuple(readings), True
        return [self._heard("interim", utterance), *self._try_end(utterance)]

    @staticmethod
    def _told(utterance: _Utterance, readings: Sequence[str]) -> None:
        utterance.readings, utterance.reread = tuple(readings), False
        utterance.text = readings[0] if readings else ""

    def _frame(self, frame: bytes) -> Output:
        self._now += FRAME_MS
        probability = self._activity.probability(frame)
        if self._current is None:
            return self._wait(frame, probability)
        limit = self._settings.threshold - _HYSTERESIS
        return self._follow(self._current, frame, speech=probability >= limit)

    def _wait(self, frame: bytes, probability: float) -> Output:
        self._before.append(frame)
        self._onset = self._onset + 1 if probability >= self._settings.threshold else 0
        while len(self._before) * FRAME_MS > self._settings.prefix_ms + _ONSET_FRAMES * FRAME_MS:
            self._before.popleft()
        if self._onset < _ONSET_FRAMES:
            return []
        self._numbers += 1
        begin = max(0, self._now - self._onset * FRAME_MS)
        utterance = _Utterance(self._numbers, begin, bytearray(b"".join(self._before)))
        utterance.speech_ms = utterance.fresh_ms = self._onset * FRAME_MS
        self._current, self._onset = utterance, 0
        self._before.clear()
        return [self._heard("onset", utterance), *self._lasting(utterance)]

    def _follow(self, utterance: _Utterance, frame: bytes, *, speech: bool) -> Output:
        utterance.pcm += frame
        if speech:
            utterance.speech_ms += FRAME_MS
            utterance.fresh_ms += FRAME_MS
            utterance.silence_ms = 0
            utterance.spoken_version += 1
            if len(utterance.pcm) // 2 * 1000 // RATE > self._settings.longest_ms:
                return self.finish()
            return self._lasting(utterance) + self._ask_interim(utterance)
        utterance.silence_ms += FRAME_MS
        if utterance.silence_ms < _EARLY_MS:
            return self._ask_at_pause(utterance)
        return self._ask_end(utterance) + self._try_end(utterance)

    def _lasting(self, utterance: _Utterance) -> Output:
        if utterance.lasting or utterance.speech_ms < self._settings.interruption_ms:
            return []
        utterance.lasting = True
        return [self._heard("lasting", utterance)]

    def _ask_interim(self, utterance: _Utterance) -> Output:
        first = utterance.text_version < 0
        due = _FIRST_INTERIM_MS if first else self._between(utterance)
        if utterance.pending is not None or utterance.fresh_ms < due:
            return []
        utterance.fresh_ms = 0
        return [self._ask(utterance, final=False)]

    @staticmethod
    def _between(utterance: _Utterance) -> int:
        """Milliseconds of speech from one interim to the next."""
        length = len(utterance.pcm) // 2 * 1000 // RATE
        if length < _YOUNG_MS:
            return _AT_ONCE_MS if utterance.speech_ms < _FIRST_WORD_MS else _SOON_MS
        return max(_INTERIM_MS, int(length * _INTERIM_SHARE))

    def _ask_at_pause(self, utterance: _Utterance) -> Output:
        length = len(utterance.pcm) // 2 * 1000 // RATE
        asked = utterance.asked_version == utterance.spoken_version or utterance.pending is not None
        short = utterance.silence_ms < _PAUSE_MS or utterance.speech_ms < _LEAST_SPEECH_MS
        if asked or short or length >= _YOUNG_MS:
            return []
        utterance.fresh_ms = 0
        return [self._ask(utterance, final=False)]

    def _ask_end(self, utterance: _Utterance) -> Output:
        asked = utterance.final_version == utterance.spoken_version
        if asked or utterance.speech_ms < _LEAST_SPEECH_MS:
            return []
        # Also where an interim has all the words already: only a final gets a second look.
        utterance.final_version = utterance.spoken_version
        return [self._ask(utterance, final=True)]

    def _ask(self, utterance: _Utterance, *, final: bool) -> Decode:
        self._jobs += 1
        known, pcm = self._settings, bytes(utterance.pcm)
        utterance.pending = Decode(self._jobs, final, pcm, known.names, known.dictating)
        utterance.asked_version = utterance.spoken_version
        return utterance.pending

    def _try_end(self, utterance: _Utterance) -> Output:
        wanted = self._settings.silence_ms
        if utterance.complete and utterance.text:
            if utterance.silence_ms < self._patience(utterance, wanted):
                return []
            return self._end(utterance, self._closing(utterance))
        if utterance.silence_ms < wanted:
            return []
        if utterance.speech_ms < _LEAST_SPEECH_MS:
            self._told(utterance, ())
            return self._end(utterance, self._closing(utterance))
        if utterance.complete:
            return self._end(utterance, self._closing(utterance))
        if utterance.silence_ms >= wanted * 2 and utterance.pending is not None:
            self._ending[utterance.pending.job] = utterance
            return self._end(utterance)
        return []

    def _patience(self, utterance: _Utterance, wanted: int) -> int:
        """Milliseconds of silence that end an utterance whose words are all there."""
        patience = self._turns.patience(utterance.text, wanted)
        if utterance.reread:
            return patience
        return max(patience, min(patience, wanted) + self._turns.doubt(utterance.text))

    def _end(self, utterance: _Utterance, *said: Heard) -> Output:
        self._current = None
        self._activity.reset()
        return list(said)

    def _closing(self, utterance: _Utterance) -> Heard:
        text = utterance.text
        plausible = len(text) * 1000 <= 40 * max(utterance.speech_ms, 400)
        return self._heard("final" if text and plausible else "nothing", utterance)

    def _heard(self, kind: str, utterance: _Utterance) -> Heard:
        end = max(utterance.begin, self._now - utterance.silence_ms)
        words = utterance.readings if kind in ("interim", "final") else ()
        return Heard(
            kind=kind,
            utterance=utterance.number,
            begin=utterance.begin,
            end=end,
            text=utterance.text if words else "",
            readings=words,
            silence=utterance.silence_ms if utterance.complete else 0,
        )
