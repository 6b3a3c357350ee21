"""The screen in words: what shows, window by window, each object with a reference to act on.

Pure: a tree and a list of windows in, text out. What stands in quotation marks was read from the
screen and cannot end its quotation, so that no program's words are taken for ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import groupby, islice

from agent.desktop.base import Box, Node, Tree, Window
from agent.tools.took import quoted

ROLES = {
    "push button": "button",
    "toggle button": "toggle",
    "check box": "check box",
    "radio button": "radio button",
    "menu": "menu",
    "menu item": "menu item",
    "check menu item": "check item",
    "radio menu item": "radio item",
    "tearoff menu item": "menu item",
    "page tab": "tab",
    "link": "link",
    "entry": "field",
    "password text": "password field",
    "text": "text",
    "document text": "text",
    "editbar": "field",
    "terminal": "terminal",
    "spin button": "number field",
    "slider": "slider",
    "combo box": "list box",
    "list item": "entry",
    "list box": "list",
    "tree item": "entry",
    "table cell": "cell",
    "icon": "icon",
    "toggle switch": "switch",
    "switch": "switch",
    "date editor": "date field",
    "color chooser": "colour field",
    "table column header": "column",
    "column header": "column",
}
"""What can be acted on, by AT-SPI's role, and what it is called here."""

_WORDS = frozenset({"label", "static", "heading", "paragraph", "alert", "status bar", "image"})
"""Roles of what only tells something."""

_GROUPS = frozenset(
    {"menu bar", "menu", "tool bar", "table", "tree table", "tree", "list", "list box", "form"}
    | {"page tab list", "layered pane", "combo box", "navigation", "section", "landmark"}
)
"""Roles of what holds many of a kind; such a group can be folded, and opened by its reference."""

_PAGES = ("document web", "document frame")
FRAMES = frozenset({"frame", "dialog", "window", "alert", "file chooser", "color chooser"})
PRESSED = frozenset(ROLES) - {"text", "document text", "terminal", "menu", "combo box"}
"""Roles whose own parts say the same again."""

_HOLDERS = frozenset(
    {"table cell", "column header", "table column header", "list item", "tree item"}
)
"""Roles of what may be there only to hold a control, by whose name it is called then."""

_CONTROLS = frozenset(
    {"push button", "toggle button", "check box", "radio button", "link", "entry", "combo box"}
    | {"password text", "spin button", "slider", "switch", "toggle switch", "date editor"}
)

_MENU = frozenset({"menu item", "check menu item", "radio menu item"})
_NAMELESS = _MENU | {"table cell", "icon", "list item", "tree item", "image"}
"""Roles of what says nothing without a name."""

_ROW = 20
"""How many objects of an opened group are told in one line."""

_FEW = 8
"""How many of a group are told of a change."""

_NAME, _VALUE = 60, 80
"""Letters of a name, and of a field's text, that are told."""

_FOLDS = (60, 20, 10, 6, 4, 3)
"""How many of a group are told, tried in turn until the whole is short enough."""

_STATES = (
    ("focused", "focused"),
    ("checked", "checked"),
    ("pressed", "pressed"),
    ("selected", "selected"),
    ("expanded", "open"),
    ("invalid entry", "invalid"),
)

_REMEMBERED = 20_000
"""References that are kept; older ones are forgotten, and said to be."""

MOST = 4000
"""Characters of an outline; more than that is folded, and cut where folding does not suffice."""

GOOD = 2000
"""Characters that folding tries for: half of what a picture costs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as it is told."""

    ref: str
    node: Node
    says: str
    """Its role, name, value and states, without the reference."""

    group: str
    """Id of the node that holds it with others of its kind; that of its window otherwise."""

    acts: bool
    """Whether it can be acted on, or only tells something."""


@dataclass(frozen=True, slots=True)
class Part:
    """A window, or what belongs to none, with what shows of it."""

    title: str
    window: Window | None
    entries: tuple[Entry, ...]


_CELL = "table cell"

_Key = tuple[str | None, str, str]
"""What a cell is known by: its table, role and name."""


