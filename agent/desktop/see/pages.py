"""What applications publish but do not list in their cache, as browsers do with web pages.

An object whose cached children are fewer than it says to have is looked into. A browser
finds in one call whatever shows below it (AT-SPI's ``Collection``); of other applications,
the children are asked for level by level. What shows comes first. Of a page that
is longer than its window, what can be used further up or down is looked for when what shows
has changed, and now and then.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.desktop.base import Box
from agent.desktop.see.atspi import ROLES, STATES, Bus, call, get_property
from agent.desktop.see.items import EMPTY, Item, Ref, describe, meets
from agent.desktop.see.wire import Call

DOCUMENTS = frozenset({"document web", "document frame"})
"""Roles of a page's outermost object."""

_OFF_SCREEN = (
    *("push button", "toggle button", "check box", "radio button", "link", "entry", "combo box"),
    *("password text", "spin button", "slider", "heading", "page tab", "menu item", "list box"),
)
_CLOSED = frozenset({"menu", "menu item", "list", "list box", "list item"})
"""Roles of what a combo box drops down."""

_CELLS = frozenset({"table", "tree table", "tree", "list", "layered pane"})
"""Roles whose children may be too many to ask for: their cells are fetched by place."""

_ROOT = "/org/a11y/atspi/accessible/root"
_BROWSERS = frozenset({"Chromium", "Gecko"})
"""What browsers are made with, as they publish it."""

_MOST = 1500
"""Objects of one application that are described in one look."""
_MOST_ROWS = 200
"""Rows of a list that no cache lists, if it is to be looked into."""
_MOST_BEYOND = 150
"""Objects out of sight that are described."""
_BEYOND_KEPT = 3.0
"""Seconds for which what is out of sight is taken to stay as it was, if all that shows does."""
_NAMES_KEPT = 10.0
"""Seconds for which what is out of sight is taken to be called as it was, wherever it goes."""
_PATIENCE = 1.0
"""Seconds that an application may take for one answer."""
_BUDGET = 1.2
"""Seconds after which no further object of a look is asked about."""
_HIDDEN_AROUND = 6
"""Objects that do not show, one in the other, around one that is out of sight."""
_LEAST_SCROLLER = 24
"""Pixels of width and height that something has which scrolls."""
_HIDDEN_PARENTS = 2
"""Objects that do not show, one in the other, between two that do."""

_ALL, _ANY, _NONE = 1, 2, 3
_RULE = "(aiia{ss}iaiiasib)uib"


@dataclass(frozen=True, slots=True)
class _Beyond:
    """What was out of sight of a page, when, and beside what."""

    when: float
    shown: int
    items: list[Item]
    described: Mapping[Ref, Item]
    """The same as the browser told of them, and what turned out to be in sight."""

    named: float
    """When names were asked for last, and not only places."""


