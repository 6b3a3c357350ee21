"""Windows as the window manager knows them (EWMH), over an X connection of their own.

Boxes are outer frames in native screen pixels: what a person sees as the window, and
what toolkits report through AT-SPI as the extents of a frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from Xlib import X, Xatom, error
from Xlib.protocol import event

from agent.desktop.act.holders import MENUS, client_of, keyboard_window, open_menu
from agent.desktop.base import Box, Window, WindowKind
from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv
from agent.errors import DesktopDied, ToolError
from agent.threads import step_back

Result = TypeVar("Result")

_ICONIC = 3
_SOURCE_PAGER = 2
_STATE_ADD = 1
_PATIENCE = 2.0
"""Seconds that the window manager may take to do as asked."""
_MOMENT = 2.0
"""Seconds that a program may take to answer: on a busy machine one is late that does not hang."""
_GONE = (error.BadWindow, error.BadDrawable, error.BadMatch)
_KINDS: dict[str, WindowKind] = {
    "_NET_WM_WINDOW_TYPE_DIALOG": "dialog",
    "_NET_WM_WINDOW_TYPE_DOCK": "panel",
    "_NET_WM_WINDOW_TYPE_DESKTOP": "background",
    **dict.fromkeys(MENUS, "menu"),
    "_NET_WM_WINDOW_TYPE_COMBO": "menu",
}


class WindowList:
    """Lists, raises, minimises and closes windows of one desktop.

    Methods raise DesktopDied when the X server is gone, and ToolError when a window
    has vanished or the window manager does not do as asked within two seconds.
    """

    def __init__(self, env: DisplayEnv) -> None:
        self._env = env
        self._display: Any = None
        self._thread = ThreadPoolExecutor(1, "windows", step_back)

    async def start(self) -> None:
        """Connect; other methods do so themselves when it was not called."""
        await self._do(lambda root: None)

    async def ping(self) -> None:
        """Return when the X server has answered."""
        await self._do(lambda root: root.get_geometry())

    async def close_connection(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    async def windows(self) -> tuple[Window, ...]:
        """Applications' windows, bottom to top, without the panel and the background."""
        return await self._do(self._list)

    async def active(self) -> Window | None:
        """The window that keys go to."""
        return await self._do(self._active)

    async def keyboard(self) -> Window | None:
        """What keys go to by the server's word: also menus, the panel and the background."""
        return await self._do(self._keyboard)

    async def under_point(self, x: int, y: int) -> Window | None:
        """Topmost window at a point: also menus, tooltips, the panel and the background."""
        return await self._do(lambda root: self._under(root, x, y))

    async def responds(self, window_id: int) -> bool:
        """Whether a window's program answers within a moment; True where it cannot be asked."""
        return await self._do(lambda root: self._responds(root, window_id))

    async def activate(self, window: Window) -> None:
        """Raise and focus, restoring it if minimised; returns when it has the focus."""
        await self._do(lambda root: self._activate(root, window))

    async def minimise(self, window: Window) -> None:
        message = ("WM_CHANGE_STATE", [_ICONIC])
        await self._ask(window, message, lambda root: self._is_hidden(window.id), "minimise")

    async def maximise(self, window: Window) -> None:
        horizontal, vertical = await self._do(
            lambda root: [self._atom(f"_NET_WM_STATE_MAXIMIZED_{w}") for w in ("HORZ", "VERT")]
        )
        message = ("_NET_WM_STATE", [_STATE_ADD, horizontal, vertical, _SOURCE_PAGER])
        await self._ask(
            window,
            message,
            lambda root: {horizontal, vertical} <= set(self._numbers(window.id, "_NET_WM_STATE")),
            "maximise",
        )

    # In the thread ------------------------------------------------------------------

    async def _do(self, work: Callable[[Any], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[Any], Result]) -> Result:
        try:
            if self._display is None:
                self._display = open_display(self._env)
                root = self._display.screen().root
                root.change_attributes(event_mask=X.PropertyChangeMask)
            return work(self._display.screen().root)
        except _GONE as gone:
            raise ToolError("That window is gone; look at the list of windows again.") from gone
        except (error.DisplayError, error.ConnectionClosedError, OSError) as dead:
            self._drop()
            raise DesktopDied(f"The X server does not answer: {dead}.") from dead

    def _drop(self) -> None:
        if self._display is not None:
            with contextlib.suppress(error.ConnectionClosedError, OSError):
                self._display.close()
            self._display = None

    def _list(self, root: Any) -> tuple[Window, ...]:
        ids = self._numbers(root, "_NET_CLIENT_LIST_STACKING")
        active = self._active_id(root)
        found = []
        for window_id in ids:
            try:
                found.append(self._describe(root, window_id, active))
            except _GONE:
                continue
        return tuple(window for window in found if window.kind not in ("panel", "background"))

    def _active(self, root: Any) -> Window | None:
        active = self._active_id(root)
        try:
            return self._describe(root, active, active) if active else None
        except _GONE:
            return None

    def _active_id(self, root: Any) -> int:
        return next(iter(self._numbers(root, "_NET_ACTIVE_WINDOW")), 0)

    def _describe(self, root: Any, window_id: int, active: int) -> Window:
        window = self._display.create_resource_object("window", window_id)
        names = window.get_wm_class() or ("", "")
        pids = self._numbers(window, "_NET_WM_PID")
        states = self._numbers(window, "_NET_WM_STATE")
        owner = self._numbers(window, "WM_TRANSIENT_FOR")
        modal = self._atom("_NET_WM_STATE_MODAL") in states
        return Window(
            id=window_id,
            title=self._title(window),
            wm_class=names[1] or names[0],
            pid=pids[0] if pids else None,
            box=self._box(root, window),
            active=window_id == active,
            minimised=self._atom("_NET_WM_STATE_HIDDEN") in states,
            kind="dialog" if modal else self._kind(window, bool(owner)),
            blocks=owner[0] if modal and owner else None,
        )

    def _kind(self, window: Any, owned: bool) -> WindowKind:
        said = self._numbers(window, "_NET_WM_WINDOW_TYPE")
        known = {self._atom(name): kind for name, kind in _KINDS.items()}
        default: WindowKind = "dialog" if owned and not said else "window"
        return next((known[atom] for atom in said if atom in known), default)

    def _keyboard(self, root: Any) -> Window | None:
        active = self._active_id(root)
        found = open_menu(self._display) or keyboard_window(self._display)
        try:
            return self._describe(root, found, active) if found else None
        except _GONE:
            return None

    def _title(self, window: Any) -> str:
        utf8 = self._atom("UTF8_STRING")
        modern = window.get_full_property(self._atom("_NET_WM_NAME"), utf8)
        if modern is not None:
            return bytes(modern.value).decode("utf-8", "replace")
        legacy = window.get_full_property(Xatom.WM_NAME, X.AnyPropertyType)
        if legacy is None:
            return ""
        value = legacy.value
        return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")

    def _box(self, root: Any, window: Any) -> Box:
        size = window.get_geometry()
        place = root.translate_coords(window, 0, 0)
        edges = [*self._numbers(window, "_NET_FRAME_EXTENTS"), 0, 0, 0, 0][:4]
        left, right, top, bottom = edges
        return Box(
            place.x - left, place.y - top, size.width + left + right, size.height + top + bottom
        )

    def _is_hidden(self, window_id: int) -> bool:
        return self._atom("_NET_WM_STATE_HIDDEN") in self._numbers(window_id, "_NET_WM_STATE")

    def _numbers(self, window: Any, name: str) -> list[int]:
        if isinstance(window, int):
            window = self._display.create_resource_object("window", window)
        prop = window.get_full_property(self._atom(name), X.AnyPropertyType)
        return [int(value) for value in prop.value] if prop and prop.format == 32 else []

    def _atom(self, name: str) -> int:
        return int(self._display.get_atom(name))

    def _under(self, root: Any, x: int, y: int) -> Window | None:
        active = self._active_id(root)
        for window in reversed(root.query_tree().children):
            try:
                if self._covers(window, x, y):
                    client = client_of(self._display, window) or window
                    return self._describe(root, client.id, active)
            except _GONE:
                continue
        return None

    def _covers(self, window: Any, x: int, y: int) -> bool:
        look = window.get_attributes()
        if look.map_state != X.IsViewable or look.win_class != X.InputOutput:
            return False
        size = window.get_geometry()
        return Box(
            size.x, size.y, size.width + 2 * size.border_width, size.height + 2 * size.border_width
        ).contains(x, y)

    def _activate(self, root: Any, window: Window) -> None:
        self._send(root, window.id, "_NET_ACTIVE_WINDOW", [_SOURCE_PAGER, X.CurrentTime, 0])
        self._await(lambda: self._active_id(root) == window.id, f"raise “{window.title}”")

    async def _ask(
        self,
        window: Window,
        message: tuple[str, list[int]],
        done: Callable[[Any], bool],
        what: str,
    ) -> None:
        def work(root: Any) -> None:
            self._send(root, window.id, *message)
            target = self._display.create_resource_object("window", window.id)
            target.change_attributes(event_mask=X.PropertyChangeMask)
            self._await(lambda: done(root), f"{what} “{window.title}”")

        await self._do(work)

    def _responds(self, root: Any, window_id: int) -> bool:
        """By EWMH's ping, which toolkits answer from the loop that takes their input."""
        protocols, ping = self._atom("WM_PROTOCOLS"), self._atom("_NET_WM_PING")
        if ping not in self._numbers(window_id, "WM_PROTOCOLS"):
            return True
        mark = int(time.monotonic() * 1000) & 0x7FFFFFFF
        data = (32, [ping, mark, window_id, 0, 0])
        message = event.ClientMessage(window=window_id, client_type=protocols, data=data)
        root.change_attributes(event_mask=X.PropertyChangeMask | X.SubstructureNotifyMask)
        try:
            self._display.create_resource_object("window", window_id).send_event(message)
            self._display.flush()
            return self._hears(protocols, [ping, mark, window_id])
        finally:
            root.change_attributes(event_mask=X.PropertyChangeMask)

    def _hears(self, kind: int, words: list[int]) -> bool:
        """Whether a message with this kind and these first words comes in time."""
        deadline = time.monotonic() + _MOMENT
        while (left := deadline - time.monotonic()) > 0:
            if not self._display.pending_events():
                select.select([self._display.fileno()], [], [], left)
            while self._display.pending_events():
                got = self._display.next_event()
                ours = got.type == X.ClientMessage and got.client_type == kind
                if ours and list(got.data[1])[: len(words)] == words:
                    return True
        return False

    def _send(self, root: Any, window_id: int, name: str, data: list[int]) -> None:
        if window_id not in self._numbers(root, "_NET_CLIENT_LIST"):
            raise ToolError("That window is gone; look at the list of windows again.")
        message = event.ClientMessage(
            window=window_id,
            client_type=self._atom(name),
            data=(32, [*data, 0, 0, 0, 0, 0][:5]),
        )
        root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        self._display.flush()

    def _await(self, done: Callable[[], bool], what: str) -> None:
        """Wait, by the server's property events, until ``done``."""
        deadline = time.monotonic() + _PATIENCE
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise ToolError(f"The window manager did not {what} in time; try a click instead.")
            if not self._display.pending_events():
                select.select([self._display.fileno()], [], [], left)
            while self._display.pending_events():
                self._display.next_event()
