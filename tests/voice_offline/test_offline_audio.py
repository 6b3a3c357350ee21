"""Sound in whatever shape a client sends it."""

from __future__ import annotations

import io
import struct
import tracemalloc
import wave

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.voice.speech.audio import (
    OUT_RATE,
    RATE,
    Decoder,
    Format,
    Resampler,
    UndecodableAudio,
    floats,
    pcm16,
    resample,
    wav,
)
from dashboard.voice.speech.engines import FRAME

LAG = FRAME
"""Samples at `RATE` that a stream may lag behind: what voice activity waits for anyway."""


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype("f4")


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_of_any_rate_arrives_as_the_same_tone(rate: int) -> None:
    """Resampling to the recogniser's rate keeps pitch, level and length."""
    out = resample(tone(rate), rate, RATE)
    wanted = tone(RATE)
    length = min(len(out), len(wanted)) - 400
    assert abs(len(out) - len(wanted)) < 40
    assert np.corrcoef(out[200:length], wanted[200:length])[0, 1] > 0.999


def test_what_a_lower_rate_cannot_carry_is_removed() -> None:
    """A tone above half the recogniser's rate does not fold back into speech."""
    out = resample(tone(48_000, hertz=15_000.0), 48_000, RATE)
    assert float(np.abs(out[200:-200]).max()) < 0.02


def loudest(signal: np.ndarray) -> float:
    """Away from its ends, where a filter has nothing to go by."""
    return float(np.abs(signal[2_000:-2_000]).max())


def windowed_sinc(signal: np.ndarray) -> np.ndarray:
    """48 → 16 kHz by a sinc of twelve zeros a side under a Hann window, as a measure."""
    n = np.arange(-36, 37)
    taps = np.sinc(n / 3) * np.cos(np.pi * n / 74) ** 2
    return np.convolve(signal, taps / taps.sum(), "same")[::3]


@pytest.mark.parametrize("hertz", [8_500.0, 9_000.0, 12_000.0])
def test_less_folds_back_than_through_a_windowed_sinc(hertz: float) -> None:
    """A hundredth at most of what that leaves of tones that 16 kHz cannot carry."""
    signal = tone(48_000, hertz=hertz)
    assert loudest(Resampler(48_000, RATE).feed(signal)) < loudest(windowed_sinc(signal)) / 100


@pytest.mark.parametrize("hertz", [300.0, 3_400.0, 7_500.0])
def test_speech_passes_as_loud_as_through_a_windowed_sinc(hertz: float) -> None:
    signal = tone(48_000, hertz=hertz)
    passed = loudest(Resampler(48_000, RATE).feed(signal))
    assert passed == pytest.approx(0.5, rel=0.01)
    assert passed > loudest(windowed_sinc(signal)) * 0.99


