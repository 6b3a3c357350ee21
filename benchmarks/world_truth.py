"""What pages and programs declare of themselves, and how much of it was found.

Each page and program of ``world_pages`` and ``world_programs`` has a list beside it: role, name
and place (a selector, or the id of a part) of everything that can be used. Where these are on the
screen is told by the page's own geometry or by GTK, never by accessibility.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.desktop.base import Box, Node

HERE = Path(__file__).parent
PAGES = HERE / "world_pages"
PROGRAMS = HERE / "world_programs"

_SLACK = 4
"""Pixels by which each edge of a box may differ."""

ROLES: Mapping[str, frozenset[str]] = {
    "button": frozenset({"push button", "toggle button"}),
    "link": frozenset({"link"}),
    "textbox": frozenset({"entry", "text", "editbar", "document text"}),
    "password": frozenset({"password text"}),
    "spinbutton": frozenset({"spin button"}),
    "slider": frozenset({"slider"}),
    "date": frozenset({"date editor", "entry"}),
    "colour": frozenset({"push button", "color chooser"}),
    "file": frozenset({"push button", "file chooser"}),
    "checkbox": frozenset({"check box"}),
    "radio": frozenset({"radio button"}),
    "switch": frozenset({"toggle button", "toggle switch", "switch", "check box"}),
    "combobox": frozenset({"combo box"}),
    "option": frozenset({"list item"}),
    "menu": frozenset({"menu"}),
    "menuitem": frozenset({"menu item", "check menu item", "radio menu item"}),
    "tab": frozenset({"page tab"}),
    "treeitem": frozenset({"tree item", "list item", "table cell"}),
    "gridcell": frozenset({"table cell"}),
    "columnheader": frozenset({"table column header", "column header", "push button"}),
    "summary": frozenset({"toggle button", "push button"}),
}
"""What AT-SPI may call each of the roles that are declared."""


Flag = Literal["", "within", "disabled", "opens"]
"""``within``: the place is that of a part of it only, as a tab's label is; ``disabled``: it takes
nothing now; ``opens``: a window of another program, or one that is not declared."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Something that can be used, as whoever made it says."""

    role: str
    name: str
    place: str
    flag: Flag = ""

    @property
    def roles(self) -> frozenset[str]:
        """What AT-SPI may call it."""
        return ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Truth:
    """A page or program, and all that can be used of it."""

    name: str
    path: Path
    declared: tuple[Declared, ...]


@dataclass(slots=True)
class Score:
    """What was found of what is declared."""

    right: list[Declared] = field(default_factory=list)
    missed: list[tuple[Declared, str]] = field(default_factory=list)
    """With what was found in its place."""

    @property
    def whole(self) -> int:
        """How many are declared."""
        return len(self.right) + len(self.missed)

    def __iadd__(self, other: Score) -> Score:
        self.right += other.right
        self.missed += other.missed
        return self


def truths(folder: Path, suffix: str) -> tuple[Truth, ...]:
    """All pages or programs of a folder."""
    return tuple(read(path) for path in sorted(folder.glob(f"*{suffix}")))


def read(path: Path) -> Truth:
    """A page or program, with the list beside it."""
    rows = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return Truth(path.stem, path, tuple(Declared(*row) for row in rows))


def found_of(
    declared: Sequence[Declared], boxes: Mapping[str, Box], nodes: Iterable[Node]
) -> Score:
    """Which are found with role, name and box; each object counts for one of them.

    What is out of sight counts by where it would be (`Node.beyond`).
    """
    score, left = Score(), [n for n in nodes if n.box or n.beyond]
    for each in declared:
        box = boxes.get(each.place)
        node = next((n for n in left if box and is_right(each, box, n)), None)
        if node is None:
            score.missed.append((each, _nearest(each, box, left)))
        else:
            left.remove(node)
            score.right.append(each)
    return score


def is_right(declared: Declared, box: Box, node: Node) -> bool:
    """Whether an object is what is declared, where it is.

    Browsers add to the name of a field for a file what is chosen.
    """
    where = node.box or node.beyond
    if node.role not in declared.roles or not where:
        return False
    names = plain(node.name), plain(declared.name)
    if not (names[0].startswith(names[1]) if declared.role == "file" else names[0] == names[1]):
        return False
    if declared.flag == "within":
        return where.contains(*box.center) and _area(where) <= 6 * _area(box)
    return all(abs(a - b) <= _SLACK for a, b in zip(_edges(where), _edges(box), strict=True))


def plain(name: str) -> str:
    """A name as it is compared: all white space is alike."""
    return " ".join(re.sub(r"[\u200b\ufeff\ufffc]", "", name).split())


def _nearest(declared: Declared, box: Box | None, nodes: Sequence[Node]) -> str:
    """What stands nearest to where something was not found."""
    if box is None:
        return "its place is not known"
    alike = [n for n in nodes if plain(n.name) == plain(declared.name)] or list(nodes)
    if not alike:
        return "nothing"

    def apart(node: Node) -> int:
        where = node.box or node.beyond or Box(0, 0, 0, 0)
        return sum(abs(a - b) for a, b in zip(_edges(where), _edges(box), strict=True))

    near = min(alike, key=apart)
    return f"{near.role} {near.name!r} at {near.box or near.beyond}, not {box}"


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _area(box: Box) -> int:
    return max(1, box.width * box.height)


@dataclass(frozen=True, slots=True)
class Told:
    """An object as an outline tells it."""

    role: str
    name: str
    ref: str


_REF = re.compile(r"(?:^| )(e\d+)$")
_STATES = re.compile(r"(?: (?:focused|checked|pressed|selected|open|invalid|greyed out))+$")


def told_in(text: str, line_start: bool = True) -> list[Told]:
    """The objects of an outline that can be acted on."""
    found = []
    for line in text.splitlines():
        if line_start and line[:1] != " ":
            continue
        found += _told_of(line.strip().removeprefix("out of sight: "))
    return found


def _told_of(line: str) -> list[Told]:
    found, role = [], ""
    for item in _items(line):
        at = _REF.search(item)
        if not at or item.startswith("…"):
            continue
        says = _STATES.sub("", item[: at.start()])
        says = re.sub(r" = (?:empty|“[^”]*”(?: \(\+[\d,]+ letters\))?)$", "", says)
        before, quote, name = says.partition("“")
        role = before.strip() or role
        found.append(Told(role, name.removesuffix("”") if quote else "", at[1]))
    return found


def _items(line: str) -> list[str]:
    """Its parts at the commas that stand in no quotation."""
    items, inside, start = [], False, 0
    for place, letter in enumerate(line):
        if letter in "“”":
            inside = letter == "“"
        elif letter == "," and not inside and line[place : place + 2] == ", ":
            items.append(line[start:place].strip())
            start = place + 1
    return [*items, line[start:].strip()]


def folded_in(text: str) -> list[str]:
    """References of the groups that an outline has folded."""
    return re.findall(r"… [\d,]+ more in (e\d+)", text)
