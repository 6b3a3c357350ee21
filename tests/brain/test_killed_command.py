"""The command killed on the real desktop, with the default offline model, and resumed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.files import list_files
from agent.record.events import Event, load_event
from agent.session.home import home_folder

pytestmark = [pytest.mark.desktop, pytest.mark.slow]


def command(data: Path, *arguments: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "SAYSO_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments, "--json", "--sandbox", "prefer"],
        env={**clean, "SAYSO_DATA_DIR": str(data)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


KINDS = ("session_opened", "task_started", "action_started", "action_finished", "task_finished")


def hashes(home: Path) -> dict[str, str]:
    """The person's files, by their contents."""
    listed = list_files(home).entries if home.is_dir() else ()
    files = (home / entry.path for entry in listed if entry.kind == "file")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_files_are_the_same_after_a_kill_at_any_kind_of_event(tmp_path: Path):
    """One session, killed again and again; each time its files are as the kill left them.

    A run that resumes first prints how the cut one was mended; those are not its own events.
    """
    session_id, before = "", {}
    for number, kind in enumerate(KINDS):
        again = ("--resume", session_id) if session_id else ()
        words = f"Create a file called report {number} that says hello {number}"
        running = command(tmp_path, words, *again)
        assert running.stdout is not None
        begun = False
        for line in running.stdout:
            event = load_event(line)
            if event.kind == "session_opened":
                session_id = event.session_id
                home = home_folder(tmp_path, session_id)
            if event.kind == "task_started":
                assert hashes(home) == before
                begun = True
            if event.kind == kind and (begun or kind == "session_opened"):
                break
        running.kill()
        running.communicate()
        left = hashes(home)
        assert left.items() >= before.items()
        if kind in ("action_finished", "task_finished"):
            assert str(home / f"report {number}.txt") in left
        before = left
    last = command(tmp_path, "What can I say?", "--resume", session_id)
    out, _ = last.communicate(timeout=90)
    assert hashes(home) == before
    told = [e for e in map(load_event, out.splitlines()) if e.kind == "desktop_renewed"]
    assert [event.files for event in told] == ["kept"]


def test_a_task_killed_in_an_action_is_resumed_with_all_that_was_printed(tmp_path: Path):
    """``kill -9`` in the first action; ``--resume`` mends the journal and works on."""
    first = command(tmp_path, "Open the text editor and type good morning")
    assert first.stdout is not None
    printed: list[Event] = []
    for line in first.stdout:
        printed.append(load_event(line))
        if printed[-1].kind == "action_started":
            break
    first.kill()
    first.communicate()
    assert printed[0].kind == "session_opened"
    session_id = printed[0].session_id
    second = command(tmp_path, "Open the text editor", "--resume", session_id)
    out, err = second.communicate(timeout=90)
    assert second.returncode == 0, err
    after = [load_event(line) for line in out.splitlines()]
    numbers = [event.seq for event in after]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    cut = [event for event in after if event.kind == "task_finished"]
    assert [event.outcome for event in cut] == ["stopped", "done"]
    assert numbers[0] > printed[-1].seq
    third = command(tmp_path, "--export", session_id, str(tmp_path / "out"))
    third.communicate(timeout=60)
    lines = (tmp_path / "out" / "events.jsonl").read_text().splitlines()
    assert [load_event(line) for line in lines[: len(printed)]] == printed
    assert [load_event(line) for line in lines[numbers[0] :]] == after
