"""The voice widget's sound: from the microphone, to the loudspeaker, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import launch
from playwright.sync_api import BrowserContext, Playwright
from widget_stage import Stage, Talk, said, sine, sound, wav

pytestmark = pytest.mark.browser


def _melody(times: np.ndarray) -> np.ndarray:
    """A sweep over the band of speech, whose value is known at any instant (zero outside 6 s)."""
    phase = 2 * np.pi * (200 * times + 250 * times**2)
    swell = 0.3 + 0.2 * np.sin(2 * np.pi * 3.1 * times)
    return np.where((times >= 0) & (times < 6), swell * np.sin(phase), 0.0)


def _best_correlation(received: np.ndarray, rate: int) -> float:
    """The correlation with the melody at the best shift, found to a sixteenth of a sample."""
    reference = _melody(np.arange(6 * rate) / rate)
    size = 1 << int(np.ceil(np.log2(len(received) + len(reference))))
    cross = np.fft.irfft(np.fft.rfft(received, size) * np.conj(np.fft.rfft(reference, size)), size)
    shift = int(np.argmax(cross))
    shift -= size if shift > size // 2 else 0
    best = 0.0
    for fine in np.arange(-1, 1, 1 / 16):
        ideal = _melody((np.arange(len(received)) - shift - fine) / rate)
        best = max(best, float(np.corrcoef(received, ideal)[0, 1]))
    return best


def test_the_microphone_arrives_as_declared_pcm(
    stage: Stage, playwright: Playwright, tmp_path: Path
) -> None:
    """What is spoken is what the service gets: 16 kHz, 16 bits, mono, in frames of 20 ms."""
    path = tmp_path / "melody.wav"
    path.write_bytes(wav(_melody(np.arange(6 * 48000) / 48000), 48000))
    with launch(playwright, wav=path) as context:
        talk = Talk(stage, context).start()
        talk.until(lambda: len(talk.chat.frames) > 220, "four seconds of sound")
        chat = talk.chat
    assert chat.query["session_settings[audio][encoding]"] == "linear16"
    assert chat.query["session_settings[audio][sample_rate]"] == "16000"
    assert chat.query["session_settings[audio][channels]"] == "1"
    assert {len(frame) for frame in chat.frames} == {640}
    received = np.frombuffer(chat.pcm[: 200 * 640], "<i2") / 32768
    assert _best_correlation(received, 16000) > 0.98


def test_chunks_play_without_gap_and_are_counted_exactly(talk: Talk) -> None:
    """Ten chunks, two of them swapped on the way, sound as one tone; every sample counts."""
    tone = sine(2.0)
    chunks = [sound("a", i, part) for i, part in enumerate(np.split(tone, 10))]
    chunks[3], chunks[4] = chunks[4], chunks[3]
    talk.chat.say(said("a"), *chunks, {"type": "assistant_end"})
    done = talk.event("local.play", id="a", state="finished")
    assert (done["samples"], done["rate"], done["duration"]) == (48000, 24000, 2.0)
    assert [e["state"] for e in talk.bench.of("local.play")] == ["started", "finished"]
    heard, rate = talk.heard()
    middle = heard[int(0.1 * rate) : int(1.9 * rate)]
    times = np.arange(len(middle)) / rate
    basis = np.stack([np.sin(2 * np.pi * 440 * times), np.cos(2 * np.pi * 440 * times)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, middle, rcond=None)
    assert np.max(np.abs(middle)) > 0.35
    assert np.sqrt(np.mean((middle - basis @ fit) ** 2)) < 0.01


def test_messages_sound_one_after_the_other_and_a_missing_end_is_survived(talk: Talk) -> None:
    """The second message ends the first; one whose end is never told is finished all the same."""
    talk.chat.say(said("a"), sound("a", 0, sine(0.3)), said("b"), sound("b", 0, sine(0.3)))
    talk.event("local.play", id="b", state="finished")
    told = [(e["id"], e["state"], e["samples"]) for e in talk.bench.of("local.play")]
    assert told == [
        ("a", "started", 0),
        ("a", "finished", 7200),
        ("b", "started", 0),
        ("b", "finished", 7200),
    ]


def test_an_interruption_cuts_for_good(talk: Talk) -> None:
    """Only `user_interruption` cuts; what was heard is told; late chunks of cut ids stay silent."""
    interim = {"role": "user", "content": "and"}
    talk.chat.say(said("a"), sound("a", 0, sine(6.0)), said("queued"))
    talk.event("local.play", id="a", state="started")
    talk.chat.say({"type": "user_message", "interim": True, "message": interim, "models": {}})
    talk.event("user_message", interim=True)
    assert not talk.bench.of("local.play", state="cut")
    talk.chat.say({"type": "user_interruption", "time": 1})
    cut = talk.event("local.play", id="a", state="cut")
    assert 0 < cut["samples"] < 6 * 24000
    assert talk.event("local.play", id="queued", state="cut")["samples"] == 0

    talk.chat.say(sound("a", 1, sine(0.4)), sound("queued", 0, sine(0.4)))
    talk.chat.say(said("new"), sound("new", 0, sine(0.5)), {"type": "assistant_end"})
    assert talk.event("local.play", id="new", state="finished")["samples"] == 12000
    states = [(e["id"], e["state"]) for e in talk.bench.of("local.play")]
    assert states.count(("a", "started")) == 1
    assert ("queued", "started") not in states


@pytest.fixture
def with_hume(stage: Stage, browser_context: BrowserContext) -> Iterator[Talk]:
    """A long message of Hume's sounds, and Hume says that it was interrupted."""
    talk = Talk(stage, browser_context)
    talk.bench.provider = "hume"
    talk.start()
    talk.chat.say(said("a"), sound("a", 0, sine(20.0)))
    talk.event("local.play", id="a", state="started")
    talk.chat.say({"type": "user_interruption", "time": 1})
    talk.event("user_interruption")
    yield talk
    talk.page.close()


