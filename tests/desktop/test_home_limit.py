"""A home has a limit: fast writers are halted, the log says so, and things go on with room."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from deep import dig

from agent.desktop import VirtualDesktop
from agent.desktop.server.guardian import ENTRY, used_bytes
from agent.desktop.server.homes import HomeNews
from agent.record import events as ev
from agent.session.home import changed, describe_use, is_hard
from agent.session.session import Session
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


SMALL_LIMIT = 20 * 10**6
HIDDEN_WRITERS = {
    "small files": "for i in $(seq 40000); do printf %04000d 0 >f$i; done",
    "empty files": "import os; [os.close(os.open(f'e{i}', os.O_CREAT)) for i in range(200_000)]",
    "deleted but open": (
        "import os; f = open('x', 'wb', 0); os.unlink('x')\n"
        "for _ in range(300): f.write(bytes(1 << 20))"
    ),
    "one name, many times": "for i in $(seq 60); do head -c 4000000 /dev/zero >h$i; done",
}


@pytest.mark.parametrize("how", HIDDEN_WRITERS)
async def test_who_fills_a_home_without_a_large_file_is_ended_too(tmp_path: Path, how: str) -> None:
    news: asyncio.Queue[HomeNews] = asyncio.Queue()
    home, script = tmp_path / "s" / "one" / "home", HIDDEN_WRITERS[how]
    desktop = VirtualDesktop(home=home, home_limit=SMALL_LIMIT, on_home=news.put_nowait)
    await desktop.start()
    try:
        first = ["bash", "-c", script] if "seq" in script else ["python3", "-c", script]
        process = await desktop.spawn(first)
        assert await asyncio.wait_for(process.wait(), 90) == -9
        told = [await asyncio.wait_for(news.get(), 30)]
        while not told[-1].ended:
            told.append(await asyncio.wait_for(news.get(), 30))
        assert told[0].state == "full"
        assert used_bytes(str(home)) <= SMALL_LIMIT + OVERSHOOT
        assert await output(desktop, "rm -f -- f* e* h*; echo there is room") == "there is room\n"
        while told[-1].state != "eased":
            told.append(await asyncio.wait_for(news.get(), 30))
    finally:
        await desktop.stop()


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


async def test_a_home_that_is_moved_away_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline")
    session = Session.create(settings)
    await session.open()
    desktop = session.desktop
    assert isinstance(desktop, VirtualDesktop)
    try:
        home, away = desktop.home, tmp_path / "away with it"
        await output(desktop, "echo kept >note")
        await asyncio.to_thread(os.rename, home, away)
        gone = await session.log.wait_for(
            lambda e: isinstance(e, ev.HomeChanged) and e.state == "gone", timeout=30
        )
        assert isinstance(gone, ev.HomeChanged)
        assert f"It is in {away} now." in gone.text
        assert gone.text in str(session._agent.history.messages())
        assert await output(desktop, "echo more >>note; cat note") == "kept\nmore\n"
        await asyncio.to_thread(home.mkdir)  # another folder of that name is not it
        await asyncio.sleep(1.5)
        assert session.status.home is not None
        assert session.status.home.state == "gone"
        await asyncio.to_thread(home.rmdir)
        await asyncio.to_thread(os.rename, away, home)
        back = await session.log.wait_for(
            lambda e: isinstance(e, ev.HomeChanged) and e.state == "eased", timeout=30
        )
        assert isinstance(back, ev.HomeChanged)
        assert back.text == "Your home folder is back where it was."
        assert (home / "note").read_text() == "kept\nmore\n"
    finally:
        await session.close()
    await asyncio.to_thread(os.system, f"rm -rf {home}")
    again = Session.resume(settings, session.id)
    await again.open()
    try:
        told = again.log.of(ev.DesktopRenewed)[-1]
        assert told.files == "gone"
        assert "The home folder is not there any more" in told.text
        assert told.text in str(again._agent.history.messages())
        again.say("Create a file called after that says still here")
        await again.wait_idle(60)
        assert await again.files.read("after.txt") in (b"still here", b"still here\n")
    finally:
        await again.close()


def test_no_path_is_too_long_to_be_counted(tmp_path: Path) -> None:
    """A program could hide gigabytes there."""
    for name in ("d", "n" * 250):
        (tmp_path / name).mkdir()
        dig(tmp_path / name, 40, name)
    assert used_bytes(str(tmp_path / ("n" * 250))) == used_bytes(str(tmp_path / "d")) > 40 * ENTRY


def test_it_is_said_who_keeps_the_limit(tmp_path: Path) -> None:
    home = ev.HomeChanged(state="open", used=1_200_000_000, limit=2_000_000_000)
    used = "1.2 GB of 2.0 GB used, programs' own files included"
    assert describe_use(home) == f"{used} (watched by Sayso)"
    hard = home.model_copy(update={"hard": True})
    assert describe_use(hard) == f"{used} (the system refuses more)"
    assert not is_hard(tmp_path, 1)
    assert is_hard(tmp_path, 1 << 60)
    folder = home.model_copy(update={"limit": 0, "folder": "/x"})
    assert "is not limited, only its disk is watched" in describe_use(folder)
    assert "make it again, then end" in changed(HomeNews("gone", 0), folder).text
    assert "The folder that you work in was moved" in (
        changed(HomeNews("gone", 0, moved=True), folder).text
    )
    disk = changed(HomeNews("full", 0, disk=True, paused=("cp",)), home)
    assert disk.text.startswith("The disk of your home folder is full. cp went on writing")
    assert "raise the limit" not in disk.text
