"""In which order one recogniser serves several chats that talk at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from dashboard.voice.speech.audio import Samples
from dashboard.voice.speech.listener import Decode
from dashboard.voice.speech.worker import Recognition

SOUND = b"\0\0" * 160


class Slow:
    """A recogniser that is held at its first words, and notes what it is asked for."""

    def __init__(self) -> None:
        self.held, self.begun = threading.Event(), threading.Event()
        self.asked: list[str] = []

    def transcribe(self, samples: Samples) -> str:
        self.asked.append("words")
        self.begun.set()
        assert self.held.wait(30)
        return "pressescape"

    def readings(self, samples: Samples, plain: str, names: tuple[str, ...]) -> list[str]:
        self.asked.append("second look")
        return ["press escape", plain]

    def dictation(self, samples: Samples, plain: str) -> list[str]:
        self.asked.append("second look at a dictation")
        return [plain]


@pytest.fixture
def slow() -> Iterator[Slow]:
    recognizer = Slow()
    yield recognizer
    recognizer.held.set()


def test_a_second_look_goes_before_what_others_are_still_saying(slow: Slow) -> None:
    """Somebody waits for it at a turn's end; an interim only shows words a little sooner."""
    answered: list[tuple[str, list[str] | None]] = []
    all_there = threading.Event()

    def answer(chat: str, _: Decode, words: list[str] | None) -> None:
        answered.append((chat, words))
        if len(answered) == 5:
            all_there.set()

    recognition = Recognition(slow, answer)
    recognition.start()
    recognition.ask("one", Decode(1, True, SOUND))
    assert slow.begun.wait(30)
    for chat in ("two", "three", "four"):
        recognition.ask(chat, Decode(1, False, SOUND))
    slow.held.set()
    assert all_there.wait(30)
    assert [chat for chat, _ in answered[:2]] == ["one", "one"]
    assert answered[1][1] == ["press escape", "pressescape"]
    assert slow.asked[1] == "second look"


def test_words_that_end_a_turn_go_before_any_second_look(slow: Slow) -> None:
    answered: list[str] = []
    all_there = threading.Event()

    def answer(chat: str, _: Decode, words: list[str] | None) -> None:
        answered.append(chat)
        if len(answered) == 4:
            all_there.set()

    recognition = Recognition(slow, answer)
    recognition.start()
    recognition.ask("one", Decode(1, True, SOUND))
    assert slow.begun.wait(30)
    recognition.ask("two", Decode(1, True, SOUND))
    slow.held.set()
    assert all_there.wait(30)
    assert slow.asked == ["words", "words", "second look", "second look"]


def test_dictated_words_get_a_second_look_of_their_own(slow: Slow) -> None:
    """Commands are not looked for in what is to be typed."""
    answered = threading.Semaphore(0)
    recognition = Recognition(slow, lambda *_: answered.release())
    recognition.start()
    slow.held.set()
    recognition.ask("one", Decode(1, True, SOUND, dictated=True))
    assert answered.acquire(timeout=30)
    assert answered.acquire(timeout=30)
    assert slow.asked == ["words", "second look at a dictation"]
