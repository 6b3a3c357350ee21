"""The second look at an utterance, with the real recogniser."""

from __future__ import annotations

import numpy as np
import pytest
import voices
from moonshine_voice.utils import get_model_path

from agent.models.offline import parse
from dashboard.voice.intents import is_stop
from dashboard.voice.speech import rescoring
from dashboard.voice.speech.moonshine import Moonshine
from dashboard.voice.speech.text import words

pytestmark = pytest.mark.speech

NAMES = ("Documents", "Save As", "File")
QUIET = voices.silence(0.3)


def heard(text: str, voice: voices.Voice, names: tuple[str, ...] = NAMES) -> str:
    """``text`` spoken and heard, with both looks."""
    return voices.hear(voices.sequence(QUIET, voices.speech(text, voice), QUIET), names)[0]


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("awb", "open the file manager"),
        ("kal16", "press page down three times"),
        ("espeak-f3", "switch to the other window"),
        ("heart", "type hello comma new line goodbye"),
    ],
)
def test_what_can_be_said_is_heard(voice: voices.Voice, text: str) -> None:
    """Robotic voices, and a spoken mark that sounds like another word."""
    assert [c.intent for c in parse(heard(text, voice)).commands] == [
        c.intent for c in parse(text).commands
    ]
    assert voices.word_errors(text, heard(text, voice))[0] <= 1


@pytest.mark.parametrize(
    "text",
    ["search on Google for weather", "create a folder called invoices", "undo that"],
)
def test_words_that_no_grammar_knows_are_left_as_they_were_heard(text: str) -> None:
    """The guide knows commands, not the words in them; and "and do that" is none of them."""
    assert words(heard(text, "heart", ())) == words(text)


@pytest.mark.parametrize(
    "text",
    [
        "Heavy rain is expected over the northern counties tonight.",
        "You never told me that you had a brother.",
        "Find a cheap flight to Rome for next Friday.",
        "My phone is ringing.",
    ],
)
def test_other_sentences_are_left_as_they_were_heard(text: str) -> None:
    """They are nothing like a command, however much one is wanted."""
    sound = voices.sequence(QUIET, voices.speech(text), QUIET)
    assert len(voices.hear(sound, NAMES)[1]) == 1


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_command(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the recogniser makes of it; with more trust in what can be said it would be one."""
    sound = voices.noise(1.5, level=0.1, seed=seed)
    said, readings = voices.hear(sound, NAMES)
    assert readings == [said]
    assert not parse(said).commands
    assert not is_stop(said)
    for trust in ("_TRUST", "_TRUST_LITTLE"):
        monkeypatch.setattr(rescoring, trust, 40.0)
    assert len(voices.hear(sound, NAMES)[1]) == 2


def test_the_model_agrees_with_its_own_library() -> None:
    """Same tokens, same weights: the library's transcript is the likeliest."""
    model = Moonshine(get_model_path("tiny-en"))
    sound = voices.sequence(QUIET, voices.speech("Open the text editor."), QUIET)
    states = model.listen(np.asarray(sound))
    tokens = model.tokens.sentence(voices.recognizer().transcribe(sound))
    assert model.tokens.text(tokens) == "Open the text editor."
    assert model.score(states, tokens) > -2
    assert model.score(states, model.tokens.sentence("Open the tax creditor.")) < -8


@pytest.mark.parametrize("seconds", [6, 11])
def test_long_speech_is_looked_at_as_well(seconds: int) -> None:
    """A breath's worth of words, up to where it is taken for no command any more."""
    said = voices.speech("Please put all of the letters into the folder by the window.")
    whole = voices.sequence(said, said, said, said)
    sound = whole[: seconds * voices.RATE]
    assert len(sound) == seconds * voices.RATE
    _, readings = voices.hear(sound, NAMES)
    assert readings