@dataclass(slots=True)
class References:
    """Short names of objects: the same object keeps its own while it is what it was."""

    _known: dict[str, Node] = field(default_factory=dict)
    _of: dict[str, str] = field(default_factory=dict)
    _cells: dict[_Key, str] = field(default_factory=dict)
    _given: int = 0

    def of(self, node: Node, before: str | None = None) -> str:
        """The reference of an object; a new one if what had its place was something else.

        ``before``: the reference of the same object while it had another id.
        """
        if before is not None and (was := self._known.get(before)) and was.id != node.id:
            if self._of.get(was.id) == before:
                del self._of[was.id]
            self._of[node.id] = before
        ref = self._of.get(node.id)
        if ref is not None and _same(self._known[ref], node):
            del self._known[ref]  # what is seen again is the last to be forgotten
            self._known[ref] = node
            return ref
        self._given += 1
        ref = f"e{self._given}"
        self._known[ref], self._of[node.id] = node, ref
        if node.role == _CELL:
            self._cells[_cell_key(node)] = ref
        if len(self._known) > _REMEMBERED:
            self._forget(next(iter(self._known)))
        return ref

    def _forget(self, ref: str) -> None:
        node = self._known.pop(ref)
        if self._of.get(node.id) == ref:
            del self._of[node.id]
        if self._cells.get(_cell_key(node)) == ref:
            del self._cells[_cell_key(node)]

    def of_cell(self, cell: Node) -> str | None:
        """The reference that a cell of the same table with the same name has, if any."""
        return self._cells.get(_cell_key(cell))

    def named(self, ref: str) -> Node | None:
        """What a reference was given to, as it was seen last; None if it never was given."""
        return self._known.get(ref)


def _cell_key(node: Node) -> _Key:
    return node.parent, node.role, node.name


def _same(one: Node, other: Node) -> bool:
    return (one.role, one.name) == (other.role, other.name)