class Pages:
    """Completes the objects of a look; remembers what lies out of sight of each page."""

    def __init__(self) -> None:
        self._beyond: dict[Ref, _Beyond] = {}
        self._toolkits: dict[str, str] = {}

    def complete(self, bus: Bus, items: dict[Ref, Item], screen: Box, *, beyond: bool) -> None:
        """Add to ``items``, by their parents, what no cache lists; children are not linked.

        ``beyond``: with what lies out of sight.
        """
        deadline = time.monotonic() + _BUDGET
        found: list[Item] = []
        searched: set[Ref] = set()
        _count_rows(bus, items)
        for item in _short(items):
            above = {parent.ref for parent in _above(item, items)}
            if not above & searched and time.monotonic() < deadline and len(found) < _MOST:
                if self.is_browser(bus, item.ref[0]):  # it is asked for all that is below
                    searched.add(item.ref)
                found += self._below(bus, item, items, _MOST - len(found), deadline)
        for item in found:
            item.box = item.box if item.box and meets(item.box, screen) else None
        _close_lists(found, items)
        for item in found:
            if item.role in DOCUMENTS and item.box and self._is_forgetful(bus, item):
                item.states |= {"showing"}
        pages = [item for item in found if item.role in DOCUMENTS and "showing" in item.states]
        shown = hash(tuple((item.ref, item.box) for item in found))
        outermost = _outermost(pages, items)
        refs = {page.ref for page in outermost}
        self._beyond = {ref: last for ref, last in self._beyond.items() if ref in refs}
        for page in outermost:
            if beyond or self._is_forgetful(bus, page):
                for item in self._out_of_sight(bus, page, shown, items):
                    items.setdefault(item.ref, item)

    def _below(
        self, bus: Bus, top: Item, items: dict[Ref, Item], most: int, deadline: float
    ) -> list[Item]:
        if not self.is_browser(bus, top.ref[0]):
            return _walk(bus, top, items, most, deadline)
        answer = bus.call(_matches(top.ref, states=("showing",), most=most), _PATIENCE)
        if answer is None:
            return _walk(bus, top, items, most, deadline)
        refs = [(str(name), str(path)) for name, path in answer[0]]
        for place, ref in enumerate(refs):
            if ref in items and items[ref].parent == top.ref:
                items[ref].index = place
        places = [place for place, ref in enumerate(refs) if ref not in items]
        found = describe(bus, [refs[place] for place in places], _PATIENCE)
        for item in found:
            item.index = places[item.index]
            items[item.ref] = item
        self._join(bus, found, top, items)
        return found

    def is_browser(self, bus: Bus, name: str) -> bool:
        """Whether a search may go all the way down: a sheet has more cells than it ends with."""
        return self._toolkit(bus, name) in _BROWSERS

    def _toolkit(self, bus: Bus, name: str) -> str:
        if name not in self._toolkits:
            answer = bus.call(get_property(name, _ROOT, "Application", "ToolkitName"), _PATIENCE)
            self._toolkits[name] = str(answer[0][1]) if answer else ""
        return self._toolkits[name]

    def _is_forgetful(self, bus: Bus, item: Item) -> bool:
        """Whether what is said not to show may well do so.

        Firefox goes by what it has drawn last, which it looks up late, and never has all.
        """
        return "visible" in item.states and self._toolkit(bus, item.ref[0]) == "Gecko"

    def _join(self, bus: Bus, found: list[Item], top: Item, items: dict[Ref, Item]) -> None:
        """Give everything found a parent among ``items``: its own, though that does not show."""
        for _ in range(_HIDDEN_PARENTS):
            lacking = {item.parent for item in found if item.parent and item.parent not in items}
            for parent in describe(bus, sorted(lacking), _PATIENCE):
                items[parent.ref] = parent
                found.append(parent)
        for item in found:
            if item.parent not in items:
                item.parent = top.ref

    def _out_of_sight(self, bus: Bus, page: Item, shown: int, items: dict[Ref, Item]) -> list[Item]:
        """What can be used of a page further up or down, after what shows of it.

        Asked for again when what shows is other (``shown`` is a digest of it), or has aged.
        """
        last = self._beyond.get(page.ref)
        now = time.monotonic()
        if last is None or last.shown != shown or now - last.when > _BEYOND_KEPT:
            forgetful = self._is_forgetful(bus, page)
            lasting = last is not None and now - last.named < _NAMES_KEPT
            known = last.described if last and lasting else EMPTY
            hidden = _hidden(bus, page, known)
            described = {item.ref: replace(item) for item in hidden}
            found = _beyond(bus, hidden, page, items, forgetful=forgetful)
            named = last.named if last and lasting else now
            last = _Beyond(now, shown, found, described, named)
            self._beyond[page.ref] = last
        return [replace(item, children=[]) for item in last.items]


def _count_rows(bus: Bus, items: dict[Ref, Item]) -> None:
    """Ask for the number of rows of lists whose cache does not tell it."""
    lists = [i for i in items.values() if i.role == "list box" and i.count < 0]
    asked = [get_property(*item.ref, "Accessible", "ChildCount") for item in lists]
    for item, answer in zip(lists, bus.call_all(asked, _PATIENCE), strict=True):
        item.count = int(answer[0][1]) if answer else 0


def _short(items: dict[Ref, Item]) -> list[Item]:
    """Objects with fewer cached children than they have, outermost first."""
    cached: dict[Ref, int] = {}
    for item in items.values():
        if item.parent is not None:
            cached[item.parent] = cached.get(item.parent, 0) + 1
    return [
        item
        for item in sorted(items.values(), key=lambda item: sum(1 for _ in _above(item, items)))
        if item.count > cached.get(item.ref, 0)
        and ("showing" in item.states or item.role == "application")
        and item.role not in _CELLS
        and ("manages descendants" not in item.states or _is_short_list(item))
    ]


def _is_short_list(item: Item) -> bool:
    """Whether it is a list whose rows can all be asked for, as GTK's boxes of rows are."""
    return item.role == "list box" and item.count <= _MOST_ROWS


def _above(item: Item, items: dict[Ref, Item]) -> Iterator[Item]:
    """An object's parents, innermost first."""
    seen = {item.ref}
    while item.parent is not None and item.parent in items and item.parent not in seen:
        seen.add(item.parent)
        item = items[item.parent]
        yield item


def _walk(bus: Bus, top: Item, items: dict[Ref, Item], most: int, deadline: float) -> list[Item]:
    """The same by asking for children, level by level; only what shows is looked into."""
    found: list[Item] = []
    level = [top]
    while level and len(found) < most and time.monotonic() < deadline:
        asked = [call(*item.ref, "Accessible", "GetChildren") for item in level]
        parents: dict[Ref, tuple[Ref, int]] = {}
        for item, answer in zip(level, bus.call_all(asked, _PATIENCE), strict=True):
            for place, (name, path) in enumerate(answer[0] if answer else ()):
                if (name, path) not in items:
                    parents[str(name), str(path)] = item.ref, place
        level = describe(bus, list(parents)[: most - len(found)], _PATIENCE)
        for item in level:
            item.parent, item.index = parents[item.ref]
            items[item.ref] = item
        found += level
        level = [item for item in level if "showing" in item.states and item.role not in _CELLS]
    return found