def test_with_hume_it_plays_on_low_until_python_says_that_it_was_nothing(with_hume: Talk) -> None:
    """Hume goes by how long a sound is; what came of its own sound loses nothing."""
    talk = with_hume
    talk.event("local.duck", on=True)
    assert not talk.bench.of("local.play", state="cut")
    talk.chat.say(sound("a", 1, sine(0.1)))  # what is still on its way belongs to it
    talk.stage.call(talk.widget.command, "restore")
    talk.event("local.duck", on=False)
    talk.page.wait_for_timeout(4500)  # the page's own patience is over: it was called off
    assert not talk.bench.of("local.play", state="cut")


def test_with_hume_python_cuts_what_was_interrupted(with_hume: Talk) -> None:
    talk = with_hume
    talk.stage.call(talk.widget.command, "flush")
    assert talk.event("local.play", id="a", state="cut")["samples"] < 20 * 24000
    talk.event("local.duck", on=False)


def test_with_hume_the_page_cuts_by_itself_where_nobody_says_anything(with_hume: Talk) -> None:
    """Python may be gone: then a person is not talked over."""
    cut = with_hume.event("local.play", id="a", state="cut")
    assert 24000 < cut["samples"] < 20 * 24000
    assert cut["duration"] == 20.0  # of which so much had come


def test_sound_fades_within_the_promised_time_after_a_flush(talk: Talk) -> None:
    """After a flush, no more than the fade (30 ms) is still rendered, and it ends in silence."""
    talk.chat.say(said("a"), sound("a", 0, sine(6.0)))
    talk.event("local.play", id="a", state="started")
    talk.stage.call(talk.widget.command, "flush")
    cut = talk.event("local.play", id="a", state="cut")
    heard, rate = talk.heard()
    sounding = np.flatnonzero(np.abs(heard) > 1e-4)[-1] / rate
    assert sounding <= cut["samples"] / 24000 + 0.005
    tail = np.abs(heard[int((sounding - 0.005) * rate) : int(sounding * rate)])
    assert tail.max() < 0.4 * 0.35


def test_own_speech_lowers_the_loudspeaker_and_a_false_alarm_raises_it_again(
    stage: Stage, playwright: Playwright, tmp_path: Path
) -> None:
    """A voice at the microphone ducks; when no interruption follows, the duck is undone."""
    times = np.arange(20 * 48000) / 48000
    bursts = 0.2 * np.random.default_rng(2).normal(size=times.size) * (times % 2 > 1.7)
    path = tmp_path / "bursts.wav"
    path.write_bytes(wav(bursts, 48000))
    with launch(playwright, wav=path) as context:
        talk = Talk(stage, context).start()
        talk.chat.say(said("a"), sound("a", 0, sine(9.0)))
        on = talk.event("local.duck", on=True)
        off = talk.event("local.duck", on=False)
        heard, rate = talk.heard()
    assert talk.bench.of("local.speech", on=True)
    assert on["n"] < off["n"]
    assert not talk.bench.of("local.play", state="cut")
    loudness = [np.abs(part).max() for part in np.array_split(heard, len(heard) * 20 // rate)]
    assert 0.06 < min(loudness[1:-2]) < 0.1, "a fifth of 0.4"


def test_steady_noise_and_a_quiet_room_do_not_duck(
    stage: Stage, playwright: Playwright, tmp_path: Path
) -> None:
    """The hum of a fan under the assistant's voice is no speech."""
    noise = np.random.default_rng(1).normal(0, 0.004, 8 * 48000)
    path = tmp_path / "fan.wav"
    path.write_bytes(wav(noise, 48000))
    with launch(playwright, wav=path) as context:
        talk = Talk(stage, context).start()
        talk.chat.say(said("a"), sound("a", 0, sine(2.0)), {"type": "assistant_end"})
        talk.event("local.play", id="a", state="finished")
        assert not talk.bench.of("local.duck")


def test_unreadable_sound_is_logged_and_the_next_sounds(talk: Talk) -> None:
    """Broken base64, a WAV without data, no data at all: the conversation goes on."""
    broken = {"type": "audio_output", "id": "x", "index": 0}
    talk.chat.say({**broken, "data": "%%%"}, {**broken, "data": "UklGRgAAAABXQVZF"}, broken)
    talk.chat.say(said("a"), sound("a", 0, sine(0.2)), {"type": "assistant_end"})
    talk.event("local.play", id="a", state="finished")
    assert len(talk.bench.of("local.log", level="warning")) >= 3
