"""What breaks while a task runs: nothing of it is lost or shown wrong, and the next one works.

More faults of the journal's disk are in `tests/brain/test_unwritable.py`; a halted speech process
is in `tests/voice_offline/test_speech_hangs.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from desks import signalled

from agent.desktop.virtual import VirtualDesktop
from agent.errors import InputHalted, ModelUnavailable
from agent.models.base import ModelRequest
from agent.record import events as ev
from agent.record.journal import SqliteJournal, session_folder
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import Script as Answer
from agent.testing.scripted import ScriptedModel, call, done, says

pytestmark = pytest.mark.desktop
Fault = Callable[["AtWork"], Awaitable[None]]


@dataclass
class AtWork:
    """A session whose agent is in the middle of an action, on a real desktop."""

    session: Session
    desktop: VirtualDesktop
    gone: bool = False
    """Whether the model's service is."""

    def answer(self, request: ModelRequest) -> Answer:
        last = request.messages[-1]["content"]
        if self.gone:
            return [ModelUnavailable("The model's service does not answer.")]
        if "tool_result" in str(last):
            return [*says("That is all."), *done()]
        if "Wait" in str(last):
            return [*call("wait", duration=9), *done("tool_use")]
        return [*call("left_click", coordinate=[300, 300]), *done("tool_use")]

    def guardian(self) -> int:
        """Its process, as it is called out here."""
        guardian = self.desktop._display._guardian
        assert guardian is not None
        return guardian.pid

    @property
    def last(self) -> ev.TaskFinished:
        return self.session.log.of(ev.TaskFinished)[-1]


def guardian(name: str) -> Fault:
    async def fault(work: AtWork) -> None:
        os.kill(work.guardian(), getattr(signal, f"SIG{name}"))

    return fault


def part(name: str, victim: str) -> Fault:
    async def fault(work: AtWork) -> None:
        await signalled(work.desktop, name, victim)

    return fault


async def no_service(work: AtWork) -> None:
    """It answers no further turn, and the action is over."""
    work.gone = True
    work.session.stop("You pressed Stop.")
    work.session.say("Wait again.")


HOME = 150 * 10**6
"""Bytes that the home may hold."""

SESSION_BUS, ACCESSIBILITY_BUS = "dbus-daemon --config-file", "/usr/bin/dbus-daemon --config-file"
DYING = {
    "guardian halted": guardian("STOP"),
    "guardian killed": guardian("KILL"),
    "X server halted": part("STOP", "Xvnc -displayfd"),
    "X server killed": part("KILL", "Xvnc -displayfd"),
    "session bus halted": part("STOP", SESSION_BUS),
    "session bus killed": part("KILL", SESSION_BUS),
    "accessibility bus halted": part("STOP", ACCESSIBILITY_BUS),
    "accessibility bus killed": part("KILL", ACCESSIBILITY_BUS),
    "window manager halted": part("STOP", "xfwm4 --sm"),
    "window manager killed": part("KILL", "xfwm4 --sm"),
}
"""What a desktop does not live without: it starts anew."""

BEARABLE = {
    "panel halted": part("STOP", "xfce4-panel"),
    "objects' registry halted": part("STOP", "/usr/libexec/at-spi2-registryd"),
}
"""What holds up no key; whatever asks them ends by its own patience."""


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[AtWork]:
    async with begun(tmp_path) as at_work:
        yield at_work


@asynccontextmanager
async def begun(data_dir: Path) -> AsyncIterator[AtWork]:
    settings = Settings(_env_file=None, data_dir=data_dir, model="offline", home_bytes=HOME)
    at_work = AtWork.__new__(AtWork)
    session = Session.create(
        settings, session_id="one", model=ScriptedModel(at_work.answer), rules=()
    )
    assert isinstance(session.desktop, VirtualDesktop)
    at_work.__init__(session, session.desktop)  # type: ignore[misc]
    await session.open()
    session.say("Wait.")
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=60)
    try:
        yield at_work
    finally:
        await session.close()


def stored(session: Session) -> list[ev.Event]:
    journal = SqliteJournal(session_folder(session.settings.data_dir, session.id))
    try:
        return list(journal.read())
    finally:
        journal.close()


async def next_works(work: AtWork) -> None:
    """The next instruction is carried out, and the journal has every event that was told."""
    work.session.say("Click.")
    await work.session.wait_idle(60)
    told = [e.text for e in work.session.log.of(ev.ActionFinished)]
    assert (work.last.outcome, work.last.summary) == ("done", "That is all."), told
    started = {e.task_id for e in work.session.log.of(ev.TaskStarted)}
    assert started == {e.task_id for e in work.session.log.of(ev.TaskFinished)}
    await work.session.close()
    assert stored(work.session) == list(work.session.log)
    assert [e.seq for e in work.session.log] == list(range(len(work.session.log)))


