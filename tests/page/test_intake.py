"""Files on their way into a session: told together, and given with the person's next words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.content.attachments import MOST_ATTACHED
from agent.errors import BadInput, FilesError
from agent.record.events import FilesArrived, UserMessage
from agent.session.arrivals import Arrived
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, ScriptedModel, done, says
from dashboard.transcript import Transcript
from dashboard.web.intake import AT_ONCE, Intake


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    home = tmp_path / "home"
    home.mkdir()
    made = Session.create(
        Settings(_env_file=None, data_dir=tmp_path, model="offline"),  # type: ignore[call-arg]
        desktop=FakeDesktop(home=home),
        model=ScriptedModel([[*says("Read."), *done()]] * 3),
        tools=(),
    )
    await made.open()
    yield made
    await made.close()


async def prepared(intake: Intake, session: Session, name: str = "a.txt") -> str:
    home = session.desktop.home
    (home / name).write_text("Some words.")
    token, _ = await intake.prepare(session, home, name, Arrived(name, f"/home/user/{name}", 11))
    return token


def told(session: Session) -> list[str | int]:
    """The messages, in order: their words, or how many attachments they have."""
    messages = session.log.of(UserMessage)
    return [len(m.attachments) or m.text for m in messages if m.attachments or m.origin == "person"]


async def test_what_is_attached_goes_right_before_the_next_words_however_they_come(
    session: Session,
):
    intake = Intake()
    await prepared(intake, session)
    await prepared(intake, session, "b.txt")
    assert told(session) == []
    session.say("Read them.", source="voice")
    await session.wait_idle(10)
    assert told(session) == [2, "Read them."]
    session.say("And now?")
    await session.wait_idle(10)
    assert told(session) == [2, "Read them.", "And now?"]
    assert intake.waiting(session) == {}


async def test_what_is_attached_to_words_that_wait_comes_with_them(session: Session):
    """The running task is told nothing of it; the conversation shows it with the words, once."""
    intake = Intake()
    session.say("Wait a moment.")
    session.hold("test")
    await prepared(intake, session)
    session.say("Read it.", utterance_id="read")
    await prepared(intake, session, "b.txt")
    session.say("Read the other.", utterance_id="other")
    assert intake.waiting(session) == {}
    assert told(session) == ["Wait a moment."]
    assert [[a.name for a in w.attachments] for w in session.status.queue] == [["a.txt"], ["b.txt"]]
    transcript = Transcript(lambda sha256: "")
    for event in session.log:
        transcript.feed(event)
    assert shown_files(transcript) == ["a.txt", "b.txt"]
    session.change_fate("other", "cancel")
    session.change_fate("other", "after")
    session.release()
    await session.wait_idle(10)
    assert told(session) == ["Wait a moment.", 1, "Read it.", 1, "Read the other."]
    transcript = Transcript(lambda sha256: "")
    for event in session.log:
        transcript.feed(event)
    assert shown_files(transcript) == ["a.txt", "b.txt"]


def shown_files(transcript: Transcript) -> list[str]:
    return [item["text"] for item in transcript.snapshot() if item["kind"] == "files"]


async def test_a_blank_message_leaves_what_is_attached_for_the_next_words(session: Session):
    intake = Intake()
    await prepared(intake, session)
    with pytest.raises(BadInput):
        session.say(" \n")
    assert len(intake.waiting(session)) == 1


async def test_what_was_taken_away_again_is_not_given(session: Session):
    intake = Intake()
    token = await prepared(intake, session)
    await prepared(intake, session, "b.txt")
    intake.drop(session, token)
    intake.drop(session, "another page's")
    session.say("Read it.")
    await session.wait_idle(10)
    assert told(session) == [1, "Read it."]


async def test_one_message_takes_so_many_files_and_no_more(session: Session):
    intake = Intake()
    for number in range(MOST_ATTACHED):
        await prepared(intake, session, f"{number}.txt")
    with pytest.raises(FilesError, match="20 files are attached already"):
        await prepared(intake, session, "one more.txt")
    assert len(intake.waiting(session)) == MOST_ATTACHED


async def test_files_that_come_together_are_told_in_one_sentence(session: Session):
    intake = Intake()
    for number in range(3):
        assert intake.begin(session)
        intake.end(session, Arrived("x", f"/home/user/{number}", 1), "drop")
    assert session.log.of(FilesArrived) == []
    async with asyncio.timeout(20):
        while not session.log.of(FilesArrived):
            await asyncio.sleep(0.02)
    [event] = session.log.of(FilesArrived)
    assert (event.paths, event.source) == (tuple(f"/home/user/{n}" for n in range(3)), "drop")


async def test_words_do_not_overtake_the_files_that_came_before_them(session: Session):
    intake = Intake()
    intake.begin(session)
    intake.end(session, Arrived("x", "/home/user/x", 1), "button")
    session.say("Look at x.")
    kinds = [event.kind for event in session.log]
    assert kinds.index("files_arrived") < kinds.index("task_started")
    await session.wait_idle(10)


async def test_so_many_come_in_at_once_and_what_broke_off_frees_its_place(session: Session):
    intake = Intake()
    assert [intake.begin(session) for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    intake.end(session, None, "button")
    assert intake.begin(session)


async def test_uploads_under_way_share_the_room_that_is_left(session: Session):
    """Each would fit alone; what the first will take is not offered to the second."""
    intake = Intake()
    intake.reserve(session, "one", 700)
    intake.reserve(session, "two", 200)
    assert intake.reserved(session) == 900
    intake.reserve(session, "two", 250)
    intake.release(session, "one")
    assert intake.reserved(session) == 250
    intake.release(session, "two")
    assert intake.reserved(session) == 0


async def test_files_that_are_attached_at_once_keep_within_the_number(session: Session):
    intake = Intake()
    for number in range(MOST_ATTACHED - 1):
        await prepared(intake, session, f"{number}.txt")
    both = [prepared(intake, session, f"last {n}.txt") for n in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert [isinstance(result, FilesError) for result in results] == [False, True]
    assert len(intake.waiting(session)) == MOST_ATTACHED
