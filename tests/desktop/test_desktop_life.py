"""Desktops start, stay apart, survive the death of their parts, and leave nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from desks import signalled
from screens import open_window, until

from agent.desktop import VirtualDesktop, virtual
from agent.desktop.base import DesktopStatus, Launcher
from agent.desktop.server.processes import GuardianClient
from agent.disk import DISK
from agent.errors import DesktopDied, DesktopUnavailable, InputHalted, ToolError

pytestmark = pytest.mark.desktop


async def output(desktop: VirtualDesktop, *argv: str) -> str:
    process = await desktop.spawn(argv)
    said = b"".join([piece async for piece in await process.read()])
    await process.wait()
    return said.decode()


def processes_below(folder: Path) -> list[str]:
    """Command lines and environments that name a session's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in text and int(process.name) != os.getpid():
            found.append(text.decode(errors="replace"))
    return found


async def gone(folder: Path) -> bool:
    return not await asyncio.to_thread(processes_below, folder)


async def test_nothing_is_left_after_stop() -> None:
    sockets = set(os.listdir("/tmp/.X11-unix")) if Path("/tmp/.X11-unix").exists() else set()
    threads = {thread.name for thread in threading.enumerate()}
    files = len(os.listdir("/proc/self/fd"))
    desktop = VirtualDesktop()
    await desktop.start()
    folder = desktop.home.parent
    assert desktop.rfb_socket
    assert desktop.rfb_socket.is_socket()
    await open_window(desktop, "mousepad", title="Mousepad")
    await desktop.screenshot()
    await desktop.stop()
    assert await gone(folder)
    assert not folder.exists()
    now = set(os.listdir("/tmp/.X11-unix")) if Path("/tmp/.X11-unix").exists() else set()
    assert not now - sockets

    async def all_closed() -> bool:
        return len(os.listdir("/proc/self/fd")) <= files + 2

    await until(all_closed)
    left = {thread.name for thread in threading.enumerate()} - threads - {DISK}
    assert {name for name in left if not name.startswith("asyncio_")} == set()
    await desktop.stop()  # and again, without complaint


@pytest.mark.slow
async def test_desktops_one_after_the_other_leave_nothing() -> None:
    files, threads = [], []
    for _ in range(5):
        desktop = VirtualDesktop()
        await desktop.start()
        folder = desktop.home.parent
        await desktop.stop()
        assert not folder.exists()
        assert await gone(folder)
        files.append(len(os.listdir("/proc/self/fd")))
        threads.append(threading.active_count())
    assert files[-1] <= files[0] + 2
    assert threads[-1] <= threads[0] + 2


async def test_two_desktops_live_side_by_side_with_different_servers() -> None:
    """python-xlib's class-wide tables must not mix their extensions up."""
    one, other = VirtualDesktop(server="Xvfb", width=1000, height=700), VirtualDesktop()
    try:
        await asyncio.gather(one.start(), other.start())
        assert one.rfb_socket is None
        assert one.home != other.home
        for desktop in (one, other):
            await open_window(desktop, "mousepad", title="Mousepad")
            await desktop.input.type("ça va ✓ and some more text than keys take")
            assert (await desktop.settle()).changed
        await close_first(one)
        assert len(await one.windows()) == 0
        assert len(await other.windows()) == 1
        assert (await one.grab()).width == 1000
    finally:
        await asyncio.gather(one.stop(), other.stop())


async def close_first(desktop: VirtualDesktop) -> None:
    (window,) = await desktop.windows()
    await (await desktop.spawn(["kill", "-9", str(window.pid)])).wait()

    async def closed() -> bool:
        return not await desktop.windows()

    await until(closed)


