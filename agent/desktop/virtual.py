"""`VirtualDesktop`: everything about one desktop behind one object."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from agent.desktop.act.input import Input
from agent.desktop.base import (
    Box,
    DesktopStatus,
    EncodedImage,
    Frame,
    Hidden,
    Launcher,
    Node,
    Settled,
    Target,
    Tree,
    Window,
)
from agent.desktop.existing import ExistingDisplay
from agent.desktop.parts import Parts
from agent.desktop.see import pictures
from agent.desktop.see.covering import Region, covered, to_cover
from agent.desktop.see.echo import Echo, terminal_echo
from agent.desktop.see.geometry import Geometry
from agent.desktop.see.pictures import Pixels
from agent.desktop.see.screen import Screen
from agent.desktop.see.screenshot_encoder import ScreenshotEncoder
from agent.desktop.server import launchers
from agent.desktop.server.devtools import Browsers
from agent.desktop.server.display import PrivateDisplay, Sandboxing
from agent.desktop.server.environment import DisplayEnv
from agent.desktop.server.homes import HomeNews, Homes
from agent.desktop.server.last_words import LastWords
from agent.desktop.server.processes import SandboxProcess
from agent.desktop.server.supervise import Supervisor
from agent.desktop.server.watching import Listener, ProgramWatch
from agent.errors import DesktopDied, DesktopError, ToolError
from agent.face import Faced
from agent.network.gate import Gate, Guard
from agent.permit import check_permit

T = TypeVar("T")

_UNTOLD_EVERY = 0.06
"""Seconds between two looks at a screen whose server does not tell of changes."""
_WINDOW_WITHIN = 20.0
"""Seconds that a program may take for its first window."""
_LOOK_FOR_WINDOW = 0.05

_WINDOWS_EVERY = 1.0
"""Seconds between two looks at the list of windows, which takes a millisecond."""


class VirtualDesktop(Faced):
    """A private desktop (or an existing display); implements ``agent.desktop.base.Desktop``.

    Args:
        width, height: largest picture for the model; a private screen has this size.
        screen: size of a private screen, if it shall differ; pictures are then scaled.
        sandbox: ``require``, ``prefer`` (unconfined where bwrap cannot work) or ``off``.
        root: folder for the desktop's sockets and logs; default: a private one in the temporary
            folder.
        home: a home that is kept when the desktop stops; made when it is missing. Default: a
            fresh one that goes with the desktop.
        folder: a folder of the person's to work in: it is the home then, and programs' own
            files go to the home that is kept.
        home_limit: bytes that the home may hold, 0 for no limit. It is watched; a folder of the
            person's is not, but for its disk.
        on_home: told when the home is full, has room again, is gone, or was measured.
        display: an existing display (``:0``) to drive instead: unconfined.
        server: which X server a private desktop gets.
        on_change: told every change of `status`, on the loop.
        patience: seconds after which an X server or bus that does not answer counts as dead.
    """

    def __init__(
        self,
        *,
        width: int = 1280,
        height: int = 800,
        screen: tuple[int, int] | None = None,
        sandbox: Sandboxing = "require",
        root: Path | None = None,
        home: Path | None = None,
        folder: Path | None = None,
        home_limit: int = 0,
        on_home: Callable[[HomeNews], None] | None = None,
        display: str | None = None,
        server: Literal["auto", "Xvnc", "Xvfb"] = "auto",
        on_change: Callable[[DesktopStatus], None] | None = None,
        patience: float = 15.0,
    ) -> None:
        self._display: PrivateDisplay | ExistingDisplay
        native = screen or (width, height)
        if display:
            self._display = ExistingDisplay(display, self._lost)
        else:
            self._display = PrivateDisplay(
                size=native,
                sandboxing=sandbox,
                root=root,
                homes=Homes(home, folder, home_limit),
                server=server,
                on_lost=self._lost,
                on_home=on_home or (lambda news: None),
            )
        self._largest = (width, height)
        self._geometry = Geometry.fitting(native, self._largest)
        self._parts: Parts | None = None
        self._hidden: Hidden | None = None
        self._encoder = ScreenshotEncoder(pictures.for_model)
        self._foreseeing: asyncio.Task[None] | None = None
        self._supervisor = Supervisor(self, on_change or (lambda status: None), patience)
        self.input = Input(self._to_native, self._to_picture)
        self.input.before = self._mark
        self.input.guard = self._supervisor.living

    # -- state ------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        return self._geometry.picture

    @property
    def status(self) -> DesktopStatus:
        return self._supervisor.status

    @property
    def env(self) -> DisplayEnv:
        """Addresses for other connections to the running desktop."""
        return self._display.env

    @property
    def home(self) -> Path:
        """Where the person's files lie; the path is valid for programs inside, too."""
        return self._display.env.home

    @property
    def home_made(self) -> bool:
        """Whether the last start of the desktop found no home, and made an empty one."""
        return self._display.home_made

    def limit_home(self, limit: int) -> None:
        """Let the home hold so many bytes from now on; 0 for no limit."""
        if isinstance(self._display, PrivateDisplay):
            self._display.limit_home(limit)

    def measure_home(self) -> None:
        """Have ``on_home`` told of how much is in the home."""
        if isinstance(self._display, PrivateDisplay):
            self._display.measure_home()

    def inside(self, path: Path) -> str:
        """A path of the home as programs on the desktop call it: the same in every session."""
        return self._display.env.named(str(path))

    async def echo(self, window: Window) -> Echo:
        """Whether the terminal in a window shows what is typed into it."""
        root = self._display.seen_root
        if root is None or window.pid is None:
            return "unknown"
        return await asyncio.to_thread(terminal_echo, root, window.pid)

    @property
    def watch(self) -> ProgramWatch | None:
        """What answers starts of programs; None where they are not watched."""
        return self._display.watch

    def listen(self, listener: Listener | None) -> None:
        """Tell somebody of programs that start, also after a new start of the desktop."""
        self._display.listen(listener)

    def guard_network(self, guard: Guard) -> None:
        """Have somebody answer for what programs want to reach; until then nothing is."""
        if isinstance(self._display, PrivateDisplay):
            self._display.guard_network(guard)

    def cut_network(self) -> None:
        """End all connections through the gate; who connects again is judged again."""
        if self.gate is not None:
            self.gate.cut()

    @property
    def gate(self) -> Gate | None:
        """The way to the network; None where the desktop is on that of its machine."""
        return self._display.gate if isinstance(self._display, PrivateDisplay) else None

    def attach_browsers(self) -> None:
        """Have browsers that start from now on driven by DevTools; nothing where they cannot be."""
        if isinstance(self._display, PrivateDisplay):
            self._display.attach_browsers()

    @property
    def browsers(self) -> Browsers | None:
        """Those that are driven so; None where none can be."""
        return self._display.browsers if isinstance(self._display, PrivateDisplay) else None

    @property
    def rfb_socket(self) -> Path | None:
        return self._display.rfb_socket

    def _fit(self, width: int, height: int) -> None:
        """Follow the screen's size, which programs may change; from any thread."""
        if (width, height) == self._geometry.native:
            return
        self._geometry = Geometry.fitting((width, height), self._largest)
        if (parts := self._parts) is not None:
            parts.accessibility.screen = (width, height)

    def _to_native(self, x: int, y: int) -> tuple[int, int]:
        return self._geometry.to_native(x, y)

    def _to_picture(self, x: int, y: int) -> tuple[int, int]:
        return self._geometry.to_picture(x, y)

    # -- start and stop ---------------------------------------------------------------

    async def start(self) -> None:
        """Bring the desktop up; does nothing when it runs.

        Raises:
            DesktopUnavailable: it cannot run here; the text says what to install.
        """
        await self._supervisor.start()

    async def stop(self) -> None:
        """End every process and remove every file of the desktop but a kept home. Never fails."""
        await self._supervisor.stop()

    def call_soon(self, function: Callable[..., object], *given: object) -> None:
        """Have ``function`` called on the loop that the desktop runs on; from any thread."""
        self._supervisor.call_soon(function, *given)

    def _lost(self, reason: str) -> None:
        self._supervisor.lost(reason)

    def describe(self) -> DesktopStatus:
        """For the supervisor: how it runs."""
        display = self._display
        return DesktopStatus(
            "stopped",
            display.confined,
            not display.confined,
            display.server,
            unwatched=display.why_unwatched,
            unbounded=display.why_unbounded,
        )

    async def bring_up(self) -> str:
        """For the supervisor: start the display and connect to it."""
        await self._display.start()
        env = self._display.env
        self._geometry = Geometry.fitting(env.geometry, self._largest)
        own = isinstance(self._display, ExistingDisplay)
        parts = self._parts = await Parts.connect(env, tooltips=own, resized=self._fit)
        watches = [parts.damage.last_change] if parts.damage else []
        await asyncio.gather(
            self.input.attach(env, *watches), parts.start(self._display.applications)
        )
        if parts.damage:  # the panel is on the screen before its buttons work
            await parts.damage.wait(first=0.3, quiet=0.15, cap=0.8)
        return self._display.why_unconfined

    async def take_down(self, *, keep_files: bool) -> None:
        """For the supervisor: let go of everything and end the display."""
        parts, self._parts = self._parts, None
        with contextlib.suppress(DesktopError, TimeoutError):
            await asyncio.wait_for(self.input.detach(), 2.0)
        if parts:
            await parts.close()
        await self._display.stop(keep_files=keep_files)

    def halted(self) -> str:
        """For the supervisor: which vital part a signal has halted."""
        return self._display.halted()

    async def heartbeat(self) -> None:
        """For the supervisor: returns when the X server has answered."""
        if self._parts:
            await self._parts.windows.ping()

    async def _on_parts(self, work: Callable[[Parts], Awaitable[T]]) -> T:
        async def do() -> T:
            if self._parts is None:
                raise DesktopDied("The desktop is not running.")
            return await work(self._parts)

        return await self._supervisor.answering(do)

    # -- seeing -----------------------------------------------------------------------

    async def _pixels(self, box: tuple[int, int, int, int] | None = None) -> Pixels:
        return await self._on_parts(lambda p: p.worker.run(p.screen.grab, box))

    async def grab(self) -> Frame:
        return await self._on_parts(lambda p: p.worker.run(self._frame, p.screen))

    def _frame(self, screen: Screen) -> Frame:
        return pictures.frame(self._whole(screen))

    def _whole(self, screen: Screen) -> Pixels:
        pixels = screen.grab()
        self._fit(pixels.shape[1], pixels.shape[0])
        return pictures.scaled(pixels, self.size)

    async def screenshot(self) -> EncodedImage:
        before = await self._to_cover()
        pixels = await self._on_parts(lambda p: p.worker.run(self._shoot, p.screen))
        clean = await self._without(pixels, before)
        if clean is not pixels:
            return await asyncio.to_thread(pictures.for_model, clean)
        return await asyncio.shield(self._encoder.begin(pixels))

    def cover(self, hidden: Hidden) -> None:
        """Have what shows one of these texts covered in each encoded picture from now on.

        A picture then fails with DesktopError when it cannot be told what its objects say.
        """
        self._hidden = hidden

    async def _to_cover(self) -> list[Box]:
        return to_cover(await self.tree(), self._hidden) if self._hidden else []

    async def _without(
        self, pixels: Pixels, before: list[Box], region: Region | None = None
    ) -> Pixels:
        """What was shown before or is shown after the picture was taken may be in it."""
        boxes = [*before, *await self._to_cover()]
        return covered(pixels, boxes, region or (0, 0, *self.size)) if boxes else pixels

    def _shoot(self, screen: Screen) -> Pixels:
        return self._look(screen)

    def _look(self, screen: Screen) -> Pixels:
        return self._encoder.known(self._whole(screen))

    def _foresee(self) -> None:
        """Begin with the picture of what is on the screen, as soon as none is being written."""
        if self._foreseeing is None or self._foreseeing.done():
            self._foreseeing = asyncio.create_task(self._develop())

    async def _develop(self) -> None:
        await self._encoder.idle()
        with contextlib.suppress(DesktopError):  # whoever wants the picture is told
            self._encoder.begin(await self._on_parts(lambda p: p.worker.run(self._look, p.screen)))

    async def jpeg(self) -> EncodedImage:
        """The whole screen for programs that want JPEG."""
        before = await self._to_cover()
        pixels = await self._on_parts(lambda p: p.worker.run(self._whole, p.screen))
        return pictures.jpeg(await self._without(pixels, before))

    async def zoom(self, region: tuple[int, int, int, int]) -> EncodedImage:
        box = self._geometry.native_region(region)
        before = await self._to_cover()
        pixels = await self._without(await self._pixels(box), before, region)
        return await asyncio.to_thread(pictures.closer, pixels, self.size)

    async def png(self) -> EncodedImage:
        """Lossless picture of the whole screen, for the journal."""
        before = await self._to_cover()
        pixels = await self._on_parts(lambda p: p.worker.run(self._whole, p.screen))
        clean = await self._without(pixels, before)
        return await asyncio.to_thread(lambda: pictures.png(pictures.frame(clean)))

    def _mark(self, hover: bool = False) -> None:
        if self._parts and self._parts.damage:
            self._parts.damage.mark(hover=hover)

    async def settle(
        self, *, first: float = 0.15, quiet: float = 0.07, cap: float = 2.0, picture: bool = False
    ) -> Settled:
        lull = self._foresee if picture else None

        async def wait() -> Settled:
            damage = self._parts.damage if self._parts else None
            if damage is None:
                await asyncio.sleep(first + quiet)
                return Settled(first + quiet, True, False)
            return await damage.wait(first=first, quiet=quiet, cap=cap, lull=lull)

        return await self._supervisor.living(wait)

    async def changed(self, since: float, seconds: float) -> bool:
        """Wait until the screen, flicker aside, has changed after a moment of `time.monotonic`."""

        async def wait() -> bool:
            damage = self._parts.damage if self._parts else None
            if damage is None:
                await asyncio.sleep(min(seconds, _UNTOLD_EVERY))
                return True
            return await damage.change(since, seconds)

        return await self._supervisor.living(wait)

    # -- knowing ----------------------------------------------------------------------

    async def windows(self) -> Sequence[Window]:
        found = await self._on_parts(lambda p: p.windows.windows())
        return tuple(self._geometry.window(window) for window in found)

    async def other_windows(self, known: Sequence[Window] | None) -> Sequence[Window]:
        """The windows, as soon as their programs or titles differ from ``known``."""
        before = None if known is None else sorted((w.wm_class, w.title) for w in known)
        while True:
            found = await self.windows()
            if sorted((w.wm_class, w.title) for w in found) != before:
                return found
            await asyncio.sleep(_WINDOWS_EVERY)

    async def active_window(self) -> Window | None:
        found = await self._on_parts(lambda p: p.windows.active())
        return self._geometry.window(found) if found else None

    async def keyboard(self) -> Window | None:
        found = await self._on_parts(lambda p: p.windows.keyboard())
        return self._geometry.window(found) if found else None

    async def responds(self, window: int) -> bool:
        return await self._on_parts(lambda p: p.windows.responds(window))

    async def window_at(self, x: int, y: int) -> Window | None:
        point = self._geometry.to_native(x, y)
        found = await self._on_parts(lambda p: p.windows.under_point(*point))
        return self._geometry.window(found) if found else None

    async def activate(self, window: Window) -> None:
        check_permit()
        self._mark()
        await self._on_parts(lambda p: p.windows.activate(window))

    async def minimise(self, window: Window) -> None:
        """Iconify a window; ToolError if it is gone."""
        check_permit()
        self._mark()
        await self._on_parts(lambda p: p.windows.minimise(window))

    async def maximise(self, window: Window) -> None:
        """Let a window fill the screen; ToolError if it is gone."""
        check_permit()
        self._mark()
        await self._on_parts(lambda p: p.windows.maximise(window))

    async def under(self, x: int, y: int) -> Target:
        point = self._geometry.to_native(x, y)

        async def look(parts: Parts) -> Target:
            window = await parts.windows.under_point(*point)
            return await parts.accessibility.under(*point, window)

        target = await self._on_parts(look)
        return replace(target, box=self._geometry.box(target.box) if target.box else None)

    async def tree(self) -> Tree:
        return self._geometry.tree(await self._on_parts(lambda p: p.accessibility.tree()))

    async def text_of(self, node: Node) -> str:
        return await self._on_parts(lambda p: p.accessibility.text_of(node))

    async def address_of(self, node: Node) -> str:
        return await self._on_parts(lambda p: p.accessibility.address_of(node))

    async def lines_of(self, node: Node) -> tuple[tuple[str, Box], ...]:
        """Visible lines of a text with their boxes; a wrapped line has one box."""
        native = self._geometry.native_node(node)
        lines = await self._on_parts(lambda p: p.accessibility.lines_of(native))
        return tuple((line, self._geometry.box(box)) for line, box in lines)

    async def caret_of(self, node: Node) -> int:
        """Offset of the caret in a node's text, in characters; -1 if it has none."""
        return await self._on_parts(lambda p: p.accessibility.caret_of(node))

    async def selection_of(self, node: Node) -> str:
        """Selected text of a node; empty if nothing is selected."""
        return await self._on_parts(lambda p: p.accessibility.selection_of(node))

    async def share_clipboard(self, on: bool) -> None:
        """Tell viewers of the desktop what is copied on it, or no longer.

        Off while the agent works: it types through the clipboard. Without an effect on a
        server that has no viewers of its own.

        Raises:
            ToolError: the server's own helper is not installed.
        """
        if self.rfb_socket is not None:
            setting = await self.spawn(["vncconfig", "-set", f"SendCutText={int(on)}"])
            await setting.wait()

    # -- programs ---------------------------------------------------------------------

    async def launchers(self) -> Sequence[Launcher]:
        return await asyncio.to_thread(launchers.read_launchers)

    async def launch(self, launcher: Launcher) -> None:
        """Start a program and wait for its window, at most `_WINDOW_WITHIN` seconds.

        Raises:
            ToolError: it ended without one; the text has the last of what it printed.
        """
        check_permit()
        self._mark()
        if self._parts and self._parts.damage:
            self._parts.damage.expect_window()
        before = {window.id for window in await self.windows()}
        words = LastWords()
        try:
            program = await self._supervisor.living(
                lambda: self._display.spawn(launcher.command, output=words.output)
            )
        finally:
            await words.listen()
        end = time.monotonic() + _WINDOW_WITHIN
        while time.monotonic() < end and before >= {w.id for w in await self.windows()}:
            if not program.running and (code := await program.wait()) != 0:
                said = await words.said()
                raise ToolError(
                    f"{launcher.name} did not start: it ended with code {code}. "
                    + (f"Its last output: {said}" if said else "It said nothing.")
                )
            await asyncio.sleep(_LOOK_FOR_WINDOW)

    async def spawn(
        self, argv: Sequence[str], *, cwd: str | None = None, stdin: int | None = None
    ) -> SandboxProcess:
        """Start a program in the sandbox.

        Args:
            argv: program and arguments; no shell is involved.
            cwd: folder inside the sandbox; default: the home.
            stdin: descriptor to read from; default: nothing to read.

        Raises:
            ToolError: it does not exist or cannot be started.
        """
        check_permit()
        return await self._supervisor.living(
            lambda: self._display.spawn(argv, cwd=cwd, stdin=stdin)
        )
