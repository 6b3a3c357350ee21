"""What keys would reach: the active window and the object that has the focus."""

from __future__ import annotations

from dataclasses import dataclass

from agent.desktop.base import Desktop, Node, Tree, Window
from agent.errors import DesktopError

_FRAMES = ("frame", "dialog", "window", "alert", "file chooser", "color chooser")


@dataclass(frozen=True, slots=True)
class Focus:
    """Where keys go: a window, and the object in it if accessibility knows."""

    window: Window | None
    node: Node | None = None
    frame: str = ""
    """Title of the accessible window that the object is in."""

    def is_in(self, window: Window) -> bool:
        """Whether the object is known to be in this window."""
        return self.node is not None and self.frame == window.title.strip()

    @property
    def target(self) -> dict[str, str]:
        """``wm_class title role name`` for an intent."""
        window, node = self.window, self.node
        told = {
            "wm_class": window.wm_class if window else "",
            "title": window.title if window else "",
        }
        return told | ({"role": node.role, "name": node.name} if node else {})


async def find_focus(desktop: Desktop) -> Focus:
    """Where keys go now; the window alone still tells a terminal from an editor."""
    window = await desktop.active_window()
    try:
        tree = await desktop.tree()
    except DesktopError:
        return Focus(window)
    node = focused(tree)
    return Focus(window, node, _frame(tree, node) if node else "")


def _frame(tree: Tree, node: Node) -> str:
    """Title of the outermost accessible window around a node; dialogs hold choosers."""
    by_id = {each.id: each for each in tree.nodes}
    title, outer = "", by_id.get(node.parent or "")
    while outer is not None:
        title = outer.name if outer.role in _FRAMES else title
        outer = by_id.get(outer.parent or "")
    return title


def focused(tree: Tree) -> Node | None:
    """The object with the focus; of several, the one inside the active frame, or the last."""
    active = {node.id for node in tree.nodes if "active" in node.states}
    found = None
    for node in tree.nodes:  # parents come before their children
        if node.parent in active:
            active.add(node.id)
        if "focused" in node.states and node.showing and (found is None or node.id in active):
            found = node
    return found
