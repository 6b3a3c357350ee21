"""Every recogniser and synthesiser does what its seam promises; a replacement is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import voices
from examples import run

from agent import Settings
from agent.errors import VoiceError
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.audio import OUT_RATE, RATE, Samples, pcm16
from dashboard.voice.speech.choices import (
    OUR_RECOGNIZERS,
    OUR_SYNTHESIZERS,
    RECOGNIZERS,
    SYNTHESIZERS,
    RecognizerKind,
    SynthesizerKind,
    load,
)
from dashboard.voice.speech.engines import Recognizer, Synthesizer
from dashboard.voice.speech.listener import ListenSettings
from dashboard.voice.speech.process import EngineReplaced, SpeechEvent, SpeechProcess
from dashboard.web.tickets import Tickets
from dashboard.web.voice import voices as voices_for

speech = pytest.mark.speech
SENTENCES = (
    "Open the text editor.",
    "Scroll down a little.",
    "Close this window.",
    "Write a short letter to the landlord.",
)


@cache
def _recognizer(name: str) -> Recognizer:
    return RECOGNIZERS.all()[name].make()


@cache
def _synthesizer(name: str) -> Synthesizer:
    return SYNTHESIZERS.all()[name].make()


@pytest.fixture(params=[kind.name for kind in OUR_RECOGNIZERS])
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    return _recognizer(request.param)


@pytest.fixture(params=[kind.name for kind in OUR_SYNTHESIZERS])
def synthesizer(request: pytest.FixtureRequest) -> Synthesizer:
    return _synthesizer(request.param)


def said(text: str) -> Samples:
    return voices.sequence(voices.silence(0.3), voices.speech(text), voices.silence(0.3))


def wrong(pairs: list[tuple[str, str]]) -> float:
    """The share of words that were misheard."""
    edits, words = zip(*(voices.word_errors(*pair) for pair in pairs), strict=True)
    return sum(edits) / sum(words)


@speech
def test_a_recogniser_hears_the_words(recognizer: Recognizer, tmp_path: Path) -> None:
    """Of WAV files in which a natural voice speaks."""
    pairs = []
    for sentence in SENTENCES:
        file = voices.write_wav(tmp_path / "said.wav", said(sentence), RATE)
        samples, _ = voices.read_wav(file)
        pairs.append((sentence, recognizer.transcribe(samples)))
    assert wrong(pairs) < 0.2


@speech
@pytest.mark.parametrize("seconds", [0.0, 0.1, 2.0])
def test_a_recogniser_hears_nothing_in_silence(recognizer: Recognizer, seconds: float) -> None:
    assert recognizer.transcribe(voices.silence(seconds)) == ""


@speech
def test_a_recogniser_keeps_the_plain_words_among_its_readings(recognizer: Recognizer) -> None:
    sound = said("Scroll down a little.")
    plain = recognizer.transcribe(sound)
    assert plain in recognizer.readings(sound, plain, ("Save As",))


@speech
def test_a_recogniser_forgets_what_it_heard_before(recognizer: Recognizer) -> None:
    """One utterance leaves nothing in the next."""
    sound = said("Close this window.")
    first = recognizer.transcribe(sound)
    recognizer.transcribe(said("Write a short letter to the landlord."))
    assert recognizer.transcribe(sound) == first


def spoken(synthesizer: Synthesizer, text: str) -> Samples:
    return np.concatenate([voices.silence(0.3, OUT_RATE), *synthesizer.speak(text)])


@speech
def test_what_a_synthesiser_says_is_understood(synthesizer: Synthesizer) -> None:
    sounds = {text: spoken(synthesizer, text) for text in SENTENCES}
    pairs = [(t, voices.transcribe(pcm16(sound), OUT_RATE)) for t, sound in sounds.items()]
    assert wrong(pairs) < 0.2


@speech
def test_a_synthesiser_makes_sound_that_fits(synthesizer: Synthesizer) -> None:
    """At the rate of the protocol, neither clipped nor silent, as long as speech is."""
    sound = np.concatenate(list(synthesizer.speak("What do you want me to do next?")))
    assert sound.dtype == np.float32
    assert 0.1 < float(np.abs(sound).max()) <= 1.1
    assert 1.0 < len(sound) / OUT_RATE < 5.0


@speech
@pytest.mark.parametrize("text", ["…", "Crème brûlée: 5 €!", "-voice kal", "“Done”, it says — 😀."])
def test_a_synthesiser_takes_any_sentence(synthesizer: Synthesizer, text: str) -> None:
    assert all(np.isfinite(piece).all() for piece in synthesizer.speak(text))


@speech
async def test_the_second_choices_hear_and_speak_in_a_chat(start) -> None:
    """What is chosen works behind the server as the first choices do."""
    process = SpeechProcess(recognizer="pocketsphinx", synthesizer="flite")
    server = await start(OfflineEvi(speech=process))
    await process.ready()
    settings = "session_settings[audio]"
    line = await server.connect(
        f"{settings}[encoding]=linear16&{settings}[channels]=1&{settings}[sample_rate]={RATE}"
    )
    await line.send(type="assistant_input", text="Close this window.")
    sound = (await line.until("audio_output"))["data"]
    assert sound
    pcm = pcm16(voices.sequence(said("Open the text editor."), voices.silence(2.0)))
    for place in range(0, len(pcm), RATE // 5):
        await line.socket.send(pcm[place : place + RATE // 5])
    heard = await line.until("user_message", lambda message: not message["interim"])
    assert voices.word_errors("Open the text editor.", heard["message"]["content"])[0] <= 1
    assert process.replaced == ()
    assert "error" not in line.types()


class Deaf:
    """Hears nothing."""

    def transcribe(self, samples: Samples) -> str:
        return ""

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        return [plain]

    def dictation(self, samples: Samples, plain: str) -> list[str]:
        return [plain]


class Mute:
    """Says nothing."""

    def speak(self, sentence: str) -> Iterator[Samples]:
        return iter(())


def broken() -> Deaf:
    raise RuntimeError("no such model")


@pytest.fixture
def quick() -> Iterator[None]:
    """Engines that load at once, and one that does not load."""
    RECOGNIZERS.add(RecognizerKind("deaf", "Deaf", Deaf))
    RECOGNIZERS.add(RecognizerKind("broken", "Broken", broken))
    SYNTHESIZERS.add(SynthesizerKind("mute", "Mute", Mute))
    yield
    for name in ("deaf", "broken"):
        RECOGNIZERS.forget(name)
    SYNTHESIZERS.forget("mute")


@pytest.mark.usefixtures("quick")
def test_what_is_chosen_is_loaded() -> None:
    loaded = load("deaf", "mute")
    assert isinstance(loaded.engines.recognizer, Deaf)
    assert isinstance(loaded.engines.synthesizer, Mute)
    assert loaded.replaced == ()


@speech
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("name", "reason"),
    [("broken", "“broken” cannot be loaded: no such model"), ("eras", "no recogniser “eras”")],
)
def test_what_cannot_be_loaded_is_replaced_and_named(name: str, reason: str) -> None:
    loaded = load(name, "mute")
    assert loaded.engines.recognizer.transcribe(said("Close this window."))
    (text,) = loaded.replaced
    assert text.startswith(f"The recogniser is “moonshine” instead of “{name}”: ")
    assert reason in text


@speech
@pytest.mark.usefixtures("quick")
def test_the_synthesiser_of_the_document_speaks() -> None:
    """docs/extending.md; a robotic voice, of which a word may be misheard."""
    kind = run("espeak")["ESPEAK"]
    SYNTHESIZERS.add(kind)
    try:
        loaded = load("deaf", kind.name)
    finally:
        SYNTHESIZERS.forget(kind.name)
    assert loaded.replaced == ()
    sound = spoken(loaded.engines.synthesizer, "Close this window.")
    assert wrong([("Close this window.", voices.transcribe(pcm16(sound), OUT_RATE))]) < 0.5


@pytest.mark.usefixtures("quick")
def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flite is one of the system's; where it is missing, the first choice speaks."""
    monkeypatch.setenv("PATH", "/nonexistent")
    (text,) = load("deaf", "flite").replaced
    assert text.startswith("The synthesiser is “hibari” instead of “flite”: ")
    assert "script/bootstrap" in text


