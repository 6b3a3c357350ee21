"""A setting that cannot be what it is: one sentence, that names its variable and what may be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import ConfigurationError
from agent.settings import read_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "tools"),
    [
        ("shell", ("shell",)),
        ("shell,computer", ("shell", "computer")),
        (" shell , computer ", ("shell", "computer")),
        ('["shell", "computer"]', ("shell", "computer")),
        (' ["shell"]', ("shell",)),
    ],
)
def test_a_list_may_be_spelled_with_commas_or_as_json(
    monkeypatch: pytest.MonkeyPatch, value: str, tools: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SAYSO_TOOLS", value)
    assert read_settings().tools == tools


def test_a_name_of_several_words_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYSO_ALLOW", "terminal, weighty button")
    assert read_settings().allow == ("terminal", "weighty button")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SAYSO_TOOLS", "nope", "There is no tool “nope”"),
        ("SAYSO_TOOLS", ",", "Choose at least one tool"),
        ("SAYSO_TOOLS", '["shell"', "It must be a list"),
        ("SAYSO_TOOLS", "[shell]", "It must be a list"),
        ("SAYSO_ALLOW", "nope", "There is no rule “nope”"),
        ("SAYSO_KEYS", "abc", "its own variable"),
        ("SAYSO_MAX_TURNS", "abc", "It must be a whole number"),
        ("SAYSO_MAX_DOLLARS", "inf", "It must be a"),
        ("SAYSO_NETWORK", "maybe", "It must be 'auto', 'off', 'listed' or 'open'"),
    ],
)
def test_a_wrong_value_is_one_sentence_about_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as raised:
        read_settings()
    said = str(raised.value)
    assert told in said
    assert re.findall(r"SAYSO_\w+", said) == [variable]
    assert "SAYSO" not in said.replace(variable, "")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SAYSO_VOICE_ATTENTION", "loud", "It must be 'everything', 'addressed' or 'named'"),
        ("SAYSO_VOICE_LANGUAGES", "xx", "SAYSO_VOICE_LANGUAGES"),
        ("SAYSO_DATA_DIR", "/proc/nowhere", "set SAYSO_DATA_DIR"),
    ],
)
def test_a_server_does_not_start_with_what_its_pages_could_not_use(
    variable: str, value: str, told: str
) -> None:
    """Else each page would fail, and nobody would know why."""
    ended = subprocess.run(
        [sys.executable, "-m", "panel", "serve", "dashboard", "--port", "0"],
        cwd=ROOT,
        env=os.environ | {variable: value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    assert told in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "agent", "open the editor"),
        ("-m", "agent.experiments", "list"),
        ("-m", "dashboard.voice.hume", "setup"),
        ("-m", "panel", "serve", "dashboard", "--port", "0"),
    ],
    ids=lambda command: command[1] + command[2][:6],
)
def test_every_command_ends_with_that_sentence(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"SAYSO_TOOLS": "nope", "SAYSO_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    assert "There is no tool “nope”" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
