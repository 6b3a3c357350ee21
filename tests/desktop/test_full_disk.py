"""A disk that is full: nothing is done that cannot be written down, and with room it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.desktop import VirtualDesktop
from agent.errors import InputHalted, JournalError
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 150 MB."""
    place = tmp_path / "small disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=150m,mode=755", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def say_often(session: Session) -> None:
    """SQLite's own file has room for a few events."""
    for _ in range(200):
        session.say("Create a file called lost that says lost")


async def test_what_cannot_be_written_down_is_not_done_and_with_room_it_goes_on(disk: Path) -> None:
    settings = Settings(_env_file=None, data_dir=disk, model="offline")
    session = Session.create(settings)
    await session.open()
    assert isinstance(session.desktop, VirtualDesktop)
    try:
        assert session.status.home is not None
        assert session.status.home.hard  # the disk itself is smaller than the limit
        await asyncio.to_thread(fill, disk / "filler")
        with pytest.raises(JournalError, match=r"cannot be written.*free some disk space"):
            say_often(session)
        assert "free some disk space" in session.trouble
        with pytest.raises(InputHalted):
            await session.desktop.input.move(5, 5)
        assert not (session.desktop.home / "lost.txt").exists()
        (disk / "filler").unlink()
        session.say("Create a file called found that says found")
        await session.wait_idle(60)
        assert session.trouble == ""
        assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
        assert (session.desktop.home / "found.txt").read_text().strip() == "found"
    finally:
        await session.close()
    assert Session.resume(settings, session.id).log.of(ev.SessionClosed)
