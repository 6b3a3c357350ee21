"""A home has a limit: fast writers are halted, the log says so, and things go on with room."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agent import events as ev
from agent.desktop import VirtualDesktop
from agent.desktop.guardian import used_bytes
from agent.desktop.homes import HomeNews
from agent.home import changed, describe_use, is_hard
from agent.session import Session
from agent.settings import Settings

pytestmark = pytest.mark.desktop
LIMIT = 150 * 10**6
OVERSHOOT = 100 * 10**6
DD = "dd if=/dev/zero bs=1M count=900 status=none of="


async def output(desktop: VirtualDesktop, script: str) -> str:
    process = await desktop.spawn(["bash", "-c", script])
    return b"".join([piece async for piece in await process.read()]).decode(errors="replace")


async def test_a_fast_writer_is_ended_with_little_overshoot_and_room_lets_things_go_on(
    tmp_path: Path,
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline", home_bytes=LIMIT)
    session = Session.create(settings)
    await session.open()
    desktop = session.desktop
    assert isinstance(desktop, VirtualDesktop)
    try:
        opened = session.status.home
        assert opened is not None
        assert (opened.state, opened.limit, opened.hard) == ("open", LIMIT, False)
        assert 0 < opened.used < 10**6
        said = await output(desktop, f"{DD}big; echo after $?")
        assert "after 137" in said
        full = await session.log.wait_for(
            lambda e: isinstance(e, ev.HomeChanged) and e.state == "full", timeout=30
        )
        assert isinstance(full, ev.HomeChanged)
        assert full.ended == ("dd",)
        assert LIMIT <= used_bytes(str(desktop.home)) <= LIMIT + OVERSHOOT
        assert "Your home folder is full" in full.text
        assert full.text in str(session._agent.history.messages())
        for number in range(8):  # whoever tries again and again gets nowhere
            await output(desktop, f"{DD}more{number}")
        assert used_bytes(str(desktop.home)) <= LIMIT + OVERSHOOT
        assert await output(desktop, "echo small >note; cat note; rm big more*") == "small\n"
        await session.log.wait_for(
            lambda e: isinstance(e, ev.HomeChanged) and e.state == "eased", timeout=30
        )
        assert (
            await output(desktop, "head -c 5000000 /dev/zero >again; wc -c <again") == "5000000\n"
        )
        session.change("home_bytes", 10**9)
        await session.log.wait_for(
            lambda e: isinstance(e, ev.HomeChanged) and e.limit == 10**9, timeout=30
        )
        assert "after 0" in await output(desktop, f"{DD.replace('900', '300')}big; echo after $?")
    finally:
        await session.close()


async def test_a_program_that_is_no_command_waits_and_goes_on(tmp_path: Path) -> None:
    news: asyncio.Queue[HomeNews] = asyncio.Queue()
    home = tmp_path / "s" / "one" / "home"
    desktop = VirtualDesktop(home=home, home_limit=LIMIT, on_home=news.put_nowait)
    await desktop.start()
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        await output(desktop, "head -c 100000000 /dev/zero >old")
        argv = ["bash", "-c", f"{DD.replace('900', '120')}big; touch done"]
        await desktop._display.spawn(argv, output=nowhere)
        os.close(nowhere)
        full = await asyncio.wait_for(news.get(), 30)
        assert (full.state, full.ended, full.paused) == ("full", (), ("dd",))
        assert not (home / "done").exists()
        assert used_bytes(str(home)) <= LIMIT + OVERSHOOT
        await output(desktop, "rm old")
        assert (await asyncio.wait_for(news.get(), 30)).state == "eased"
        async with asyncio.timeout(30):
            while not (home / "done").exists():
                await asyncio.sleep(0.05)
        assert (home / "big").stat().st_size == 120 << 20
    finally:
        await desktop.stop()


async def test_a_home_that_is_deleted_while_in_use_is_told(tmp_path: Path) -> None:
    news: asyncio.Queue[HomeNews] = asyncio.Queue()
    home = tmp_path / "s" / "one" / "home"
    desktop = VirtualDesktop(home=home, home_limit=LIMIT, on_home=news.put_nowait)
    await desktop.start()
    try:
        await output(desktop, f"rm -rf {home}/* {home}/.[a-z]*")
        await asyncio.to_thread(os.system, f"rm -rf {home}")
        assert (await asyncio.wait_for(news.get(), 30)).state == "gone"
    finally:
        await desktop.stop()


def test_it_is_said_who_keeps_the_limit(tmp_path: Path) -> None:
    home = ev.HomeChanged(state="open", used=1_200_000_000, limit=2_000_000_000)
    assert describe_use(home) == "1.2 GB of 2.0 GB used (watched by Sayso)"
    hard = home.model_copy(update={"hard": True})
    assert describe_use(hard) == "1.2 GB of 2.0 GB used (the system refuses more)"
    assert not is_hard(tmp_path, 1)
    assert is_hard(tmp_path, 1 << 60)
    disk = changed(HomeNews("full", 0, disk=True, paused=("cp",)), home)
    assert disk.text.startswith("The disk of your home folder is full. cp went on writing")
    assert "raise the limit" not in disk.text