async def test_the_sandbox_hides_the_person_and_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-not-for-the-desktop")
    (tmp_path / "private.txt").write_text("private")
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        assert desktop.status.confined
        environments = await output(desktop, "sh", "-c", "cat /proc/[0-9]*/environ; env")
        assert "sk-not-for-the-desktop" not in environments
        assert "ANTHROPIC" not in environments
        seen = await output(
            desktop,
            "sh",
            "-c",
            f"id -u; ls -A /root {Path.home()} {tmp_path} 2>&1; cat /etc/shadow 2>&1; "
            "grep CapEff /proc/self/status; ls /sys/class/net /proc/sys/net/ipv4/conf 2>/dev/null;"
            "touch /usr/x /etc/passwd 2>&1; grep -c . /proc/net/dev",
        )
        assert not seen.startswith("0\n")
        assert "private" not in seen
        assert "CapEff:\t0000000000000000" in seen
        assert seen.count("Read-only") + seen.count("denied") >= 1
        code = "import socket; s = socket.socket(); s.settimeout(2); s.connect(('192.0.2.1', 80))"
        assert "unreachable" in await output(desktop, "/usr/bin/python3", "-c", code)
        hidden = await output(desktop, "sh", "-c", "ls /proc | grep -c '^[0-9]'")
        assert int(hidden) < 40
    finally:
        await desktop.stop()


async def test_a_confined_desktop_has_a_network_of_its_own_and_nothing_on_it() -> None:
    """Its own loopback only: what listens on the machine's is not there."""
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        assert (desktop.status.confined, desktop.status.network) == (True, False)
        lines = (await output(desktop, "cat", "/proc/net/dev")).splitlines()
        assert [line.split(":")[0].strip() for line in lines[2:]] == ["lo"]
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            socket.create_connection(("127.0.0.1", port), 5).close()
            code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
            assert "refused" in await output(desktop, "/usr/bin/python3", "-c", code)
    finally:
        await desktop.stop()


async def test_no_x_server_or_bus_listens_on_the_network() -> None:
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        listening = await output(desktop, "cat", "/proc/net/tcp", "/proc/net/tcp6")
        [gate] = [line.split()[1] for line in listening.splitlines() if " 0A " in line]
        assert gate == "0100007F:0C38"  # 127.0.0.1:3128, on the desktop's own loopback
        folder = desktop.home.parent
        assert folder.stat().st_mode & 0o077 == 0
    finally:
        await desktop.stop()


@pytest.mark.parametrize("server", ["Xvnc", "Xvfb"])
@pytest.mark.parametrize("sandbox", ["prefer", "off"])
async def test_x_listens_on_no_abstract_socket(server: str, sandbox: str) -> None:
    """Those have no mode: whoever is in the network's namespace may connect."""
    desktop = VirtualDesktop(server=server, sandbox=sandbox)
    await desktop.start()
    try:
        listening = listening_of(str(desktop.env.xauthority))
        assert any(name.startswith("/tmp/.X11-unix/X") for name in listening)
        assert not [name for name in listening if name.startswith("@")]
    finally:
        await desktop.stop()


def listening_of(cookie: str) -> list[str]:
    """Names of the unix sockets on which the X server with this cookie's file listens."""
    [process] = [
        path.parent
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if f"-auth\0{cookie}\0" in readable(path) and not readable(path).startswith("bwrap")
    ]
    own = {os.readlink(fd) for fd in (process / "fd").iterdir()}
    rows = [line.split() for line in readable(process / "net" / "unix").splitlines()[1:]]
    return [
        row[7]
        for row in rows
        if len(row) > 7 and row[3] == "00010000" and f"socket:[{row[6]}]" in own
    ]


