"""A program's own surface is put where its toolkit's window holds it."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box
from agent.desktop.see.items import Item
from agent.desktop.see.root_panes import put_right


def item(role: str, box: Box | None, *children: Item) -> Item:
    return Item(("", role), None, 0, role, "", frozenset(), box=box, children=list(children))


def window(pane_at: int, holder: Box) -> tuple[Item, Item, Item]:
    """A window with a menu bar of 25 pixels, its root pane, and a cell in that."""
    cell = item("table cell", Box(123, pane_at + 206, 82, 17))
    pane = item("root pane", Box(0, pane_at, 1280, 719), item("menu bar", None), cell)
    bar = item("panel", Box(0, 23, 1280, 25))
    inner = item("panel", Box(0, 23, 1280, 744), bar, item("panel", holder))
    return item("frame", Box(0, 0, 1280, 767), inner, pane), pane, cell


@pytest.mark.parametrize("told", [23, 48])
def test_a_root_pane_lies_where_its_container_does(told: int) -> None:
    """Told without the menu bar, or rightly."""
    frame, pane, cell = window(told, Box(0, 48, 1280, 719))
    put_right([frame])
    assert pane.box == Box(0, 48, 1280, 719)
    assert cell.box == Box(123, 254, 82, 17)


def test_a_root_pane_without_a_container_of_its_size_stays() -> None:
    frame, pane, cell = window(23, Box(0, 48, 1280, 700))
    put_right([frame])
    assert pane.box == Box(0, 23, 1280, 719)
    assert cell.box == Box(123, 229, 82, 17)
