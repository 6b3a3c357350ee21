"""`VirtualDesktop`: everything about one desktop behind one object."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from agent.desktop import launchers, pictures, settle
from agent.desktop.accessibility import Accessibility
from agent.desktop.base import (
    DesktopStatus,
    EncodedImage,
    Frame,
    Launcher,
    Node,
    Settled,
    Target,
    Tree,
    Window,
)
from agent.desktop.display import PrivateDisplay, Sandboxing
from agent.desktop.environment import DisplayEnv
from agent.desktop.existing import ExistingDisplay
from agent.desktop.geometry import Geometry
from agent.desktop.input import Input
from agent.desktop.pictures import Pixels
from agent.desktop.processes import SandboxProcess
from agent.desktop.screen import Screen
from agent.desktop.windows import WindowList
from agent.desktop.worker import Worker
from agent.errors import DesktopDied, DesktopError, DesktopUnavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)

_MOST_RESTARTS = 3
_RESTART_WINDOW = 60.0
_ANSWER = 15.0
"""Seconds after which an X server or bus that does not answer counts as dead."""
_WAIT_READY = 20.0


@dataclass
class _Parts:
    """What is connected to one running X server."""

    worker: Worker
    screen: Screen
    damage: settle.DamageWatch | None
    windows: WindowList
    accessibility: Accessibility


class VirtualDesktop:
    """A private desktop (or an existing display); implements ``agent.desktop.base.Desktop``.

    Args:
        width, height: largest picture for the model; a private screen has this size.
        screen: size of a private screen, if it shall differ; pictures are then scaled.
        sandbox: ``require``, ``prefer`` (unconfined where bwrap cannot work) or ``off``.
        network: whether programs on the desktop may reach the network.
        root: folder for the session's files; default: a private one in the temporary folder.
        display: an existing display (``:0``) to drive instead: unconfined.
        server: which X server a private desktop gets.
        on_change: told every change of `status`, on the loop.
    """

    def __init__(
        self,
        *,
        width: int = 1280,
        height: int = 800,
        screen: tuple[int, int] | None = None,
        sandbox: Sandboxing = "require",
        network: bool = False,
        root: Path | None = None,
        display: str | None = None,
        server: Literal["auto", "Xvnc", "Xvfb"] = "auto",
        on_change: Callable[[DesktopStatus], None] | None = None,
    ) -> None:
        self._display: PrivateDisplay | ExistingDisplay
        native = screen or (width, height)
        if display:
            self._display = ExistingDisplay(display, self._lost)
        else:
            self._display = PrivateDisplay(
                size=native,
                sandboxing=sandbox,
                network=network,
                root=root,
                server=server,
                on_lost=self._lost,
            )
        self._largest = (width, height)
        self._geometry = Geometry.fitting(native, self._largest)
        self._on_change = on_change or (lambda status: None)
        self._status = DesktopStatus("stopped", False, network, self._display.server)
        self._parts: _Parts | None = None
        self._death: asyncio.Future[str] | None = None
        self._ready = asyncio.Event()
        self._restarter: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque(maxlen=_MOST_RESTARTS)
        self._shot_at = 0.0
        self.input = Input(self._to_native, self._to_picture)
        self.input.before = self._mark
        self.input.guard = self._living

    # -- state ------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        return self._geometry.picture

    @property
    def status(self) -> DesktopStatus:
        return self._status

    @property
    def env(self) -> DisplayEnv:
        """Addresses for other connections to the running desktop."""
        return self._display.env

    @property
    def home(self) -> Path:
        return self._display.env.home

    @property
    def rfb_socket(self) -> Path | None:
        return self._display.rfb_socket

    def _to_native(self, x: int, y: int) -> tuple[int, int]:
        return self._geometry.to_native(x, y)

    def _to_picture(self, x: int, y: int) -> tuple[int, int]:
        return self._geometry.to_picture(x, y)

    def _tell(self, state: str, detail: str = "") -> None:
        display = self._display
        self._status = DesktopStatus(
            state,  # type: ignore[arg-type]
            display.confined and state in {"ready", "restarting"},
            display.network,
            display.server,
            detail,
        )
        self._on_change(self._status)

    # -- start and stop ---------------------------------------------------------------

    async def start(self) -> None:
        """Bring the desktop up; does nothing when it runs.

        Raises:
            DesktopUnavailable: it cannot run here; the text says what to install.
        """
        if self._status.state in {"ready", "restarting"}:
            return
        self._tell("starting")
        try:
            await self._bring_up()
        except DesktopError as error:
            self._tell("unavailable", str(error))
            if isinstance(error, DesktopUnavailable):
                raise
            raise DesktopUnavailable(str(error)) from error
        except BaseException:
            await self._take_down(keep_files=False)
            self._tell("stopped")
            raise

    async def _bring_up(self) -> None:
        self._death = asyncio.get_running_loop().create_future()
        try:
            await self._display.start()
            env = self._display.env
            self._geometry = Geometry.fitting(env.geometry, self._largest)
            await self._connect(env)
        except BaseException:
            await self._take_down(keep_files=False)
            raise
        self._ready.set()
        self._tell("ready", self._display.why_unconfined)

    async def _connect(self, env: DisplayEnv) -> None:
        worker = Worker("screen")
        screen = await worker.run(Screen, env)
        own = isinstance(self._display, ExistingDisplay)
        damage = await asyncio.to_thread(settle.watch, env, tooltips=own)
        windows, accessibility = WindowList(env), Accessibility(env)
        self._parts = _Parts(worker, screen, damage, windows, accessibility)
        await asyncio.gather(
            self.input.attach(env, *([damage.last_change] if damage else [])),
            windows.start(),
            _start_if_there(accessibility),
        )
        if damage:  # the panel is on the screen before its buttons work
            await damage.wait(first=0.3, quiet=0.15, cap=0.8)

    async def stop(self) -> None:
        """End every process and remove every file of the desktop. Never fails."""
        restarter, self._restarter = self._restarter, None
        if restarter:
            restarter.cancel()
            await asyncio.gather(restarter, return_exceptions=True)
        was, self._status = self._status.state, replace(self._status, state="stopped")
        self._fail("The desktop was stopped.")
        await self._take_down(keep_files=False)
        if was != "stopped":
            self._tell("stopped")

    def _fail(self, reason: str) -> None:
        self._ready.clear()
        if self._death and not self._death.done():
            self._death.set_result(reason)

    async def _take_down(self, *, keep_files: bool) -> None:
        self._ready.clear()
        parts, self._parts = self._parts, None
        if parts:
            parts.worker.submit(parts.screen.close)
            parts.worker.close()
            for close in (parts.windows.close_connection, parts.accessibility.close):
                with contextlib.suppress(DesktopError, OSError, TimeoutError):
                    await asyncio.wait_for(close(), 2.0)
        with contextlib.suppress(DesktopError, TimeoutError):
            await asyncio.wait_for(self.input.detach(), 2.0)
        if parts and parts.damage:
            await asyncio.to_thread(parts.damage.close)
        await self._display.stop(keep_files=keep_files)

    # -- supervision ------------------------------------------------------------------

    def _lost(self, reason: str) -> None:
        """A vital process ended, or does not answer: running actions fail, all begins anew."""
        if self._death is None or self._death.done() or self._status.state != "ready":
            return
        _log.warning("%s", reason)
        self._fail(reason)
        self._tell("died", reason)
        self._restarter = asyncio.get_running_loop().create_task(self._restart(reason))

    async def _restart(self, reason: str) -> None:
        now = time.monotonic()
        often = len(self._deaths) == _MOST_RESTARTS and now - self._deaths[0] < _RESTART_WINDOW
        self._deaths.append(now)
        self._tell("restarting", reason)
        try:
            await self._take_down(keep_files=not often)
            if often:
                self._tell("unavailable", f"{reason} It died too often to be started again.")
                return
            await self._bring_up()
        except DesktopError as error:
            self._tell("unavailable", str(error))

    async def _living(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await ``work`` on a ready desktop; fail at once when that dies under it."""
        await self._await_ready()
        assert self._death is not None  # noqa: S101
        death = self._death
        task = asyncio.ensure_future(work())
        try:
            await asyncio.wait((task, death), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task}, timeout=2.0)
            raise
        if task.done() and (not death.done() or task.cancelled() or task.exception() is None):
            return task.result()
        task.cancel()
        task.add_done_callback(_retrieve)
        again = "" if self._status.state == "stopped" else " It is being started again."
        raise DesktopDied(f"{death.result()}{again}")

    async def _await_ready(self) -> None:
        if self._ready.is_set():
            return
        if self._status.state in {"stopped", "unavailable"}:
            raise DesktopDied(f"The desktop is not running. {self._status.detail}".strip())
        try:
            await asyncio.wait_for(self._ready.wait(), _WAIT_READY)
        except TimeoutError:
            raise DesktopDied("The desktop does not come back.") from None

    async def _on_parts(self, work: Callable[[_Parts], Awaitable[T]]) -> T:
        async def do() -> T:
            assert self._parts is not None  # noqa: S101
            try:
                return await asyncio.wait_for(work(self._parts), _ANSWER)
            except TimeoutError:
                reason = "The desktop does not answer."
                self._lost(reason)
                raise DesktopDied(reason) from None

        return await self._living(do)

    # -- seeing -----------------------------------------------------------------------

    async def _pixels(self, box: tuple[int, int, int, int] | None = None) -> Pixels:
        return await self._on_parts(lambda p: p.worker.run(p.screen.grab, box))

    async def grab(self) -> Frame:
        return await self._on_parts(lambda p: p.worker.run(self._frame, p.screen))

    def _frame(self, screen: Screen) -> Frame:
        return pictures.frame(pictures.scaled(screen.grab(), self.size))

    async def screenshot(self) -> EncodedImage:
        return await self._on_parts(lambda p: p.worker.run(self._jpeg, p.screen))

    def _jpeg(self, screen: Screen) -> EncodedImage:
        self._shot_at = time.monotonic()
        return pictures.jpeg(pictures.scaled(screen.grab(), self.size))

    async def zoom(self, region: tuple[int, int, int, int]) -> EncodedImage:
        box = self._geometry.native_region(region)
        return await self._on_parts(
            lambda p: p.worker.run(lambda: pictures.png(pictures.frame(p.screen.grab(box))))
        )

    async def png(self) -> EncodedImage:
        """Lossless picture of the whole screen, for the journal."""
        return await self._on_parts(
            lambda p: p.worker.run(lambda: pictures.png(self._frame(p.screen)))
        )

    def _mark(self, hover: bool = False) -> None:
        if self._parts and self._parts.damage:
            self._parts.damage.mark(hover=hover)

    async def settle(self, *, first: float = 0.15, quiet: float = 0.1, cap: float = 2.0) -> Settled:
        async def wait() -> Settled:
            damage = self._parts.damage if self._parts else None
            if damage is None:
                await asyncio.sleep(first + quiet)
                return Settled(first + quiet, True, False)
            return await damage.wait(first=first, quiet=quiet, cap=cap)

        return await self._living(wait)

    @property
    def changed_since_screenshot(self) -> bool:
        """Whether the screen, flicker aside, changed after the last `screenshot`."""
        damage = self._parts.damage if self._parts else None
        return bool(damage and damage.last_change(self._shot_at) is not None)

    # -- knowing ----------------------------------------------------------------------

    async def windows(self) -> Sequence[Window]:
        found = await self._on_parts(lambda p: p.windows.windows())
        return tuple(self._geometry.window(window) for window in found)

    async def active_window(self) -> Window | None:
        found = await self._on_parts(lambda p: p.windows.active())
        return self._geometry.window(found) if found else None

    async def activate(self, window: Window) -> None:
        self._mark()
        await self._on_parts(lambda p: p.windows.activate(window))

    async def under(self, x: int, y: int) -> Target:
        point = self._geometry.to_native(x, y)

        async def look(parts: _Parts) -> Target:
            window = await parts.windows.under_point(*point)
            return await parts.accessibility.under(*point, window)

        return await self._on_parts(look)

    async def tree(self) -> Tree:
        return self._geometry.tree(await self._on_parts(lambda p: p.accessibility.tree()))

    async def text_of(self, node: Node) -> str:
        return await self._on_parts(lambda p: p.accessibility.text_of(node))

    # -- programs ---------------------------------------------------------------------

    async def launchers(self) -> Sequence[Launcher]:
        return await asyncio.to_thread(launchers.read_launchers)

    async def launch(self, launcher: Launcher) -> None:
        self._mark()
        if self._parts and self._parts.damage:
            self._parts.damage.expect_window()
        await self.spawn(launcher.command)

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
        return await self._living(lambda: self._display.spawn(argv, cwd=cwd, stdin=stdin))


async def _start_if_there(accessibility: Accessibility) -> None:
    """Early start saves time; a desktop without the bus is usable all the same."""
    try:
        await accessibility.start()
    except DesktopError as error:
        _log.warning("%s", error)


def _retrieve(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        task.exception()
