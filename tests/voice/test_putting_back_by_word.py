"""Files are put back by word: shown as a question first, done on a yes, left on a no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.record import events as ev
from agent.testing.scripted import FakeTool, call, done, hang, says
from agent.tools.base import ToolResult

WRITES = [[*says("I write."), *call(), *done("tool_use")], [*says("Done."), *done()]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    (made / "notes.txt").write_text("mine")
    return made


@pytest.fixture
def writer(home: Path) -> FakeTool:
    """A tool that changes a file, and makes one."""

    async def write(given: Any) -> Any:
        (home / "notes.txt").write_text("by the agent")
        (home / "report.txt").write_text("by the agent")
        return ToolResult("ok")

    return FakeTool(behaviour=write)


async def worked(talk: Any, writer: FakeTool, home: Path, scripts: Any = WRITES) -> Any:
    """A talk in which the agent has changed files."""
    talk = await talk([*scripts], writer, home=home)
    talk.spoken_task("write it")
    await talk.until(lambda e: isinstance(e, ev.FilesRecorded) and e.moment == "after")
    return talk


async def asked(talk: Any, say: Any, words: str) -> str:
    """Say it; returns what is asked."""
    since = len(talk.log)
    say(words)
    event = await talk.until(lambda e: isinstance(e, ev.QuestionAsked | ev.Replied), since)
    assert isinstance(event, ev.QuestionAsked), event
    return event.text


async def replied(talk: Any, say: Any, words: str) -> str:
    """Say it; returns what is answered."""
    since = len(talk.log)
    say(words)
    event = await talk.until(lambda e: isinstance(e, ev.Replied | ev.QuestionAsked), since)
    assert isinstance(event, ev.Replied), event
    return event.text


@pytest.mark.parametrize("way", ["voice", "text"])
async def test_a_yes_puts_back_what_was_shown_and_undo_that_undoes_it(talk, writer, home, way):
    talk = await worked(talk, writer, home)
    say = talk.final if way == "voice" else talk.conductor.typed
    text = await asked(talk, say, "Please put the files back.")
    assert "“notes.txt” becomes what it was" in text
    assert "“report.txt” is deleted" in text
    assert (home / "report.txt").exists(), "only asked so far"
    assert text in [line.text for line in talk.log.of(ev.Narrated)]

    since = len(talk.log)
    say("Yes.")
    back = await talk.until(lambda e: isinstance(e, ev.PutBackFinished), since)
    assert (home / "notes.txt").read_text() == "mine"
    assert not (home / "report.txt").exists()
    await talk.until(lambda e: isinstance(e, ev.Narrated) and e.text == back.text, since)
    assert len(talk.log.of(ev.TaskStarted)) == 1, "the agent was asked nothing"

    text = await asked(talk, say, "Undo that.")
    assert text.startswith("Undo putting the files back?")
    say("do it")
    await talk.until(lambda e: isinstance(e, ev.PutBackFinished), back.seq + 1)
    assert (home / "notes.txt").read_text() == "by the agent"
    assert (home / "report.txt").read_text() == "by the agent"


@pytest.mark.parametrize("words", ["No.", "no thanks", "stop", "never mind", "yes but keep notes"])
async def test_anything_but_a_yes_leaves_all_and_says_so(talk, writer, home, words):
    talk = await worked(talk, writer, home)
    await asked(talk, talk.final, "put my files back")
    answer = await replied(talk, talk.final, words)
    assert answer.startswith("Nothing was put back")
    assert (home / "report.txt").exists()
    assert talk.session.status.question is None
    assert talk.log.of(ev.PutBackStarted) == []


async def test_other_words_begin_a_task_and_the_question_is_gone(talk, writer, home):
    talk = await worked(talk, writer, home, [*WRITES, [*says("Done."), *done()]])
    await asked(talk, talk.conductor.typed, "undo the file changes")
    talk.conductor.typed("open the text editor")
    assert talk.session.status.question is None
    assert talk.log.of(ev.TaskStarted)[-1].text == "open the text editor"
    await talk.session.wait_idle(20)
    assert (home / "report.txt").exists()


async def test_what_was_changed_since_is_kept_and_said(talk, writer, home):
    talk = await worked(talk, writer, home)
    (home / "notes.txt").write_text("mine again")
    text = await asked(talk, talk.final, "restore the files")
    assert "Kept: notes.txt was changed since." in text
    since = len(talk.log)
    talk.final("yes please")
    back = await talk.until(lambda e: isinstance(e, ev.PutBackFinished), since)
    assert "Kept, because changed since: “notes.txt”." in back.text
    assert (home / "notes.txt").read_text() == "mine again"


async def test_a_change_while_it_is_asked_is_not_overwritten(talk, writer, home):
    talk = await worked(talk, writer, home)
    await asked(talk, talk.final, "put the files back")
    (home / "notes.txt").write_text("while it was asked")
    answer = await replied(talk, talk.final, "yes")
    assert "The files changed after this was shown." in answer
    assert (home / "notes.txt").read_text() == "while it was asked"
    assert (home / "report.txt").exists()


async def test_while_a_task_runs_it_is_refused_with_a_sentence(talk, writer, home):
    talk = await worked(talk, writer, home, [*WRITES, [*says("I work."), hang]])
    talk.spoken_task("go on forever")
    await talk.until(lambda e: isinstance(e, ev.TurnStarted), talk.log.of(ev.TaskStarted)[-1].seq)
    assert "A task is running." in await replied(talk, talk.conductor.typed, "put the files back")
    assert talk.session.status.task_id is not None
    assert talk.session.status.queue == ()


async def test_with_nothing_to_put_back_that_is_said(talk, home):
    talk = await talk([[*says("Done."), *done()]], home=home)
    assert "no task yet" in await replied(talk, talk.final, "put the files back")
    assert "Nothing was put back yet" in await replied(talk, talk.final, "undo the put back")
    talk.spoken_task("say something")
    await talk.until(lambda e: isinstance(e, ev.TaskFinished))
    said = await replied(talk, talk.final, "put the files back")
    assert "There is nothing to put back" in said
