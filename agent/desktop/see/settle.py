"""Wait until the screen is quiet, by XDamage: no sleeping, and flicker is learned.

Rule: the wait ends when nothing has changed for ``quiet`` seconds; if nothing changed at
all, ``first`` seconds after the action; and after ``cap`` seconds in any case. Places that
kept changing before the action (spinner, clock, video) do not count. While a program starts
(it says so by startup notification, or we started it) the screen is not settled.

A tooltip comes by itself half a second after the picture was taken, because something opened
under the resting pointer. One that nobody hovered for is therefore hidden as it appears.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from Xlib import X
from Xlib.error import CatchError, ConnectionClosedError, XError
from Xlib.ext import damage

from agent.desktop.base import Box, Settled
from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv

_ARRANGING = (X.PropertyNotify, X.MapNotify, X.UnmapNotify, X.ConfigureNotify)
_REMEMBERED = 4000
_LEARNED_FROM = 2.5
"""Seconds before an action in which repeated changes of one place count as flicker."""
_LEARNED_OFTEN = 3
_LEARNED_OVER = 0.5
"""A burst of repaints is no flicker: it must go on for so many seconds."""
_AFTERMATH = 0.8
"""Seconds after the previous action in which changes are its effect, not flicker."""
_STARTUP_ID = re.compile(rb'ID="?([^" \0]+)')
_BREATH = 0.004
_LULL = 0.02
"""Seconds without a change after which this may be what the screen will look like."""
_SHOWN = 0.06
"""Seconds of changes without a rest after which a part of them can be looked at."""


@dataclass(frozen=True, slots=True)
class _Change:
    when: float
    box: Box


class _Lulls:
    """Tells ``heard`` once of every rest of the screen."""

    def __init__(self, began: float, heard: Callable[[], object] | None) -> None:
        self._began, self._heard = began, heard
        self._told = 0.0

    def tell(self, now: float, last: float | None) -> float:
        """Tell, if the screen rests since ``last``; seconds until it is time to look again."""
        rests = (self._began if last is None else last) + _LULL
        if self._heard is None or rests <= self._told:
            return float("inf")
        if now >= rests:
            self._told = rests
            self._heard()
            return float("inf")
        return rests - now


class Stillness:
    """The rules: when the screen is settled, told what changes. It knows nothing of X.

    Args:
        now: seconds, on the scale of the loop's waits.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changes: deque[_Change] = deque(maxlen=_REMEMBERED)
        self._flicker: tuple[Box, ...] = ()
        self._starting: set[bytes] = set()
        self._message: dict[int, bytes] = {}
        self._expecting = False
        self._hover = True
        self._hidden: tuple[Box, ...] = ()
        self._since = now()
        self._rearranged = 0.0
        self._listeners: list[Callable[[], None]] = []

    # from whichever thread ------------------------------------------------------------

    def changed(self, box: Box) -> None:
        """A part of the screen was painted."""
        self._changes.append(_Change(self._now(), box))

    def rearranged(self) -> None:
        """Windows, or which of them has the keyboard, changed; this alone paints nothing."""
        self._rearranged = self._now()

    def started(self, window: int, piece: bytes, *, begins: bool) -> None:
        """A piece of a startup notification came: ``new: ID=…`` or ``remove: ID=…``."""
        so_far = b"" if begins else self._message.get(window, b"")
        text, end, _ = (so_far + piece).partition(b"\0")
        self._message[window] = text
        if not end:
            return
        del self._message[window]
        found = _STARTUP_ID.search(text)
        if found and text.startswith(b"new:"):
            self._starting.add(found[1])
        elif found and text.startswith(b"remove:"):
            self._starting.discard(found[1])
            self.changed(Box(0, 0, 0, 0))

    # on the event loop ----------------------------------------------------------------

    def mark(self, *, hover: bool = False) -> None:
        """An action begins now: what changes from here on is its effect.

        Args:
            hover: it only moves the pointer: a tooltip is what it may be meant for.
        """
        now = self._now()
        begin = max(now - _LEARNED_FROM, self._since + _AFTERMATH)
        if now - begin >= _LEARNED_OVER:  # else nothing new can be learned: keep what is known
            self._flicker = self._learn(begin)
        self._since = now
        self._starting.clear()
        self._expecting = False
        self._hover = hover
        self._hidden = ()

    def _learn(self, begin: float) -> tuple[Box, ...]:
        times: dict[Box, list[float]] = {}
        for change in tuple(self._changes):
            if change.when >= begin:
                times.setdefault(change.box, []).append(change.when)
        return tuple(
            box
            for box, seen in times.items()
            if len(seen) >= _LEARNED_OFTEN and seen[-1] - seen[0] >= _LEARNED_OVER
        )

    def expect_window(self) -> None:
        """A program was started: until a window appears, the screen is not settled."""
        self._expecting = True

    def last_change(self, after: float) -> float | None:
        """When the screen last changed after a moment, flicker aside."""
        ignored = self._flicker + self._hidden
        for change in reversed(self._changes):
            if change.when <= after:
                return None
            if not any(_inside(change.box, place) for place in ignored):
                return change.when
        return None

    async def wait(
        self,
        *,
        first: float,
        quiet: float,
        cap: float,
        lull: Callable[[], object] | None = None,
    ) -> Settled:
        """Wait by the rule above, counting from the last `mark`; ``lull`` is told every rest."""
        began = self._now()
        lulls = _Lulls(began, lull)
        with self._told() as woken:
            while True:
                woken.clear()
                now, last = self._now(), self.last_change(self._since)
                due = began + first if last is None else max(last + quiet, began)
                busy = bool(self._starting) or self._expecting
                if (now >= due and not busy) or now >= began + cap:
                    return Settled(now - began, last is not None, now >= due and not busy)
                left = (began + cap if busy else min(due, began + cap)) - now
                left = min(left, lulls.tell(now, last))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), left)

    async def change(self, since: float, within: float) -> bool:
        """Wait for a change after a moment; see `Desktop.changed`."""
        over, shown = self._now() + within, float("inf")
        with self._told() as woken:
            while True:
                woken.clear()
                now, last = self._now(), self.last_change(since)
                if self._rearranged > since:
                    last = max(last or 0.0, self._rearranged)
                if last is not None:
                    shown = min(shown, now + _SHOWN)
                due = over if last is None else min(last + _LULL, shown, over)
                if now >= due:
                    return last is not None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), due - now)

    @contextlib.contextmanager
    def _told(self) -> Iterator[asyncio.Event]:
        """An event of the running loop that is set by each batch of changes."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def listener() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

        self._listeners.append(listener)
        try:
            yield woken
        finally:
            self._listeners.remove(listener)


class DamageWatch(Stillness):
    """Knows when and where the screen changed. Made off the loop; `wait` runs on it.

    Args:
        env: the desktop.
        tooltips: leave all tooltips alone.
        resized: told the screen's new width and height, on the watching thread.
    """

    def __init__(
        self, env: DisplayEnv, *, tooltips: bool = False, resized: Callable[[int, int], object]
    ) -> None:
        super().__init__()
        self._tooltips, self._resized = tooltips, resized
        self._display = open_display(env)
        self._display.damage_query_version()
        self._notify = self._display.extension_event.DamageNotify
        root = self._root = self._display.screen().root
        root.change_attributes(
            event_mask=X.PropertyChangeMask | X.StructureNotifyMask | X.SubstructureNotifyMask
        )
        self._damage = root.damage_create(damage.DamageReportDeltaRectangles)
        self._tooltip = self._display.intern_atom("_NET_WM_WINDOW_TYPE_TOOLTIP")
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name="damage", daemon=True)
        self._display.flush()
        self._thread.start()

    # the watching thread -------------------------------------------------------------

    def _watch(self) -> None:
        try:
            while not self._closing:
                self._read()
        except (OSError, ConnectionClosedError, XError):
            pass  # the supervisor notices that the server has gone
        finally:
            with contextlib.suppress(OSError, ConnectionClosedError):
                self._display.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _read(self) -> None:
        new, moved = False, False
        while self._display.pending_events():
            event = self._display.next_event()
            if event.type == self._notify:
                area = event.area
                self.changed(Box(area.x, area.y, area.width, area.height))
                new = True
            elif event.type == X.MapNotify:
                self._mapped(event)
            elif event.type == X.ConfigureNotify and event.window.id == self._root.id:
                self._resized(event.width, event.height)
            elif event.type == X.ClientMessage:
                self._follow_start(event)
            moved = moved or event.type in _ARRANGING
        if moved:
            self.rearranged()
        if new:
            self._display.damage_subtract(self._damage, 0, 0)
            self._display.flush()
        if new or moved:
            for tell in tuple(self._listeners):
                tell()
            time.sleep(_BREATH)  # many small changes become one event
            return
        select.select([self._display, self._wake_read], [], [])

    def _mapped(self, event: Any) -> None:
        if not event.override:
            self._expecting = False
            return
        with contextlib.suppress(XError):  # it may be gone again
            if not (self._tooltips or self._hover) and self._is_tooltip(event.window):
                self._hide(event.window)

    def _is_tooltip(self, window: Any) -> bool:
        kind = self._display.get_atom("_NET_WM_WINDOW_TYPE")
        said = window.get_full_property(kind, X.AnyPropertyType)
        return said is not None and self._tooltip in said.value

    def _hide(self, window: Any) -> None:
        place = window.get_geometry()
        window.unmap(onerror=CatchError())
        self._display.flush()
        self._hidden += (Box(place.x, place.y, place.width, place.height),)

    def _follow_start(self, event: Any) -> None:
        kind = self._display.get_atom_name(event.client_type)
        if kind.startswith("_NET_STARTUP_INFO"):
            begins = kind.endswith("_BEGIN")
            self.started(event.window.id, bytes(event.data[1]), begins=begins)

    # for its owner ------------------------------------------------------------------

    def close(self) -> None:
        """Stop watching."""
        self._closing = True
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b".")
        self._thread.join(2.0)


def _inside(box: Box, place: Box) -> bool:
    return (
        place.x <= box.x
        and place.y <= box.y
        and box.x + box.width <= place.x + place.width
        and box.y + box.height <= place.y + place.height
    )


def watch(
    env: DisplayEnv,
    *,
    tooltips: bool = False,
    resized: Callable[[int, int], object] = lambda width, height: None,
) -> DamageWatch | None:
    """A `DamageWatch`, or None where the server has no damage extension."""
    display = open_display(env)
    try:
        if not display.has_extension("DAMAGE"):
            return None
        return DamageWatch(env, tooltips=tooltips, resized=resized)
    finally:
        display.close()
