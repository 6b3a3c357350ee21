"""Dictated words, weighed by how they read."""

from __future__ import annotations

import pytest
import voices

from dashboard.voice.speech.dictation_decoding import written
from dashboard.voice.speech.language_model import EnglishText


@pytest.fixture(scope="module")
def english() -> EnglishText:
    return EnglishText()


@pytest.mark.parametrize(
    ("likelier", "other"),
    [
        ("Who is there?", "Who is their?"),
        ("a bag of flour", "a bag of flower"),
        ("a bunch of flowers", "a bunch of flours"),
        ("We need milk, bread and butter.", "We need milk karma bread and butter."),
        ("It is late. I must go.", "It is late I. Must go."),
    ],
)
def test_what_reads_as_english_is_likelier(english: EnglishText, likelier: str, other: str) -> None:
    assert english.likelihood(likelier) > english.likelihood(other)


@pytest.mark.parametrize(
    "text", ["", "\n", "12 400", "Xyzzyx", "\u65e5\u672c", "don\u2019t", "a" * 5000]
)
def test_any_text_has_a_likelihood(english: EnglishText, text: str) -> None:
    """Words that the model does not know as well."""
    assert -40 < english.likelihood(text) <= 0


def test_an_apostrophe_is_one_whatever_its_shape(english: EnglishText) -> None:
    assert english.likelihood("I don\u2019t") == english.likelihood("I don't")


def test_a_transcript_is_compared_as_it_is_typed() -> None:
    assert written("Thank you comma Anna Full Stop.") == "thank you, Anna."


@pytest.mark.speech
@pytest.mark.parametrize(
    ("said", "plain", "words"),
    [
        (
            "the weather is nice comma so we walked home",
            "The weather is nice calm us so we walked home.",
            "the weather is nice, so we walked home",
        ),
        ("we met at the station", "We met at the station.", "we met at the station"),
    ],
)
def test_a_mark_is_found_again_in_its_sound(said: str, plain: str, words: str) -> None:
    """Where the transcript has another word for it; other words are left as they were heard."""
    sound = voices.sequence(voices.silence(0.3), voices.speech(said), voices.silence(0.3))
    readings = voices.recognizer().dictation(sound, plain)
    assert written(readings[0]) == words
    assert readings[-1] == plain


@pytest.mark.speech
def test_long_or_wordless_sound_is_not_looked_at_again() -> None:
    ears = voices.recognizer()
    assert ears.dictation(voices.silence(1.0), "") == [""]
    assert ears.dictation(voices.noise(16.0), "Well.") == ["Well."]
