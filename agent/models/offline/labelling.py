"""Showing numbers and a grid, and what is said of them: looking closer, marking, dragging."""

from __future__ import annotations

from collections.abc import Sequence

from agent.desktop.base import Box, Node
from agent.models.offline.overlay import SIDE, squares, squares_of
from agent.models.offline.places import find_windows
from agent.models.offline.raising import bring, raised
from agent.models.offline.steps import Act, Call, Done, Fail, Moment, Step
from agent.models.offline.targets import RANKED, called
from agent.models.offline.view import View
from agent.models.offline.words import number

_MOST = 120
"""Numbers that are shown at once; more could not be read."""

_LEAST = 9
"""Pixels of a square's side; a smaller one is not divided again."""

_CELLS = ("table cell", "icon", "image")
_TABLES = ("table", "tree table", "tree")
_COLUMNS = 8
"""Most columns of a list."""


NOTHING_SHOWN = "No numbers are shown. Say: show numbers."


async def show_numbers(at: Moment) -> Step:
    """Number what can be clicked, of the window in front or of all that shows."""
    scope = at.slot("scope")
    if scope == "window":
        step = await raised(at) if at.phase else await _forward(at)
        if not isinstance(step, Done):
            return step
    found = numbered(at.view, "here" if scope == "window" else scope)
    if not found:
        return Fail(f"I see nothing {_PLACES[scope]} that could be clicked.")
    at.overlay.draw(tuple(found[:_MOST]))
    last = len(at.overlay.nodes)
    more = f" {len(found) - last} more have none." if len(found) > last else ""
    told = f"The numbers 1 to {last} are shown." if last > 1 else "The number 1 is shown."
    return Done(f"{told}{more} Say, for example: click {last}.")


_PLACES = {
    "everywhere": "on the screen",
    "here": "in the window in front",
    "window": "in that window",
    "panel": "on the panel",
}


async def _forward(at: Moment) -> Step:
    """Bring the window that is named to the front, so that nothing covers what is numbered."""
    windows = find_windows(at.view, at.slot("window"))
    return await bring(at, windows[0]) if windows else Fail(f"I see no {at.slot('window')} window.")


async def hide(at: Moment) -> Step:
    """Take numbers and grid away."""
    if not at.overlay.shown and at.overlay.marked is None:
        return Done("No numbers and no grid are shown.")
    what = "The grid is" if at.overlay.grid else "The numbers are"
    at.overlay.clear()
    return Done(f"{what} gone.")


async def show_grid(at: Moment) -> Step:
    """Lay a grid over the screen, or over a square of a square of it: "mouse grid 5 3 1"."""
    box = Box(0, 0, *at.view.size)
    if at.slot("scope") == "here" and at.view.active is not None:
        box = at.view.active.box
    path = squares_of(at.slot("path"))
    if path is None:
        return Fail(f"A grid has the squares 1 to 9; I heard: {at.slot('path')}.")
    return _narrowed(at, box, path)


def _narrowed(at: Moment, box: Box, path: Sequence[int]) -> Step:
    wider = at.overlay.wider if box == at.overlay.grid else ()
    for square in path:
        if min(box.width, box.height) < _LEAST:
            return Fail("That square is too small to be divided again. Say: click.")
        wider, box = (*wider, box), squares(box)[square - 1]
    at.overlay.draw(grid=box, wider=wider)
    return Done("The grid is shown. Say a number to look closer, or: click 5.")


def closer(at: Moment) -> Step | None:
    """A number by itself: a closer look at a square; None if no grid is shown."""
    grid = at.overlay.grid
    wanted = number(at.slot("ordinal") or at.slot("label"))
    if "click" in at.command.said.lower():
        return None
    if grid is None or wanted is None:
        return None
    if not 1 <= wanted <= SIDE * SIDE:
        return Fail("A grid has the squares 1 to 9.")
    return _narrowed(at, grid, [wanted])


def wider(at: Moment) -> Step | None:
    """The grid as it was before the last closer look; None if there was none."""
    if not at.overlay.wider:
        return None
    *others, box = at.overlay.wider
    at.overlay.draw(grid=box, wider=tuple(others))
    return Done("The grid is as it was before.")


async def mark(at: Moment) -> Step:
    """Remember a place, from which something is dragged next."""
    node = at.overlay.at(at.view, at.slot("label"))
    if node is None:
        return Fail(NOTHING_SHOWN)
    if isinstance(node, str):
        return Fail(node)
    assert node.box is not None  # noqa: S101 - what is shown has a box
    at.overlay.marked = node.box.center
    return Done(f"{called(node)} is marked. Say where to drag it, for example: drag to 5.")


def drag(at: Moment, memo: str) -> Step:
    """Drag from the marked place to a number; ``memo`` is what is noted of the screen before."""
    node = at.overlay.at(at.view, at.slot("label"))
    if isinstance(node, str):
        return Fail(node)
    if at.overlay.marked is None:
        return Fail("Nothing is marked. Say, for example: mark 3.")
    if node is None:
        return Fail(NOTHING_SHOWN)
    assert node.box is not None  # noqa: S101 - what is shown has a box
    given = {
        "start_coordinate": list(at.overlay.marked),
        "coordinate": list(node.box.center),
    }
    return Act(f"Dragging to {called(node)}.", (Call("left_click_drag", given),), 1, memo)


def numbered(view: View, scope: str) -> list[Node]:
    """What can be clicked and is not covered, from the top down, named or not.

    ``scope`` is ``everywhere``, ``here`` for the window in front, or ``panel``.
    """
    found: list[Node] = []
    for node in view.tree.showing(*RANKED):
        box = node.box
        if box is None or min(box.width, box.height) < 2 or _outside(view, box):
            continue
        if scope == "here" and not (view.in_active(node) or view.inside(node, ("menu",))):
            continue
        if scope == "panel" and not view.furniture(node):
            continue
        if not _on_top(view, node) or any(_same_place(box, other.box) for other in found):
            continue
        found.append(node)
    found.sort(key=lambda n: (n.box.y // 12, n.box.x) if n.box else (0, 0))
    return _one_of_each_row(view, found)


def _one_of_each_row(view: View, nodes: Sequence[Node]) -> list[Node]:
    """Of a list with columns, each row's name only: the whole row is one thing to a person.

    A sheet, which has more columns than a list, keeps its cells.
    """
    rows: dict[tuple[str, int], list[Node]] = {}
    for node in nodes:
        table = view.inside(node, _TABLES) if node.role in _CELLS else None
        if table is not None and node.box is not None:
            rows.setdefault((table.id, node.box.center[1] // 4), []).append(node)
    left_out: set[str] = set()
    for cells in rows.values():
        if len(cells) <= _COLUMNS:
            first = next((cell for cell in cells if cell.name), cells[0])
            left_out |= {cell.id for cell in cells} - {first.id}
    return [node for node in nodes if node.id not in left_out]


def _outside(view: View, box: Box) -> bool:
    x, y = box.center
    return not (0 <= x < view.size[0] and 0 <= y < view.size[1])


def _on_top(view: View, node: Node) -> bool:
    if view.furniture(node) or view.inside(node, ("menu",)) or node.box is None:
        return True
    window, top = view.window_of(node), view.on_top_at(*node.box.center)
    return window is None or top is None or top.id == window.id


def _same_place(one: Box, other: Box | None) -> bool:
    """Whether two boxes are one thing to a person: a cell and its text, a button and its label."""
    return other is not None and all(
        abs(a - b) <= 4 for a, b in zip(one.center, other.center, strict=True)
    )