def _hidden(bus: Bus, page: Item, known: Mapping[Ref, Item]) -> list[Item]:
    """What can be used of a page and does not show; ``known`` is what need not be named again."""
    asked = _matches(page.ref, roles=_OFF_SCREEN, hidden=True, most=_MOST_BEYOND)
    answer = bus.call(asked, _PATIENCE)
    refs = [(str(name), str(path)) for name, path in answer[0]] if answer else []
    return [
        item
        for item in describe(bus, refs, _PATIENCE, known)
        if "visible" in item.states and "showing" not in item.states and item.box and page.box
    ]


def _beyond(
    bus: Bus, hidden: Sequence[Item], page: Item, items: dict[Ref, Item], *, forgetful: bool
) -> list[Item]:
    """What is out of sight; its parent is what must be scrolled: the page, or a part of it.

    ``forgetful``: what lies within sight shows, whatever is said of it.
    """
    found = []
    for item, around in zip(hidden, _showing_around(bus, hidden, items), strict=True):
        scroller = _scroller(around, item.box, page, items)
        if scroller:
            item.beyond, item.box, item.parent = item.box, None, scroller.ref
            item.index += _MOST  # after all that shows
            found.append(item)
        elif forgetful:
            item.states |= {"showing"}
            item.parent = (around or page).ref
            found.append(item)
    return found


def _showing_around(bus: Bus, hidden: Sequence[Item], items: dict[Ref, Item]) -> list[Item | None]:
    """The innermost objects around some that do not show, of those that are known."""
    at = [item.parent for item in hidden]
    for _ in range(_HIDDEN_AROUND):
        unknown = sorted({ref for ref in at if ref is not None and ref not in items})
        if not unknown:
            break
        asked = [get_property(*ref, "Accessible", "Parent") for ref in unknown]
        answers = bus.call_all(asked, _PATIENCE)
        above = {
            ref: tuple(answer[0][1]) if answer else None
            for ref, answer in zip(unknown, answers, strict=True)
        }
        at = [above.get(ref, ref) if ref is not None else None for ref in at]
    return [items.get(ref) if ref is not None else None for ref in at]


def _scroller(
    around: Item | None, beyond: Box | None, page: Item, items: dict[Ref, Item]
) -> Item | None:
    """The innermost object outside of which something lies that is in it; None if none is."""
    if beyond is None:
        return None
    for each in (around, *_above(around, items)) if around else ():
        if each.ref == page.ref:
            break
        if each.box and not meets(beyond, each.box) and _is_roomy(each.box):
            return each
    return None if meets(beyond, page.box) else page


def _is_roomy(box: Box) -> bool:
    """Whether it may be what people scroll, and not a trick that hides a label."""
    return min(box.width, box.height) >= _LEAST_SCROLLER


def _close_lists(found: Iterable[Item], items: dict[Ref, Item]) -> None:
    """Hide what closed combo boxes would drop down, and take its chosen entry for their value."""
    for item in found:
        if item.role not in _CLOSED:
            continue
        above = next((a for a in _above(item, items) if a.role not in _CLOSED), None)
        if above is not None and above.role == "combo box":
            if {"selected", "checked"} & item.states and item.role not in ("menu", "list"):
                above.text = item.name
            if "expanded" not in above.states:
                item.box, item.states = None, item.states - {"showing"}


def _outermost(pages: Sequence[Item], items: dict[Ref, Item]) -> list[Item]:
    """Pages that are not frames of others."""
    refs = {page.ref for page in pages}

    return [page for page in pages if not refs & {a.ref for a in _above(page, items)}]


def _matches(
    ref: Ref,
    *,
    states: Collection[str] = (),
    roles: Collection[str] = (),
    hidden: bool = False,
    most: int,
) -> Call:
    """Ask for the objects below one, in document order, that have all states and one role.

    ``hidden``: for those that do not show instead.
    """
    wanted = _bits(("showing",) if hidden else states, STATES, 2)
    kinds = _bits(roles, ROLES, 4)
    how = _NONE if hidden else _ALL
    rule: tuple[object, ...] = (
        wanted,
        how,
        {},
        _ALL,
        kinds,
        _ANY if roles else _ALL,
        [],
        _ALL,
        False,
    )
    return call(*ref, "Collection", "GetMatches", _RULE, (rule, 1, most, True))


def _bits(names: Collection[str], known: Sequence[str], words: int) -> list[int]:
    """Names as AT-SPI's signed 32-bit words."""
    bits = sum(1 << known.index(name) for name in names)
    each = [bits >> (32 * place) & 0xFFFFFFFF for place in range(words)]
    return [word - (1 << 32) if word >> 31 else word for word in each]
