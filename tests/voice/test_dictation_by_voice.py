"""Dictation and commands that are not finished, as a voice brings them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from talker import Talk

from agent.models.base import Dictating
from agent.models.offline import OfflineModel
from agent.record.events import (
    DictationChanged,
    HoldBegan,
    Narrated,
    Stopped,
    TaskFinished,
    TaskStarted,
    Understood,
    UserMessage,
)
from agent.session.fate import DICTATED
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeClock, FakeDesktop, done, says
from dashboard.conductor import Conductor
from dashboard.voice.client.unfinished import PATIENCE
from dashboard.voice.hume import OfflineVoice
from dashboard.voice.intents import Moment, meaning_of
from dashboard.voice.server.frontdesk import Situation, decide

ON = [Dictating(True), *says("Dictation is on."), *done()]
OFF = [Dictating(False), *says("Dictation is off."), *done()]
TYPED = [*says("The editor now says: hello."), *done()]


async def finished(talk: Talk, tasks: int) -> None:
    """Until so many tasks have ended."""
    await talk.until(lambda _: len(talk.log.of(TaskFinished)) >= tasks)


@pytest.mark.parametrize("said", ["Open the terminal.", "Yes.", "Wait.", "What are you doing?"])
async def test_what_is_said_is_typed_and_no_front_desk_is_asked(talk: Any, said: str) -> None:
    talk = await talk([ON, TYPED])
    talk.conductor.typed("start dictation")
    await finished(talk, 1)
    assert talk.final(said).meaning == "task"
    await finished(talk, 2)
    told = [e for e in talk.log.of(UserMessage) if e.origin == "person"]
    assert [e.dictated for e in told] == [False, True]
    texts = [block.get("text", "") for block in talk.session.model.requests[-1][-1]["content"]]
    assert any(text.startswith(DICTATED) for text in texts)
    talk.ask("use_computer", task=said)
    assert len(talk.log.of(TaskStarted)) == 2


async def test_what_is_typed_well_is_not_said_aloud(talk: Any) -> None:
    """Nothing talks into a dictation; that it began and ended is told."""
    talk = await talk([ON, TYPED, OFF])
    talk.conductor.typed("start dictation")
    await finished(talk, 1)
    talk.final("Hello.")
    await finished(talk, 2)
    talk.final("Stop dictation.")
    await finished(talk, 3)
    assert not talk.session.status.dictating
    offered = [line.text for line in talk.log.of(Narrated) if line.state == "queued"]
    assert offered == ["Dictation is on.", "Dictation is off."]


async def test_a_stop_word_ends_it_though_nothing_runs(talk: Any) -> None:
    talk = await talk([ON])
    talk.conductor.typed("start dictation")
    await finished(talk, 1)
    talk.interim("Stop")
    assert talk.log.of(Stopped)
    assert not talk.session.status.dictating
    talk.event("local.speech", on=True)
    assert talk.log.of(HoldBegan) == []


async def test_it_begins_anew_after_a_stop(talk: Any) -> None:
    """The model need not know of the stop."""
    talk = await talk([ON, ON])
    for tasks in (1, 2):
        talk.conductor.typed("start dictation")
        await finished(talk, tasks)
        assert talk.session.status.dictating
        talk.session.stop("button")
    assert [event.on for event in talk.log.of(DictationChanged)] == [True, True]


def test_a_question_is_answered_and_a_sound_is_ignored() -> None:
    dictating = Moment(dictating=True, approval_phrase="yes, do it")
    assert meaning_of("Yes, do it.", dictating) == "allow"
    assert meaning_of("Which way?", Moment(dictating=True, question=True)) == "answer"
    assert meaning_of("Um.", Moment(dictating=True)) == "noise"
    assert meaning_of("um", Moment(dictating=True, typed=True)) == "task"
    assert meaning_of("close the window", Moment(dictating=True, running=True)) == "after"
    assert meaning_of("Stop.", Moment(dictating=True)) == "stop"


def test_the_front_desk_keeps_out_of_it() -> None:
    tools = frozenset({"use_computer", "computer_status", "stop_computer"})
    assert decide("open the terminal", Situation(dictating=True), tools) is None
    assert decide("what are you doing", Situation(dictating=True), tools) is None
    assert decide("stop", Situation(dictating=True), tools).name == "stop_computer"


# Commands that are not finished -------------------------------------------------------


class Patient(Talk):
    """A person at the planner, with time that the test moves."""

    def __init__(self, session: Session, clock: FakeClock) -> None:
        super().__init__(session)
        self.clock = clock
        self.conductor = Conductor(session, OfflineVoice(lambda: "ticket"), clock=clock)
        self.conductor.attach(self)
        self.connect()

    def tasks(self) -> list[str]:
        return [task.text for task in self.log.of(TaskStarted)]

    async def ends(self, tasks: int) -> str:
        await finished(self, tasks)
        return self.log.of(TaskFinished)[-1].summary


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline", width=640, height=480)
    desktop = FakeDesktop(home=tmp_path)
    session = Session.create(settings, desktop=desktop, model=OfflineModel(desktop), tools=())
    await session.open()
    person = Patient(session, FakeClock())
    yield person
    await person.conductor.close()
    await session.close()


async def waits(person: Patient) -> None:
    """Until the time is watched."""
    await person.log.wait_for(lambda e: isinstance(e, Understood))
    while not person.clock.sleeping:
        await asyncio.sleep(0)


async def runs() -> None:
    """Let every task go on to where it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_its_rest_completes_it(patient: Patient) -> None:
    patient.final("Open.")
    patient.ask("use_computer", task="Open.")
    assert patient.tasks() == []
    patient.final("the terminal")
    await patient.ends(1)
    assert patient.tasks() == ["Open the terminal"]
    patient.ask("use_computer", task="the terminal")
    assert len(patient.tasks()) == 1


