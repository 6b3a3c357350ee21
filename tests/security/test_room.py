"""An import is begun only if the disk has room for it, and leaves room for the sessions' logs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.experiments.run.pack import NoRoomError, pack, unpack
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from agent.record.export import export_session, import_session
from agent.room import SPARE, bytes_below, has_room, spare_beside
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, says
from tests.lab.lab_stage import FakeEnvironment, small

DISK = 96 << 20

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
async def exported(tmp_path: Path) -> Path:
    """A session whose home holds ten megabytes."""
    settings = Settings(_env_file=None, data_dir=tmp_path / "other", model="offline")
    session = Session.create(
        settings,
        desktop=FakeDesktop(),
        model=ScriptedModel([[*says("Hello."), *done()]]),
        tools=(FakeTool(),),
    )
    await session.open()
    session.say("Hello")
    await session.wait_idle(20)
    await session.close()
    folder = export_session(settings.data_dir, session.id, tmp_path / "exported")
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "large").write_bytes(bytes(10 << 20))
    return folder


def free(disk: Path) -> int:
    info = os.statvfs(disk)
    return info.f_bavail * info.f_frsize


def leave(disk: Path, left: int) -> None:
    """Fill the disk until so much is free."""
    (disk / "filler").unlink(missing_ok=True)
    with (disk / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, free(disk) - left)


def test_room_is_what_is_left_beside_what_must_stay_free(disk: Path) -> None:
    """To the byte."""
    leave(disk, SPARE + (1 << 20))
    left = free(disk)
    assert has_room(disk, left - SPARE)
    assert not has_room(disk, left - SPARE + 1)
    assert has_room(disk, left, spare=0)
    assert not has_room(disk, left + 1, spare=0)
    assert spare_beside(disk, disk) == SPARE
    assert spare_beside(disk.parent, disk) == 0


def test_an_import_without_room_is_refused_and_leaves_nothing(disk: Path, exported: Path) -> None:
    """The disk has enough for itself alone, but not for the logs of what runs."""
    size = bytes_below(exported)
    leave(disk, SPARE + size - (1 << 20))
    before = sorted(disk.rglob("*"))
    with pytest.raises(JournalError, match=r"no room for this session: nothing was imported"):
        import_session(exported, disk, session_id="one")
    assert sorted(disk.rglob("*")) == before
    leave(disk, SPARE + size + (1 << 20))
    assert import_session(exported, disk, session_id="one") == "one"
    assert (disk / "sessions" / "one" / "home" / "large").stat().st_size == 10 << 20


def test_a_trial_without_room_is_refused_and_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    trial = tmp_path / "trial"
    trial.mkdir()
    (trial / "large").write_bytes(bytes(10 << 20))
    packed, target = pack(trial), disk / "incoming" / "one"
    target.parent.mkdir()
    leave(disk, SPARE + len(packed) - (1 << 20))
    before = sorted(disk.rglob("*"))
    with pytest.raises(NoRoomError, match=r"no room for a trial of 10\.5 MB.*Free some room"):
        unpack(packed, target)
    assert sorted(disk.rglob("*")) == before
    leave(disk, SPARE + len(packed) + (1 << 20))
    unpack(packed, target)
    assert (target / "large").stat().st_size == 10 << 20


def test_an_experiment_whose_disk_is_full_says_so_and_goes_on_with_room(disk: Path) -> None:
    experiment = small(repeats=1)
    place = LocalPlacement(1)
    leave(disk, SPARE - (1 << 20))
    try:
        full = Runner(experiment, disk, place, environment=FakeEnvironment())
        state = full.run()
        assert dict(state.statuses) == {"error": 6}
        assert any("has no room for a trial" in note for note in state.notes), state.notes
        assert {r.error_class for r in full.store.results()} == {"NoRoom"}
        assert list((full.store.folder / ".incoming").iterdir()) == []
        (disk / "filler").unlink()
        again = Runner(experiment, disk, place, environment=FakeEnvironment())
        assert dict(again.run().statuses) == {"passed": 3, "failed": 3}
    finally:
        place.close()
