"""Where a program's own surface lies inside its toolkit's window.

LibreOffice draws its documents on a root pane of its own inside a window of GTK. Until the first
click into the window it tells places as if GTK's menu bar were not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.desktop.see.items import Item

_PANE = "root pane"


def put_right(items: Iterable[Item]) -> None:
    """Move each root pane, and all in it, onto the toolkit's container of the same size."""
    for window in items:
        for pane in window.children:
            if pane.role == _PANE and pane.box is not None:
                _move(pane, *_distance(pane, window))


def _distance(pane: Item, window: Item) -> tuple[int, int]:
    """How far a root pane is from its container; nothing where it has none."""
    assert pane.box is not None  # noqa: S101 - asked for by the caller
    size = (pane.box.width, pane.box.height)
    others = (other for child in window.children if child is not pane for other in _all_of(child))
    places = [o.box for o in others if o.box and (o.box.width, o.box.height) == size]
    if not places or pane.box in places:
        return 0, 0
    return places[0].x - pane.box.x, places[0].y - pane.box.y


def _move(pane: Item, right: int, down: int) -> None:
    if not (right or down):
        return
    for item in _all_of(pane):
        if item.box is not None:
            item.box = replace(item.box, x=item.box.x + right, y=item.box.y + down)


def _all_of(item: Item) -> Iterator[Item]:
    """An item and all below it."""
    yield item
    for child in item.children:
        yield from _all_of(child)