async def test_after_three_seconds_it_is_asked_about_and_the_answer_completes_it(
    patient: Patient,
) -> None:
    patient.final("Switch to the.")
    await waits(patient)
    patient.clock.advance(PATIENCE - 0.1)
    assert patient.tasks() == []
    patient.clock.advance(0.2)
    assert await patient.ends(1) == "Switch to what?"
    patient.final("terminal")
    patient.ask("use_computer", task="terminal")
    assert "terminal" in await patient.ends(2)
    assert patient.tasks() == ["Switch to the.", "terminal"]


async def test_speech_that_begins_in_time_is_waited_for(patient: Patient) -> None:
    patient.final("Click.")
    await waits(patient)
    patient.clock.advance(2)
    patient.event("local.speech", on=True)
    patient.clock.advance(5)
    assert patient.tasks() == []
    patient.final("Save.")
    await patient.ends(1)
    assert patient.tasks() == ["Click Save."]


async def test_a_stop_word_takes_it_back(patient: Patient) -> None:
    patient.final("Type")
    await waits(patient)
    patient.interim("Stop")
    patient.clock.advance(10)
    patient.final("Stop.")
    assert patient.tasks() == []


async def test_another_command_comes_after_the_question(patient: Patient) -> None:
    patient.final("Open")
    patient.final("scroll down")
    patient.ask("use_computer", task="scroll down")
    await patient.ends(2)
    assert patient.tasks() == ["Open", "scroll down"]


async def test_words_that_mean_nothing_yet_wait_for_what_makes_them_a_command(
    patient: Patient,
) -> None:
    assert patient.final("Snap the window").meaning == "noise"
    await waits(patient)
    patient.clock.advance(1.5)
    patient.final("to the left.")
    await patient.ends(1)
    assert patient.tasks() == ["Snap the window to the left."]


async def test_words_that_stay_without_meaning_begin_nothing(patient: Patient) -> None:
    patient.final("Snap the window")
    await runs()
    patient.clock.advance(PATIENCE + 0.1)
    await runs()
    patient.final("to the left.")
    await runs()
    assert patient.tasks() == []


async def test_words_of_the_room_are_no_rest(patient: Patient) -> None:
    patient.final("Snap the window")
    patient.final("Heavy rain is expected tonight.")
    patient.final("Open the terminal.")
    patient.ask("use_computer", task="Open the terminal.")
    await patient.ends(1)
    assert patient.tasks() == ["Open the terminal."]
