"""A host is asked about on the command line: what may be typed, and what it comes to."""

from __future__ import annotations

import os
import pty
from pathlib import Path
from typing import Any, ClassVar, Self, TextIO

import pytest

from agent.__main__ import main
from agent.network.proxy import Answer
from agent.record import events as ev
from agent.session.kept_hosts import KeptHosts
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, says
from agent.tools.base import ToolCall, ToolResult
from network.guarded import GuardedDesktop

HOST = "a.example.com"


class Visitor(Session):
    """A session with a program that wants to reach a host, and a person who then types."""

    typed: ClassVar[str]
    keyboard: ClassVar[int]
    answers: ClassVar[list[Answer]]
    newest: ClassVar[Session]

    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        desktop = GuardedDesktop()

        async def visits(_: ToolCall) -> ToolResult:
            cls.answers.append(await desktop.guard.judge(HOST, 443))
            return ToolResult("ok")

        scripts = [[*call(), *done("tool_use")], [*says("Done."), *done()]]
        parts = {
            **parts,
            "desktop": desktop,
            "model": ScriptedModel(scripts),
            "tools": (FakeTool(visits),),
        }
        session = super()._on_disk(settings, session_id, parts)
        session.log.subscribe(cls._types)
        cls.newest = session
        return session

    @classmethod
    def _types(cls, event: ev.Event) -> None:
        if isinstance(event, ev.ApprovalAsked) and cls.keyboard >= 0:
            os.write(cls.keyboard, f"{cls.typed}\n".encode())


class Command:
    """Runs of the command in one data folder; what the host came to, and what was printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, typed: str, *flags: str) -> Answer:
        """The answer that the program got; ``typed`` is typed when the question stands."""
        ours, theirs = pty.openpty()
        with os.fdopen(theirs) as terminal, os.fdopen(ours, "w"):
            return self._run(terminal, typed, ours, *flags)

    def without_terminal(self) -> Answer:
        with Path(os.devnull).open() as nothing:
            return self._run(nothing, "", -1)

    def _run(self, lines: TextIO, typed: str, keyboard: int, *flags: str) -> Answer:
        Visitor.typed, Visitor.keyboard, Visitor.answers = typed, keyboard, []
        assert main(["Go", "--network", "listed", *flags], session_class=Visitor, lines=lines) == 0
        [answer] = Visitor.answers
        return answer

    def event(self, kind: type[ev.Event]) -> Any:
        """The one event of a kind in the newest session."""
        [found] = [e for e in Visitor.newest.log if isinstance(e, kind)]
        return found


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path))
    return Command(tmp_path)


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        ("once", "once"),
        ("y", "once"),
        ("Yes, reach it.", "once"),
        ("session", "session"),
        ("For this session", "session"),
        ("yes, for this session", "session"),
        ("always", "always"),
        ("Yes, always!", "always"),
    ],
)
def test_a_yes_is_good_for_as_long_as_was_typed(command: Command, typed: str, by: str) -> None:
    """It is in the log by what was typed, and only what is for always is kept on disk."""
    assert command.run(typed).allow
    assert command.event(ev.HostReached).by == by
    decided = command.event(ev.ApprovalDecided)
    assert (decided.for_session, decided.for_good) == (by == "session", by == "always")
    assert KeptHosts(command.folder / "hosts").hosts == ((HOST,) if by == "always" else ())


@pytest.mark.parametrize("typed", ["no", "always not", "yes but", "session 2", ""])
def test_whatever_else_is_typed_is_a_no(command: Command, typed: str) -> None:
    assert not command.run(typed).allow
    assert command.event(ev.HostRefused).why == "declined"
    assert not (command.folder / "hosts").exists()


def test_what_is_for_always_is_not_asked_about_by_the_next_command(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    command.run("always")
    assert "once, for this session, always, or no?" in capsys.readouterr().out
    assert command.run("no").allow
    assert HOST not in capsys.readouterr().out


def test_what_is_for_the_session_is_asked_about_by_the_next_command(command: Command) -> None:
    assert command.run("session").allow
    assert not command.run("no").allow


def test_without_a_terminal_it_is_told_how_a_host_is_allowed_beforehand(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """By an option that does so: the same words are given to the next command."""
    assert not command.without_terminal().allow
    assert "Allow a host with --reach HOST:443" in capsys.readouterr().err
    assert command.run("no", "--reach", f"{HOST}:443").allow
