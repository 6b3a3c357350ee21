"""Which button Enter presses for a field of a page: it is what the approval rules must see."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Node, Tree
from agent.tools.focus import submitted_by

SHOWN = frozenset({"showing", "visible"})


def node(name: str, role: str, parent: str | None, *states: str) -> Node:
    return Node(name, parent, "Chromium", role, name, Box(0, 0, 9, 9), SHOWN | {*states})


TREE = Tree(
    (
        node("page", "document web", None),
        node("other", "push button", "page"),
        node("form", "form", "page"),
        node("row", "section", "form"),
        node("card", "entry", "row"),
        node("note", "entry", "row", "multi line"),
        node("gift", "check box", "form"),
        node("hint", "push button", "row"),
        node("pay", "push button", "row", "is default"),
        node("cancel", "push button", "form"),
        node("aside", "entry", "page"),
        node("named form", "landmark", "page"),
        node("second card", "entry", "named form"),
        node("order", "push button", "named form", "is default"),
    )
)


@pytest.mark.parametrize(
    ("field", "presses"),
    [("card", "pay"), ("note", ""), ("gift", ""), ("aside", ""), ("second card", "order")],
)
def test_enter_presses_the_button_of_the_fields_form(field: str, presses: str) -> None:
    """Not where Enter begins a new line, where there is no form, nor of what is no field."""
    [focused] = [n for n in TREE.nodes if n.name == field]
    assert submitted_by(TREE, focused) == presses
