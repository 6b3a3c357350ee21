"""A desktop in memory: windows, one text field, and a driver that remembers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image as Pillow

from agent.desktop.act import keys
from agent.desktop.base import (
    Box,
    Button,
    DesktopStatus,
    Direction,
    EncodedImage,
    Frame,
    Launcher,
    Node,
    Process,
    Settled,
    Target,
    Tree,
    Window,
)
from agent.desktop.see.echo import Echo
from agent.errors import DesktopUnavailable, InputHalted
from agent.permit import check_permit

_TITLE = "Untitled - Mousepad"
_LOOKED_AT_EVERY = 0.01


class FakeInput:
    """An input driver that lists in words what was done; it refuses what is no key, as the real."""

    def __init__(self) -> None:
        self.deeds: list[str] = []
        self.held: list[str] = []
        self.text = ""
        self.takes: Callable[[str, str], str] = lambda text, typed: text + typed
        """What the field reads after something was typed into it."""

        self._at = (0, 0)
        self._halted = False

    async def move(self, x: int, y: int) -> None:
        self._do(f"move {x},{y}")
        self._at = (x, y)

    async def click(
        self,
        x: int | None = None,
        y: int | None = None,
        *,
        button: Button = "left",
        count: int = 1,
        modifiers: str = "",
    ) -> None:
        keys.parse_modifiers(modifiers)
        self._at = (self._at[0] if x is None else x, self._at[1] if y is None else y)
        self._do(f"click {button} {self._at[0]},{self._at[1]} x{count} {modifiers}".strip())

    async def drag(
        self, start: tuple[int, int], end: tuple[int, int], *, modifiers: str = ""
    ) -> None:
        keys.parse_modifiers(modifiers)
        self._do(f"drag {start} {end} {modifiers}".strip())

    async def button_down(self, button: Button = "left") -> None:
        self._do(f"button_down {button}")
        self.held.append(button)

    async def button_up(self, button: Button = "left") -> None:
        self._do(f"button_up {button}")
        self.held = [name for name in self.held if name != button]

    async def scroll(
        self,
        direction: Direction,
        amount: int,
        x: int | None = None,
        y: int | None = None,
        *,
        modifiers: str = "",
    ) -> None:
        keys.parse_modifiers(modifiers)
        self._do(f"scroll {direction} {amount} {modifiers}".strip())

    async def key(self, combo: str, *, repeat: int = 1) -> None:
        keys.sequence(combo)
        self._do(f"key {combo} x{repeat}")

    async def hold_key(self, combo: str, seconds: float) -> None:
        keys.parse(combo)
        self._do(f"hold_key {combo}")

    async def type(self, text: str) -> None:
        self._do(f"type {text}")
        self.text = self.takes(self.text, text)

    async def position(self) -> tuple[int, int]:
        return self._at

    async def clipboard(self) -> str:
        return ""

    def halt(self) -> tuple[str, ...]:
        self._halted = True
        return self.release_all()

    def resume(self) -> None:
        self._halted = False

    def release_all(self) -> tuple[str, ...]:
        released, self.held = tuple(self.held), []
        return released

    @property
    def halted(self) -> bool:
        return self._halted

    def _do(self, deed: str) -> None:
        if self._halted:
            raise InputHalted("The person stopped; nothing is sent to the desktop.")
        check_permit()
        self.deeds.append(deed)


class FakeDesktop:
    """A desktop of one editor window. ``unavailable`` makes `start` fail with that text."""

    def __init__(
        self, *, width: int = 128, height: int = 80, home: Path | None = None, unavailable: str = ""
    ) -> None:
        self.input = FakeInput()
        self.shade = 0
        """Grey level of the whole screen; change it and the screen has changed."""

        self.role = "text"
        """Of the object that has the focus."""

        self.echoes: Echo = "unknown"
        """Whether its terminals show what is typed into them."""

        self.shown: tuple[Window, ...] = (
            Window(1, _TITLE, "Mousepad", None, Box(0, 0, width, height), active=True),
        )
        """Its windows, bottom to top; the active one has the keyboard and the field."""

        self._size = (width, height)
        self._home = home or Path("/nonexistent")
        self._unavailable = unavailable
        self._status = DesktopStatus("stopped", confined=True, network=False, server="memory")

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def status(self) -> DesktopStatus:
        return self._status

    @property
    def home(self) -> Path:
        return self._home

    @property
    def rfb_socket(self) -> Path | None:
        return None

    async def start(self) -> None:
        if self._unavailable:
            raise DesktopUnavailable(self._unavailable)
        self._status = DesktopStatus("ready", confined=True, network=False, server="memory")

    async def stop(self) -> None:
        self._status = DesktopStatus("stopped", confined=True, network=False, server="memory")

    async def grab(self) -> Frame:
        width, height = self._size
        return Frame(width, height, bytes([self.shade]) * (width * height * 3))

    async def screenshot(self) -> EncodedImage:
        await asyncio.sleep(0)
        return _picture(*self._size, self.shade)

    async def zoom(self, region: tuple[int, int, int, int]) -> EncodedImage:
        x0, y0, x1, y1 = region
        factor = min(self._size[0] / (x1 - x0), self._size[1] / (y1 - y0))
        return _picture(round((x1 - x0) * factor), round((y1 - y0) * factor), self.shade)

    async def settle(
        self, *, first: float = 0.15, quiet: float = 0.07, cap: float = 2.0, picture: bool = False
    ) -> Settled:
        return Settled(seconds=0.0, changed=False, quiet=True)

    async def changed(self, since: float, seconds: float) -> bool:
        now = asyncio.get_running_loop().time
        before, over = self._seen(), now() + seconds
        while now() < over:
            await asyncio.sleep(min(seconds, _LOOKED_AT_EVERY))
            if self._seen() != before:
                return True
        return False

    def _seen(self) -> tuple[object, ...]:
        return self.shade, self.role, self.shown, self.input.text

    async def windows(self) -> Sequence[Window]:
        return self.shown

    async def active_window(self) -> Window | None:
        return next((window for window in self.shown if window.active), None)

    async def keyboard(self) -> Window | None:
        return await self.active_window()

    async def window_at(self, x: int, y: int) -> Window | None:
        return next((w for w in reversed(self.shown) if w.box.contains(x, y)), None)

    async def activate(self, window: Window) -> None:
        """The one window is always active."""

    async def under(self, x: int, y: int) -> Target:
        window = await self.window_at(x, y)
        if window is None:
            return Target()
        return Target(
            window.wm_class, window.title, self.role, "", window=window.id, kind=window.kind
        )

    async def tree(self) -> Tree:
        window = await self.active_window()
        if window is None:
            return Tree()
        here, box = frozenset({"showing", "active"}), window.box
        frame = Node("0", None, "mousepad", "frame", window.title, box, here)
        states = frozenset({"showing", "editable", "focused"})
        text = Node("1", "0", "mousepad", self.role, "", box, states, self.input.text)
        return Tree((frame, text))

    async def echo(self, window: Window) -> Echo:
        return self.echoes

    async def text_of(self, node: Node) -> str:
        return self.input.text

    async def lines_of(self, node: Node) -> tuple[tuple[str, Box], ...]:
        return ((self.input.text, Box(0, 0, *self._size)),) if self.input.text else ()

    async def caret_of(self, node: Node) -> int:
        return len(self.input.text)

    async def selection_of(self, node: Node) -> str:
        return ""

    async def launchers(self) -> Sequence[Launcher]:
        return ()

    async def launch(self, launcher: Launcher) -> None:
        raise DesktopUnavailable("This desktop has no programs.")

    async def spawn(self, argv: Sequence[str], *, cwd: str | None = None) -> Process:
        check_permit()
        return FakeProcess(list(argv))


class FakeProcess:
    """A program that prints its arguments and ends well."""

    pid = 1

    def __init__(self, argv: list[str]) -> None:
        self._argv = argv

    async def read(self) -> AsyncIterator[bytes]:
        argv = self._argv

        async def lines() -> AsyncIterator[bytes]:
            yield (" ".join(argv) + "\n").encode()

        return lines()

    async def wait(self) -> int:
        return 0

    async def kill(self) -> None:
        """It has ended already."""


@lru_cache(maxsize=64)
def _picture(width: int, height: int, shade: int) -> EncodedImage:
    buffer = io.BytesIO()
    Pillow.new("L", (width, height), shade).save(buffer, "JPEG")
    return EncodedImage(buffer.getvalue(), "image/jpeg", width, height)
