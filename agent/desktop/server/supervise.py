"""One desktop's life: started, watched, restarted when a vital part dies, stopped.

Whoever works on a desktop does so through `Supervisor.living`, which fails at once when the
desktop dies under the work. Death is told by whoever sees it (an ended process, a lost
connection), and found by a heartbeat when the X server hangs. A part that a signal has halted is
seen sooner: the kernel says so, while one that hangs may only be late.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from agent.clock import ended
from agent.desktop.base import DesktopStatus
from agent.desktop.server.turns import before, turns
from agent.errors import DesktopDied, DesktopError, DesktopUnavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)

_MOST_RESTARTS = 3
_RESTART_WINDOW = 60.0
_WAIT_READY = 20.0
_LOOK = 1.0  # seconds between two looks whether a part is halted
_NO_ANSWER = "The desktop does not answer."


class Life(Protocol):
    """What is supervised."""

    async def bring_up(self) -> str:
        """Start everything and connect; returns what a person should know, if anything."""
        ...

    async def take_down(self, *, keep_files: bool) -> None:
        """End everything, also what hangs; with ``keep_files`` the home awaits another start."""
        ...

    async def heartbeat(self) -> None:
        """Ask the X server for something; returns when it has answered."""
        ...

    def halted(self) -> str:
        """Which vital part a signal has halted, in a sentence; empty while none is."""
        ...

    def describe(self) -> DesktopStatus:
        """How it runs: server, confinement, network; the state is filled in here."""
        ...


class Supervisor:
    """Keeps one `Life` going.

    Args:
        life: what to start and stop.
        on_change: told every change of `status`, on the loop.
        patience: seconds after which a server that does not answer counts as dead.
    """

    def __init__(
        self, life: Life, on_change: Callable[[DesktopStatus], None], patience: float
    ) -> None:
        self._life = life
        self._on_change = on_change
        self._patience = patience
        self._status = replace(life.describe(), state="stopped", confined=False)
        self._death: asyncio.Future[str] | None = None
        self._ready = asyncio.Event()
        self._restarter: asyncio.Task[None] | None = None
        self._pulses: list[asyncio.Task[None]] = []
        self._deaths: deque[float] = deque(maxlen=_MOST_RESTARTS)

    @property
    def status(self) -> DesktopStatus:
        return self._status

    def _tell(self, state: str, detail: str = "") -> None:
        said = self._life.describe()
        confined = said.confined and state in {"ready", "restarting"}
        unwatched = said.unwatched if state == "ready" else ""
        unbounded = said.unbounded if state == "ready" else ""
        self._status = replace(
            said,
            state=state,  # type: ignore[arg-type]
            confined=confined,
            detail=detail,
            unwatched=unwatched,
            unbounded=unbounded,
        )
        self._on_change(self._status)

    async def start(self) -> None:
        """Bring the desktop up; does nothing when it runs.

        Raises:
            DesktopUnavailable: it cannot run here; the text says what to install.
        """
        if self._status.state in {"ready", "restarting"}:
            return
        self._tell("starting")
        try:
            async with turns().turn(lambda place: self._tell("starting", before(place))):
                if self._status.state != "starting":
                    raise DesktopUnavailable("The desktop was stopped.")
                self._tell("starting")
                await self._bring_up()
        except DesktopError as error:
            self._tell("unavailable", str(error))
            if isinstance(error, DesktopUnavailable):
                raise
            raise DesktopUnavailable(str(error)) from error
        except BaseException:
            self._tell("stopped")
            raise

    def call_soon(self, function: Callable[..., object], *given: object) -> None:
        """Have ``function`` called on the loop of the last start; from any thread."""
        if self._death is None:
            function(*given)
        else:
            self._death.get_loop().call_soon_threadsafe(function, *given)

    async def _bring_up(self, *, again: bool = False) -> None:
        self._death = asyncio.get_running_loop().create_future()
        try:
            detail = await self._life.bring_up()
        except BaseException:
            await self._take_down(keep_files=again)
            raise
        self._ready.set()
        self._pulses = [
            asyncio.create_task(self._watch_pulse(), name="desktop heartbeat"),
            asyncio.create_task(self._watch_halts(), name="look for halted parts"),
        ]
        self._tell("ready", detail)

    async def _take_down(self, *, keep_files: bool) -> None:
        self._ready.clear()
        pulses, self._pulses = self._pulses, []
        for pulse in pulses:
            pulse.cancel()
            await ended("The heartbeat of a desktop", pulse)
        await self._life.take_down(keep_files=keep_files)

    async def stop(self) -> None:
        """End the desktop. Never fails."""
        restarter, self._restarter = self._restarter, None
        if restarter:
            restarter.cancel()
            await ended("The restart of a desktop", restarter)
        was, self._status = self._status.state, replace(self._status, state="stopped")
        self._fail("The desktop was stopped.")
        await self._take_down(keep_files=False)
        if was != "stopped":
            self._tell("stopped")

    def _fail(self, reason: str) -> None:
        self._ready.clear()
        if self._death and not self._death.done():
            self._death.set_result(reason)

    # -- death and return -------------------------------------------------------------

    def lost(self, reason: str) -> None:
        """A vital part ended, or does not answer: running actions fail, all is restarted."""
        if self._death is None or self._death.done() or self._status.state != "ready":
            return
        _log.warning("%s", reason)
        self._fail(reason)
        self._tell("died", reason)
        self._restarter = asyncio.get_running_loop().create_task(self._restart(reason))

    async def _watch_pulse(self) -> None:
        """Notice a server that hangs: input and waiting could not tell it from a long action."""
        while True:
            await asyncio.sleep(self._patience / 3)
            try:
                await asyncio.wait_for(self._life.heartbeat(), self._patience)
            except (DesktopDied, TimeoutError):
                self.lost(_NO_ANSWER)
                return

    async def _watch_halts(self) -> None:
        """Notice a halted part at the second look: a debugger's halt of a moment is none."""
        before = ""
        while True:
            await asyncio.sleep(_LOOK)
            halted = self._life.halted()
            if halted and halted == before:
                self.lost(halted)
                return
            before = halted

    async def _restart(self, reason: str) -> None:
        now = time.monotonic()
        often = len(self._deaths) == _MOST_RESTARTS and now - self._deaths[0] < _RESTART_WINDOW
        self._deaths.append(now)
        self._tell("restarting", reason)
        try:
            await self._take_down(keep_files=True)
            if often:
                self._tell("unavailable", f"{reason} It died too often to be started again.")
                return
            await self._bring_up(again=True)
        except DesktopError as error:
            self._tell("unavailable", str(error))

    # -- work on a living desktop -----------------------------------------------------

    async def living(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await ``work`` on a ready desktop; fail at once when that dies under it.

        Raises:
            DesktopDied: it is not running, or died.
        """
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

    async def answering(self, work: Callable[[], Awaitable[T]]) -> T:
        """The same for work that takes but a moment: a long one counts as death.

        Raises:
            DesktopDied: it is not running, died, or does not answer.
        """

        async def do() -> T:
            try:
                return await asyncio.wait_for(work(), self._patience)
            except TimeoutError:
                self.lost(_NO_ANSWER)
                raise DesktopDied(_NO_ANSWER) from None

        return await self.living(do)

    async def _await_ready(self) -> None:
        if self._ready.is_set():
            return
        if self._status.state in {"stopped", "unavailable"}:
            raise DesktopDied(f"The desktop is not running. {self._status.detail}".strip())
        try:
            await asyncio.wait_for(self._ready.wait(), _WAIT_READY)
        except TimeoutError:
            raise DesktopDied("The desktop does not come back.") from None


def _retrieve(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        task.exception()