class Outline:
    """What shows at one moment.

    Args:
        tree: all objects.
        windows: all windows, bottom to top.
        references: gives each object its name, and keeps it.
        stuck: ids of windows whose programs take nothing in.
    """

    def __init__(
        self,
        tree: Tree,
        windows: Sequence[Window],
        references: References,
        stuck: Set[int] = frozenset(),
    ) -> None:
        self.tree = tree
        self._stuck = stuck
        self._windows = windows
        self._references = references
        self._by_id = {node.id: node for node in tree.nodes}
        self._held = frozenset(self._names_held())
        self._cells = self._lone_cells()
        self._groups: dict[str, str] = {}
        self._frames: dict[str, Node] = {}
        """The group and the window around each object, as far as they were asked for."""

        self.parts = tuple(self._parts())

    def text(self) -> str:
        """The whole, folded until it is short."""
        text = ""
        for fold in _FOLDS:
            text = "\n".join(line for part in self.parts for line in self._lines(part, fold))
            if len(text) <= GOOD:
                break
        if len(text) <= MOST:
            return text
        kept = text[:MOST].rpartition("\n")[0]
        return f"{kept}\n… {text.count(chr(10), len(kept)):,} more lines: open a group to see them."

    def inside(self, node: Node) -> str:
        """Everything that shows of one object, unfolded, up to twice as long as an outline."""
        within = {node.id}
        for each in self.tree.nodes:  # parents come before their children
            if each.parent in within:
                within.add(each.id)
        entries = [
            entry for part in self.parts for entry in part.entries if entry.node.id in within
        ]
        runs = [entries[place : place + _ROW] for place in range(0, len(entries), _ROW)]
        text = "\n".join(line for run in runs for line in self.grouped(run, _ROW))
        if len(text) <= 2 * MOST:
            return text
        kept = text[: 2 * MOST].rpartition("\n")[0]
        return f"{kept}\n… more than fits: scroll, or look for it by its name."

    def entries(self) -> Iterator[Entry]:
        for part in self.parts:
            yield from part.entries

    def find(self, ref: str) -> Node | None:
        """The object of a reference as it is now; None if it is gone or is something else."""
        was = self._references.named(ref)
        now = self._by_id.get(was.id) if was else None
        if was and now and _same(was, now):
            return now
        return self._cells.get(_cell_key(was)) if was else None

    def scroller_of(self, node: Node) -> Box | None:
        """What shows of the page, or part of a page, that an object has been scrolled out of."""
        around = self._by_id.get(node.parent or "")
        box = around.box if around else None
        page = next((each for each in self._above(node) if each.role in _PAGES), None)
        return _common(box, page.box) if box and page and page.box else None

    def visible_part(self, node: Node) -> Box | None:
        """What shows of an object, of which the part of a page around it may show only some."""
        box = node.box
        for outer in self._above(node):
            if box is not None and outer.box is not None:
                box = _common(box, outer.box) or box  # what has dropped down lies outside
        return box

    def window_of(self, node: Node) -> Window | None:
        """The window that an object is in, by its frame's title and place."""
        frames = [each for each in (node, *self._above(node)) if each.role in FRAMES]
        return _window(frames[-1], self._windows) if frames else None

    def _parts(self) -> Iterator[Part]:
        """The active window first, then from the top down."""
        held: dict[int | str, list[Entry]] = {}
        frames: dict[int | str, Node] = {}
        matched: dict[str, Window | None] = {}
        for node in self.tree.nodes:
            entry = self._entry(node)
            if entry is None:
                continue
            frame = self._frame(node)
            if frame.id not in matched:
                matched[frame.id] = _window(frame, self._windows)
            window = matched[frame.id]
            if window is not None and self._covered(node, window):
                continue
            key = window.id if window is not None else frame.id
            held.setdefault(key, []).append(entry)
            frames.setdefault(key, frame)
        for window in self._windows[::-1]:
            if not window.minimised and window.id not in held and window.kind in _TOLD:
                held[window.id] = []
        by_id: dict[int | str, Window] = {window.id: window for window in self._windows}
        place = {window.id: place for place, window in enumerate(self._windows)}

        def order(key: int | str) -> tuple[bool, int]:
            window = by_id.get(key)
            return (not window.active, -place[window.id]) if window else (False, 1)

        for key in sorted(held, key=order):
            window = by_id.get(key)
            if window is None and not any(entry.acts for entry in held[key]):
                continue
            hangs = ", does not answer" if window and window.id in self._stuck else ""
            yield Part(f"{_title(window, frames.get(key))}{hangs}", window, tuple(held[key]))

    def _entry(self, node: Node) -> Entry | None:
        if not (node.showing or node.beyond) or not (node.role in ROLES or node.role in _WORDS):
            return None
        near = tuple(islice(self._above(node), 3))
        acts = node.role in ROLES
        if not acts and (
            not node.name or any(a.role in PRESSED or a.name == node.name for a in near)
        ):
            return None
        if acts and (_is_part(node, near) or (node.role in _NAMELESS and not node.name)):
            return None
        if (node.id, node.name) in self._held:
            return None
        group = self._group(node)
        cell = self._cells.get(_cell_key(node)) is node
        ref = self._references.of(node, self._references.of_cell(node) if cell else None)
        return Entry(ref, node, _says(node), group, acts)

    def _lone_cells(self) -> dict[_Key, Node]:
        """Cells that are the only one of their table with their name.

        Spreadsheets make their cells again for whoever asks: such a cell is known by its address.
        """
        found: dict[_Key, Node] = {}
        twice: set[_Key] = set()
        for node in self.tree.nodes:
            if node.role == _CELL and node.name:
                key = _cell_key(node)
                if key in found:
                    twice.add(key)
                found[key] = node
        return {key: node for key, node in found.items() if key not in twice}

    def _names_held(self) -> Iterator[tuple[str, str]]:
        """Cells and entries of lists that are called as a control in them is, with that name."""
        for node in self.tree.nodes:
            if node.role in _CONTROLS and node.name and node.showing:
                for outer in islice(self._above(node), 3):
                    if outer.role in _HOLDERS:
                        yield outer.id, node.name

    def _group(self, node: Node) -> str:
        """Id of the innermost group or window around an object; empty if none is."""
        passed, found = [node.id], ""
        for outer in self._above(node):
            if outer.role in _GROUPS or outer.role in FRAMES:
                found = outer.id
                break
            if (known := self._groups.get(outer.id)) is not None:
                found = known
                break
            passed.append(outer.id)
        self._groups.update(dict.fromkeys(passed, found))
        return found

    def _frame(self, node: Node) -> Node:
        """The outermost accessible window around an object; its outermost parent if none is."""
        passed = (node, *self._up_to_known(node))
        found = self._frames.get(passed[-1].id)
        for each in reversed(passed):
            if found is None or (found.role not in FRAMES and each.role in FRAMES):
                found = each
            self._frames[each.id] = found
        assert found is not None  # noqa: S101 - the node itself at least
        return found

    def _up_to_known(self, node: Node) -> Iterator[Node]:
        """A node's parents as far as the first whose window is known."""
        if node.id in self._frames:
            return
        for outer in self._above(node):
            yield outer
            if outer.id in self._frames:
                return

    def _above(self, node: Node) -> Iterator[Node]:
        """A node's parents, innermost first."""
        met = {node.id}
        outer = self._by_id.get(node.parent or "")
        while outer is not None and outer.id not in met:
            yield outer
            met.add(outer.id)
            outer = self._by_id.get(outer.parent or "")

    def _is_in(self, node: Node, outer: Node) -> bool:
        return any(each.id == outer.id for each in self._above(node))

    def are_nested(self, one: Node, other: Node) -> bool:
        """Whether two objects are the same, or one is in the other."""
        return one.id == other.id or self._is_in(one, other) or self._is_in(other, one)

    def _covered(self, node: Node, window: Window) -> bool:
        """Whether another window lies over the middle of an object, or of all of its window."""
        x, y = (node.box or window.box).center
        place = self._windows.index(window)
        return any(
            other.kind in _TOLD and not other.minimised and other.box.contains(x, y)
            for other in self._windows[place + 1 :]
        )

    def _lines(self, part: Part, fold: int) -> Iterator[str]:
        yield part.title
        for line in self.grouped(part.entries, fold):
            yield f" {line}"

    def grouped(self, entries: Sequence[Entry], fold: int) -> Iterator[str]:
        """Lines: neighbours of one group and role share one; the rest of a long one is folded."""
        for _, run in groupby(entries, key=lambda e: (e.group, e.node.role, e.node.showing)):
            yield self._line(list(run), fold)

    def _line(self, run: list[Entry], fold: int) -> str:
        role = ROLES.get(run[0].node.role, run[0].node.role)
        if run[0].node.role in _MENU:
            run.sort(key=_place)  # a menu's order is that on the screen
        first, *others = run[:fold]
        words = [_of(first), *(_of(entry).removeprefix(f"{role} ") for entry in others)]
        left = len(run) - fold
        if left > 0:
            group = self._by_id.get(run[0].group)
            where = f" in {self._references.of(group)}" if group is not None else ""
            words.append(f"… {left:,} more{where}")
        away = "" if run[0].node.showing else "out of sight: "
        return away + ", ".join(words)


