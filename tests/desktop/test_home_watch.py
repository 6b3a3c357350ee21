"""Who fills a home is seen, whenever they begin; without a desktop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.desktop.server.guardian import Watch

WRITES = (
    "import sys, time\n"
    "file = open(sys.argv[1], 'wb', 0)\n"
    "file.write(bytes(3 << 20))\n"
    "print('wrote', flush=True)\n"
    "time.sleep(600)"
)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that has filled a folder, and has the file open."""
    argv = [sys.executable, "-c", WRITES, str(tmp_path / "big")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "wrote\n"
        yield process
        process.kill()


def state_of(process: subprocess.Popen[str]) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_who_begins_to_write_while_a_full_home_is_looked_at_is_halted_and_named(
    tmp_path: Path, writer: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had no file open when the look began."""
    watch, look = Watch(), Watch._writers
    watch.begin([str(tmp_path)], 1 << 20)
    nobody_yet = [True]

    def writers(own: Watch) -> dict[int, str]:
        return {} if nobody_yet and nobody_yet.pop() else look(own)

    monkeypatch.setattr(Watch, "_writers", writers)
    told = watch._check(set(), set())
    assert told is not None
    assert (told["state"], told["ended"]) == ("full", [])
    assert len(told["paused"]) == 1
    assert state_of(writer) == "T"