def readable(path: Path) -> str:
    """What a file of /proc holds; nothing where its process is gone."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


async def test_programs_are_held_to_limits() -> None:
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        big = await output(
            desktop, "sh", "-c", "dd if=/dev/zero of=big bs=1M count=1200 2>&1; ls -s big"
        )
        assert "File size limit" in big or "File too large" in big or "1048576" in big
        hungry = await output(
            desktop, "/usr/bin/python3", "-c", "bytearray(7 << 30); print('got it')"
        )
        assert "MemoryError" in hungry
        limit = await output(desktop, "sh", "-c", "ulimit -u || cat /proc/self/limits")
        assert limit.strip() != "unlimited"
        assert (await desktop.screenshot()).data
    finally:
        await desktop.stop()


async def test_spawn_gives_output_codes_and_errors_and_kills_whole_sessions() -> None:
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        process = await desktop.spawn(["sh", "-c", "echo out; echo err >&2; exit 7"])
        said = b"".join([piece async for piece in await process.read()])
        assert sorted(said.split()) == [b"err", b"out"]
        assert await process.wait() == 7
        with pytest.raises(ToolError, match="no-such-program"):
            await desktop.spawn(["no-such-program"])
        with pytest.raises(ToolError, match="long"):
            await desktop.spawn(["echo", "x" * 200_000])
        family = await desktop.spawn(
            ["bash", "-c", "setsid sleep 4711 & sleep 4711 & echo up; wait"]
        )
        async for piece in await family.read():
            assert piece
            break
        await family.kill()
        assert await family.wait() == -9

        async def all_dead() -> bool:
            left = await output(desktop, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
            return "sleep 4711" not in left.replace("sh -c", "")

        await until(all_dead)
    finally:
        await desktop.stop()


@pytest.mark.parametrize(
    "victim",
    [
        "Xvnc -displayfd",
        "xfwm4 --sm",
        "dbus-daemon --config-file",
        "/usr/bin/dbus-daemon --config-file",
    ],
    ids=["X server", "window manager", "session bus", "accessibility bus"],
)
async def test_the_death_of_a_vital_part_fails_the_action_and_starts_anew(victim: str) -> None:
    seen: list[DesktopStatus] = []
    desktop = VirtualDesktop(on_change=seen.append)
    await desktop.start()
    try:
        note = desktop.home / "note.txt"
        note.write_text("kept")
        action = asyncio.create_task(desktop.input.hold_key("a", 90))
        window = asyncio.create_task(desktop.settle(first=60, quiet=60, cap=60))
        await asyncio.sleep(0)
        await signalled(desktop, "KILL", victim)
        for running in (action, window):
            with pytest.raises((DesktopDied, InputHalted)):
                await asyncio.wait_for(running, 20)

        async def back() -> bool:
            return desktop.status.state == "ready"

        await until(back)
        assert [s.state for s in seen if s.state != "starting"] == [
            "ready",
            "died",
            "restarting",
            "ready",
        ]
        assert note.read_text() == "kept"
        await desktop.input.move(5, 5)
        assert await desktop.input.position() == (5, 5)
        await open_window(desktop, "mousepad", title="Mousepad")
    finally:
        await desktop.stop()


async def test_an_x_server_that_hangs_fails_input_and_waiting_and_starts_anew() -> None:
    desktop = VirtualDesktop(patience=2.0)
    await desktop.start()
    try:
        await signalled(desktop, "STOP", "Xvnc -displayfd")
        actions = [
            asyncio.create_task(act)
            for act in (
                desktop.input.click(300, 300),
                desktop.settle(first=60, quiet=60, cap=60),
                desktop.screenshot(),
                desktop.input.position(),
            )
        ]
        began = time.monotonic()
        assert desktop.input.halt() is not None
        assert time.monotonic() - began < 1.0  # lets go while the server hangs
        desktop.input.resume()
        for running in actions:
            with pytest.raises((DesktopDied, InputHalted)):
                await asyncio.wait_for(running, 20)

        async def back() -> bool:
            return desktop.status.state == "ready"

        await until(back)
        await desktop.input.move(7, 7)
        assert await desktop.input.position() == (7, 7)
    finally:
        await desktop.stop()


async def test_a_chatty_program_that_was_launched_is_not_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(virtual, "_WINDOW_WITHIN", 0.5)  # there will be none
    desktop = VirtualDesktop()
    await desktop.start()
    files = len(os.listdir("/proc/self/fd"))
    try:
        lines = "i=0; while [ $i -lt 9000 ]; do echo a line that nobody reads $i; i=$((i+1)); done"
        command = ("sh", "-c", f"{lines}; touch done")
        await desktop.launch(Launcher("chatty", "Chatty", "", (), command))

        async def through() -> bool:
            return (desktop.home / "done").exists()

        await until(through)
        await desktop.spawn(command)  # unread on purpose: its pipe must not outlive the desktop
    finally:
        await desktop.stop()
    assert len(os.listdir("/proc/self/fd")) < files


async def test_a_sandbox_that_dies_again_and_again_is_given_up() -> None:
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        for _ in range(4):
            process = desktop._display._guardian._process  # type: ignore[union-attr]
            process.kill()  # type: ignore[union-attr]

            async def settled(pid: int = process.pid) -> bool:  # type: ignore[union-attr]
                if desktop.status.state == "unavailable":
                    return True
                guardian = desktop._display._guardian  # type: ignore[union-attr]
                new = guardian and guardian._process and guardian._process.pid != pid
                return desktop.status.state == "ready" and bool(new)

            await until(settled)
            if desktop.status.state == "unavailable":
                break
        assert desktop.status.state == "unavailable"
        with pytest.raises(DesktopDied, match="too often"):
            await desktop.screenshot()
    finally:
        await desktop.stop()


CRASH = """
import asyncio, sys, time
from agent.desktop import VirtualDesktop
async def main():
    desktop = VirtualDesktop()
    await desktop.start()
    await desktop.spawn(["mousepad"])
    print(desktop.home.parent, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_a_killed_parent_takes_its_desktop_along_and_the_next_start_sweeps() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASH, stdout=subprocess.PIPE
    )
    assert parent.stdout
    folder = Path((await asyncio.wait_for(parent.stdout.readline(), 60)).decode().strip())
    assert folder.exists()
    assert processes_below(folder)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: gone(folder))
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        assert not folder.exists()
        assert (await desktop.screenshot()).width == 1280
    finally:
        await desktop.stop()


