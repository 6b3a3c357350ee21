"""What keys would reach: the active window and the object that has the focus."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agent.desktop.base import Desktop, Node, Tree, Window
from agent.errors import DesktopError

_FIELDS = ("entry", "text", "password text", "spin button", "combo box", "editbar")
_FORMS = ("form", "landmark")
"""A form, without a name and with one."""

_FRAMES = ("frame", "dialog", "window", "alert", "file chooser", "color chooser")


@dataclass(frozen=True, slots=True)
class Focus:
    """Where keys go: a window, and the object in it if accessibility knows."""

    window: Window | None
    node: Node | None = None
    frame: str = ""
    """Title of the accessible window that the object is in."""

    submits: str = ""
    """Name of the button that Enter presses for a field of a page's form."""

    def is_in(self, window: Window) -> bool:
        """Whether the object is known to be in this window."""
        return self.node is not None and self.frame == window.title.strip()

    @property
    def target(self) -> dict[str, str]:
        """``wm_class title role name`` for an intent, and ``submits`` if Enter does."""
        window, node = self.window, self.node
        told = {
            "wm_class": window.wm_class if window else "",
            "title": window.title if window else "",
        }
        told |= {"role": node.role, "name": node.name} if node else {}
        return told | ({"submits": self.submits} if self.submits else {})


async def find_focus(desktop: Desktop) -> Focus:
    """Where keys go now; the window alone still tells a terminal from an editor."""
    window = await desktop.active_window()
    try:
        tree, windows = await desktop.tree(), await desktop.windows()
    except DesktopError:
        return Focus(window)
    elsewhere = {other.title.strip() for other in windows if window and other.id != window.id}
    node = focused(tree, window.title.strip() if window else "", elsewhere)
    if node is None:
        return Focus(window)
    return Focus(window, node, _frame(tree, node), submitted_by(tree, node))


def _around(tree: Tree, node: Node) -> Iterator[Node]:
    """A node's parents, innermost first."""
    by_id = {each.id: each for each in tree.nodes}
    outer = by_id.get(node.parent or "")
    while outer is not None:
        yield outer
        outer = by_id.get(outer.parent or "")


def _frame(tree: Tree, node: Node) -> str:
    """Title of the outermost accessible window around a node; dialogs hold choosers."""
    frames = [outer.name for outer in (node, *_around(tree, node)) if outer.role in _FRAMES]
    return frames[-1] if frames else ""


def submitted_by(tree: Tree, node: Node) -> str:
    """Name of a form's own button, which browsers press when Enter ends one of its fields."""
    if node.role not in _FIELDS or "multi line" in node.states:
        return ""
    form = next((outer for outer in _around(tree, node) if outer.role in _FORMS), None)
    inside = {form.id} if form else set()
    for each in tree.nodes:  # parents come before their children
        if each.parent in inside:
            inside.add(each.id)
            if each.role == "push button" and "is default" in each.states:
                return each.name
    return ""


def focused(tree: Tree, title: str = "", elsewhere: Collection[str] = ()) -> Node | None:
    """The object with the focus; of several, the one inside the active frame, or the last.

    Programs in the background keep their focused objects. Where the active window is known, theirs
    do not count.

    Args:
        tree: All objects.
        title: Of the active window; empty if it is not known.
        elsewhere: Titles of other windows.
    """
    programs = {n.app for n in tree.nodes if title and n.role in _FRAMES and n.name == title}

    def counts(node: Node) -> bool:
        frame = _frame(tree, node)
        here = frame == title or frame not in elsewhere
        return here and (not programs or node.app in programs)

    active = {node.id for node in tree.nodes if "active" in node.states}
    found = None
    for node in tree.nodes:  # parents come before their children
        if node.parent in active:
            active.add(node.id)
        if "focused" not in node.states or not node.showing or not counts(node):
            continue
        if found is None or node.id in active:
            found = node
    return found
