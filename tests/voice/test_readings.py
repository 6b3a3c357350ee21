"""A transcript is read once, and what was read of it is passed on."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from agent.record.events import ApprovalDecided, TaskStarted
from agent.testing.scripted import FakeTool, call, done, says
from dashboard.voice import intents
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.client import readings
from dashboard.voice.client.readings import Reader
from dashboard.voice.intents import FREE, Moment, classify, is_free

SAID = "open the text editor and write a letter"
BUSY = Moment(running=True)


class Deaf(AddresseeDetector):
    """Takes nothing for its own, and can say nothing of a command to stop."""

    def of(self, text: str, playing: str = "") -> Any:
        assert "stop" not in text
        return readings.Addressees(at_work=False, idle=False, undecided=False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often each question about each text was put, wherever it was put."""
    counted: Counter[tuple[str, str]] = Counter()

    def count(owner: Any, name: str, at: int) -> None:
        whole = getattr(owner, name)

        def counting(*given: Any, **named: Any) -> Any:
            counted[name, given[at]] += 1
            return whole(*given, **named)

        monkeypatch.setattr(owner, name, counting)

    count(AddresseeDetector, "of", 1)
    count(readings, "meaning_of", 0)
    count(readings, "is_echo", 0)
    count(readings, "fate_of", 0)
    count(intents, "meaning_of", 0)
    return counted


async def test_each_transcript_is_read_once(talk: Any, asked: Counter[tuple[str, str]]) -> None:
    """From the first sound through the front desk's call to the task that begins."""
    talk = await talk([[*says("Done."), *done()]])
    talk.event("local.speech", on=True)
    for heard in ("open the", "open the text editor"):
        talk.interim(heard)
    talk.event("local.speech", on=False)
    talk.final(SAID)
    talk.ask("use_computer", task=SAID)
    await talk.until(lambda event: isinstance(event, TaskStarted))
    texts = {text for _, text in asked}
    assert texts == {"open the", "open the text editor", SAID}
    assert {count for (name, _), count in asked.items() if name != "fate_of"} == {1}
    assert asked["fate_of", SAID] == 1


async def test_a_refusal_that_says_more_is_read_once(
    talk: Any, asked: Counter[tuple[str, str]]
) -> None:
    """What is said besides goes to the model by what was read, not by another look."""
    tool = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
    script = [*says("I run it."), *call(name="bash", toolset=None, command="ls"), *done("tool_use")]
    talk = await talk([script, [*says("Well."), *done()]], tool)
    talk.spoken_task("list the files")
    await talk.until(lambda event: event.kind == "approval_asked")
    talk.final("no, open the text editor")
    decided = await talk.until(lambda event: isinstance(event, ApprovalDecided))
    assert decided.decision == "deny"
    assert {asked[name, "no, open the text editor"] for name in ("of", "meaning_of")} == {1}


def test_a_stop_word_needs_nobody_to_tell_whom_it_is_for() -> None:
    reader = Reader(Deaf())
    assert reader.read("stop", BUSY, "u1").stops
    assert reader.read("stop it", BUSY, "u1").meaning == "stop"
    assert reader.read("what a day", BUSY, "u1").meaning == "noise"


@pytest.mark.parametrize(
    ("moment", "meaning"),
    [
        (Moment(running=True), "noise"),
        (Moment(), "noise"),
        (Moment(asked=True), "task"),
        (Moment(asked=True, running=True), "noise"),
        (Moment(typed=True), "task"),
        (Moment(typed=True, running=True), "after"),
    ],
)
def test_words_in_the_room_count_when_typed_or_asked_for(moment: Moment, meaning: str) -> None:
    assert Reader(Deaf()).read("what a day it is", moment, "u1").meaning == meaning
    assert Reader(None).read("what a day it is", moment, "u1").meaning in FREE


def test_words_that_are_repeated_count_as_they_were_read() -> None:
    reading = Reader(None).read("tight hello", BUSY, "u1", text="type hello")
    assert reading.passed_on("tight hello") == "type hello"
    assert reading.passed_on("Type hello twice.") == "Type hello twice."


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("open the editor", True),
        ("stop", False),
        ("wait", False),
        ("mm-hm", False),
        ("what are you doing", False),
        ("put the files back", False),
        ("go on", False),
        ("", False),
    ],
)
def test_free_words_are_neither_command_nor_nod(text: str, free: bool) -> None:
    assert is_free(text) is free
    assert (classify(text, BUSY) in FREE) is free
