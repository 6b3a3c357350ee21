"""What has the keyboard, while programs in the background keep their focused objects."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Node, Tree
from agent.tools.focus import focused

SHOWN = frozenset({"showing", "visible"})


def node(name: str, role: str, parent: str | None, app: str, *states: str) -> Node:
    return Node(f"{app} {name}", parent, app, role, name, Box(0, 0, 9, 9), SHOWN | {*states})


PAGE = node("Order", "frame", None, "Chromium")
SHEET = node("Sheet", "frame", None, "soffice")
LINK = node("Receipt", "link", PAGE.id, "Chromium", "focused")
BUBBLE = node("", "frame", None, "Chromium")
DONE = node("Done", "push button", BUBBLE.id, "Chromium", "focused")
CELL = node("B3", "table cell", SHEET.id, "soffice", "focused")


@pytest.mark.parametrize(
    ("nodes", "title", "elsewhere", "found"),
    [
        ((SHEET, CELL, PAGE, LINK), "Sheet", {"Order"}, CELL),
        ((PAGE, LINK, SHEET, CELL), "Sheet", {"Order"}, CELL),
        ((PAGE, LINK, BUBBLE, DONE, SHEET), "Sheet", {"Order"}, None),
        ((PAGE, LINK), "Open File", {"Order"}, None),
        ((PAGE, LINK), "Order", {"Open File"}, LINK),
        ((PAGE, LINK), "", (), LINK),
    ],
)
def test_only_what_the_active_window_holds_has_the_keyboard(
    nodes: tuple[Node, ...], title: str, elsewhere: set[str], found: Node | None
) -> None:
    """A link of a page behind a spreadsheet or a dialog takes no text, and hinders none."""
    assert focused(Tree(nodes), title, elsewhere) == found
