"""Bring a private desktop up and down: X server, bus, window manager, panel."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal

from Xlib import X
from Xlib.error import ConnectionClosedError, XError

from agent.clock import ended
from agent.desktop.server import profile, sandbox
from agent.desktop.server.buses import enable_accessibility, number_of, outlive_bus
from agent.desktop.server.connection import open_bus, open_display
from agent.desktop.server.devtools import Browsers
from agent.desktop.server.environment import DisplayEnv, bus_address
from agent.desktop.server.halts import is_halted, seen_from_outside
from agent.desktop.server.homes import HomeNews, Homes, Place, make_home
from agent.desktop.server.processes import GuardianClient, SandboxProcess
from agent.desktop.server.watching import Listener, ProgramWatch, watch_programs
from agent.disk import in_thread
from agent.errors import DesktopDied, DesktopUnavailable
from agent.network.gate import Closed, Gate, Guard, take_listener

Sandboxing = Literal["require", "prefer", "off"]

_LOOK = 5.0
"""Seconds between two looks whether the sandbox answers."""

_GUARDIAN = Path(__file__).with_name("guardian.py")
_NEEDED = ("dbus-daemon", "xfwm4")
_PACKAGES = {"Xvnc": "tigervnc-standalone-server", "Xvfb": "xvfb", "dbus-daemon": "dbus"}
"""Debian's packages whose names are not their programs'."""
_WANTED = ("xfce4-panel", "xfdesktop", "xfce4-terminal", "thunar", "mousepad")
_TIMEOUT = 20.0
_LOOK_FOR_HOME = 1.0
"""Seconds between two looks whether the home is where it was."""


def missing_programs() -> tuple[str, ...]:
    """Programs of the default desktop that are not installed here."""
    servers = () if shutil.which("Xvnc") or shutil.which("Xvfb") else ("Xvnc",)
    return (*servers, *(name for name in (*_NEEDED, *_WANTED) if not shutil.which(name)))


def _with_package(program: str) -> str:
    package = _PACKAGES.get(program)
    return f"{program} (package {package})" if package else program


def _server_command(server: str, size: tuple[int, int], box: sandbox.Box) -> list[str]:
    geometry = f"{size[0]}x{size[1]}"
    common = ["-displayfd", "1", "-auth", str(box.run / "Xauthority"), "-nolisten", "tcp"]
    common += ["-nolisten", "local"]  # Linux' abstract socket, which no folder's mode guards
    common += ["-noreset", "-dpms", "-s", "0"]
    if server == "Xvfb":
        return ["Xvfb", *common, "-screen", "0", f"{geometry}x24"]
    vnc = ["-SecurityTypes", "None", "-rfbunixpath", str(box.run / "vnc.sock"), "-rfbport", "-1"]
    vnc += ["-rfbunixmode", "0600", "-AlwaysShared", "-AcceptSetDesktopSize=0"]
    vnc += ["-desktop", "Sayso", "-SendPrimary=0", "-SetPrimary=0", "-SendCutText=0"]
    return ["Xvnc", *common, "-geometry", geometry, "-depth", "24", *vnc]


class PrivateDisplay:
    """One private desktop from folder to panel. Started once, stopped once."""

    def __init__(
        self,
        *,
        size: tuple[int, int],
        sandboxing: Sandboxing,
        root: Path | None,
        homes: Homes,
        server: Literal["auto", "Xvnc", "Xvfb"],
        on_lost: Callable[[str], None],
        on_home: Callable[[HomeNews], None],
    ) -> None:
        self.size = size
        self.confined = False
        self.why_unconfined = ""
        self.why_unwatched = ""
        """Why nobody is told of programs that start; empty while somebody is."""
        self.why_unbounded = ""
        """Why nothing bounds what all programs together take; empty while something does."""
        self.watch: ProgramWatch | None = None
        self.listener: Listener | None = None
        """Who is told of programs that start."""
        self.gate: Gate | None = None
        """The way to the network; None where the desktop is on that of its machine."""
        self._guard: Guard = Closed()
        self.browsers: Browsers | None = None
        """Browsers that are driven by DevTools; None where none is to be, or can."""
        self._attaches = False
        self.home_made = False
        """Whether the last start found no home and made one."""
        self._sandboxing = sandboxing
        self._root = root
        self._homes = homes
        self._server = server
        self._on_lost = on_lost
        self._on_home = on_home
        self._limit = 0 if homes.folder is not None else homes.limit
        self._box: sandbox.Box | None = None
        self._guardian: GuardianClient | None = None
        self._env: DisplayEnv | None = None
        self._vital: dict[str, int] = {}
        """By name, the numbers out here of what the desktop does not live without."""
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def env(self) -> DisplayEnv:
        if self._env is None:
            raise DesktopDied("The desktop is not running.")
        return self._env

    @property
    def seen_root(self) -> Path | None:
        """The root folder as the desktop's programs see it; None where that is not known."""
        pid = self._guardian.pid if self._guardian is not None else 0
        return Path(f"/proc/{pid}/root") if pid else None

    @property
    def server(self) -> str:
        if self._server != "auto":
            return self._server
        return "Xvfb" if shutil.which("Xvfb") and not shutil.which("Xvnc") else "Xvnc"

    @property
    def rfb_socket(self) -> Path | None:
        return self.env.runtime_dir / "vnc.sock" if self.server == "Xvnc" else None

    @property
    def applications(self) -> tuple[str, ...]:
        """Accessible names of the programs that are there from the start."""
        return tuple(name for name in ("xfce4-panel",) if shutil.which(name))

    def halted(self) -> str:
        """Which part a signal has halted without which nothing works, in a sentence; or empty."""
        if self._guardian is not None and is_halted(self._guardian.pid):
            return "The desktop's sandbox was halted."
        part = next((part for part, pid in self._vital.items() if is_halted(pid)), "")
        return f"The desktop's {part} was halted." if part else ""

    async def start(self) -> None:
        """Bring everything up; on failure nothing is left but what an earlier start had made.

        Raises:
            DesktopUnavailable: something is missing here; the text says what.
        """
        if missing := [n for n in (self.server, *_NEEDED) if not shutil.which(n)]:
            raise DesktopUnavailable(
                f"Not installed here: {', '.join(map(_with_package, missing))}. Run "
                "script/bootstrap, which installs what is missing, and start again."
            )
        again = self._box is not None
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._start()
        except TimeoutError:
            detail = await in_thread(self._log_tail)
            await self.stop(keep_files=again)
            raise DesktopUnavailable(
                f"The desktop did not come up within {_TIMEOUT:.0f} s. {detail}"
            ) from None
        except BaseException:
            await self.stop(keep_files=again)
            raise

    async def _start(self) -> None:
        self._guardian = await self._confine()
        self._watchers.append(asyncio.create_task(_ask(self._guardian), name="ask the sandbox"))
        log = await in_thread(self._open_log)
        try:
            display = await self._start_server(log)
            await self._start_session(display, log)
        finally:
            os.close(log)

    def _prepare(self, confined: bool) -> sandbox.Box:
        box = sandbox.make_box(self._root, confined=confined, homes=self._homes)
        try:
            sandbox.write_etc(box, _GUARDIAN)
            self._furnish(box)
        except OSError as error:
            box.remove()
            raise DesktopUnavailable(
                f"{box.path} cannot be written ({error.strerror}). Free some disk space."
            ) from error
        except BaseException:
            box.remove()
            raise
        return box

    def _furnish(self, box: sandbox.Box) -> None:
        self.home_made = make_home(box.state, box.uid, box.gid)
        if not box.home.is_dir():
            raise DesktopUnavailable(
                f"The folder {box.home} is not there any more. Put it back where it was, and "
                "resume the session."
            )
        profile.write_home(box)

    def _open_log(self) -> int:
        assert self._box is not None  # noqa: S101
        path = self._box.path / "log"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _log_tail(self) -> str:
        if self._box is None:
            return ""
        with contextlib.suppress(OSError):
            return (self._box.path / "log").read_text(errors="replace")[-1500:]
        return ""

    async def _confine(self) -> GuardianClient:
        """Start the guardian in a sandbox, or without one where the settings allow it."""
        if self._sandboxing != "off":
            try:
                return await self._start_guardian(confined=True)
            except DesktopUnavailable as error:
                if self._sandboxing == "require":
                    raise
                self.why_unconfined = str(error)
        return await self._start_guardian(confined=False)

    async def _start_guardian(self, *, confined: bool) -> GuardianClient:
        if self._box is not None and confined is not self._box.confined:
            await in_thread(self._box.remove)
            self._box = None
        if self._box is None:
            self._box = await in_thread(self._prepare, confined)
        else:  # the home may have been deleted from outside meanwhile
            await in_thread(self._furnish, self._box)
        await in_thread(profile.write_runtime, self._box)
        guardian = GuardianClient(lambda: self._on_lost("The desktop's sandbox went away."))
        await guardian.start(self._box, confined=confined)
        self.confined, self.why_unbounded = confined, guardian.unbounded
        await self._open_gate(guardian, self._box)
        self._meet_browsers()
        await self._watch_programs(guardian)
        return guardian

    async def _open_gate(self, guardian: GuardianClient, box: sandbox.Box) -> None:
        """Have somebody accept where programs find their proxy, if it is a place of their own."""
        descriptor, guardian.network = guardian.network, None
        if descriptor is None:
            return
        listener = take_listener(descriptor)
        try:
            program = await in_thread(sandbox.write_proxy, box)
        except BaseException:
            listener.close()
            raise
        self.gate = Gate(listener, sandbox.proxy_command(box, program))
        self.gate.guard = self._guard

    def guard_network(self, guard: Guard) -> None:
        """Have somebody answer for what programs want to reach, also after a new start."""
        self._guard = guard
        if self.gate is not None:
            self.gate.guard = guard

    def attach_browsers(self) -> None:
        """Have browsers that start from now on driven by DevTools, also after a new start."""
        self._attaches = True
        if self._guardian is not None:
            self._meet_browsers()

    def _meet_browsers(self) -> None:
        box = self._box
        if self._attaches and self.browsers is None and box is not None and self.confined:
            self.browsers = Browsers(box.run, box.uid, box.gid)

    async def _watch_programs(self, guardian: GuardianClient) -> None:
        """Have starts answered, if the guardian has them reported."""
        self.watch, self.why_unwatched = None, guardian.unreported
        reports, guardian.reports = guardian.reports, None
        if reports is None:
            return
        tell = asyncio.get_running_loop().call_soon_threadsafe

        def lost(why: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, the desktop gone
                tell(self._on_lost, why)

        self.watch, self.why_unwatched = await in_thread(
            watch_programs, reports, guardian.pid, lost
        )
        guardian.before_spawn = self._expect
        self.listen(self.listener)

    def _expect(self, argv: Sequence[str], command: bool) -> None:
        if self.watch is not None:
            self.watch.expect(tuple(argv), command)

    def listen(self, listener: Listener | None) -> None:
        """Tell somebody of programs that start, from the next one on."""
        self.listener = listener
        if self.watch is not None and not self.why_unwatched:
            self.watch.listener = listener

    async def _start_server(self, log: int) -> str:
        assert self._box is not None  # noqa: S101
        assert self._guardian is not None  # noqa: S101
        environment = profile.environment(self._box, "")
        process = await self._guardian.spawn(
            _server_command(self.server, self.size, self._box), environment, self._box.inside
        )
        number = await self._display_number(process)
        self._watch("X server", process.wait(), process.pid)
        return f":{number}"

    async def _display_number(self, process: SandboxProcess) -> int:
        said = b""
        async for piece in await process.read():
            said += piece
            for line in said.split(b"\n")[:-1]:
                if line.strip().isdigit():
                    return int(line)
        raise DesktopUnavailable(
            f"{self.server} ended at once: {said.decode(errors='replace')[-800:]}"
        )

    def _watch(self, what: str, end: Coroutine[Any, Any, object], inner: int) -> None:
        """Have it told when a part ends, or is halted; ``inner`` is its number in the sandbox."""
        guardian = self._guardian.pid if self._guardian is not None else 0
        self._vital[what] = seen_from_outside(guardian, inner) if guardian else 0

        async def watch() -> None:
            await end
            self._on_lost(f"The desktop's {what} ended.")

        self._watchers.append(asyncio.create_task(watch(), name=f"watch {what}"))

    async def _start_session(self, display: str, log: int) -> None:
        box = self._box
        assert box is not None  # noqa: S101
        inside = profile.environment(box, display)
        outside = f"unix:{box.x11}/X{display[1:]}" if self.confined else display
        self._env = DisplayEnv(
            display=outside,
            inside_display=display,
            xauthority=box.run / "Xauthority",
            session_bus=bus_address(box.run / "bus"),
            a11y_bus="",
            home=box.home,
            inside_home=box.inside,
            runtime_dir=box.run,
            geometry=self.size,
            inside=inside,
        )
        config = f"--config-file={box.run}/session.conf"
        await self._run("session bus", ["dbus-daemon", config, "--nofork", "--nopidfile"], log)
        await _until((box.run / "bus").is_socket)
        await self._run("window manager", ["xfwm4", "--sm-client-disable"], log)
        for argv in (["xfdesktop", "--sm-client-disable"], ["xfce4-panel", "--disable-wm-check"]):
            if shutil.which(argv[0]):
                await self._run("", argv, log)
        address, _ = await asyncio.gather(
            enable_accessibility(self._env.session_bus), self._await_panel()
        )
        self._env = dataclasses.replace(self._env, a11y_bus=address)
        self.limit_home(self._limit)
        self._watchers.append(asyncio.create_task(self._keep_track(box.home), name="watch home"))
        if address:
            bus = await open_bus(address)
            number = await number_of(bus)
            self._watch("accessibility bus", outlive_bus(bus), number)

    async def _keep_track(self, home: Path) -> None:
        """Tell when the home is no longer where it was, and when it is there again."""
        try:
            place = await in_thread(Place, home)
        except OSError:
            self._on_home(HomeNews("gone", 0))
            return
        before: Literal["there", "moved", "deleted"] = "there"
        try:
            while before != "deleted":
                await asyncio.sleep(_LOOK_FOR_HOME)
                now = await in_thread(place.look)
                if now != "unknown" and now != before:
                    before = now
                    where = await in_thread(place.where) if now == "moved" else ""
                    self._on_home(_whereabouts(now, where))
        finally:
            place.close()

    def limit_home(self, limit: int) -> None:
        """Let the home hold so many bytes from now on; 0 for no limit."""
        self._limit = limit
        if self._guardian is not None and self._box is not None:
            folders = list(dict.fromkeys((self._box.inside, str(self._box.home))))
            self._guardian.on_home = self._home_said
            self._guardian.send({"op": "watch", "folders": folders, "limit": limit})

    def measure_home(self) -> None:
        """Have `HomeNews` told of how much is in the home."""
        if self._guardian is not None:
            self._guardian.send({"op": "measure"})

    def _home_said(self, said: dict[str, Any]) -> None:
        ended, paused = tuple(said["ended"]), tuple(said["paused"])
        self._on_home(HomeNews(said["state"], said["used"], said["disk"], ended, paused))

    async def _run(self, watched: str, argv: Sequence[str], log: int) -> SandboxProcess:
        process = await self.spawn(argv, output=log)
        if watched:
            self._watch(watched, process.wait(), process.pid)
        return process

    async def _await_panel(self) -> None:
        await in_thread(_wait_usable, self.env, bool(shutil.which("xfce4-panel")))

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: str | None = None,
        output: int | None = None,
        stdin: int | None = None,
    ) -> SandboxProcess:
        """Start a program on the desktop; paths below the home are called as they are inside.

        Raises:
            ToolError: it cannot be started; the text says why.
        """
        if self._guardian is None:
            raise DesktopDied("The desktop is not running.")
        env = self.env
        where, words = env.named(cwd or str(env.home)), [env.named(word) for word in argv]
        return await self._guardian.spawn(words, env.inside, where, output=output, stdin=stdin)

    async def stop(self, *, keep_files: bool = False) -> None:
        """End every process; remove every file but a kept home, or leave all for another start."""
        for watcher in self._watchers:
            watcher.cancel()
        await ended("A watch over the display", *self._watchers)
        self._watchers.clear()
        self._vital.clear()
        if self.watch is not None:
            await in_thread(self.watch.close)
            self.watch = None
        if self.gate is not None:
            await self.gate.close()
            self.gate = None
        if self.browsers is not None:
            await self.browsers.close()
            self.browsers = None
        if self._guardian is not None:
            await self._guardian.close()
            self._guardian = None
        if self._box is not None:
            await in_thread(self._box.clear if keep_files else self._box.remove)
            self._box = self._box if keep_files else None
        self._env = None


