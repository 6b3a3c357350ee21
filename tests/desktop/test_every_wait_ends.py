"""What code on the desktop does to its guardian, or what becomes of it, holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.desktop.base import DesktopStatus
from agent.desktop.server import groups, processes, sandbox
from agent.desktop.server.halts import is_halted
from agent.desktop.virtual import VirtualDesktop
from agent.errors import DesktopDied

pytestmark = pytest.mark.desktop
FEW = 256
"""Processes and threads of a small desktop."""

HOSTILE = (
    "for pid in 1 $PPID; do kill -STOP $pid; kill -KILL $pid; done 2>/dev/null; "
    "cat /proc/1/mem /proc/1/environ 2>/dev/null | head -c 1; ls /proc/1/fd 2>/dev/null | wc -l"
)


@pytest.fixture
async def desktop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VirtualDesktop]:
    """It gives its guardian up sooner, and takes what is halted for what hangs."""
    monkeypatch.setattr(processes, "_PATIENCE", 5.0)
    desktop = VirtualDesktop()
    monkeypatch.setattr(desktop._display, "halted", str)
    await desktop.start()
    yield desktop
    await desktop.stop()


async def said(desktop: VirtualDesktop, argv: list[str]) -> str:
    """What a program prints on the desktop."""
    process = await desktop.spawn(argv)
    pieces = [piece async for piece in await process.read()]
    await process.wait()
    return b"".join(pieces).decode().strip()


def guardian_of(desktop: VirtualDesktop) -> int:
    """Its process, as it is called out here."""
    guardian = desktop._display._guardian
    assert guardian is not None
    return guardian.pid


async def ended(pid: int) -> None:
    """Whoever should have reaped it may be gone as well."""
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}").exists():
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            await asyncio.sleep(0.05)


async def state(desktop: VirtualDesktop, wanted: str) -> DesktopStatus:
    async with asyncio.timeout(60):
        while desktop.status.state != wanted:
            await asyncio.sleep(0.05)
    return desktop.status


async def test_nothing_on_the_desktop_can_stop_end_or_read_its_guardian(
    desktop: VirtualDesktop,
) -> None:
    before = guardian_of(desktop)
    assert await said(desktop, ["setsid", "bash", "-c", HOSTILE]) == "0"
    assert await said(desktop, ["echo", "still here"]) == "still here"
    assert guardian_of(desktop) == before
    assert desktop.status.state == "ready"


async def test_a_guardian_that_is_halted_is_given_up_and_the_files_stay(
    desktop: VirtualDesktop,
) -> None:
    """Whoever waits for it is told; then the desktop is there again."""
    (desktop.home / "kept.txt").write_text("kept")
    old = guardian_of(desktop)
    os.kill(old, signal.SIGSTOP)
    with pytest.raises(DesktopDied):
        async with asyncio.timeout(60):
            await desktop.spawn(["echo", "no answer"])
    await state(desktop, "ready")
    assert guardian_of(desktop) != old
    await ended(old)
    assert (desktop.home / "kept.txt").read_text() == "kept"
    assert await said(desktop, ["echo", "again"]) == "again"


async def test_a_halted_guardian_is_noticed_though_nobody_asks_for_anything(
    desktop: VirtualDesktop,
) -> None:
    old = guardian_of(desktop)
    os.kill(old, signal.SIGSTOP)
    async with asyncio.timeout(60):
        while desktop.status.state == "ready":
            await asyncio.sleep(0.05)
    await state(desktop, "ready")
    assert guardian_of(desktop) != old


async def test_a_desktop_whose_guardian_is_halted_can_be_stopped(desktop: VirtualDesktop) -> None:
    """So can one with a program that is waited for."""
    process = await desktop.spawn(["sleep", "1000"])
    old = guardian_of(desktop)
    os.kill(old, signal.SIGSTOP)
    async with asyncio.timeout(60):
        await asyncio.gather(process.kill(), desktop.stop())
    await ended(old)
    assert not process.running


async def test_no_folder_takes_the_machines_memory(desktop: VirtualDesktop) -> None:
    """Each is full at its bound, or cannot be written at all."""
    sized = ("/dev/shm", "/run", "/var/tmp")
    for folder in ("/", "/dev", "/home", "/etc", *sized):
        fill = f"head -c 700M /dev/zero > {folder}/filling; stat -c %s {folder}/filling"
        words = ["bash", "-c", f"({fill}; rm -f {folder}/filling) 2>/dev/null"]
        written = await said(desktop, words)
        assert int(written or 0) <= 1 << 29, folder
        assert bool(written) == (folder in sized), folder


@pytest.fixture
async def small(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VirtualDesktop]:
    """A desktop that may have few processes and little memory, by whatever bounds it here."""
    monkeypatch.setattr(groups, "PROCESSES", FEW)
    monkeypatch.setattr(groups, "MOST", 1 << 30)
    monkeypatch.setitem(sandbox.LIMITS, "nproc", FEW)
    desktop = VirtualDesktop()
    await desktop.start()
    yield desktop
    await desktop.stop()


async def _next_works(desktop: VirtualDesktop) -> None:
    """One that begins just when there is room for itself alone says so, and is tried again."""
    async with asyncio.timeout(120):
        while (await said(desktop, ["bash", "-c", "ls / >/dev/null; echo next"])) != "next":
            await asyncio.sleep(0.1)
    assert desktop.status.state == "ready"


async def test_after_too_many_programs_the_next_command_works(small: VirtualDesktop) -> None:
    """They are ended for it, whatever started them as well, and the desktop goes on.

    ``script/check bombs`` lets a fork bomb go off, too.
    """
    before = guardian_of(small)
    bomb = ["bomb() { bomb | bomb & }; bomb; sleep 1000"]
    for script in (
        "for n in {1..400}; do sleep 1000 & done; wait",
        "for n in {1..400}; do setsid sleep 1000 & done; wait",
        *(bomb if os.environ.get("SAYSO_THOROUGH") else []),
    ):
        crowd = await small.spawn(["bash", "-c", f"exec >/dev/null 2>&1; {script}"])
        await _full(before)
        await _next_works(small)
        await crowd.kill()
    assert guardian_of(small) == before


async def _full(guardian: int) -> None:
    """Until the desktop has (nearly) as many processes as it may have."""
    async with asyncio.timeout(60):
        while len(_below(guardian)) < FEW // 2:
            await asyncio.sleep(0.05)


def _below(pid: int) -> list[int]:
    found = [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    with contextlib.suppress(FileNotFoundError):
        found += [each for child in tuple(found) for each in _below(child)]
    return found


async def test_after_a_memory_bomb_the_next_command_works(small: VirtualDesktop) -> None:
    """It is many programs, each of which is within its own bounds."""
    if small.status.unbounded:
        pytest.skip(small.status.unbounded)
    before = guardian_of(small)
    eat = "b = bytearray(1 << 28); b[::4096] = b'x' * (1 << 16); import time; time.sleep(1000)"
    bomb = await small.spawn(
        ["bash", "-c", f'for n in 1 2 3 4 5 6 7 8; do python3 -c "{eat}" & done; wait -n; echo one']
    )
    async with asyncio.timeout(90):
        async for piece in await bomb.read():
            if b"one" in piece:  # of them was ended
                break
    await _next_works(small)
    assert guardian_of(small) == before
    await bomb.kill()


async def test_a_desktop_leaves_no_group_behind(desktop: VirtualDesktop) -> None:
    guardian = desktop._display._guardian
    assert guardian is not None
    folders = getattr(guardian._groups, "folders", [])
    if not folders:
        pytest.skip(desktop.status.unbounded)
    inside = (folders[0] / "cgroup.procs").read_text().split()
    assert str(guardian.pid) in inside
    await desktop.stop()
    assert [folder for folder in folders if folder.exists()] == []


VITAL = {
    "X server": "Xvnc",
    "session bus": "dbus-daemon",
    "accessibility bus": "dbus-daemon",
    "window manager": "xfwm4",
}


async def halt(desktop: VirtualDesktop, part: str) -> None:
    """Halt a part, and see that this is what the kernel says."""
    await said(desktop, ["pkill", "-STOP", "-x", VITAL[part]])
    async with asyncio.timeout(30):
        while is_halted(desktop._display._vital[part]) is False:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("part", VITAL)
async def test_a_desktop_with_a_halted_part_can_be_let_go_of_and_stopped(
    desktop: VirtualDesktop, part: str
) -> None:
    """While somebody waits for it, for whom the halted X server has no answer."""
    first = guardian_of(desktop)
    await halt(desktop, part)
    waiting = [
        asyncio.create_task(each)
        for each in (
            desktop.screenshot(),
            desktop.tree(),
            desktop.windows(),
            desktop.input.click(300, 300),
        )
    ]
    _, pending = await asyncio.wait(waiting, timeout=1)
    if part == "X server":
        assert set(waiting) - {waiting[1]} <= pending  # the objects come from a bus
    async with asyncio.timeout(60):
        desktop.input.halt()
        await desktop.stop()
        await asyncio.wait(waiting)
    await ended(first)
