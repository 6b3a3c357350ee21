"""One look at all applications' accessible objects, in a handful of pipelined rounds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.desktop.base import Box, Node, Tree
from agent.desktop.see.atspi import Bus, call, get_property, process_of
from agent.desktop.see.items import NULL, Item, Ref, box_of, describe, from_cache, meets
from agent.desktop.see.labels import take_labels
from agent.desktop.see.pages import Pages
from agent.desktop.see.root_panes import put_right

_REGISTRY = "org.a11y.atspi.Registry"
_ROOT = "/org/a11y/atspi/accessible/root"
_CACHE = "/org/a11y/atspi/cache"
_EDITORS = frozenset({"terminal", "text", "entry", "editbar", "document text", "spin button"})
_CONTAINERS = frozenset({"table", "tree table", "tree", "list", "layered pane"})
_TREE_TEXT_CAP = 20_000
_FEW_CELLS = 60
"""A table of at most so many cells is fetched whole."""
_CELLS_CAP = 400
_MANY_COLUMNS = 50
"""A table of more columns is a sheet, of which those are fetched that fit into its box."""
_PATIENCE = 0.5
"""Seconds that an application may take to answer before it is left out."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
"""Seconds for which an application that did not answer is left alone; doubled each time."""


def is_editor(role: str) -> bool:
    """Whether objects of this role hold text that a person edits or reads."""
    return role in _EDITORS


