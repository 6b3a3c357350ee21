"""What the rest of Sayso may ask of a desktop: plain data and one protocol.

Coordinates are pixels of the picture that the model sees (origin top left). With the
default geometry that picture is the screen itself; otherwise one fixed factor maps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from agent.errors import ToolError

Button = Literal["left", "middle", "right"]
Direction = Literal["up", "down", "left", "right"]
WindowKind = Literal["window", "dialog", "menu", "panel", "background"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the screen."""

    x: int
    y: int
    width: int
    height: int

    @property
    def center(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    def contains(self, x: int, y: int) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the screen: ``rgb`` is height x width x 3 bytes, row by row."""

    width: int
    height: int
    rgb: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the pixels; equal frames have equal digests."""
        return hashlib.sha256(self.rgb).hexdigest()


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A frame as bytes for the model, the journal or the page."""

    data: bytes = field(repr=False)
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Window:
    """A top-level window as the window manager lists it (EWMH), bottom to top."""

    id: int
    title: str
    wm_class: str
    pid: int | None
    box: Box
    active: bool = False
    minimised: bool = False
    kind: WindowKind = "window"
    blocks: int | None = None
    """Of a modal dialog: the window that takes no input until it is answered."""


@dataclass(frozen=True, slots=True)
class Node:
    """One accessible object (AT-SPI). ``name`` is stripped; ``box`` is None if hidden.

    ``role`` is AT-SPI's name with spaces ("push button", "menu item", "text").
    ``text`` is given for editors, fields, terminals and combo boxes of pages only.
    """

    id: str
    parent: str | None
    app: str
    role: str
    name: str
    box: Box | None
    states: frozenset[str] = frozenset()
    text: str | None = None
    beyond: Box | None = None
    """Where it would be, of what a page has scrolled out of sight: above, below or beside it."""

    @property
    def showing(self) -> bool:
        return self.box is not None and "showing" in self.states


@dataclass(frozen=True, slots=True)
class Tree:
    """The desktop's accessible objects in document order."""

    nodes: tuple[Node, ...] = ()

    def children(self, node: Node) -> tuple[Node, ...]:
        return tuple(child for child in self.nodes if child.parent == node.id)

    def showing(self, *roles: str) -> tuple[Node, ...]:
        """Visible nodes, of the given roles if any are named."""
        return tuple(n for n in self.nodes if n.showing and (not roles or n.role in roles))


@dataclass(frozen=True, slots=True)
class Target:
    """What lies under a point: topmost window and innermost accessible object."""

    wm_class: str = ""
    title: str = ""
    role: str = ""
    name: str = ""
    box: Box | None = field(default=None, compare=False)
    """Where the object is, if accessibility knows."""

    window: int | None = field(default=None, compare=False)
    """Id of the window."""

    kind: WindowKind | None = field(default=None, compare=False)
    """Of the window; None if there is none."""

    greyed: bool = field(default=False, compare=False)
    """Whether the object is a control that takes no clicks now."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """An application that can be started (from its ``.desktop`` file)."""

    id: str
    name: str
    generic_name: str
    keywords: tuple[str, ...]
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """How a wait for a quiet screen ended."""

    seconds: float
    changed: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class DesktopStatus:
    """State for people: whether it runs, how, and whether anything confines it."""

    state: Literal["stopped", "starting", "ready", "died", "restarting", "unavailable"]
    confined: bool
    network: bool
    server: str
    detail: str = ""
    unwatched: str = ""
    """Why programs that start are not watched; empty while they are."""

    unbounded: str = ""
    """Why nothing bounds what all programs together take of the machine; empty if it is bound."""


class InputDriver(Protocol):
    """Pointer and keyboard. Every method raises InputHalted after ``halt()``.

    ``halt`` and ``release_all`` are synchronous, may be called from any thread, and
    work while every other layer hangs. A cancelled or failed action releases what it
    held before it returns.
    """

    async def move(self, x: int, y: int) -> None: ...

    async def click(
        self,
        x: int | None = None,
        y: int | None = None,
        *,
        button: Button = "left",
        count: int = 1,
        modifiers: str = "",
    ) -> None: ...

    async def drag(
        self, start: tuple[int, int], end: tuple[int, int], *, modifiers: str = ""
    ) -> None: ...

    async def button_down(self, button: Button = "left") -> None: ...

    async def button_up(self, button: Button = "left") -> None: ...

    async def scroll(
        self,
        direction: Direction,
        amount: int,
        x: int | None = None,
        y: int | None = None,
        *,
        modifiers: str = "",
    ) -> None: ...

    async def key(self, combo: str, *, repeat: int = 1) -> None: ...

    async def hold_key(self, combo: str, seconds: float) -> None: ...

    async def type(self, text: str) -> None: ...

    async def position(self) -> tuple[int, int]: ...

    async def clipboard(self) -> str:
        """The clipboard's text; empty if there is none."""
        ...

    def halt(self) -> tuple[str, ...]:
        """Refuse everything from now on; release and return the names of what was held."""
        ...

    def resume(self) -> None: ...

    def release_all(self) -> tuple[str, ...]: ...

    @property
    def halted(self) -> bool: ...


class Process(Protocol):
    """A program in the desktop's sandbox, started without a shell."""

    pid: int

    async def read(self) -> AsyncIterator[bytes]: ...

    async def wait(self) -> int: ...

    async def kill(self) -> None:
        """End it and its whole process group."""
        ...


class Hidden(Protocol):
    """Texts that no picture may show."""

    def __len__(self) -> int: ...

    def hides(self, text: str) -> bool:
        """Whether a text holds one of them."""
        ...


@runtime_checkable
class Covers(Protocol):
    """A desktop that can keep such texts out of its pictures."""

    def cover(self, hidden: Hidden) -> None:
        """Have what shows one of them covered in each picture from now on."""
        ...


class Desktop(Protocol):
    """A running desktop. Methods never block the event loop."""

    @property
    def input(self) -> InputDriver: ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that the model sees."""
        ...

    @property
    def status(self) -> DesktopStatus: ...

    @property
    def home(self) -> Path:
        """The desktop's home folder as the server sees it (host path)."""
        ...

    @property
    def rfb_socket(self) -> Path | None:
        """Unix socket that speaks RFB, or None when only frames are to be had."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def grab(self) -> Frame: ...

    async def screenshot(self) -> EncodedImage:
        """The picture for the model, at ``size``."""
        ...

    async def zoom(self, region: tuple[int, int, int, int]) -> EncodedImage:
        """Picture of ``(x0, y0, x1, y1)``, enlarged until it is as wide or high as ``size``."""
        ...

    async def settle(
        self, *, first: float = 0.15, quiet: float = 0.07, cap: float = 2.0, picture: bool = False
    ) -> Settled:
        """Wait until the screen is quiet (seconds); ``picture``: a screenshot is wanted next."""
        ...

    async def changed(self, since: float, seconds: float) -> bool:
        """Wait until the screen has changed and rests, or has gone on changing for a while.

        Args:
            since: a moment of `time.monotonic`, from which on changes count.
            seconds: how long to wait at most.

        Returns:
            False if it did not change in time; True, early, where that cannot be told.
        """
        ...

    async def windows(self) -> Sequence[Window]: ...

    async def active_window(self) -> Window | None: ...

    async def keyboard(self) -> Window | None:
        """The window that keys go to: also a menu, a panel or the background; None if none."""
        ...

    async def window_at(self, x: int, y: int) -> Window | None:
        """The topmost window at a point, whatever its kind."""
        ...

    async def activate(self, window: Window) -> None: ...

    async def under(self, x: int, y: int) -> Target: ...

    async def tree(self) -> Tree: ...

    async def text_of(self, node: Node) -> str: ...

    async def lines_of(self, node: Node) -> tuple[tuple[str, Box], ...]:
        """Visible lines of a text with their boxes; a wrapped line has one box."""
        ...

    async def caret_of(self, node: Node) -> int:
        """Offset of the caret in a node's text, in characters; -1 if it has none."""
        ...

    async def selection_of(self, node: Node) -> str:
        """Selected text of a node; empty if nothing is selected."""
        ...

    async def launchers(self) -> Sequence[Launcher]: ...

    async def launch(self, launcher: Launcher) -> None: ...

    async def spawn(self, argv: Sequence[str], *, cwd: str | None = None) -> Process: ...


@runtime_checkable
class NamesPaths(Protocol):
    """A desktop whose programs call their home otherwise than the server does."""

    def inside(self, path: Path) -> str:
        """A path of the home as programs on the desktop call it."""
        ...


@runtime_checkable
class TellsAddresses(Protocol):
    """A desktop that knows where its browsers' pages are from."""

    async def address_of(self, node: Node) -> str:
        """Address of a page, by its outermost object; empty if it has none."""
        ...


@runtime_checkable
class TellsHangs(Protocol):
    """A desktop that knows which programs take in what happens to their windows."""

    async def responds(self, window: int) -> bool:
        """Whether a window's program answers within a moment; True where it cannot be asked."""
        ...


async def responds(desktop: Desktop, window: int) -> bool:
    """Whether a window's program takes in what happens to it, as far as can be told."""
    try:
        return not isinstance(desktop, TellsHangs) or await desktop.responds(window)
    except ToolError:  # it has just closed
        return True


def inside(desktop: Desktop, path: Path) -> str:
    """A path of the desktop's home as its programs, and the model, call it."""
    return desktop.inside(path) if isinstance(desktop, NamesPaths) else str(path)
