"""Pointer and keyboard of one desktop: the `InputDriver` of the base module."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import ParamSpec, Protocol, TypeVar

from Xlib import X

from agent.desktop.act import keys, typist
from agent.desktop.act.clipboard import Clipboard
from agent.desktop.act.locks import locks
from agent.desktop.act.strokes import HALTED, Emergency, Gate, Strokes
from agent.desktop.base import Button, Direction
from agent.desktop.server.environment import DisplayEnv
from agent.desktop.worker import Worker
from agent.errors import BadInput, DesktopDied, InputHalted
from agent.permit import check_permit

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_HOLD = 100.0
MOST_REPEATS = 100
MOST_NOTCHES = 100
_BUTTONS = {"left": 1, "middle": 2, "right": 3}
_WHEEL = {"up": 4, "down": 5, "left": 6, "right": 7}
_DOUBLE_CLICK = 0.55
"""Seconds within which programs take two clicks on one spot for a double click: Chromium 0.5."""
_DRAG_STEPS = 16
_DRAG_PAUSE = 0.008
_DRAG_REST = 0.08
_CANCEL_PATIENCE = 1.0


class Guard(Protocol):
    """Awaits work, and fails at once when the desktop dies under it."""

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T: ...


async def _unguarded(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


class _Hands:
    """What works on one running X server; made and used on the input thread."""

    def __init__(
        self, env: DisplayEnv, gate: Gate, last_change: Callable[[float], float | None]
    ) -> None:
        self.gate = gate
        self.strokes = Strokes(env, gate)
        self.clipboard = Clipboard(env)
        self.typist = typist.Typist(self.strokes, self.clipboard, last_change)
        self._last_click = (0.0, 0, (-99, -99))

    def click(
        self,
        point: tuple[int, int] | None,
        button: int,
        count: int,
        modifiers: list[tuple[str, int]],
        name: str,
    ) -> None:
        if point:
            self.strokes.move(*point)
        self._part_from_last(button)
        with self._keyboard(modifiers), self.strokes.holding(modifiers):
            for _ in range(count):
                self.strokes.tap(X.ButtonPress, button, name)
        if button <= 3:
            self._last_click = (time.monotonic(), button, self.strokes.position())

    def _part_from_last(self, button: int) -> None:
        """Keep a click on the same spot from turning the last one into a double click."""
        when, which, (x, y) = self._last_click
        left = when + _DOUBLE_CLICK - time.monotonic()
        if button > 3 or which != button or left <= 0:
            return
        now_x, now_y = self.strokes.position()
        if abs(now_x - x) <= 5 and abs(now_y - y) <= 5:
            self.gate.pause(left)

    def drag(
        self, start: tuple[int, int], end: tuple[int, int], modifiers: list[tuple[str, int]]
    ) -> None:
        self.strokes.move(*start)
        with self._keyboard(modifiers), self.strokes.holding(modifiers):
            self.strokes.press(X.ButtonPress, 1, "left button")
            try:
                for step in range(1, _DRAG_STEPS + 1):
                    self.gate.pause(_DRAG_PAUSE)
                    part = step / _DRAG_STEPS
                    self.strokes.move(
                        round(start[0] + (end[0] - start[0]) * part),
                        round(start[1] + (end[1] - start[1]) * part),
                    )
                self.gate.pause(_DRAG_REST)
            finally:
                self.strokes.release(X.ButtonPress, 1)

    def key(self, combos: list[list[tuple[str, int]]], repeat: int) -> None:
        with self._keyboard([pair for combo in combos for pair in combo]):
            for _ in range(repeat):
                for combo in combos:
                    if typist.is_paste(combo):
                        self.clipboard.restore()
                    with self.strokes.holding(combo):
                        pass

    @contextlib.contextmanager
    def _keyboard(self, pressed: list[tuple[str, int]]) -> Iterator[None]:
        """The keyboard as these keys want it: nothing locked, and each of them there."""
        strokes, keysyms = self.strokes, [keysym for _, keysym in pressed]
        strokes.read_map()
        neutral = contextlib.nullcontext() if locks(keysyms) else strokes.locks.neutral()
        with neutral, strokes.having(keysyms):
            yield

    def hold(self, combo: list[tuple[str, int]], seconds: float) -> None:
        with self._keyboard(combo), self.strokes.holding(combo):
            self.gate.pause(seconds)

    def press_button(self, button: int, name: str) -> None:
        self.strokes.press(X.ButtonPress, button, name)

    def release_button(self, button: int) -> None:
        self.strokes.release(X.ButtonPress, button)

    def close(self) -> None:
        self.clipboard.close()
        self.strokes.close()


class Input:
    """Implements ``agent.desktop.base.InputDriver``. Outlives restarts of the X server."""

    def __init__(
        self,
        to_native: Callable[[int, int], tuple[int, int]],
        to_picture: Callable[[int, int], tuple[int, int]],
    ) -> None:
        self._to_native = to_native
        self._to_picture = to_picture
        self._gate = Gate()
        self._turn = asyncio.Lock()
        self._worker: Worker | None = None
        self._hands: _Hands | None = None
        self._emergency: Emergency | None = None
        self.before: Callable[[bool], None] = lambda hover: None
        """Called before each action: the settling of the screen counts from here.

        Told whether the action only moves the pointer.
        """
        self.guard: Guard = _unguarded
        """Awaits an action, and fails when the desktop dies under it."""

    async def attach(
        self, env: DisplayEnv, last_change: Callable[[float], float | None] = lambda after: None
    ) -> None:
        """Work on this server from now on.

        Args:
            env: where it is.
            last_change: when the screen last changed after a moment, if it did.
        """
        self._worker = Worker("input")
        self._emergency = Emergency(env, self._gate)
        self._hands = await self._worker.run(_Hands, env, self._gate, last_change)

    async def detach(self) -> None:
        """Let go of the server."""
        worker, hands, emergency = self._worker, self._hands, self._emergency
        self._worker = self._hands = self._emergency = None
        self._gate.cancel()
        if emergency:
            emergency.release_all()
            emergency.close()
        if worker and hands:
            await worker.run(hands.close)
        if worker:
            worker.close()

    async def _do(self, action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run one action; however it ends, nothing stays pressed that was not before."""
        async with self._turn:
            if self._gate.halted:
                raise InputHalted(HALTED)
            check_permit()
            if self._worker is None:
                raise DesktopDied("The desktop is not running.")
            self.before(action == self._ready().strokes.move)
            before = set(self._gate.held)
            permitted = self._gate.begin(action)
            running = asyncio.ensure_future(self._worker.run(permitted, *args, **kwargs))
            running.add_done_callback(_noted)
            try:
                await self.guard(lambda: asyncio.shield(running))
            except asyncio.CancelledError:
                await self._abort(running)
                raise
            finally:
                if set(self._gate.held) - before and _failed(running):
                    self.release_all()

    async def _abort(self, running: asyncio.Future[object]) -> None:
        """Stop the action on the input thread, and let go of what it held."""
        self._gate.cancel()
        try:
            await asyncio.wait({running}, timeout=_CANCEL_PATIENCE)
        finally:
            self.release_all()

    def _ready(self) -> _Hands:
        if self._gate.halted:
            raise InputHalted(HALTED)
        if self._hands is None:
            raise DesktopDied("The desktop is not running.")
        return self._hands

    def _point(self, x: int | None, y: int | None) -> tuple[int, int] | None:
        if x is None and y is None:
            return None
        if x is None or y is None:
            raise BadInput("Give both x and y, or neither.")
        return self._to_native(x, y)

    async def move(self, x: int, y: int) -> None:
        point = self._to_native(x, y)
        await self._do(self._ready().strokes.move, *point)

    async def click(
        self,
        x: int | None = None,
        y: int | None = None,
        *,
        button: Button = "left",
        count: int = 1,
        modifiers: str = "",
    ) -> None:
        code = _choice(button, _BUTTONS, "button")
        point, held = self._point(x, y), keys.parse_modifiers(modifiers)
        times = _whole(count, 1, 3, "count")
        await self._do(self._ready().click, point, code, times, held, f"{button} button")

    async def drag(
        self, start: tuple[int, int], end: tuple[int, int], *, modifiers: str = ""
    ) -> None:
        first, last = self._to_native(*start), self._to_native(*end)
        await self._do(self._ready().drag, first, last, keys.parse_modifiers(modifiers))

    async def button_down(self, button: Button = "left") -> None:
        code = _choice(button, _BUTTONS, "button")
        await self._do(self._ready().press_button, code, f"{button} button")

    async def button_up(self, button: Button = "left") -> None:
        code = _choice(button, _BUTTONS, "button")
        await self._do(self._ready().release_button, code)

    async def scroll(
        self,
        direction: Direction,
        amount: int,
        x: int | None = None,
        y: int | None = None,
        *,
        modifiers: str = "",
    ) -> None:
        code = _choice(direction, _WHEEL, "direction")
        notches = _whole(amount, 0, MOST_NOTCHES, "amount")
        point, held = self._point(x, y), keys.parse_modifiers(modifiers)
        await self._do(self._ready().click, point, code, notches, held, f"wheel {direction}")

    async def key(self, combo: str, *, repeat: int = 1) -> None:
        combos = keys.sequence(combo)
        await self._do(self._ready().key, combos, _whole(repeat, 1, MOST_REPEATS, "repeat"))

    async def hold_key(self, combo: str, seconds: float) -> None:
        pairs = keys.parse(combo)
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not math.isfinite(seconds) or not 0 < seconds <= LONGEST_HOLD:
            raise BadInput(f"The duration must be above 0 and at most {LONGEST_HOLD:g} seconds.")
        await self._do(self._ready().hold, pairs, float(seconds))

    async def type(self, text: str) -> None:
        await self._do(self._ready().typist.type, typist.check(text))

    async def position(self) -> tuple[int, int]:
        if self._worker is None or self._hands is None:
            raise DesktopDied("The desktop is not running.")
        worker, strokes = self._worker, self._hands.strokes
        return self._to_picture(*await self.guard(lambda: worker.run(strokes.position)))

    async def clipboard(self) -> str:
        """The clipboard's text; empty if there is none."""
        if self._worker is None or self._hands is None:
            raise DesktopDied("The desktop is not running.")
        worker, clipboard = self._worker, self._hands.clipboard
        return await self.guard(lambda: worker.run(clipboard.read))

    def halt(self) -> tuple[str, ...]:
        self._gate.halted = True
        self._gate.cancel()
        return self.release_all()

    def resume(self) -> None:
        self._gate.halted = False

    def release_all(self) -> tuple[str, ...]:
        emergency = self._emergency
        return emergency.release_all() if emergency else ()

    @property
    def halted(self) -> bool:
        return self._gate.halted


def _noted(running: asyncio.Future[object]) -> None:
    """What became of an action that nobody waits for any more is of no interest."""
    if not running.cancelled():
        running.exception()


def _failed(running: asyncio.Future[object]) -> bool:
    return not running.done() or running.cancelled() or running.exception() is not None


def _choice(value: str, known: dict[str, int], what: str) -> int:
    if not isinstance(value, str) or value not in known:
        raise BadInput(f"{value!r} is no {what}. Use one of {', '.join(known)}.")
    return known[value]


def _whole(value: int, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInput(f"The {what} must be a whole number from {low} to {high}, not {value!r}.")
    return value