class Snapshot:
    """Reads trees and texts over one connection; remembers which applications hang.

    What lies wholly outside ``screen`` (width, height) counts as not showing: windows are
    there while the window manager places them, and hidden panels are parked there.
    """

    def __init__(self, bus: Bus, screen: Callable[[], tuple[int, int]]) -> None:
        self._bus = bus
        self._screen = screen
        self._pauses: dict[str, tuple[float, float]] = {}
        """Until when an application is left alone, and for how long that was."""
        self._pids: dict[str, int] = {}
        self._pages = Pages()

    def use(self, bus: Bus) -> None:
        """Go on over another connection."""
        self._bus = bus

    def tree(self, pid: int | None = None, *, beyond: bool = True) -> Tree:
        """All applications' objects, or those of one process if it publishes any.

        ``beyond``: with what lies out of sight of pages.
        """
        roots = self._applications(pid)
        items = self._cached(roots)
        listed = [item for item in items.values() if "showing" in item.states]
        self._measure(listed)
        self._pages.complete(self._bus, items, Box(0, 0, *self._screen()), beyond=beyond)
        take_labels(self._bus, items, self._is_of_browser, _PATIENCE)
        _link(items)
        showing = [item for item in items.values() if "showing" in item.states]
        for item in showing:
            if item.role in _CONTAINERS and not item.children:
                self._fetch_cells(item)
        self._read([item for item in showing if _holds_text(item)])
        put_right(showing)
        _name_clocks(showing)
        nodes: list[Node] = []
        for root in roots:
            if root in items:
                _flatten(items[root], items[root].name, None, False, nodes)
        return Tree(tuple(nodes))

    def silent(self) -> bool:
        """Whether some application does not publish its objects (yet)."""
        asked = [call(name, _CACHE, "Cache", "GetItems") for name, _ in self._applications(None)]
        return None in self._bus.call_all(asked, _PATIENCE)

    def text(self, node_id: str, cap: int) -> str:
        """Text of one object, at most ``cap`` characters."""
        return self._texts([_ref(node_id)], cap, 2)[0] or ""

    def _texts(self, refs: Sequence[Ref], cap: int, patience: float) -> list[str | None]:
        """Texts of objects. Firefox answers nothing to an end behind that of its text."""
        texts: list[str | None] = [None] * len(refs)
        for end in (cap, -1):
            empty = [place for place, text in enumerate(texts) if not text]
            asked = [call(*refs[place], "Text", "GetText", "ii", (0, end)) for place in empty]
            for place, answer in zip(empty, self._bus.call_all(asked, patience), strict=True):
                texts[place] = str(answer[0])[:cap] if answer else texts[place]
        return texts

    def lines(self, node: Node, cap: int) -> tuple[tuple[str, Box], ...]:
        """Lines inside the node's box, with their boxes."""
        ref, offset, asked, lines = _ref(node.id), 0, [], []
        for line in self.text(node.id, 1_000_000).split("\n"):
            if line.strip():
                lines.append(line)
                span = (offset, offset + len(line), 0)
                asked.append(call(*ref, "Text", "GetRangeExtents", "iiu", span))
            offset += len(line) + 1
        found: list[tuple[str, Box]] = []
        for line, answer in zip(lines, self._bus.call_all(asked, 2), strict=True):
            box = box_of(answer) if answer else None
            if box and meets(box, node.box) and len(found) < cap:
                found.append((line, box))
        return tuple(found)

    def selection(self, node_id: str) -> str:
        """Selected text of one object."""
        span = self._bus.call(call(*_ref(node_id), "Text", "GetSelection", "i", (0,)))
        if not span or span[0] >= span[1]:
            return ""
        answer = self._bus.call(call(*_ref(node_id), "Text", "GetText", "ii", tuple(span)))
        return str(answer[0]) if answer else ""

    def address(self, node_id: str) -> str:
        """Address of a page."""
        asked = call(*_ref(node_id), "Document", "GetAttributeValue", "s", ("DocURL",))
        answer = self._bus.call(asked)
        return str(answer[0]) if answer else ""

    def caret(self, node_id: str) -> int:
        """Offset of the caret, or -1."""
        answer = self._bus.call(get_property(*_ref(node_id), "Text", "CaretOffset"))
        return int(answer[0][1]) if answer else -1

    def _applications(self, pid: int | None) -> list[Ref]:
        answer = self._bus.call(call(_REGISTRY, _ROOT, "Accessible", "GetChildren"), _PATIENCE)
        now = time.monotonic()
        refs = [(str(n), str(p)) for n, p in answer[0]] if answer else []
        awake = [ref for ref in refs if self._pauses.get(ref[0], (0.0, 0.0))[0] <= now]
        if pid is None:
            return awake
        self._learn_pids([ref[0] for ref in awake if ref[0] not in self._pids])
        return [ref for ref in awake if self._pids.get(ref[0]) == pid] or awake

    def _learn_pids(self, names: Sequence[str]) -> None:
        asked = [process_of(name) for name in names]
        for name, answer in zip(names, self._bus.call_all(asked, _PATIENCE), strict=True):
            if answer:
                self._pids[name] = int(answer[0])

    def _is_of_browser(self, item: Item) -> bool:
        return self._pages.is_browser(self._bus, item.ref[0])

    def _cached(self, roots: Sequence[Ref]) -> dict[Ref, Item]:
        asked = [call(name, _CACHE, "Cache", "GetItems") for name, _ in roots]
        items: dict[Ref, Item] = {}
        for (name, _), answer in zip(roots, self._bus.call_all(asked, _PATIENCE), strict=True):
            if answer is None:
                self._leave_alone(name)
                continue
            self._pauses.pop(name, None)
            for row in answer[0]:
                item = from_cache(row)
                items[item.ref] = item
        return items

    def _leave_alone(self, name: str) -> None:
        _, last = self._pauses.get(name, (0.0, _FIRST_PAUSE / 2))
        pause = min(2 * last, _LONGEST_PAUSE)
        self._pauses[name] = (time.monotonic() + pause, pause)

    def _measure(self, items: Sequence[Item]) -> None:
        asked = [call(*item.ref, "Component", "GetExtents", "u", (0,)) for item in items]
        screen = Box(0, 0, *self._screen())
        for item, answer in zip(items, self._bus.call_all(asked, _PATIENCE), strict=True):
            box = box_of(answer) if answer else None
            item.box = box if box and meets(box, screen) else None

    def _fetch_cells(self, table: Item) -> None:
        """Add the visible cells of a table, and what is inside them: no cache lists them."""
        cells = self._inside(self._cell_refs(table), table)
        table.children = [cell for cell in cells if cell.box and meets(cell.box, table.box)]
        inner = [call(*cell.ref, "Accessible", "GetChildren") for cell in table.children]
        answers = self._bus.call_all(inner, _PATIENCE)
        for cell, answer in zip(table.children, answers, strict=True):
            if answer and answer[0]:
                cell.children = self._inside([(n, p) for n, p in answer[0]], cell)

    def _cell_refs(self, table: Item) -> list[Ref]:
        size = self._bus.call_all(
            [get_property(*table.ref, "Table", name) for name in ("NRows", "NColumns")], _PATIENCE
        )
        rows, columns = (int(answer[0][1]) if answer else 0 for answer in size)
        if rows * columns <= _FEW_CELLS:
            answer = self._bus.call(call(*table.ref, "Accessible", "GetChildren"), _PATIENCE)
            return [(n, p) for n, p in answer[0]] if answer else []
        first = self._first_row(table)
        down, across = self._visible(table, first)
        columns = min(columns, across if columns > _MANY_COLUMNS else columns)
        last = min(rows, first + down, first + _CELLS_CAP // columns)
        asked = [call(*table.ref, "Table", "GetColumnHeader", "i", (c,)) for c in range(columns)]
        for row in range(first, last):
            spots = [(row, column) for column in range(columns)]
            asked += [call(*table.ref, "Table", "GetAccessibleAt", "ii", spot) for spot in spots]
        answers = self._bus.call_all(asked, _PATIENCE)
        return [(a[0][0], a[0][1]) for a in answers if a and a[0][1] != NULL]

    def _visible(self, table: Item, first: int) -> tuple[int, int]:
        """How many rows and columns like the first visible ones fit into the table's box."""
        spot = call(*table.ref, "Table", "GetAccessibleAt", "ii", (first, 0))
        cell = self._bus.call(spot, _PATIENCE)
        place = call(cell[0][0], cell[0][1], "Component", "GetExtents", "u", (0,)) if cell else None
        answer = self._bus.call(place, _PATIENCE) if place else None
        box = box_of(answer) if answer else None
        if not box or not table.box:
            return _CELLS_CAP, _MANY_COLUMNS
        return table.box.height // box.height + 2, table.box.width // box.width + 2

    def _first_row(self, table: Item) -> int:
        """The topmost visible row: cells out of sight have no place to search by."""
        if table.box is None:
            return 0
        x, y = table.box.x + table.box.width // 3, table.box.y
        points = [(x, y + step, 0) for step in range(2, min(table.box.height, 100), 12)]
        asked = [call(*table.ref, "Component", "GetAccessibleAtPoint", "iiu", p) for p in points]
        hits = [(a[0][0], a[0][1]) for a in self._bus.call_all(asked, _PATIENCE) if a]
        asked = [
            call(*hit, "Accessible", "GetIndexInParent")
            for hit in hits
            if hit[1] not in (table.ref[1], NULL)
        ]
        places = [int(a[0]) for a in self._bus.call_all(asked, _PATIENCE) if a]
        asked = [call(*table.ref, "Table", "GetRowAtIndex", "i", (place,)) for place in places]
        rows = [int(a[0]) for a in self._bus.call_all(asked, _PATIENCE) if a]
        return min((row for row in rows if row >= 0), default=0)

    def _inside(self, refs: Sequence[Ref], parent: Item) -> list[Item]:
        items = describe(self._bus, refs, _PATIENCE)
        for item in items:
            item.parent = parent.ref
        return items

    def _read(self, items: Sequence[Item]) -> None:
        texts = self._texts([item.ref for item in items], _TREE_TEXT_CAP, _PATIENCE)
        for item, text in zip(items, texts, strict=True):
            item.text = text


def _holds_text(item: Item) -> bool:
    """Whether its text is part of the tree: whether no cache told that it has none.

    A document of an office program is paragraphs, each with its own; what Firefox takes addresses
    in is a list that drops down.
    """
    written = item.role in ("paragraph", "combo box") and "editable" in item.states
    return (written or is_editor(item.role)) and (item.has_text or item.unlisted)


def _name_clocks(items: Sequence[Item]) -> None:
    """Call a field for a time of day what one for a date is called: to Firefox it is a panel."""
    for item in items:
        parts = {child.role for child in item.children}
        if item.role == "panel" and "editable" in item.states and "spin button" in parts:
            item.role = "date editor"


def _link(items: dict[Ref, Item]) -> None:
    families: dict[Ref, list[Item]] = defaultdict(list)
    for item in items.values():
        if item.parent is not None and item.parent != item.ref:
            families[item.parent].append(item)
    for ref, children in families.items():
        if ref in items:
            items[ref].children = sorted(children, key=lambda child: child.index)


def _flatten(item: Item, app: str, parent: str | None, hidden: bool, nodes: list[Node]) -> None:
    """Write ``item`` and all below it in document order; iconified windows show nothing."""
    hidden = hidden or "iconified" in item.states
    node_id = item.ref[0] + item.ref[1]
    node = Node(node_id, parent, app, item.role, item.name, item.box, item.states, item.text)
    if hidden or item.box is None or "showing" not in item.states:
        beyond = None if hidden else item.beyond
        node = replace(node, box=None, beyond=beyond, states=item.states - {"showing"})
    nodes.append(node)
    for child in item.children:
        _flatten(child, app, node_id, hidden, nodes)


def _ref(node_id: str) -> Ref:
    name, slash, path = node_id.partition("/")
    return name, slash + path
