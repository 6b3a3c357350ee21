"""Experiments and tasks as files, and the command that runs them in this process."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import pytest
from lab_stage import FakeEnvironment, hello_task

from agent.experiments import commands
from agent.experiments.run.placement import LocalPlacement


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs trials in this process, on desktops in memory."""

    class Here(LocalPlacement):
        def __init__(self, scheduler: str | None, *, slots: int, via: str = "") -> None:
            super().__init__(slots)

    monkeypatch.setattr(commands, "DaskPlacement", Here)
    monkeypatch.setattr(commands, "TrialEnvironment", FakeEnvironment)
    monkeypatch.setattr("agent.experiments.run.runner.TrialEnvironment", FakeEnvironment)


def write(path: Path, **fields: object) -> Path:
    """An experiment's file, in JSON, which is YAML."""
    given = {"name": "cli", "arms": {"good": {"model": "good"}, "bad": {"model": "bad"}}}
    path.write_text(json.dumps(given | {"tasks": ["tasks/*"], "budget": 9.0} | fields))
    return path


def interrupt_after(trials: int, root: Path) -> None:
    """Press Ctrl-C once so many trials of some study below ``root`` have passed."""

    def press() -> None:
        for _ in range(1200):
            ends = [end.read_text() for end in root.glob("*/trials/*/result.json")]
            if sum('"passed"' in end for end in ends) >= trials:
                break
            threading.Event().wait(0.05)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()


def write_task(root: Path, name: str, **fields: object) -> None:
    folder = root / "tasks" / name
    folder.mkdir(parents=True, exist_ok=True)
    given = hello_task(name).model_dump(include={"instruction", "checks"})
    (folder / "task.yaml").write_text(json.dumps(given | fields))
