"""Sound as the protocol knows it: declared PCM in, complete WAV files out.

Everything inside the server is 16-bit little-endian mono at `RATE` for listening and at
`OUT_RATE` for speaking, as Hume's service does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16_000
"""Samples per second that recogniser and voice activity detector take."""
OUT_RATE: Final = 48_000
"""Samples per second of ``audio_output``."""
WAV_HEADER: Final = 44
_MIN_RATE, _MAX_RATE, _MAX_CHANNELS = 4_000, 192_000, 8
_CONTAINERS: Final = (b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"ID3")

Samples = NDArray[np.float32]


class UndecodableAudio(ValueError):
    """The bytes are no sound that this server can read; the text says what would be."""


@dataclass(frozen=True, slots=True)
class Format:
    """What ``session_settings.audio`` declares."""

    rate: int
    channels: int

    def __post_init__(self) -> None:
        if not _MIN_RATE <= self.rate <= _MAX_RATE or not 1 <= self.channels <= _MAX_CHANNELS:
            raise UndecodableAudio(
                f"linear16 at {self.rate} Hz with {self.channels} channels is not supported"
            )


def wav_header(frames: int, rate: int, channels: int = 1) -> bytes:
    """The 44 bytes before ``frames`` frames of 16-bit PCM."""
    size = frames * channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels),
        *(rate, rate * channels * 2, channels * 2, 16, b"data", size),
    )


def wav(pcm: bytes, rate: int = OUT_RATE) -> bytes:
    """A complete mono WAV file."""
    return wav_header(len(pcm) // 2, rate) + pcm


def pcm16(samples: Samples) -> bytes:
    """Floats in −1 … 1 as 16-bit little-endian bytes, clipped."""  # noqa: RUF002 - a minus sign
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def floats(pcm: bytes) -> Samples:
    """16-bit little-endian bytes as floats in −1 … 1."""  # noqa: RUF002 - a minus sign
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768.0)


def resample(samples: Samples, source: int, target: int) -> Samples:
    """One whole signal at another rate."""
    resampler = Resampler(source, target)
    return np.concatenate([resampler.feed(samples), resampler.finish()])


class Resampler:
    """A windowed-sinc polyphase filter over a stream; blocks join without a seam."""

    def __init__(self, source: int, target: int, half_width: int = 12) -> None:
        divisor = gcd(source, target)
        self._up, self._down = target // divisor, source // divisor
        self._same = source == target
        self._taps = self._bank(half_width)
        self._pad = self._taps.shape[1] // 2
        self._tail = np.zeros(self._pad, np.float32)
        self._position = 0
        """Next output sample's place, in 1/up of an input sample, from the tail's start."""

    def _bank(self, half_width: int) -> Samples:
        cutoff = min(1.0, self._up / self._down)
        half = int(np.ceil(half_width / cutoff))
        phase = np.arange(self._up)[:, None] / self._up
        t = np.arange(-half, half + 1)[None, :] - phase
        window = np.cos(np.pi * np.clip(t / (half + 1), -1, 1) / 2) ** 2
        taps = np.sinc(t * cutoff) * window
        bank: Samples = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
        return bank

    def feed(self, samples: Samples) -> Samples:
        """The output that ``samples`` completes; the filter's width lags behind."""
        if self._same or not len(samples):
            return samples
        x = np.concatenate([self._tail, samples])
        usable = (len(x) - 2 * self._pad) * self._up - self._position
        count = max(0, -(-usable // self._down))
        if not count:
            self._tail = x
            return np.zeros(0, np.float32)
        places = self._position + np.arange(count) * self._down
        starts, phases = np.divmod(places, self._up)
        windows = np.lib.stride_tricks.sliding_window_view(x, self._taps.shape[1])
        out: Samples = np.einsum("ij,ij->i", windows[starts], self._taps[phases])
        keep = (places[-1] + self._down) // self._up
        keep = min(int(keep), len(x))
        self._position = int(places[-1] + self._down - keep * self._up)
        self._tail = x[keep:]
        return out

    def finish(self) -> Samples:
        """What is left in the filter."""
        if self._same:
            return np.zeros(0, np.float32)
        return self.feed(np.zeros(self._pad, np.float32))


def _parse_wav(data: bytes) -> tuple[Format, bytes]:
    """Format and sound of a WAV file's first piece, whose length field may be a lie."""
    place, form = 12, None
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        if name == b"fmt " and place + 24 <= len(data):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, place + 8)
            if bits != 16 or kind not in (1, 0xFFFE):
                raise UndecodableAudio("only 16-bit PCM WAV is understood")
            form = Format(rate, channels)
        elif name == b"data" and form is not None:
            return form, data[place + 8 :]
        place += 8 + size + (size & 1)
    raise UndecodableAudio("the WAV header is cut off or has no sound")


class Decoder:
    """Bytes from a client, whatever their framing, into PCM at `RATE`.

    Raw PCM must be declared. A 16-bit WAV header declares itself and may precede raw PCM.
    Frames may be cut anywhere; half a sample waits for its other half.
    """

    def __init__(self, declared: Format | None = None) -> None:
        self._rest = b""
        self._format: Format | None = None
        self._resampler: Resampler | None = None
        if declared is not None:
            self.declare(declared)

    @property
    def declared(self) -> bool:
        return self._format is not None

    def declare(self, form: Format) -> None:
        """Take what comes as ``form`` from here on."""
        if form == self._format:
            return
        self._format, self._rest = form, b""
        self._resampler = Resampler(form.rate, RATE)

    def feed(self, data: bytes) -> bytes:
        """Mono PCM at `RATE`.

        Raises:
            UndecodableAudio: a container, or PCM that nobody has declared.
        """
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            form, data = _parse_wav(data)
            self.declare(form)
        elif data.startswith(_CONTAINERS) or data[4:8] == b"ftyp":
            raise UndecodableAudio("send linear16 PCM; containers are not decoded offline")
        if self._format is None or self._resampler is None:
            raise UndecodableAudio("declare encoding, sample_rate and channels first")
        return pcm16(self._resampler.feed(self._mono(self._rest + data, self._format.channels)))

    def _mono(self, data: bytes, channels: int) -> Samples:
        whole = len(data) - len(data) % (2 * channels)
        self._rest = data[whole:]
        samples = floats(data[:whole])
        return samples if channels == 1 else samples.reshape(-1, channels).mean(axis=1)
