"""What the planner sees: one look at the windows, the accessible objects and the programs."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from agent.desktop.base import Desktop, Launcher, Node, Tree, Window

_FURNITURE = ("xfce4-panel", "wrapper-2.0", "xfdesktop", "xfce4-notifyd")
_FRAMES = ("frame", "dialog", "window", "alert", "file chooser", "color chooser")
_DIALOGS = ("dialog", "alert", "file chooser", "color chooser")
_LISTS = ("table", "tree table", "tree", "list", "icon", "table cell", "list item", "layered pane")
_SIDE_LISTS = ("directory pane", "tree table")
EDITABLE = ("text", "entry", "password text", "terminal", "document text", "paragraph", "editbar")


@dataclass(frozen=True)
class View:
    """One look at the desktop."""

    tree: Tree
    windows: tuple[Window, ...]
    launchers: tuple[Launcher, ...]
    size: tuple[int, int]
    taken: float = 0.0
    """When the look began, by `time.monotonic`."""

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.tree.nodes}

    def ancestors(self, node: Node) -> Iterator[Node]:
        """The node's parents, innermost first."""
        parent = self._by_id.get(node.parent or "")
        while parent is not None:
            yield parent
            parent = self._by_id.get(parent.parent or "")

    def inside(self, node: Node, roles: tuple[str, ...]) -> Node | None:
        """The innermost parent of one of these roles."""
        return next((a for a in self.ancestors(node) if a.role in roles), None)

    def frame(self, node: Node) -> Node | None:
        """The accessible window that a node belongs to."""
        return self.inside(node, _FRAMES)

    @cached_property
    def floor(self) -> int:
        """The upper edge of the panel, below which no window can be clicked."""
        panels = [n.box for n in self.tree.showing("frame") if "panel" in n.app and n.box]
        return min((box.y for box in panels if box.y > 0), default=self.size[1])

    @property
    def active(self) -> Window | None:
        """The window that has the keyboard, if it is a person's."""
        return next((w for w in self.programs if w.active), None)

    @property
    def programs(self) -> tuple[Window, ...]:
        """Windows of programs, bottom to top, without panel and background; with their dialogs."""
        return tuple(
            w for w in self.windows if w.wm_class.lower() not in _FURNITURE or w.kind == "dialog"
        )

    def furniture(self, node: Node) -> bool:
        """Whether a node belongs to the panel or the background, and to no dialog of theirs."""
        if not any(name in node.app.lower() for name in ("xfce4-panel", "xfdesktop", "wrapper")):
            return False
        return node.role not in _DIALOGS and not self.in_dialog(node)

    def window_of(self, node: Node) -> Window | None:
        """The window that a node is in, by its frame's name and place."""
        frame = node if node.role in _FRAMES else self.frame(node)
        if frame is None:
            return None
        named = [w for w in self.windows if w.title == frame.name]
        if len(named) > 1 and frame.box is not None:
            place = frame.box
            named.sort(key=lambda w: abs(w.box.x - place.x) + abs(w.box.y - place.y))
        return named[0] if named else None

    def on_top_at(self, x: int, y: int) -> Window | None:
        """The topmost window at a point."""
        at = [w for w in self.windows if not w.minimised and w.box.contains(x, y)]
        return at[-1] if at else None

    @cached_property
    def dialogs(self) -> tuple[Node, ...]:
        """Dialogs that show, of programs."""
        shown = [n for n in self.tree.showing(*_DIALOGS) if not self.furniture(n)]
        return tuple(n for n in shown if self.inside(n, _DIALOGS) is None)

    @cached_property
    def in_the_way(self) -> tuple[Node, ...]:
        """Dialogs of the program in front; all, if it tells nothing of itself."""
        front = {n.app for n in self.tree.showing(*_FRAMES) if self.in_active(n)}
        return tuple(d for d in self.dialogs if not front or d.app in front)

    def in_dialog(self, node: Node) -> bool:
        return self.inside(node, _DIALOGS) is not None

    def speaks(self, window: Window | None) -> bool:
        """Whether a window's program tells what is in it, so that its fields would be seen."""
        return any(n.role != "frame" and self.window_of(n) == window for n in self.tree.showing())

    def in_active(self, node: Node) -> bool:
        """Whether a node is in the window that has the keyboard."""
        window = self.window_of(node)
        return window is not None and window.active

    @cached_property
    def menu_open(self) -> bool:
        """Whether a menu has dropped down and would take the keys."""
        items = self.tree.showing("menu item", "check menu item", "radio menu item", "menu")
        return any(self.inside(n, ("menu",)) is not None for n in items)

    @cached_property
    def focused(self) -> Node | None:
        """What has the keyboard: the innermost focused object, of the active window first."""
        have = [n for n in self.tree.nodes if "focused" in n.states and n.showing]
        have.sort(key=lambda n: (self.in_active(n), is_written_in(n), n.text is not None))
        return have[-1] if have else None

    @property
    def writing(self) -> bool:
        """Whether the keyboard is in a text that a person writes: a field or an editor."""
        node = self.focused
        return node is not None and is_written_in(node) and node.role != "terminal"

    @property
    def in_cell(self) -> bool:
        """Whether the keyboard is in a cell of a spreadsheet, which takes text and shows none."""
        node = self.focused
        if node is None or node.role != "table cell" or "editable" not in node.states:
            return False
        return self.in_active(node)

    @property
    def listing(self) -> bool:
        """Whether the keyboard is in a list of things, where keys choose and delete them."""
        node = self.focused
        return node is not None and node.role in _LISTS and self.in_active(node)

    @cached_property
    def field(self) -> Node | None:
        """Where typed text would go and be read back from: the focused field, or the only one."""
        if self.focused is not None and is_written_in(self.focused):
            return self.focused
        if self.listing:
            return None
        fields = [n for n in self.texts if self.in_active(n) and _written_in(n)]
        return fields[0] if len(fields) == 1 else None

    @cached_property
    def texts(self) -> tuple[Node, ...]:
        """Editors, fields and terminals that show."""
        return tuple(n for n in self.tree.showing() if is_written_in(n) and n.text is not None)

    @property
    def chosen(self) -> list[str]:
        """Names of the files or rows that are selected in the window in front."""
        nodes = self.tree.showing("icon", "table cell", "list item", "tree item")
        chosen = [n for n in nodes if n.name and "selected" in n.states and self.in_active(n)]
        return [n.name for n in chosen if self.inside(n, _SIDE_LISTS) is None]

    @cached_property
    def print(self) -> str:
        """A short digest of all that can be seen, to tell whether anything changed."""
        seen = [
            f"{n.role}|{n.name}|{n.box}|{sorted(n.states - {'busy'})}|{n.text}"
            for n in self.tree.showing()
            if not _clock(n)
        ]
        frames = [f"{w.title}|{w.box}|{w.active}|{w.minimised}" for w in self.windows]
        return hashlib.sha256("\n".join(seen + frames).encode()).hexdigest()[:12]


def is_written_in(node: Node) -> bool:
    """Whether a person writes in an object: a text, or a list that drops down below a field."""
    return node.role in EDITABLE or (node.role == "combo box" and "editable" in node.states)


def _written_in(node: Node) -> bool:
    return "editable" in node.states or node.role == "terminal"


def memo(view: View) -> str:
    """What a handler notes of the screen before it acts: digest, dialogs, windows."""
    return f"{view.print}x{len(view.dialogs)}x{len(view.programs)}"


def _clock(node: Node) -> bool:
    return bool(re.search(r"\d{1,2}:\d\d", node.name)) and len(node.name) < 40


async def look(desktop: Desktop) -> View:
    """One look.

    Raises:
        DesktopError: the desktop is not there.
    """
    taken = time.monotonic()
    tree, windows, launchers = await asyncio.gather(
        desktop.tree(), desktop.windows(), desktop.launchers()
    )
    return View(tree, tuple(windows), tuple(launchers), desktop.size, taken)
