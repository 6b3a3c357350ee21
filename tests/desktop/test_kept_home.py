"""A home that is kept: over stops, breakdowns and kills, and a folder of the person's as one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest
from deep import dug

from agent.desktop import VirtualDesktop
from agent.desktop.server.guardian import walk_folders
from agent.desktop.server.homes import make_home, opened, real_home, remove_tree
from agent.desktop.server.sandbox import HOME

pytestmark = pytest.mark.desktop
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may hand files to others")


async def output(desktop: VirtualDesktop, *argv: str) -> str:
    process = await desktop.spawn(argv)
    return b"".join([piece async for piece in await process.read()]).decode(errors="replace")


async def sh(desktop: VirtualDesktop, script: str) -> str:
    return await output(desktop, "bash", "-c", script)


def hashes(home: Path) -> dict[str, str]:
    files = (p for p in home.rglob("*") if p.is_file() and p.relative_to(home).parts[0][0] != ".")
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


async def test_the_home_is_kept_under_one_name_and_a_fresh_one_goes(tmp_path: Path) -> None:
    home = tmp_path / "sessions" / "one" / "home"
    folders = set()
    for number in range(2):
        desktop = VirtualDesktop(home=home)
        await desktop.start()
        try:
            assert desktop.home == home
            await sh(desktop, f"echo {number} >>note.txt; touch $'caf\\xe9' -- '-x'")
            said = await sh(desktop, f"echo $HOME; pwd; getent passwd user; cat {home}/note.txt")
            assert said.split()[:2] == [HOME, HOME]
            assert said.endswith("0\n1\n"[: 2 + 2 * number])
            assert f":{HOME}:" in said
            await desktop.spawn(["mousepad", str(home / "note.txt")])
            async with asyncio.timeout(30):
                while not (windows := await desktop.windows()):
                    await asyncio.sleep(0.05)
            assert windows[0].title.startswith("~/note.txt")
            folders.add(desktop.env.runtime_dir.parent)
        finally:
            await desktop.stop()
        assert home.stat().st_mode & 0o077 == 0
        assert (home / "note.txt").stat().st_mode & 0o077 == 0
    assert not any(folder.exists() for folder in folders)
    assert (home / "note.txt").read_text() == "0\n1\n"
    assert b"caf\xe9" in os.listdir(os.fsencode(home))


async def test_settings_are_not_written_through_links_that_a_program_left(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    desktop = VirtualDesktop(home=tmp_path / "s" / "one" / "home")
    await desktop.start()
    try:
        await sh(desktop, f"rm -r .config; ln -s {elsewhere} .config; rm .bashrc; ln -s /x .bashrc")
        await desktop.stop()
        await desktop.start()
    finally:
        await desktop.stop()
    assert not any(elsewhere.iterdir())


async def test_four_breakdowns_of_the_x_server_cost_no_file(tmp_path: Path) -> None:
    for home in (tmp_path / "s" / "one" / "home", None):
        desktop = VirtualDesktop(home=home)
        await desktop.start()
        try:
            await sh(desktop, "mkdir a; echo kept >a/b; head -c 100000 /dev/urandom >c")
            place, before = desktop.home, hashes(desktop.home)
            assert len(before) == 2
            for _ in range(4):
                await sh(desktop, "pkill -KILL Xvnc; sleep 5")
                async with asyncio.timeout(60):
                    while desktop.status.state not in ("ready", "unavailable"):
                        await asyncio.sleep(0.05)
            assert desktop.status.state == "unavailable"
            assert hashes(place) == before
        finally:
            await desktop.stop()
        assert place.exists() is (home is not None)


async def test_a_home_deleted_from_outside_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "s" / "one" / "home"
    desktop = VirtualDesktop(home=home)
    await desktop.start()
    try:
        assert desktop.home_made
        await asyncio.to_thread(os.rename, home, tmp_path / "away")
        await sh(desktop, "pkill -KILL Xvnc; sleep 5")
        async with asyncio.timeout(60):
            while desktop.status.state != "ready":
                await asyncio.sleep(0.05)
        assert desktop.home_made
        assert await sh(desktop, "echo new >x; cat x") == "new\n"
        assert (home / "x").read_text() == "new\n"
    finally:
        await desktop.stop()


@as_root
async def test_a_kept_home_stays_its_users_and_others_cannot_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    homes = [folder / name / "home" for name in ("one", "two")]
    owners = []
    for home in [*homes, homes[0]]:
        desktop = VirtualDesktop(home=home)
        await desktop.start()
        assert int(await sh(desktop, "id -u; echo x >x")) == home.stat().st_uid
        await desktop.stop()
        owners.append(home.stat().st_uid)
    assert owners[0] == owners[2] != owners[1]
    assert (homes[0] / "x").stat().st_uid == owners[0]


@as_root
async def test_what_root_resumes_for_somebody_stays_theirs(tmp_path: Path) -> None:
    home = tmp_path / "sessions" / "one" / "home"
    home.mkdir(parents=True)
    (home / "theirs").write_text("theirs")
    for path in (home, home / "theirs"):
        os.chown(path, 1234, 1234)
    desktop = VirtualDesktop(home=home)
    await desktop.start()
    try:
        assert await sh(desktop, "id -u; cat theirs; echo x >x") == "1234\ntheirs"
    finally:
        await desktop.stop()
    assert {p.lstat().st_uid for p in (home, *home.rglob("*"))} == {1234}


async def test_a_home_is_worked_in_wherever_it_lies(tmp_path: Path) -> None:
    """Spaces, quotes, any letters, a link on the way, and a path far longer than a socket's."""
    far = tmp_path / "a b" / "dé 'là' \"%s\" $HOME \\" / ("l" * 200) / "-rf\nx"
    far.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(far)
    home = link / "sessions" / "one" / "home"
    desktop = VirtualDesktop(home=home, home_limit=10**9)
    await desktop.start()
    try:
        assert await sh(desktop, "echo in >x; pwd; cat x") == f"{HOME}\nin\n"
        assert await output(desktop, "cat", str(home / "x")) == "in\n"
        await desktop.spawn(["mousepad", str(home / "x")])
        async with asyncio.timeout(30):
            while not (windows := await desktop.windows()):
                await asyncio.sleep(0.05)
        assert windows[0].title.startswith("~/x")
    finally:
        await desktop.stop()
    assert (far / "sessions" / "one" / "home" / "x").read_text() == "in\n"


