"""How a desktop gets a group of its own from systemd, where there is one that gives it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.desktop.server.groups import (
    ASIDE,
    BEHIND,
    BESIDE,
    COMPUTING,
    FIRST,
    WEIGHT,
    NoGroups,
    Scope,
    make_beside,
    make_groups,
    memory,
    takes_scopes,
)

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


FIRST_OF_ALL = """
from concurrent.futures import ThreadPoolExecutor
from os import getpid
from pathlib import Path
from subprocess import run
from agent.threads import step_back, step_far_back
from agent.desktop.server.groups import make_beside, make_groups, put_first

def own(who="self"):
    line = next(x for x in open(f"/proc/{who}/cgroup") if "cpu" in x.split(":")[1].split(","))
    return line.strip().split(":")

def weight(path):
    return Path(f"/sys/fs/cgroup/{own()[1]}{path}/cpu.shares").read_text().strip()

before = own()[2]
leave = put_first()
first = own()[2]
print(Path(first).parent == Path(before), weight(first))
for groups in (make_groups(), make_beside()):
    said = run(groups.around(["cat", "/proc/self/cgroup"]), capture_output=True, text=True)
    inside = next(x for x in said.stdout.splitlines() if f":{own()[1]}:" in x).split(":")[2]
    print(Path(inside).parent == Path(before), weight(inside))
    groups.remove()
for back in (step_back, step_far_back):
    with ThreadPoolExecutor(1, initializer=back) as pool:
        aside = pool.submit(own, "thread-self").result()[2]
        print(Path(aside).parent == Path(before), weight(aside), own()[2] == first)
leave()
left = Path(f"/sys/fs/cgroup/{own()[1]}{before}").glob(f"sayso-{getpid()}-*")
print(own()[2] == before, list(left))
"""


def test_the_server_comes_first_and_what_it_starts_does_not() -> None:
    """However much a desktop or the speech process wants, the server gets its part at once."""
    tried = make_beside()
    tried.remove()
    if isinstance(tried, NoGroups):
        pytest.skip("only root may make groups, of version 1")
    told = subprocess.run(
        [sys.executable, "-c", FIRST_OF_ALL], capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == [
        f"True {FIRST}",
        f"True {WEIGHT}",
        f"True {BESIDE}",
        f"True {ASIDE} True",
        f"True {COMPUTING} True",
        "True []",
    ]
    assert FIRST > ASIDE > 4 * (8 * WEIGHT + BESIDE + COMPUTING)


def test_without_groups_what_the_server_starts_is_nicer_than_the_server() -> None:
    told = subprocess.run(NoGroups().around(["nice"]), capture_output=True, text=True, check=True)
    assert int(told.stdout) == min(19, os.nice(0) + BEHIND)
