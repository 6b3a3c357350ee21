"""What keys would reach: the active window and the object that has the focus."""

from __future__ import annotations

from agent.desktop.base import Desktop, Node, Tree
from agent.errors import DesktopError


async def describe_focus(desktop: Desktop) -> tuple[dict[str, str], str]:
    """``wm_class title role name`` of where keys go, and the window's id.

    Role and name only if accessibility knows.
    """
    window = await desktop.active_window()
    which = str(window.id) if window else ""
    described = {
        "wm_class": window.wm_class if window else "",
        "title": window.title if window else "",
    }
    try:
        node = focused(await desktop.tree())
    except DesktopError:
        return described, which  # the window alone still tells a terminal from an editor
    return described | ({"role": node.role, "name": node.name} if node else {}), which


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
