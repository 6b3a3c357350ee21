"""Sound as the protocol knows it: declared PCM in, complete WAV files out.

Everything inside the server is 16-bit little-endian mono at `RATE` for listening and at
`OUT_RATE` for speaking, as Hume's service does.
"""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soxr
from numpy.typing import NDArray

RATE: Final = 16_000
"""Samples per second that recogniser and voice activity detector take."""
OUT_RATE: Final = 48_000
"""Samples per second of ``audio_output``."""
_SHORTEST: Final = 0.2
"""Seconds of a word."""
_QUIETEST: Final = 0.003
"""Peak of a sound below which nobody speaks in it."""
_MIN_RATE, _MAX_RATE, _MAX_CHANNELS = 4_000, 192_000, 8
_PIECE: Final = 1 << 15
"""Bytes that are decoded at once: on the way each takes 30 times its size at the lowest rate."""
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


def wav(pcm: bytes, rate: int = OUT_RATE) -> bytes:
    """A complete mono WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def read_wav(source: Path | str | BinaryIO) -> tuple[Samples, int]:
    """A 16-bit WAV file's first channel, and its samples per second."""
    opened = str(source) if isinstance(source, Path) else source
    with wave.open(opened) as file:
        data, channels = file.readframes(file.getnframes()), file.getnchannels()
        return floats(data)[::channels], file.getframerate()


def pcm16(samples: Samples) -> bytes:
    """Floats in −1 … 1 as 16-bit little-endian bytes, clipped."""  # noqa: RUF002 - a minus sign
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def floats(pcm: bytes) -> Samples:
    """16-bit little-endian bytes as floats in −1 … 1."""  # noqa: RUF002 - a minus sign
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768.0)


def levelled(samples: Samples) -> Samples:
    """Quiet speech raised to a usual level, which recognisers were trained on."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(0.7 / peak) if _QUIETEST < peak < 0.35 else samples


def wordless(samples: Samples) -> bool:
    """Whether sound at `RATE` is too short or too quiet for words; recognisers make some up."""
    return len(samples) < RATE * _SHORTEST or float(np.abs(samples).max()) < _QUIETEST


def resample(samples: Samples, source: int, target: int) -> Samples:
    """One whole signal at another rate."""
    whole: Samples = soxr.resample(samples, source, target)
    return whole


class Resampler:
    """Changes the rate of a stream; blocks join without a seam.

    The filter of variable rates is taken, at a constant one: it lags behind by 12 to 30 ms, where
    that of constant rates works in large blocks and lags by up to 115 ms.
    """

    def __init__(self, source: int, target: int) -> None:
        self._same = source == target
        self._stream = soxr.ResampleStream(source, target, 1, "float32", vr=True)

    def feed(self, samples: Samples) -> Samples:
        """The output that ``samples`` completes."""
        return samples if self._same else self._chunk(samples)

    def finish(self) -> Samples:
        """What is left in the filter; the stream is over."""
        nothing = np.zeros(0, np.float32)
        return nothing if self._same else self._chunk(nothing, last=True)

    def _chunk(self, samples: Samples, *, last: bool = False) -> Samples:
        out: Samples = self._stream.resample_chunk(samples, last)
        return out


def _parse_wav(data: bytes) -> tuple[Format, bytes]:
    """Format and sound of a WAV file's first piece.

    The standard library's `wave` reads files: it takes a length of 0, as senders write who do not
    know it yet, at its word, and before Python 3.12 refuses the extensible format.
    """
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
        pieces = (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))
        return b"".join(pcm16(self._resampler.feed(self._mono(piece))) for piece in pieces)

    def _mono(self, piece: bytes) -> Samples:
        channels = self._format.channels if self._format is not None else 1
        data = self._rest + piece
        whole = len(data) - len(data) % (2 * channels)
        self._rest = data[whole:]
        samples = floats(data[:whole])
        return samples if channels == 1 else samples.reshape(-1, channels).mean(axis=1)
