"""Who has the floor, from the page's events to what is said again, with a session behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.record.events import Narrated, QuestionAsked, TaskFinished, Understood
from agent.testing.scripted import done, says
from dashboard.transcript import MEANT, Transcript

STORY = "I found the letters, and the pictures are in the garden folder of last year."
REST = "and the pictures are in the garden folder of last year."


async def telling(talk: Any, scripts: int = 1) -> Any:
    """A session that says its result aloud."""
    talk = await talk([[*says(STORY), *done()]] * scripts)
    talk.spoken_task("Find the letters.")
    await talk.until(lambda event: isinstance(event, TaskFinished))
    talk.event("assistant_message", id="m", from_text=True, message={"content": STORY})
    talk.event("local.play", id="m", state="started", samples=0, rate=24000, duration=1.0)
    return talk


def cut(talk: Any) -> None:
    """Somebody speaks, and the service takes it for an interruption: two seconds were heard."""
    talk.event("local.speech", on=True)
    talk.event("user_interruption")
    talk.event("local.play", id="m", state="cut", samples=48000, rate=24000, duration=5.6)


@pytest.mark.parametrize("text", ["Okay.", "Mm-hm.", "Mum, the door bell is ringing."])
async def test_what_was_cut_wrongly_is_said_again_from_where_the_ear_was(
    talk: Any, text: str
) -> None:
    talk = await telling(talk)
    cut(talk)
    talk.final(text)
    assert talk.said == [STORY, REST]


async def test_an_aside_is_answered_first_and_then_the_rest_is_said(talk: Any) -> None:
    talk = await telling(talk)
    cut(talk)
    talk.final("What are you doing?")
    assert talk.said == [STORY]
    talk.ask("computer_status")
    async with asyncio.timeout(20):
        while len(talk.said) == 1:
            await asyncio.sleep(0)
    assert talk.said == [STORY, REST]


@pytest.mark.parametrize("text", ["Stop.", "Open the text editor."])
async def test_who_means_to_cut_hears_no_rest(talk: Any, text: str) -> None:
    talk = await telling(talk)
    cut(talk)
    talk.final(text)
    talk.event("local.speech", on=True)
    talk.final("Okay.")
    assert talk.said == [STORY]


async def test_go_on_says_what_wait_has_cut(talk: Any) -> None:
    """It is no task, though one was done before."""
    talk = await telling(talk, 2)
    cut(talk)
    talk.final("Wait.")
    assert talk.said == [STORY]
    talk.event("local.speech", on=True)
    talk.final("Go on.")
    assert talk.said == [STORY, REST]
    assert len(talk.log.of(TaskFinished)) == 1


@pytest.mark.parametrize(("heard", "answer"), [(False, None), (True, "yeah")])
async def test_assent_answers_a_question_whose_content_was_heard(
    talk: Any, heard: bool, answer: str | None
) -> None:
    talk = await talk([])
    asking = asyncio.create_task(talk.session.ask("Shall I open the letter?"))
    await talk.until(lambda event: isinstance(event, QuestionAsked))
    said = talk.said[-1]
    if not heard:
        talk.event("assistant_message", id="m", from_text=True, message={"content": said})
        talk.event("local.play", id="m", state="started", samples=0, rate=24000, duration=1.0)
    talk.event("local.speech", on=True)
    assert talk.final("yeah").meaning == ("approval" if heard else "backchannel")
    if answer is None:
        assert not asking.done()
        talk.conductor.typed("yes")
    async with asyncio.timeout(20):
        assert await asking == (answer or "yes")


async def test_the_loudness_comes_back_when_words_were_nothing(talk: Any) -> None:
    talk = await telling(talk)
    talk.event("local.speech", on=True)
    talk.interim("okay")
    assert _pressed(talk) == []
    talk.final("Okay.")
    assert _pressed(talk) == ["restore"]
    assert [e.state for e in talk.log.of(Narrated)][-1] == "speaking"


def _pressed(talk: Any) -> list[str]:
    commands = [m["name"] for m in talk.posted if m["type"] == "command"]
    return [name for name in commands if name in ("flush", "restore")]


async def test_words_that_were_passed_over_stand_in_the_conversation_with_a_way_back(
    talk: Any,
) -> None:
    talk = await talk([[*says("I will."), *done()]])
    passed = talk.final("The weather in Paris.")
    shown = Transcript(lambda sha: sha)
    for event in talk.log:
        shown.feed(event)
    (item,) = [each for each in shown.snapshot() if each["kind"] == "heard"]
    assert (item["meaning"], item["choices"]) == ("noise", [MEANT])
    assert item["utterance"] == passed.utterance_id
    since = len(talk.log)
    talk.conductor.meant(passed.utterance_id)
    assert talk.log.of(Understood)[-1].meaning == "task"
    for event in list(talk.log)[since:]:
        shown.feed(event)
    (item,) = [each for each in shown.snapshot() if each["kind"] == "heard"]
    assert (item["meaning"], item["choices"], item["mark"]) == ("task", [], "")
