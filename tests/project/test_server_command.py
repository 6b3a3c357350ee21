"""`sayso serve`: which of its words are settings, and which are `panel serve`'s."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

PANEL = """
import json, sys
from agent.settings import read_settings
def main():
    found = read_settings(_env_file=None)
    print(json.dumps(dict(words=sys.argv[1:], reach=found.reach, network=found.network)))
"""
"""Instead of serving, it tells what it was started with, and what the settings come to."""


class Command:
    """`sayso serve` with a Panel that only tells what it was given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        package = folder / "panel"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "command.py").write_text(PANEL)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        path = os.pathsep.join((str(self.folder), str(ROOT)))
        return subprocess.run(
            [sys.executable, "-m", "sayso", "serve", "--port", "1", *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**kept, "PYTHONPATH": path, **environment},
            timeout=300,
        )

    def started(self, *words: str, **environment: str) -> dict[str, Any]:
        """What the server was started with."""
        answer = self.run(*words, **environment)
        assert answer.returncode == 0, answer.stderr
        told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return told


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_places_that_are_named_at_the_start_are_in_the_settings(command: Command) -> None:
    told = command.started("--reach", "wiki:8080", "--reach=10.0.0.5:3000", "--network", "open")
    assert told["reach"] == ["wiki:8080", "10.0.0.5:3000"]
    assert told["network"] == "open"


def test_they_stand_above_the_environment_and_without_them_it_holds(command: Command) -> None:
    environment = {"SAYSO_REACH": "other:1", "SAYSO_NETWORK": "off"}
    assert command.started("--reach", "wiki:8080", **environment)["reach"] == ["wiki:8080"]
    assert command.started(**environment)["reach"] == ["other:1"]
    assert command.started(**environment)["network"] == "off"


def test_the_servers_own_words_stay_its_own(command: Command) -> None:
    given = ["--prefix", "/two words", "--reach", "wiki:8080", "--basic-auth=users.json"]
    assert command.started(*given)["words"] == [
        *("serve", str(ROOT / "dashboard"), "--port", "1"),
        *("--prefix", "/two words", "--basic-auth=users.json"),
    ]


def test_a_name_without_its_value_is_said_so(command: Command) -> None:
    answer = command.run("--reach")
    assert answer.returncode == 2
    assert "argument --reach: expected one argument" in answer.stderr


def test_it_is_opened_where_there_is_a_screen_to_show_it(command: Command) -> None:
    assert "--show" in command.started(WAYLAND_DISPLAY="wayland-0")["words"]
    assert "--show" not in command.started()["words"]


def test_the_checkouts_script_hands_its_words_on(tmp_path: Path) -> None:
    python = '#!/bin/sh\nprintf "%s\\n" "$@"\n'
    for name, text in (("script/bootstrap", "#!/bin/sh\n"), (".venv/bin/python", python)):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(text)
        program.chmod(0o755)
    shutil.copy(ROOT / "script/server", tmp_path / "script/server")
    said = subprocess.run(
        [str(tmp_path / "script/server"), "--prefix", "/two words"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.splitlines() == ["-m", "sayso", "serve", "--prefix", "/two words"]