_TOLD = ("window", "dialog")


def _window(frame: Node, windows: Sequence[Window]) -> Window | None:
    named = [w for w in windows if w.title.strip() == frame.name and not w.minimised]
    if not named and frame.box is not None:
        named = [w for w in windows if w.box == frame.box]
    if len(named) > 1 and frame.box is not None:
        named.sort(key=lambda w: _apart(w.box, frame.box))
    return named[0] if named else None


def _common(one: Box, other: Box) -> Box | None:
    """What two boxes have in common; None if that is nothing."""
    left, top = max(one.x, other.x), max(one.y, other.y)
    right = min(one.x + one.width, other.x + other.width)
    bottom = min(one.y + one.height, other.y + other.height)
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _apart(one: Box, other: Box | None) -> int:
    return abs(one.x - other.x) + abs(one.y - other.y) if other else 0


def _is_part(node: Node, above: Sequence[Node]) -> bool:
    """Whether an object is only a part of another that is told: a cell's picture, a link's text."""
    if not above or not node.box:
        return False
    outer = above[0]
    within = outer.role in PRESSED and outer.showing
    if outer.role in _HOLDERS and node.role in _CONTROLS:
        return False
    return within and (not node.name or node.name == outer.name)


def _title(window: Window | None, frame: Node | None) -> str:
    if window is None:
        if frame is not None and "panel" in frame.app:
            return "panel"
        return f"elsewhere {quoted(frame.name or frame.app, _NAME)}" if frame else "elsewhere"
    match window.kind:
        case "panel":
            return "panel"
        case "background":
            return "desktop background"
        case kind:
            told = f"{kind} {quoted(window.title or window.wm_class or 'untitled', _NAME)}"
    active = ", active" if window.active else ""
    return f"{told}{active}{', must be answered first' if window.blocks else ''}"


