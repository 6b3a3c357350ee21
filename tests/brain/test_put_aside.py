"""What was kept and is not understood any more is put aside, never written over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.disk import put_aside
from agent.errors import ConfigurationError
from agent.experiments.run.pack import pack, unpack
from agent.keys import KeyStore
from agent.session.kept_hosts import KeptHosts
from agent.settings import Settings
from dashboard.web.preferences import Preferences

KEY = "sk-ant-abcdefgh12345678"


def _keys(path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=path.parent)
    KeyStore(settings, ring=lambda: None).put("ANTHROPIC_API_KEY", KEY)


def _hosts(path: Path) -> None:
    KeptHosts(path).add(["example.org"])


def _preferences(path: Path) -> None:
    Preferences(path, Settings(_env_file=None)).put("max_turns", 7)


DAMAGE = [
    pytest.param(".env", b"ANTHROPIC_API_KEY=caf\xe9\n", _keys, id="keys in Latin-1"),
    pytest.param("hosts", b"example.com\ncaf\xe9.example\n", _hosts, id="hosts in Latin-1"),
    pytest.param("hosts", b"example.com\n127.0.0.1\n", _hosts, id="a host that may not be"),
    pytest.param("settings.json", b'{"max_turns": 5', _preferences, id="half a file of settings"),
    pytest.param("settings.json", b"[1, 2]", _preferences, id="settings that are a list"),
    pytest.param("settings.json", b'{"later": 1}', _preferences, id="a setting of a later version"),
]


@pytest.mark.parametrize(("name", "data", "write"), DAMAGE)
def test_a_file_that_is_not_understood_is_kept_beside_what_is_written(
    tmp_path: Path, name: str, data: bytes, write: Callable[[Path], None]
) -> None:
    (tmp_path / name).write_bytes(data)
    write(tmp_path / name)
    assert (tmp_path / f"{name}.damaged").read_bytes() == data
    assert (tmp_path / name).read_bytes() != data
    write(tmp_path / name)
    assert not (tmp_path / f"{name}.damaged.2").exists()


def test_what_is_understood_is_not_put_aside(tmp_path: Path) -> None:
    for name, write in ((".env", _keys), ("hosts", _hosts), ("settings.json", _preferences)):
        write(tmp_path / name)
        write(tmp_path / name)
    assert not list(tmp_path.glob("*.damaged*"))
    assert json.loads((tmp_path / "settings.json").read_text()) == {"max_turns": 7}


def test_an_earlier_one_put_aside_stays(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    for text in ("one", "two"):
        file.write_text(text)
        put_aside(file)
    assert (tmp_path / "hosts.damaged").read_text() == "one"
    assert (tmp_path / "hosts.damaged.2").read_text() == "two"


def test_a_trial_that_is_there_is_not_replaced_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/a.txt").write_text("new")
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="exists already"):
        unpack(pack(tmp_path / "new"), there)
    assert (there / "mine.txt").read_text() == "mine"
