"""Drive a display that is there already: explicit, unconfined, with the person's files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.desktop.server import sandbox
from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv, bus_address
from agent.desktop.server.processes import GuardianClient, SandboxProcess
from agent.desktop.server.watching import Listener
from agent.errors import DesktopDied, DesktopUnavailable

WARNING = "This is your own screen, with your own files: nothing confines what happens on it."

# What programs on the person's own session need; nothing else of the environment is passed.
_PASSED = tuple(
    "PATH HOME USER LOGNAME SHELL LANG LC_ALL TZ XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME "  # noqa: SIM905
    "XDG_DATA_DIRS XDG_CONFIG_DIRS XDG_CURRENT_DESKTOP XDG_SESSION_TYPE "
    "DBUS_SESSION_BUS_ADDRESS".split()
)


class ExistingDisplay:
    """The same face as `PrivateDisplay`, for a display that others started."""

    confined = False
    why_unconfined = WARNING
    why_unwatched = "it is your own screen"
    why_unbounded = "it is your own screen"
    watch = None
    rfb_socket = None
    home_made = False
    seen_root = Path("/")
    server = "existing"
    applications = ()

    def __init__(self, display: str, on_lost: Callable[[str], None]) -> None:
        self._display = display
        self._on_lost = on_lost
        self._guardian: GuardianClient | None = None
        self._env: DisplayEnv | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def env(self) -> DisplayEnv:
        if self._env is None:
            raise DesktopDied("The desktop is not running.")
        return self._env

    async def start(self) -> None:
        """Connect.

        Raises:
            DesktopUnavailable: there is no such display, or no access to it.
        """
        cookie = Path(os.environ.get("XAUTHORITY") or Path.home() / ".Xauthority")
        inside = {name: os.environ[name] for name in _PASSED if name in os.environ}
        inside |= {"DISPLAY": self._display, "XAUTHORITY": str(cookie)}
        runtime = Path(inside.get("XDG_RUNTIME_DIR", tempfile.gettempdir()))
        bus = inside.get("DBUS_SESSION_BUS_ADDRESS", bus_address(runtime / "bus"))
        self._env = DisplayEnv(
            display=self._display,
            inside_display=self._display,
            xauthority=cookie,
            session_bus=bus,
            a11y_bus="",
            home=Path.home(),
            runtime_dir=runtime,
            geometry=self._measure(cookie),
            inside=inside,
        )
        self._folder = tempfile.TemporaryDirectory(prefix="sayso-own-")
        self._guardian = GuardianClient(lambda: self._on_lost("The guardian ended."))
        try:
            await self._guardian.start_open(_copy_guardian(Path(self._folder.name)))
        except BaseException:
            await self.stop()
            raise

    def _measure(self, cookie: Path) -> tuple[int, int]:
        probe = DisplayEnv(self._display, self._display, cookie, "", "", Path(), Path(), (0, 0))
        try:
            display = open_display(probe)
        except DesktopDied as error:
            raise DesktopUnavailable(
                f"There is no display {self._display!r} to drive: {error} "
                "Unset SAYSO_DISPLAY to get a private desktop."
            ) from error
        screen = display.screen()
        size = (int(screen.width_in_pixels), int(screen.height_in_pixels))
        display.close()
        return size

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: str | None = None,
        output: int | None = None,
        stdin: int | None = None,
    ) -> SandboxProcess:
        """Start a program as the person."""
        if self._guardian is None:
            raise DesktopDied("The desktop is not running.")
        where = cwd or str(self.env.home)
        return await self._guardian.spawn(argv, self.env.inside, where, output=output, stdin=stdin)

    def halted(self) -> str:
        """Nothing: its server is somebody else's, who may halt it."""
        return ""

    def listen(self, listener: Listener | None) -> None:
        """Nobody is told of the person's own programs."""

    async def stop(self, *, keep_files: bool = False) -> None:
        """End what was started here; the display and its windows stay."""
        if self._guardian is not None:
            await self._guardian.close()
            self._guardian = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self._env = None


def _copy_guardian(folder: Path) -> list[str]:
    source = Path(__file__).with_name("server") / "guardian.py"
    copy = folder / "guardian.py"
    copy.write_text(source.read_text("utf-8"), "utf-8")
    return sandbox.open_command(copy)