def _says(node: Node) -> str:
    role = ROLES.get(node.role, node.role)
    told = f"{role} {quoted(node.name, _NAME)}" if node.name else role
    if node.text is not None:
        told += f" = {quoted(node.text, _VALUE)}" if node.text.strip() else " = empty"
        rest = len(" ".join(node.text.split())) - _VALUE
        told += f" (+{rest:,} letters)" if rest > 0 else ""
    states = [word for state, word in _STATES if state in node.states]
    if node.role in _GREYED and not {"sensitive", "enabled"} & node.states:
        states.append("greyed out")
    return f"{told} {' '.join(states)}".strip()


_GREYED = frozenset(ROLES) - {"text", "document text", "terminal", "table cell", "icon", "link"}


def _place(entry: Entry) -> tuple[int, int]:
    box = entry.node.box
    return (box.y, box.x) if box else (0, 0)


def _of(entry: Entry) -> str:
    """What an entry says, with its reference; what only tells something needs none."""
    return f"{entry.says} {entry.ref}" if entry.acts else entry.says


def changes(before: Outline, now: Outline, most: int = 480) -> str:
    """What is different now, in a few lines; empty if nothing is."""
    old, new = ({_line_key(e): e for e in outline.entries()} for outline in (before, now))
    opened = [p for p in now.parts if p.window and p.window.id not in _ids(before)]
    closed = [p for p in before.parts if p.window and p.window.id not in _ids(now)]
    lines = [f"opened: {part.title}" for part in opened]
    lines += [f"closed: {part.title}" for part in closed]
    front = _active(now)
    if front and front.window and front.window.id not in {_front(before), *map(_id, opened)}:
        lines.append(f"in front: {front.title}")
    gone_windows = {e.ref for part in closed for e in part.entries}
    gone = [old[key] for key in old if key not in new and old[key].ref not in gone_windows]
    came = [new[key] for key in new if key not in old]
    known, kept = ({entry.ref for entry in side} for side in (old.values(), came))
    for word, entries, by in (
        ("now", [entry for entry in came if entry.ref in known], now),
        ("+", [entry for entry in came if entry.ref not in known], now),
        ("-", [entry for entry in gone if entry.ref not in kept], before),
    ):
        lines += [f"{word} {line}" for line in by.grouped(entries, _FEW)]
    return _cut(lines, most)


def _line_key(entry: Entry) -> tuple[str, str]:
    return entry.ref, entry.says


def _ids(outline: Outline) -> set[int]:
    return {part.window.id for part in outline.parts if part.window}


def _active(outline: Outline) -> Part | None:
    return next((part for part in outline.parts if part.window and part.window.active), None)


def _front(outline: Outline) -> int | None:
    part = _active(outline)
    return _id(part) if part else None


def _id(part: Part) -> int | None:
    return part.window.id if part.window else None


def _cut(lines: Sequence[str], most: int) -> str:
    told: list[str] = []
    for place, line in enumerate(lines):
        if sum(map(len, told)) + len(told) + len(line) > most:
            told.append(f"… {len(lines) - place:,} more changes: look at the outline.")
            break
        told.append(line)
    return "\n".join(told)