async def _ask(guardian: GuardianClient) -> None:
    """Ask a sandbox again and again whether it still answers; one that does not is given up."""
    with contextlib.suppress(DesktopDied):  # which is told to whoever relies on it
        while True:
            await asyncio.sleep(_LOOK)
            await guardian.ping()


def _whereabouts(now: Literal["there", "moved", "deleted"], where: str) -> HomeNews:
    if now == "there":
        return HomeNews("eased", 0, moved=True)
    return HomeNews("gone", 0, moved=now == "moved", where=where)


async def _until(condition: Callable[[], bool], step: float = 0.005) -> None:
    while not condition():  # noqa: ASYNC110 - a file tells nobody that it has come
        await asyncio.sleep(step)


def _wait_usable(env: DisplayEnv, panel: bool) -> None:
    """Block until a window manager and, if there is one, the panel are on the screen."""
    display = open_display(env)
    try:
        deadline = time.monotonic() + _TIMEOUT
        while time.monotonic() < deadline:
            with contextlib.suppress(XError):
                if _managed(display) and (not panel or _has_dock(display)):
                    return
            time.sleep(0.01)
    except (OSError, ConnectionClosedError) as error:
        raise DesktopDied("The X server ended while the desktop came up.") from error
    finally:
        with contextlib.suppress(OSError, ConnectionClosedError):
            display.close()


def _managed(display: Any) -> bool:
    root = display.screen().root
    atom = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
    return root.get_full_property(atom, X.AnyPropertyType) is not None


def _has_dock(display: Any) -> bool:
    root = display.screen().root
    listed = root.get_full_property(display.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
    kind = display.intern_atom("_NET_WM_WINDOW_TYPE")
    dock = display.intern_atom("_NET_WM_WINDOW_TYPE_DOCK")
    for number in listed.value if listed else ():
        window = display.create_resource_object("window", number)
        said = window.get_full_property(kind, X.AnyPropertyType)
        if said and dock in said.value:
            return bool(window.get_attributes().map_state == X.IsViewable)
    return False