@pytest.mark.parametrize("fault", DYING)
async def test_a_desktop_that_dies_in_a_task_is_shown_so_and_the_next_task_works(
    work: AtWork, fault: str
) -> None:
    """The desktop is shown as dead, then as ready again."""
    session, since = work.session, len(work.session.log)
    at = asyncio.get_running_loop().time()
    await DYING[fault](work)
    states: list[str] = []
    for state in ("died", "ready"):
        found = await session.log.wait_for(
            lambda e, wanted=state: isinstance(e, ev.DesktopChanged) and e.state == wanted,
            since=since,
            timeout=90,
        )
        print(f"{fault}: {state} after {asyncio.get_running_loop().time() - at:.1f} s")
        states.append(f"{found.state}: {found.detail}")
        since = found.seq
    assert ("was halted" in states[0]) is ("halted" in fault), states
    await session.wait_idle(60)
    print(f"{fault}: {[e.text for e in session.log.of(ev.ActionFinished)]}, {work.last.outcome}")
    await next_works(work)


@pytest.mark.parametrize("fault", BEARABLE)
async def test_a_part_that_hangs_in_a_task_holds_up_neither_stop_nor_the_next_task(
    work: AtWork, fault: str
) -> None:
    await BEARABLE[fault](work)
    async with asyncio.timeout(60):
        work.session.stop("You pressed Stop.")
        assert work.session.status.who == "stopped"
        await work.session.wait_idle(60)
    await next_works(work)


async def test_a_service_that_is_gone_in_a_task_is_told_and_the_next_task_works(
    work: AtWork,
) -> None:
    await no_service(work)
    await work.session.wait_idle(90)
    assert work.last.outcome == "failed"
    assert "does not answer" in work.last.summary
    work.gone = False
    await next_works(work)


async def test_a_home_that_fills_up_in_a_task_is_told_and_the_next_task_works(
    work: AtWork,
) -> None:
    """It is shown as full while the task goes on, and as eased when there is room."""
    session, loop = work.session, asyncio.get_running_loop()
    at, since = loop.time(), len(session.log)
    script = "dd if=/dev/zero bs=1M count=900 status=none of=big"
    writer = await work.desktop.spawn(["bash", "-c", script])
    full = await session.log.wait_for(
        lambda e: isinstance(e, ev.HomeChanged) and e.state == "full", since=since, timeout=60
    )
    print(f"told after {loop.time() - at:.1f} s")
    assert session.status.home is not None
    assert session.status.home.state == "full"
    assert session.status.task_id is not None
    assert "Your home folder is full" in full.text
    async for _ in await writer.read():
        pass
    await session.wait_idle(60)
    assert work.last.outcome == "done"
    work.session.say("Click.")
    await session.wait_idle(60)
    assert (work.last.outcome, work.last.summary) == ("done", "That is all.")
    (work.desktop.home / "big").unlink()
    await session.log.wait_for(
        lambda e: isinstance(e, ev.HomeChanged) and e.state == "eased", since=since, timeout=60
    )
    assert session.status.home.state == "eased"
    await next_works(work)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 150 MB, for the journal and the home."""
    place = tmp_path / "small disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=150m,mode=755", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 4096):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


async def test_a_journals_disk_that_fills_up_in_a_task_stops_it_and_the_next_task_works(
    disk: Path,
) -> None:
    """The picture that the action brings cannot be kept: nothing more is done, and it is told."""
    async with begun(disk) as work:
        session, loop = work.session, asyncio.get_running_loop()
        await asyncio.to_thread(fill, disk / "filler")
        told: list[str] = []
        session.on_trouble.append(told.append)
        async with asyncio.timeout(60):
            while not session.trouble:
                await asyncio.sleep(0.01)
        assert "free some disk space" in session.trouble
        assert told == [session.trouble]
        with pytest.raises(InputHalted):
            await work.desktop.input.move(5, 5)
        await session.wait_idle(60)
        at = loop.time()
        (disk / "filler").unlink()
        async with asyncio.timeout(60):
            while session.trouble:
                await asyncio.sleep(0.01)
        print(f"over after {loop.time() - at:.1f} s")
        assert (work.last.outcome, "written down" in work.last.summary) == ("failed", True)
        assert session.status.who == "idle"
        await next_works(work)
