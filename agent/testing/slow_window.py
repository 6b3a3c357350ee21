"""A window that shows its reaction to a click after a known time: for tests of waiting.

It is a client of the desktop's X server that runs in the test's process, on a thread.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Sequence
from typing import Any

from Xlib import X
from Xlib.error import ConnectionClosedError, XError

from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv

RED, GREEN, BLUE = 0xCC2222, 0x22AA22, 0x2222CC


class SlowWindow:
    """Paints itself in the next colour ``delays[i]`` seconds after a click.

    Args:
        env: the desktop to show it on.
        delays: seconds from a click to each repaint.
        flicker: seconds between changes of a small square in the corner; 0 for none.
    """

    def __init__(
        self,
        env: DisplayEnv,
        delays: Sequence[float] = (0.05,),
        *,
        box: tuple[int, int, int, int] = (200, 150, 300, 200),
        flicker: float = 0.0,
    ) -> None:
        self._display = open_display(env)
        x, y, width, height = box
        screen = self._display.screen()
        self._window = screen.root.create_window(
            x,
            y,
            width,
            height,
            0,
            screen.root_depth,
            background_pixel=BLUE,
            override_redirect=True,
            event_mask=X.ButtonPressMask | X.ButtonReleaseMask | X.KeyPressMask,
        )
        self._gc = self._window.create_gc(foreground=BLUE)
        self._delays, self._flicker, self._size = delays, flicker, (width, height)
        self.center = (x + width // 2, y + height // 2)
        self.presses: list[tuple[float, int, int]] = []
        """(time, button, modifier state) of every press it received."""
        self.keys: list[int] = []
        self._due: list[tuple[float, int]] = []
        self._next_flicker = time.monotonic()
        self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._open = True
        self._window.map()
        self._window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        self._display.sync()
        self._thread = threading.Thread(target=self._run, name="slow window", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError, ConnectionClosedError, XError):
            while self._open:
                self._step()
            self._display.close()

    def _step(self) -> None:
        while self._display.pending_events():
            self._handle(self._display.next_event())
        now = time.monotonic()
        for when, colour in [due for due in self._due if due[0] <= now]:
            self._due.remove((when, colour))
            self._paint(colour, *self._size)
        if self._flicker and now >= self._next_flicker:
            self._next_flicker = now + self._flicker
            self._paint(int(now * 1000) & 0xFFFF, 12, 12)
        self._display.flush()
        waits = [when - now for when, _ in self._due]
        if self._flicker:
            waits.append(self._next_flicker - now)
        if not self._display.pending_events():
            timeout = max(0.0, min(waits)) if waits else None
            select.select([self._display, self._wake[0]], [], [], timeout)

    def _handle(self, event: Any) -> None:
        if event.type == X.ButtonPress:
            now = time.monotonic()
            self.presses.append((now, event.detail, event.state))
            colours = (GREEN, RED) if len(self.presses) % 2 else (BLUE, RED)
            for number, delay in enumerate(self._delays):
                self._due.append((now + delay, colours[number % 2]))
        elif event.type == X.KeyPress:
            self.keys.append(event.detail)

    def _paint(self, colour: int, width: int, height: int) -> None:
        self._gc.change(foreground=colour)
        self._window.fill_rectangle(self._gc, 0, 0, width, height)

    def close(self) -> None:
        """Remove the window."""
        self._open = False
        os.write(self._wake[1], b".")
        self._thread.join(2.0)
        for descriptor in self._wake:
            os.close(descriptor)
