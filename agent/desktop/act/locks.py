"""Locked modifiers and layout groups: neutral while keys are pressed, as they were afterwards.

CapsLock, or a second layout that somebody left switched on, would turn every key into another
character. The X Keyboard extension tells of both and sets them for all keyboards at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from Xlib.error import ConnectionClosedError
from Xlib.protocol import rq

_NAME = "XKEYBOARD"
_CORE = 0x100
"""The keyboard that applications see."""

_KEYS = frozenset({0xFF14, 0xFF7F, 0xFFE5, 0xFFE6, *range(0xFE01, 0xFE16)})
"""Keysyms that lock or latch: Scroll_Lock, Num_Lock, Caps_Lock, Shift_Lock, ISO_…"""

_LEVEL3 = 0xFE03


class _UseExtension(rq.ReplyRequest):  # type: ignore[misc]  # Xlib has no types
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(0),
        rq.RequestLength(),
        rq.Card16("major"),
        rq.Card16("minor"),
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("supported"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Pad(24),
    )


class _GetState(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2)
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("device"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card8("mods"),
        rq.Card8("base_mods"),
        rq.Card8("latched_mods"),
        rq.Card8("locked_mods"),
        rq.Card8("group"),
        rq.Card8("locked_group"),
        rq.Pad(18),
    )


class _LatchLockState(rq.Request):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(5),
        rq.RequestLength(),
        rq.Card16("device"),
        rq.Card8("affect_mod_locks"),
        rq.Card8("mod_locks"),
        rq.Card8("lock_group"),
        rq.Card8("group_lock"),
        rq.Card8("affect_mod_latches"),
        rq.Card8("mod_latches"),
        rq.Pad(1),
        rq.Card8("latch_group"),
        rq.Card16("group_latch"),
    )


@dataclass(frozen=True, slots=True)
class LockState:
    """Locked modifiers as a mask (2 is CapsLock), and the locked layout group from 0."""

    mods: int = 0
    group: int = 0


class Locks:
    """Reads and sets the locks of one server; without the extension there are none to see."""

    def __init__(self, display: Any) -> None:
        self._display = display
        found = display.query_extension(_NAME)
        self._opcode = found.major_opcode if found and found.present else 0
        if self._opcode:
            answer = _UseExtension(display=display.display, opcode=self._opcode, major=1, minor=0)
            self._opcode = self._opcode if answer.supported else 0

    def state(self) -> LockState:
        """What is locked now."""
        if not self._opcode:
            return LockState()
        state = _GetState(display=self._display.display, opcode=self._opcode, device=_CORE)
        return LockState(state.locked_mods, state.locked_group)

    def set(self, state: LockState) -> None:
        """Lock these, and nothing else; what is latched for the next key is dropped."""
        if not self._opcode:
            return
        _LatchLockState(
            display=self._display.display,
            opcode=self._opcode,
            device=_CORE,
            affect_mod_locks=0xFF,
            mod_locks=state.mods,
            lock_group=1,
            group_lock=state.group,
            affect_mod_latches=0xFF,
            mod_latches=0,
            latch_group=1,
            group_latch=0,
        )
        self._display.sync()

    @contextlib.contextmanager
    def neutral(self) -> Iterator[None]:
        """Nothing is locked within; afterwards what was, unless somebody changed it meanwhile."""
        before = self.state()
        if before == LockState():
            yield
            return
        self.set(LockState())
        try:
            yield
        finally:
            with contextlib.suppress(OSError, ConnectionClosedError):
                if self.state() == LockState():
                    self.set(before)


def locks(keysyms: Iterable[int]) -> bool:
    """Whether one of these keys is there to lock something."""
    return any(keysym in _KEYS and keysym != _LEVEL3 for keysym in keysyms)
