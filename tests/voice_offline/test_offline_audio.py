"""Sound in whatever shape a client sends it."""

from __future__ import annotations

import numpy as np
import pytest
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
    wav_header,
)


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
    out = decoder.feed(wav_header(0, 48_000) + pcm[:4_800]) + decoder.feed(pcm[4_800:])
    assert abs(len(out) // 2 - RATE // 2) < 40


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
    data = wav(bytes(960))
    assert (len(data), data[:4], data[8:12]) == (44 + 960, b"RIFF", b"WAVE")
    assert int.from_bytes(data[24:28], "little") == OUT_RATE
    assert int.from_bytes(data[40:44], "little") == 960
