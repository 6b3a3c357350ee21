"""What lies under the pointer in a list that drops down over a page."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Node, Tree, Window
from agent.desktop.see.accessibility import target_at

SHOWING = frozenset({"showing", "visible", "enabled", "sensitive"})
LIST = Box(61, 277, 60, 74)
PAGE = Box(10, 10, 1050, 747)


def tree(*states: str) -> Tree:
    """As Chromium tells of it: the list's window is empty, the entries hang on the page's field."""
    shown = SHOWING | set(states)
    return Tree(
        (
            Node("w", None, "Chromium", "frame", "Order - Chromium", PAGE, SHOWING),
            Node("p", "w", "Chromium", "paragraph", "", Box(23, 256, 1024, 60), SHOWING),
            Node("c", "p", "Chromium", "combo box", "Size", Box(60, 257, 61, 20), SHOWING),
            Node("m", "c", "Chromium", "menu", "", Box(60, 257, 61, 11), SHOWING),
            Node("1", "m", "Chromium", "menu item", "Small", Box(62, 278, 42, 24), shown),
            Node("2", "m", "Chromium", "menu item", "Large", Box(62, 302, 42, 24), shown),
            Node("f", None, "Chromium", "frame", "", LIST, SHOWING),
        )
    )


def window(kind: str, box: Box) -> Window:
    return Window(7, "", "", 41, box, kind=kind)  # type: ignore[arg-type] # one of its kinds


def test_an_entry_is_told_by_its_name() -> None:
    """The window on top, which is the list's own, holds nothing."""
    found = target_at(tree(), 83, 314, window("menu", LIST))
    assert (found.role, found.name, found.kind) == ("menu item", "Large", "menu")


@pytest.mark.parametrize("kind", ["window", "dialog"])
def test_beneath_another_window_it_is_not(kind: str) -> None:
    assert target_at(tree(), 83, 314, window(kind, LIST)).name == ""


def test_beside_the_entries_nothing_is_told() -> None:
    assert target_at(tree(), 83, 345, window("menu", LIST)).name == ""


def test_what_does_not_show_is_not_meant() -> None:
    hidden = Tree(
        tuple(
            Node(n.id, n.parent, n.app, n.role, n.name, n.box) if n.role == "menu item" else n
            for n in tree().nodes
        )
    )
    assert target_at(hidden, 83, 314, window("menu", LIST)).name == ""
