"""How a desktop gets a group of its own from systemd, where there is one that gives it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.desktop.server.groups import NoGroups, Scope, make_groups, memory, takes_scopes

SYSTEMD = """#!/bin/sh
echo "$XDG_RUNTIME_DIR $*" >>"$(dirname "$0")/asked"
[ -e "$(dirname "$0")/refuses" ] && exit 1
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's systemd that takes each scope; its folder."""
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").touch()
    program = tmp_path / "systemd-run"
    program.write_text(SYSTEMD)
    program.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_a_scope_bounds_all_that_begins_in_it(systemd: Path) -> None:
    """What begins there is not told of the person's systemd."""
    argv = Scope(str(systemd)).around(["sh", "-c", "echo ${XDG_RUNTIME_DIR-none} $0", "a b"])
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == "none a b\n"
    asked = (systemd / "asked").read_text()
    assert asked.startswith(f"{systemd} --user --scope ")
    for bound in (f"MemoryMax={memory()}", "MemorySwapMax=0", "TasksMax=1024", "CPUWeight=100"):
        assert f"-p {bound} " in asked


def test_a_systemd_that_refuses_or_is_not_there_is_not_relied_on(systemd: Path) -> None:
    assert takes_scopes(str(systemd))
    refusing = systemd / "refusing"
    (refusing / "systemd").mkdir(parents=True)
    (refusing / "systemd" / "private").touch()
    (systemd / "refuses").touch()
    assert not takes_scopes(str(refusing))
    assert not takes_scopes(str(systemd / "nowhere"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may make groups itself")
def test_where_there_is_nothing_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    found = make_groups()
    assert isinstance(found, NoGroups)
    assert "control groups" in found.why_not
