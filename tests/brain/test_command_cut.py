"""``python -m agent`` cut from outside: signals, ``--timeout``, an output that nobody reads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.record.events import Event
from agent.record.journal import list_sessions, read_journal, session_folder

HANGING = Path(__file__).with_name("command_that_hangs.py")
Start = Callable[..., "Command"]


class Command:
    """The command as a program of its own, whose lines can be waited for."""

    def __init__(self, data: Path, hangs: str, *options: str, **how: object) -> None:
        self.data = data
        command = [sys.executable, "-u", str(HANGING), str(data), hangs, *options]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        text = {"encoding": "utf-8", "errors": "replace"}
        self.process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            command, **{**pipes, **text, **how}
        )

    def until(self, words: str) -> str:
        """What is printed up to the line with ``words``."""
        assert self.process.stdout is not None
        seen = ""
        for line in self.process.stdout:
            seen += line
            if words in line:
                return seen
        pytest.fail(f"{words!r} was not printed: {seen}{self.error()}")

    def error(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self) -> int:
        """Wait for the end; returns the exit code."""
        return self.process.wait(60)

    def events(self) -> list[Event]:
        """What the journal has."""
        (session_id,) = list_sessions(self.data)
        return list(read_journal(session_folder(self.data, session_id) / "events.db").events)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command; whatever still runs at the end is killed."""
    begun: list[Command] = []

    def start(hangs: str, *options: str, **how: object) -> Command:
        begun.append(Command(tmp_path, hangs, *options, **how))
        return begun[-1]

    yield start
    for command in begun:
        command.process.kill()
        command.process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (signal.SIGINT, 130, "Ctrl-C"),
        (signal.SIGTERM, 143, "SIGTERM"),
        (signal.SIGHUP, 129, "the terminal was closed"),
    ],
)
def test_a_signal_ends_the_task_the_desktop_and_the_journal(start: Start, number, code, reason):
    """And the session can be resumed."""
    command = start("action")
    command.until("acting hangs")
    command.process.send_signal(number)
    command.until(f"■ Stopped: {reason}.")
    assert command.end() == code
    assert "Traceback" not in command.error()
    kinds = [event.kind for event in command.events()]
    assert kinds[-1] == "session_closed"
    assert {"stopped", "task_finished"} <= set(kinds)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_start_of_the_desktop_that_hangs(start: Start, number):
    command = start("start")
    command.until("starting hangs")
    command.process.send_signal(number)
    assert command.end() == 128 + number
    assert "nothing was done" in command.error()
    assert command.events()[-1].kind == "session_closed"


def test_a_second_signal_quits_at_once_even_where_stopping_hangs(start: Start):
    """The exit code is that of the first one."""
    command = start("action+stop")
    command.until("acting hangs")
    command.process.send_signal(signal.SIGTERM)
    command.until("stopping hangs")
    command.process.send_signal(signal.SIGINT)
    assert command.end() == 143
    assert "Traceback" not in command.error()


def test_the_timeout_ends_a_task_with_a_code_of_its_own(start: Start):
    command = start("action", "--timeout", "2")
    command.until("■ Stopped: the 2 s of --timeout are over.")
    assert command.end() == 124
    assert command.events()[-1].kind == "session_closed"


def test_the_timeout_ends_a_start_of_the_desktop_that_hangs(start: Start):
    command = start("start", "--timeout", "2")
    assert command.end() == 124
    assert "the 2 s of --timeout are over: nothing was done" in command.error()


def test_the_timeout_ends_a_desktop_that_does_not_stop(start: Start):
    """The task was done in time; the code says that the command did not end in time."""
    command = start("stop", "--timeout", "3")
    command.until("✓ done")
    assert command.end() == 124
    assert "did not end in time" in command.error()


def test_a_task_that_ends_in_time_is_not_touched_by_the_timeout(start: Start):
    command = start("", "--timeout", "600")
    command.until("✓ done")
    assert command.end() == 0


def test_signals_that_were_ignored_stay_so(start: Start):
    """As under ``nohup``: a terminal that is closed does not end the work."""

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    command = start("action", preexec_fn=ignore)
    command.until("acting hangs")
    status = Path(f"/proc/{command.process.pid}/status").read_text()
    (ignored,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    assert int(ignored, 16) & 1 << signal.SIGHUP - 1
    command.process.send_signal(signal.SIGHUP)
    command.process.send_signal(signal.SIGTERM)
    assert command.end() == 143


def test_a_reader_that_goes_away_ends_the_work(start: Start):
    """As with ``| head -1``."""
    command = start("action", "--json")
    assert command.process.stdout is not None
    command.process.stdout.readline()
    command.process.stdout.close()
    assert command.end() == 141
    error = command.error()
    assert "the output cannot be written (Broken pipe): stopped." in error
    assert "Traceback" not in error
    assert "Exception ignored" not in error
    assert command.events()[-1].kind == "session_closed"


def test_a_reader_that_goes_away_while_nothing_is_written_ends_the_work(start: Start):
    """A program that hangs prints nothing that could fail."""
    command = start("action")
    command.until("acting hangs")
    assert command.process.stdout is not None
    command.process.stdout.close()
    assert command.end() == 141
    assert "the output cannot be written (Broken pipe): stopped." in command.error()
    assert command.events()[-1].kind == "session_closed"


def test_a_list_that_nobody_reads_is_no_fault(start: Start, tmp_path: Path):
    start("").end()
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "SAYSO_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "agent", "--list"]
    run = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (141, b"")


def test_without_any_input_every_question_is_answered_no(start: Start):
    """The shell's ``<&-``: there is not even a file to ask on."""
    command = start("", preexec_fn=lambda: os.close(0), stdin=None)
    command.until("✓ done")
    assert command.end() == 0


def test_a_locale_without_these_signs_is_no_fault(start: Start):
    how = {"env": {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}}
    command = start("", **how)
    assert command.end() == 0
    assert "Traceback" not in command.error()