@as_root
def test_ten_thousand_files_change_hands_in_no_time_and_foreign_ones_do_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for number in range(100):
        (home / str(number)).mkdir(parents=True)
        for name in range(100):
            (home / str(number) / str(name)).touch()
    (home / "link").symlink_to("/etc/passwd")
    foreign = tmp_path / "foreign"
    foreign.touch()
    os.chown(foreign, 77, 77)
    os.link(foreign, home / "foreign")
    began = time.process_time()
    assert make_home(home, 61500, 61500) is False
    assert time.process_time() - began < 2.0
    owners = {p.lstat().st_uid for p in home.rglob("*") if p.name != "foreign"}
    assert owners == {61500}
    assert foreign.stat().st_uid == 77
    assert Path("/etc/passwd").stat().st_uid == 0


@as_root
def test_what_lies_deep_changes_hands_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with dug(home, 1200):
        make_home(home, 61500, 61500)
        with opened(home) as top:
            owners = [os.stat(each).st_uid for each in walk_folders(top)]
        assert owners == [61500] * 1201
        remove_tree(home)
        assert not home.exists()


@pytest.mark.parametrize("owner", [0, 1234])
@as_root
async def test_a_folder_of_the_persons_is_the_home_and_stays_theirs(
    tmp_path: Path, owner: int
) -> None:
    folder = tmp_path / "their work"
    folder.mkdir()
    (folder / "theirs.txt").write_text("theirs")
    (tmp_path / "secret.txt").write_text("secret")
    for path in (folder, folder / "theirs.txt"):
        os.chown(path, owner, owner)
    desktop = VirtualDesktop(home=tmp_path / "s" / "one" / "home", folder=folder)
    before = os.umask(0o027)
    await desktop.start()
    os.umask(before)
    try:
        assert desktop.home == folder
        said = await sh(
            desktop,
            "echo more >>theirs.txt; mkdir new; echo made >new/made.txt; id -u; "
            f"cat {tmp_path}/secret.txt; ls {tmp_path}; grep CapEff /proc/self/status",
        )
        assert not said.startswith("0\n")
        assert "secret\n" not in said
        assert "their work" in said
        assert "CapEff:\t0000000000000000" in said
        await desktop.spawn(["xfce4-terminal"])
        await desktop.spawn(["thunar"])
        async with asyncio.timeout(60):
            while len(await desktop.windows()) < 2:
                await asyncio.sleep(0.05)
    finally:
        await desktop.stop()
    assert (folder / "theirs.txt").read_text() == "theirsmore\n"
    assert {p.lstat().st_uid for p in (folder, *folder.rglob("*"))} == {owner}
    assert sorted(p.name for p in folder.iterdir()) == ["new", "theirs.txt"]
    assert (folder / "new").stat().st_mode & 0o777 == 0o750
    assert (folder / "new" / "made.txt").stat().st_mode & 0o777 == 0o640


async def test_without_a_sandbox_the_home_is_kept_too(tmp_path: Path) -> None:
    home = tmp_path / "s" / "one" / "home"
    for number in range(2):
        desktop = VirtualDesktop(home=home, sandbox="off")
        await desktop.start()
        try:
            said = await sh(desktop, f"echo {number} >>~/note.txt; cat ~/note.txt")
            assert said == "0\n1\n"[: 2 + 2 * number]
            assert (desktop.home / "note.txt").read_text() == said
        finally:
            await desktop.stop()
    place = real_home(home)
    remove_tree(place)
    assert not place.exists()


def test_a_tree_that_may_not_be_entered_is_removed_all_the_same(tmp_path: Path) -> None:
    closed = tmp_path / "tree" / "closed"
    (closed / "in").mkdir(parents=True)
    (closed / "in" / "file").touch()
    closed.chmod(0)
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
