"""Presses and releases by XTest, with a gate that shuts at once and knows what is held.

Two connections: the input thread's own, and one for emergencies, which lets go of
everything whatever the input thread is doing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from Xlib import X
from Xlib.error import ConnectionClosedError
from Xlib.ext import xtest

from agent.desktop.act.holders import focused_id, keyboard_window
from agent.desktop.act.locks import Locks
from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv
from agent.errors import BadInput, InputHalted

P = ParamSpec("P")
T = TypeVar("T")

HALTED = "Stopped by the person: the desktop takes no input until it is resumed."
_PATIENCE = 0.05
_REMAP_PAUSE = 0.03
"""Seconds in which programs take note of a changed key."""

_SHIFT = 0xFFE1
_LEVEL3 = 0xFE03


@dataclass
class Gate:
    """Whether input may pass, what is held, and who was told to stop. Thread-safe."""

    halted: bool = False
    lock: Any = field(default_factory=threading.Lock)
    held: dict[tuple[int, int], str] = field(default_factory=dict)
    """(X.KeyPress or X.ButtonPress, code) → name."""
    _generation: int = 0
    """Raised by every cancellation."""

    _running: int = 0
    """Generation of the action on the input thread."""

    _wake: threading.Event = field(default_factory=threading.Event)

    def begin(self, action: Callable[P, T]) -> Callable[P, T]:
        """The action, to be run on the input thread unless it is cancelled before.

        One that is cancelled stays so for good, however late it wakes.
        """
        generation = self._generation
        self._wake.clear()

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            self._running = generation
            self.check()
            return action(*args, **kwargs)

        return run

    def cancel(self) -> None:
        """End the running action at its next stroke or wait."""
        self._generation += 1
        self._wake.set()

    def check(self) -> None:
        """Raise `InputHalted` when shut, or when the running action was cancelled."""
        if self.halted or self._running != self._generation:
            raise InputHalted(HALTED)

    def pause(self, seconds: float) -> None:
        """Wait, unless the action is cancelled."""
        self.check()
        self._wake.wait(seconds)
        self.check()


class Emergency:
    """Lets go of everything held, on a connection of its own, from any thread."""

    def __init__(self, env: DisplayEnv, gate: Gate) -> None:
        self._display = open_display(env)
        self._gate = gate

    def release_all(self) -> tuple[str, ...]:
        """Release what is held and return its names, last pressed first."""
        gate = self._gate
        patient = gate.lock.acquire(timeout=_PATIENCE)
        try:
            held = list(gate.held.items())[::-1]
            gate.held.clear()
            with contextlib.suppress(OSError, ConnectionClosedError):
                for (kind, code), _ in held:
                    release = X.KeyRelease if kind == X.KeyPress else X.ButtonRelease
                    xtest.fake_input(self._display, release, code)
                self._display.flush()
        finally:
            if patient:
                gate.lock.release()
        return tuple(name for _, name in held)

    def close(self) -> None:
        with contextlib.suppress(OSError, ConnectionClosedError):
            self._display.close()


class Strokes:
    """The input thread's connection. Every press passes the gate; releases always pass."""

    def __init__(self, env: DisplayEnv, gate: Gate) -> None:
        self.display = open_display(env)
        self.gate = gate
        self.root = self.display.screen().root
        self.locks = Locks(self.display)
        self._map: dict[int, tuple[int, int]] = {}

    def move(self, x: int, y: int) -> None:
        with self.gate.lock:
            self.gate.check()
            xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
            self.display.flush()

    def press(self, kind: int, code: int, name: str) -> None:
        """Press a key or button, unless the gate is shut. Returns when the server has it."""
        with self.gate.lock:
            self.gate.check()
            self.gate.held[kind, code] = name
            xtest.fake_input(self.display, kind, code)
            self.display.sync()

    def release(self, kind: int, code: int) -> None:
        """Release what this driver holds; nothing if the emergency was faster."""
        with self.gate.lock:
            if self.gate.held.pop((kind, code), None) is None:
                return
            xtest.fake_input(self.display, kind + 1, code)
            self.display.sync()

    def tap(self, kind: int, code: int, name: str) -> None:
        try:
            self.press(kind, code, name)
        finally:
            self.release(kind, code)

    @contextlib.contextmanager
    def holding(self, keys: list[tuple[str, int]]) -> Any:
        """Hold keysyms (in order) around a block; they are released however it ends."""
        codes: list[int] = []
        try:
            for name, keysym in keys:
                for code in self._chord(keysym, name, len(keys) > 1):
                    if code not in codes:
                        codes.append(code)
                        self.press(X.KeyPress, code, name)
            yield
        finally:
            for code in reversed(codes):
                self.release(X.KeyPress, code)

    def read_map(self) -> None:
        """Read the keyboard again: viewers and programs change it at will."""
        low = self.display.display.info.min_keycode
        count = self.display.display.info.max_keycode - low + 1
        found: dict[int, tuple[int, int]] = {}
        for offset, row in enumerate(self.display.get_keyboard_mapping(low, count)):
            for level, keysym in enumerate(row[:6]):
                if keysym and level in (0, 1, 4, 5):
                    rank = {0: 0, 1: 1, 4: 2, 5: 3}[level]
                    if keysym not in found or found[keysym][1] > rank:
                        found[int(keysym)] = (low + offset, rank)
        self._map = found

    @contextlib.contextmanager
    def having(self, keysyms: Iterable[int]) -> Iterator[None]:
        """Within, spare codes carry those of these keysyms that the layout has not."""
        missing = [k for k in dict.fromkeys(map(_plain, keysyms)) if k not in self._map]
        if not missing:
            yield
            return
        lent: list[int] = []
        try:
            for code, keysym in zip(self.spare_codes(), missing, strict=False):
                lent.append(code)
                self.assign(code, keysym)
            self.gate.pause(_REMAP_PAUSE)
            self.read_map()
            yield
            self.gate.pause(_REMAP_PAUSE)
        finally:
            for code in lent:
                self.assign(code, 0)
            self.read_map()

    def can_type(self, keysym: int) -> bool:
        """Whether a key without or with Shift gives this keysym now."""
        return keysym in self._map and self._map[keysym][1] < 2

    def _chord(self, keysym: int, name: str, combined: bool) -> list[int]:
        """Codes to press for a keysym: its modifiers, then itself."""
        if combined:
            keysym = _plain(keysym)
        if keysym not in self._map:
            raise BadInput(f"The keyboard has no key {name!r}. Use the type action for text.")
        code, level = self._map[keysym]
        modifiers = [_SHIFT] if level in (1, 3) else []
        modifiers += [_LEVEL3] if level in (2, 3) else []
        return [*(self._map[m][0] for m in modifiers if m in self._map), code]

    def stroke(self, keysym: int, name: str) -> None:
        """Type one character by its key."""
        *modifiers, code = self._chord(keysym, name, combined=False)
        for modifier in modifiers:
            self.press(X.KeyPress, modifier, "shift")
        try:
            self.tap(X.KeyPress, code, name)
        finally:
            for modifier in reversed(modifiers):
                self.release(X.KeyPress, modifier)

    def position(self) -> tuple[int, int]:
        pointer = self.root.query_pointer()
        return pointer.root_x, pointer.root_y

    def spare_codes(self) -> list[int]:
        """Key codes that no key uses."""
        low = self.display.display.info.min_keycode
        count = self.display.display.info.max_keycode - low + 1
        rows = self.display.get_keyboard_mapping(low, count)
        return [low + n for n, row in enumerate(rows) if not any(row)]

    def assign(self, code: int, keysym: int) -> None:
        """Put a keysym on both levels of a code; 0 takes it off."""
        self.display.change_keyboard_mapping(code, [(keysym, keysym)])
        self.display.sync()

    def focus(self) -> int:
        """Id of the window with the input focus, whatever part of an application it is."""
        return focused_id(self.display)

    def keyboard(self) -> int:
        """Id of the application's window that keys go to; 0 if none can be seen."""
        return keyboard_window(self.display)

    def active_class(self) -> str:
        """WM_CLASS of the window that the window manager calls active, in lower case."""
        atom = self.display.intern_atom("_NET_ACTIVE_WINDOW")
        said = self.root.get_full_property(atom, X.AnyPropertyType)
        if not said or not said.value or not said.value[0]:
            return ""
        window = self.display.create_resource_object("window", said.value[0])
        names = window.get_wm_class() or ()
        return " ".join(names).lower()

    def close(self) -> None:
        with contextlib.suppress(OSError, ConnectionClosedError):
            self.display.close()


def _plain(keysym: int) -> int:
    """A letter's small form: ctrl+S means ctrl+s."""
    return keysym + 0x20 if 0x41 <= keysym <= 0x5A else keysym