def lag(resampler: Resampler, rate: int) -> float:
    """The most that a stream of 20 ms frames lags behind once it flows, in samples at `RATE`."""
    frame, fed, given, most = np.zeros(rate // 50, np.float32), 0, 0, 0.0
    for number in range(200):
        fed, given = fed + len(frame), given + len(resampler.feed(frame))
        most = max(most, fed * RATE / rate - given) if number > 20 else 0.0
    return most


class Blocks(Resampler):
    """By the filter that soxr takes if it is told that the rate stays."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__(source, target)
        self._stream = soxr.ResampleStream(source, target, 1, "float32")


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 48_000])
def test_a_stream_lags_less_than_one_frame_of_voice_activity(rate: int) -> None:
    """And by two fifths of what a filter that works in blocks would."""
    ours = lag(Resampler(rate, RATE), rate)
    assert ours < LAG
    assert ours < lag(Blocks(rate, RATE), rate) * 0.4


def test_what_is_left_in_the_filter_comes_at_the_end() -> None:
    """As long as it went in, and as loud up to there."""
    signal = tone(48_000)
    resampler = Resampler(48_000, RATE)
    early, rest = resampler.feed(signal), resampler.finish()
    assert len(early) + len(rest) == len(signal) // 3
    assert float(np.abs(rest[-100:]).max()) > 0.4


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 997), min_size=1, max_size=20), st.sampled_from([8_000, 44_100]))
def test_a_stream_in_pieces_equals_the_stream_in_one(cuts: list[int], rate: int) -> None:
    """Wherever a stream is cut, the samples that come out are the same."""
    signal = tone(rate, 0.3)
    whole = Resampler(rate, RATE).feed(signal)
    parts, resampler, place = [], Resampler(rate, RATE), 0
    for cut in [*cuts, len(signal)]:
        parts.append(resampler.feed(signal[place : place + cut]))
        place += cut
        if place >= len(signal):
            break
    joined = np.concatenate(parts)
    assert len(joined) <= len(whole)
    np.testing.assert_allclose(joined, whole[: len(joined)], atol=1e-5)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_frames_cut_inside_a_sample_lose_nothing(sizes: list[int]) -> None:
    """Half a sample waits for its other half."""
    pcm = pcm16(tone(RATE, 0.05))
    decoder, out, place = Decoder(Format(RATE, 1)), b"", 0
    for size in sizes:
        out += decoder.feed(pcm[place : place + size])
        place += size
    out += decoder.feed(pcm[place:])
    np.testing.assert_allclose(floats(out), floats(pcm), atol=1e-4)


@pytest.mark.parametrize("rate", [4_000, 191_999])
def test_a_long_frame_takes_little_more_memory_than_its_sound(rate: int) -> None:
    """A frame of a mebibyte, at whatever rate."""
    pcm = pcm16(tone(rate, (1 << 19) / rate))
    tracemalloc.start()
    try:
        out = Decoder(Format(rate, 1)).feed(pcm)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
    assert abs(len(out) - len(pcm) * RATE / rate) < 4_000
    assert float(np.std(floats(out)[4_000:])) == pytest.approx(0.5 / 2**0.5, rel=0.01)


def test_stereo_is_mixed() -> None:
    """Two channels become their mean."""
    left, right = tone(RATE), np.zeros(RATE // 2, np.float32)
    interleaved = np.stack([left, right], axis=1).reshape(-1)
    out = floats(Decoder(Format(RATE, 2)).feed(pcm16(interleaved)))
    np.testing.assert_allclose(out, left / 2, atol=1e-3)


def test_a_wav_header_declares_itself_and_raw_pcm_may_follow() -> None:
    """A 16-bit WAV once, then PCM, without any session settings."""
    decoder = Decoder()
    pcm = pcm16(tone(48_000))
    out = decoder.feed(wav(b"", 48_000) + pcm[:4_800]) + decoder.feed(pcm[4_800:])
    assert len(out) // 2 == pytest.approx(RATE // 2, abs=LAG)


FORMATS = {
    1: struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16),
    0xFFFE: struct.pack("<HHIIHH", 0xFFFE, 1, RATE, RATE * 2, 2, 16) + bytes(24),
}


@pytest.mark.parametrize("length", [0, 2**31, 2**32 - 1, 12])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_wav_that_is_still_being_written_is_heard_whole(length: int, kind: int) -> None:
    """Its header says 0, the most there is, or too little; either header of 16-bit PCM will do."""
    form, pcm = FORMATS[kind], pcm16(tone(RATE))
    header = struct.pack("<4sI4s4sI", b"RIFF", length, b"WAVE", b"fmt ", len(form)) + form
    out = Decoder().feed(header + struct.pack("<4sI", b"data", length) + pcm)
    assert len(out) == len(pcm)


@pytest.mark.parametrize(
    "data",
    [
        b"\x1a\x45\xdf\xa3 webm",
        b"OggS....",
        b"\0\0\0\x20ftypiso5",
        b"RIFF\0\0\0\0WAVEfmt ",
        bytes(640),
    ],
)
def test_undeclared_or_packed_sound_is_refused_in_words(data: bytes) -> None:
    """Containers, broken WAVs and PCM that nobody has declared."""
    with pytest.raises(UndecodableAudio):
        Decoder().feed(data)


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (16_000, 0), (10**9, 1), (16_000, 99)])
def test_absurd_declarations_are_refused(rate: int, channels: int) -> None:
    """Zero channels, or a thousand million samples a second."""
    with pytest.raises(UndecodableAudio):
        Format(rate, channels)


def test_what_is_too_loud_is_clipped_not_wrapped() -> None:
    """Floats beyond full scale become full scale."""
    assert floats(pcm16(np.array([3.0, -3.0], np.float32))).tolist() == pytest.approx(
        [1.0, -1.0], abs=1e-4
    )


def test_audio_output_is_a_complete_wav() -> None:
    """44 bytes of header that say what follows, 48 kHz mono 16-bit."""
    pcm = pcm16(tone(OUT_RATE, 0.01))
    data = wav(pcm)
    assert data[44:] == pcm
    with wave.open(io.BytesIO(data)) as file:
        assert file.getparams()[:4] == (1, 2, OUT_RATE, len(pcm) // 2)
