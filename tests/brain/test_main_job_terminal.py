"""The main job's sentences from a terminal: ``python -m agent "…"``, keyless, on a real desktop."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.record.events import Event, TaskFinished, load_event

pytestmark = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.timeout(120)]
LINES = 60
LETTER = " then press enter then ".join(
    f"type this is line {number} of a long letter" for number in range(1, LINES + 1)
)


@dataclass
class Terminal:
    """One command with somebody at its terminal, who may answer what it prints."""

    folder: Path
    answers: dict[tuple[str, int], str] = field(default_factory=dict)
    """What is typed when an event of a kind has come so often."""
    events: list[Event] = field(default_factory=list)

    def run(self, *words: str) -> int:
        """Run to the end; returns the exit code."""
        ours, theirs = pty.openpty()
        with self._started(theirs, words) as process:
            assert process.stdout is not None
            for line in process.stdout:
                self.events.append(load_event(line))
                kinds = [event.kind for event in self.events]
                if answer := self.answers.pop((kinds[-1], kinds.count(kinds[-1])), ""):
                    os.write(ours, answer.encode())
        os.close(ours)
        return process.returncode

    def _started(self, terminal: int, words: tuple[str, ...]) -> subprocess.Popen[str]:
        kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
        program = Path(__file__).with_name("command_that_looks.py")
        command = [sys.executable, str(program), str(self.folder / "state.json"), *words, "--json"]
        process = subprocess.Popen(
            [*command, "--sandbox", "prefer"],
            env={**kept, "SAYSO_DATA_DIR": str(self.folder)},
            stdin=terminal,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.close(terminal)
        return process

    @property
    def state(self) -> dict[str, Any]:
        """What was on the desktop when the task was over."""
        loaded: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return loaded

    @property
    def summary(self) -> str:
        return next(e.summary for e in reversed(self.events) if isinstance(e, TaskFinished))

    def kinds(self) -> set[str]:
        return {event.kind for event in self.events}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_open_the_editor_and_type(terminal: Terminal) -> None:
    assert terminal.run("Open the text editor and type hello world.") == 0
    assert terminal.state["text"] == "hello world"
    assert terminal.summary == "The text editor now says: hello world."


def test_a_command_runs_after_approval_at_the_terminal(terminal: Terminal) -> None:
    terminal.answers = {("approval_asked", 1): "yes, run it\n"}
    assert terminal.run("Open the terminal and list the files in my home folder.") == 0
    assert "approval_decided" in terminal.kinds()
    assert "Documents" in terminal.summary
    assert any("terminal" in kind.lower() for _, kind, _ in terminal.state["windows"])


def test_a_file_is_created(terminal: Terminal) -> None:
    sentence = "Create a file called shopping list with the text milk, eggs and bread."
    assert terminal.run(sentence) == 0
    assert terminal.state["files"]["shopping list.txt"].strip() == "milk, eggs and bread"


def test_a_menu_entry_is_clicked(terminal: Terminal) -> None:
    """The editor is opened for it, since this desktop is new."""
    assert terminal.run("In the text editor, open the File menu and click Save As.") == 0
    assert "Save As" in [title for title, _, _ in terminal.state["windows"]]


def test_to_another_window_and_back(terminal: Terminal) -> None:
    """The editor was not open: going back to it opens it."""
    assert terminal.run("Open the file manager, then go back to the text editor.") == 0
    kinds = {kind: active for _, kind, active in terminal.state["windows"]}
    assert kinds == {"Thunar": False, "Mousepad": True}


def test_stop_in_the_middle_of_a_long_dictation(terminal: Terminal) -> None:
    """The word *stop* at the terminal is no new task: typing ceases and keys are up."""
    terminal.answers = {("action_finished", 6): "Stop.\n"}
    assert terminal.run(f"open the text editor, then {LETTER}") == 130
    [stopped] = [event for event in terminal.events if event.kind == "stopped"]
    assert stopped.source == "terminal"
    assert terminal.state["pressed"] == []
    assert "this is line 1 of" in terminal.state["text"]
    assert f"line {LINES}" not in terminal.state["text"]


def test_what_can_i_say(terminal: Terminal) -> None:
    assert terminal.run("What can I say?") == 0
    assert "open the text editor" in terminal.summary


def test_what_is_not_understood_changes_nothing(terminal: Terminal) -> None:
    assert terminal.run("Make me a sandwich.") == 6
    assert "did not understand" in terminal.summary
    assert "action_proposed" not in terminal.kinds()
    assert terminal.state["windows"] == []
