"""What counts as a field that is written in: Firefox's for addresses is a list that drops down."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Node, Tree, Window
from agent.desktop.see.items import Item
from agent.desktop.see.snapshot import _holds_text, _name_clocks
from agent.models.offline.view import View

SHOWS = frozenset({"showing", "sensitive"})
SCREEN = Box(0, 0, 800, 600)


def view(role: str, *states: str) -> View:
    """A window with one object that has the keyboard."""
    window = Window(1, "Mozilla Firefox", "firefox-esr", 1, SCREEN, active=True)
    frame = Node("w", None, "Firefox", "frame", window.title, SCREEN, SHOWS)
    has = SHOWS | {"focused", *states}
    node = Node("n", "w", "Firefox", role, "Address", Box(10, 10, 90, 20), has, "example.org")
    return View(Tree((frame, node)), (window,), (), (800, 600))


@pytest.mark.parametrize(
    ("role", "states", "written"),
    [
        ("entry", ("editable",), True),
        ("combo box", ("editable",), True),
        ("combo box", (), False),
        ("push button", ("editable",), False),
    ],
)
def test_a_list_that_takes_text_is_a_field(
    role: str, states: tuple[str, ...], *, written: bool
) -> None:
    seen = view(role, *states)
    assert (seen.field is not None) is written
    assert seen.writing is written
    assert bool(seen.texts) is written


def item(role: str, *states: str, children: tuple[str, ...] = ()) -> Item:
    found = Item((":1", "/1"), None, 0, role, "When", frozenset(states), has_text=True)
    found.children = [Item((":1", "/2"), None, 0, kind, "", frozenset()) for kind in children]
    return found


def test_the_text_of_a_list_is_read_where_it_can_be_typed_into() -> None:
    assert _holds_text(item("combo box", "editable"))
    assert not _holds_text(item("combo box"))


def test_a_field_for_a_time_is_called_as_one_for_a_date() -> None:
    """It is made of numbers; other panels stay panels."""
    clock = item("panel", "editable", children=("spin button", "spin button", "entry"))
    others = [item("panel", children=("spin button",)), item("panel", "editable")]
    _name_clocks([clock, *others])
    assert [each.role for each in (clock, *others)] == ["date editor", "panel", "panel"]
