"""What nobody should say, and what goes wrong meanwhile: a sentence, and the next command works."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from editor_in_memory import EditorDesktop

from agent import Session, Settings
from agent import events as ev
from agent.desktop.base import Tree
from agent.errors import DesktopDied
from agent.models.offline.steps import Moment, Step
from agent.models.offline.turns import HANDLERS

LONG = "a" * 300


class HomedDesktop(EditorDesktop):
    """An editor in memory that may close, and a home on disk."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home
        self._open = self.shown
        home.mkdir()

    def close_on(self, combo: str) -> None:
        """End the editor's program when a key is pressed."""

        def pressed(key: str) -> None:
            self.shown = () if key == combo else self.shown

        self.typed.pressed = pressed

    def reopen(self) -> None:
        self.typed.pressed, self.shown = (lambda _: None), self._open


@dataclass
class Talk:
    """A session that somebody talks to."""

    session: Session
    desktop: HomedDesktop

    async def say(self, text: str) -> ev.TaskFinished:
        """How a sentence ended."""
        before = len(self.session.log.of(ev.TaskFinished))
        self.session.say(text)
        async with asyncio.timeout(60):
            while len(self.session.log.of(ev.TaskFinished)) == before:
                await asyncio.sleep(0.01)
        await self.session.wait_idle(60)
        return self.session.log.of(ev.TaskFinished)[-1]

    async def still_works(self) -> None:
        """Whether the next command does what it says."""
        self.desktop.reopen()
        assert (await self.say("what time is it")).outcome == "done"
        assert (await self.say("delete all")).outcome in ("done", "failed", "incomplete")
        assert (await self.say("type goodbye")).outcome == "done"
        assert self.desktop.typed.buffer.text.strip() == "goodbye"


@pytest_asyncio.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    desktop = HomedDesktop(tmp_path / "home")
    session = Session.create(Settings(model="offline", data_dir=tmp_path / "say"), desktop=desktop)
    approve = asyncio.get_running_loop().call_soon

    def allow(event: ev.Event) -> None:
        if isinstance(event, ev.ApprovalAsked):
            approve(lambda: session.approve(event.approval_id, "allow", channel="button"))

    session.log.subscribe(allow)
    await session.open()
    yield Talk(session, desktop)
    await session.close()


@pytest.mark.parametrize(
    "said",
    [
        f"create a file called {LONG} with the text milk",
        f"create a folder called {LONG}",
        f"save it as {LONG}",
        f"rename notes to {LONG}",
        f"open the file {LONG}",
        f"open {LONG}",
        f"find the file {LONG}",
        f"read the file {LONG}",
        f"delete the file {LONG}",
        f"click {LONG}",
        f"list the files in {LONG}",
        f"copy notes to {LONG}",
        f"how many files are in {LONG}",
        f"select {LONG}",
    ],
    ids=lambda said: said.replace(LONG, "NAME"),
)
async def test_a_name_of_300_letters(talk: Talk, said: str) -> None:
    (talk.desktop.home / "notes.txt").write_text("notes")
    answer = await talk.say(said)
    assert answer.outcome != "done"
    assert "broke" not in answer.summary
    assert [path.name for path in talk.desktop.home.iterdir()] == ["notes.txt"]
    await talk.still_works()


@pytest.mark.parametrize(
    "said",
    [
        "list the files in my home folder",
        "find the file caf",
        "open the file caf",
        "read the file caf",
        "how many files are in my home folder",
        "rename caf to tea",
        "where is caf",
        "open the newest file",
        "delete the file caf",
        "go to the folder caf",
    ],
)
async def test_a_name_that_is_no_utf8(talk: Talk, said: str) -> None:
    """Files of older programs have names in Latin-1: they are told, found or declined."""
    old = os.fsencode(talk.desktop.home) + b"/caf\xe9.txt"
    with open(old, "wb") as file:
        file.write(b"cr\xe8me")
    answer = await talk.say(said)
    assert answer.summary
    assert "broke" not in answer.summary
    answer.summary.encode()
    await talk.still_works()


@pytest.mark.parametrize(
    "said",
    [
        "type hello \ud83d",
        "\ud83d",
        "create a file called \ud83d with the text \ude00",
        "click \ud83d",
        "delete \ud83d",
        "change hello to \ude00",
        "open \ud83d",
    ],
    ids=ascii,
)
async def test_half_an_emoji(talk: Talk, said: str) -> None:
    """Half of a pair of UTF-16, as a page may send it, is no letter that anything can take."""
    await talk.say("type hello")
    answer = await talk.say(said)
    assert answer.summary
    assert "broke" not in answer.summary
    await talk.still_works()


async def test_an_error_inside_a_handler(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as what it is, and nothing is tried again with the next sentence."""
    tried: list[str] = []

    async def breaks(at: Moment) -> Step:
        tried.append(at.command.said)
        raise LookupError("nobody thought of that")

    monkeypatch.setitem(HANDLERS, "sum", breaks)
    answer = await talk.say("what is 3 plus 4 and type hello")
    assert answer.outcome != "done"
    assert "Something in Sayso broke" in answer.summary
    assert talk.desktop.typed.buffer.text == ""
    await talk.still_works()
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("said", "closes_on"),
    [
        ("select all", "ctrl+a"),
        ("delete all", "Delete"),
        ("go to the top", "ctrl+Home"),
        ("select one", "Left"),
        ("delete the last word", "shift+Right"),
        ("copy everything", "ctrl+c"),
        ("undo that", "ctrl+z"),
        ("press enter", "Return"),
        ("save", "ctrl+s"),
    ],
)
async def test_a_program_that_closes_meanwhile(talk: Talk, said: str, closes_on: str) -> None:
    """Its window is gone when the effect is looked up: nothing is claimed of it."""
    await talk.say("type one two three")
    talk.desktop.close_on(closes_on)
    answer = await talk.say(said)
    assert answer.summary
    assert "broke" not in answer.summary
    for claim in ("Selected", "Deleted", "is empty now", "is saved", "Copied"):
        assert claim not in answer.summary
    await talk.still_works()


@pytest.mark.parametrize(
    "said",
    [
        "type hello",
        "select all",
        "delete the last word",
        "save",
        "scroll down",
        "undo that",
        "comma",
        "close the window",
        "maximise the window",
        "new line",
        "paste",
    ],
)
async def test_the_keyboard_is_nowhere(talk: Talk, said: str) -> None:
    """Without a window nothing takes what is typed: it is said, and no key is sent."""
    talk.desktop.shown = ()
    answer = await talk.say(said)
    assert answer.outcome != "done"
    assert not [deed for deed in talk.desktop.input.deeds if deed.startswith(("type", "key"))]
    await talk.still_works()


async def test_a_desktop_that_cannot_be_looked_at(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed by it is not done with the next sentence."""

    async def gone() -> Tree:
        raise DesktopDied("the desktop has died")

    with monkeypatch.context() as broken:
        broken.setattr(talk.desktop, "tree", gone)
        answer = await talk.say("type hello")
    assert answer.outcome != "done"
    await talk.say("what time is it")
    assert talk.desktop.typed.buffer.text == ""
    await talk.still_works()
