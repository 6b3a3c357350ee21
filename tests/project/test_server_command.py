"""`script/server`: which of its words are settings, and which are `panel serve`'s."""

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

PANEL = f"""#!{sys.executable}
import json, sys
sys.path.insert(0, {str(ROOT)!r})
from agent.settings import read_settings
found = read_settings(_env_file=None)
print(json.dumps(dict(words=sys.argv[1:], reach=found.reach, network=found.network)))
"""
"""Instead of serving, it tells what it was started with, and what the settings come to."""


class Checkout:
    """A folder in which nothing but `script/server` is real."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("script/bootstrap", "#!/bin/sh\n"), (".venv/bin/panel", PANEL)):
            program = folder / name
            program.parent.mkdir(parents=True)
            program.write_text(text)
            program.chmod(0o755)
        shutil.copy(ROOT / "script/server", folder / "script/server")

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        return subprocess.run(
            [str(self.folder / "script/server"), "--port", "1", *words],
            check=False,
            capture_output=True,
            text=True,
            env={**kept, **environment},
            timeout=300,
        )

    def started(self, *words: str, **environment: str) -> dict[str, Any]:
        """What the server was started with."""
        answer = self.run(*words, **environment)
        assert answer.returncode == 0, answer.stderr
        told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return told


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_places_that_are_named_at_the_start_are_in_the_settings(checkout: Checkout) -> None:
    told = checkout.started("--reach", "wiki:8080", "--reach=10.0.0.5:3000", "--network", "open")
    assert told["reach"] == ["wiki:8080", "10.0.0.5:3000"]
    assert told["network"] == "open"


def test_they_stand_above_the_environment_and_without_them_it_holds(checkout: Checkout) -> None:
    environment = {"SAYSO_REACH": "other:1", "SAYSO_NETWORK": "off"}
    assert checkout.started("--reach", "wiki:8080", **environment)["reach"] == ["wiki:8080"]
    assert checkout.started(**environment)["reach"] == ["other:1"]
    assert checkout.started(**environment)["network"] == "off"


def test_the_servers_own_words_stay_its_own(checkout: Checkout) -> None:
    given = ["--prefix", "/two words", "--reach", "wiki:8080", "--basic-auth=users.json"]
    assert checkout.started(*given)["words"] == [
        *("serve", "dashboard", "--port", "1"),
        *("--prefix", "/two words", "--basic-auth=users.json"),
    ]


def test_a_name_without_its_value_is_said_so(checkout: Checkout) -> None:
    answer = checkout.run("--reach")
    assert (answer.returncode, answer.stderr) == (2, "--reach needs a value.\n")