async def test_unconfined_desktops_say_so_and_clean_up_too() -> None:
    desktop = VirtualDesktop(sandbox="off")
    await desktop.start()
    folder = desktop.home.parent
    try:
        assert not desktop.status.confined
        assert desktop.status.unwatched == "the desktop is not confined"
        await open_window(desktop, "mousepad", title="Mousepad")
        await desktop.spawn(["setsid", "sleep", "4712"])
        await desktop.input.type("unconfined")
        assert "ANTHROPIC" not in await output(desktop, "env")
    finally:
        await desktop.stop()
    assert await gone(folder)
    assert not folder.exists()


async def test_without_bwrap_prefer_goes_on_and_require_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("/usr/bin", "/bin", "/usr/sbin"):
        for program in Path(folder).iterdir():
            link = tmp_path / program.name
            if program.name != "bwrap" and not link.exists():
                link.symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    strict = VirtualDesktop()
    with pytest.raises(DesktopUnavailable, match=r"bwrap.*script/bootstrap"):
        await strict.start()
    assert strict.status.state == "unavailable"
    lenient = VirtualDesktop(sandbox="prefer")
    await lenient.start()
    try:
        assert lenient.status.state == "ready"
        assert not lenient.status.confined
        assert "bwrap" in lenient.status.detail
    finally:
        await lenient.stop()


async def test_a_sandbox_that_may_not_start_says_what_allows_it() -> None:
    refused = "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"
    advice = r"uid map: Permission denied.*sudo sysctl kernel\.apparmor_restrict_\w+=0"
    with pytest.raises(DesktopUnavailable, match=advice):
        await GuardianClient(lambda: None).start_open(["sh", "-c", refused])


async def test_missing_programs_are_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DesktopUnavailable, match=r"Xvnc \(package tiger.*xfwm4.*script/bootstrap"):
        await VirtualDesktop().start()


async def test_an_existing_display_is_driven_with_a_warning_and_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = VirtualDesktop(sandbox="off")
    await host.start()
    try:
        monkeypatch.setenv("XAUTHORITY", str(host.env.xauthority))
        guest = VirtualDesktop(display=host.env.display, width=640, height=400)
        await guest.start()
        try:
            assert guest.status.server == "existing"
            assert not guest.status.confined
            assert "own screen" in guest.status.detail
            assert guest.size == (640, 400)
            await guest.input.move(320, 200)
            assert await guest.input.position() == (320, 200)
            assert await host.input.position() == (641, 401)
        finally:
            await guest.stop()
        assert (await host.screenshot()).width == 1280
    finally:
        await host.stop()


async def test_a_display_that_is_not_there_is_told() -> None:
    with pytest.raises(DesktopUnavailable, match=":4711"):
        await VirtualDesktop(display=":4711").start()