@pytest.mark.usefixtures("quick")
def test_without_any_that_loads_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tuple(RecognizerKind(kind.name, kind.label, broken) for kind in OUR_RECOGNIZERS)
    monkeypatch.setattr(RECOGNIZERS, "ours", ours)
    with pytest.raises(VoiceError, match=r"No recogniser can be loaded: .*no such model"):
        load("moonshine", "mute")


PACKAGE = """
from dashboard.voice.speech.choices import RecognizerKind

def make():
    raise RuntimeError("no such model")

KIND = RecognizerKind("spoilt", "Spoilt", make)
"""


@speech
async def test_every_chat_is_told_of_a_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits for the engines, and one that begins after. A package brought the choice."""
    (tmp_path / "spoilt_ears.py").write_text(PACKAGE)
    info = tmp_path / "spoilt_ears-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spoilt-ears\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[sayso.recognizers]\nspoilt = spoilt_ears:KIND\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    process = SpeechProcess(recognizer="spoilt", synthesizer="flite")
    async with asyncio.timeout(100):
        for chat in ("early", "late"):
            told: asyncio.Queue[SpeechEvent] = asyncio.Queue()
            process.open(chat, ListenSettings(), told.put_nowait)
            await process.ready()
            event = await told.get()
            assert isinstance(event, EngineReplaced)
            assert "instead of “spoilt”: “spoilt” cannot be loaded: no such model" in event.text
    await process.stop()


def test_the_page_has_what_the_settings_say() -> None:
    """`SAYSO_RECOGNIZER` and `SAYSO_SYNTHESIZER` reach the speech process."""
    settings = Settings(_env_file=None, recognizer="pocketsphinx", synthesizer="flite")
    evi = voices_for(settings, Tickets()).evi
    assert evi is not None
    assert isinstance(evi.speech, SpeechProcess)
    assert evi.speech._command[-2:] == ["--recognizer=pocketsphinx", "--synthesizer=flite"]
