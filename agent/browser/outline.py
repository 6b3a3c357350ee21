"""What stands on a page, as Chromium itself tells screen readers: roles, names, values, states.

Nothing of it is asked of the page's own scripts, which could answer what they like.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rapidfuzz import fuzz

from agent.browser.tabs import Browser, Frame, Tab
from agent.errors import BrowserError, ToolError

Filter = Literal["visible", "interactive", "all"]

MOST = 50_000
"""Characters of an outline."""

DEPTH = 15
MATCHES = 20
_LONGEST = 200
"""Characters of a name, value or text."""

_OPTIONS = 12
"""Choices of a list that are named beside it."""

_MOST_FRAMES = 30
_GOOD = 45.0
"""Likeness of words, of 100, from which something is a match."""

_WORSE = 30.0
"""How much less than the best match is one still."""

PRESSED = frozenset(
    {
        *("button", "link", "menuitem", "menuitemcheckbox", "menuitemradio", "checkbox", "radio"),
        *("switch", "tab", "option", "treeitem", "disclosuretriangle", "popupbutton"),
        *("togglebutton", "combobox", "colorwell"),
    }
)
"""Roles of what a click does something to, as a whole."""

FIELDS = frozenset(
    {"textbox", "searchbox", "spinbutton", "slider", "date", "datetime", "inputtime", "listbox"}
)
INTERACTIVE = PRESSED | FIELDS
_LEAVES = FIELDS - {"listbox"} | {"colorwell"}
"""Roles in which nothing is told of."""

_SILENT = frozenset(
    {
        *("none", "generic", "inlinetextbox", "linebreak", "labeltext", "rootwebarea", "webarea"),
        *("menulistpopup", "listmarker", "layouttable", "layouttablerow", "layouttablecell"),
        *("paragraph", "section", "group", "rowgroup", "strong", "emphasis", "legend"),
    }
)
"""Roles that say nothing by themselves; what is in them is told."""

_STATES = ("checked", "disabled", "expanded", "focused", "invalid", "pressed", "selected")
_WORDS = {
    "textbox": "field box input text",
    "searchbox": "search field box bar input",
    "combobox": "select list dropdown menu box",
    "button": "button",
    "link": "link",
    "checkbox": "check box tick",
    "radio": "radio option",
    "spinbutton": "number field input",
}
"""What people call these roles."""


@dataclass(slots=True)
class Item:
    """One object of a page."""

    role: str
    name: str
    value: str = ""
    states: tuple[str, ...] = ()
    session: str = ""
    backend: int = 0
    frame: str = ""
    """Of a frame's owner: what the frame is called."""

    in_view: bool = False
    clickable: bool = False
    children: list[Item] = field(default_factory=list)
    ref: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.session, self.backend

    @property
    def words(self) -> str:
        return f"{self.role} “{self.name}”" if self.name else self.role

    @property
    def line(self) -> str:
        """As it is told."""
        told = self.role if self.role != "statictext" else "text"
        told += f" “{self.name}”" if self.name else ""
        told += f" = “{self.value}”" if self.value and self.value != self.name else ""
        told += "".join(f" {state}" for state in self.states)
        choices = [c.name for c in _below(self) if c.role == "option"] if _lists(self) else []
        more = "…" if len(choices) > _OPTIONS else ""
        told += f" ({', '.join(choices[:_OPTIONS])}{more})" if choices else ""
        return f"{told} [{self.ref}]" if self.ref else told


@dataclass(frozen=True, slots=True)
class Named:
    """What a reference stands for, as it was told."""

    words: str
    tab: str
    session: str
    backend: int


class References:
    """Names for objects of pages; each stands for one object as long as its page has it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._by_key: dict[tuple[str, str, int], str] = {}
        self._by_ref: dict[str, Named] = {}

    def of(self, tab: Tab, item: Item) -> str:
        """The reference of an object."""
        key = (tab.id, item.session, item.backend)
        ref = self._by_key.setdefault(key, f"ref_{next(self._numbers)}")
        self._by_ref[ref] = Named(item.words, *key)
        return ref

    def named(self, ref: str) -> Named:
        """What a reference stands for.

        Raises:
            ToolError: nothing.
        """
        bare = ref.strip().strip("[]")
        bare = f"ref_{bare}" if bare.isdigit() else bare
        if bare not in self._by_ref:
            raise ToolError(f"There is no {bare[:40]!r}. Call read_page or find for references.")
        return self._by_ref[bare]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an outline."""

    depth: int
    text: str
    ref: str


class Outline:
    """A page at one moment."""

    def __init__(self, tab: Tab, root: Item, references: References) -> None:
        self.root = root
        for item in _below(root):
            if item.backend and (item.role in INTERACTIVE or item.clickable or item.role == "img"):
                item.ref = references.of(tab, item)

    def lines(
        self, which: Filter, depth: int = DEPTH, within: tuple[str, int] | None = None
    ) -> list[Line]:
        """What is told of it, one object a line.

        Raises:
            ToolError: what shall be told of is not there.
        """
        root = self.root
        if within is not None:
            found = next((item for item in _below(root) if item.key == within), None)
            if found is None:
                raise ToolError("That is not on the page any more. Call read_page without a ref.")
            root = found
        return list(_lines(root, which, depth))

    def text(self, which: Filter, depth: int = DEPTH, within: tuple[str, int] | None = None) -> str:
        """The same as text, cut where it is too long."""
        lines = self.lines(which, depth, within)
        told = "\n".join(f"{' ' * line.depth}{line.text}" for line in lines)
        if len(told) <= MOST:
            return told
        return f"{told[: told.rfind(chr(10), 0, MOST)]}\n… (cut: narrow it with ref or depth)"

    def matches(self, query: str) -> list[Item]:
        """What fits a description best, the best first."""
        wanted = query.lower()
        found = []
        for item in _below(self.root):
            if (
                not item.ref
                or item.role == "option"
                or not (item.name or item.value or item.role in FIELDS)
            ):
                continue
            called = f"{item.name} {item.value} {_WORDS.get(item.role, item.role)}".lower()
            likeness = max(
                fuzz.token_set_ratio(wanted, called), fuzz.WRatio(wanted, item.name.lower())
            )
            found.append((likeness + 5 * (item.role in INTERACTIVE) + item.in_view, item))
        found.sort(key=lambda pair: -pair[0])
        least = max(_GOOD, found[0][0] - _WORSE) if found else _GOOD
        return [item for likeness, item in found[:MATCHES] if likeness >= least]

    @property
    def all_text(self) -> Iterator[str]:
        """Every name and value on it."""
        for item in _below(self.root):
            yield item.name
            yield item.value


async def read(browser: Browser, tab: Tab, references: References) -> Outline:
    """A page, with the frames in it.

    Raises:
        BrowserError: it hangs, or is gone.
    """
    root = await _read_process(browser, tab, tab.session)
    for frame in list(tab.frames.values())[:_MOST_FRAMES]:
        await _put_in(browser, tab, root, frame)
    return Outline(tab, root, references)


async def chain(browser: Browser, tab: Tab, session: str, backend: int) -> list[Item]:
    """An object and what it lies in, innermost first.

    Raises:
        BrowserError: it is not there.
    """
    said = await browser.call(
        tab,
        "Accessibility.getPartialAXTree",
        {"backendNodeId": backend, "fetchRelatives": True},
        session=session,
    )
    nodes = {node["nodeId"]: node for node in said["nodes"]}
    node = next((n for n in nodes.values() if n.get("backendDOMNodeId") == backend), None)
    found: list[Item] = []
    while node is not None and len(found) < 200:
        found.append(_item(node, session))
        node = nodes.get(node.get("parentId", ""))
    return found


async def _put_in(browser: Browser, tab: Tab, root: Item, frame: Frame) -> None:
    """Hang a frame's content under the element that shows it; nothing if either is gone."""
    try:
        owner = await browser.call(
            tab, "DOM.getFrameOwner", {"frameId": frame.id}, session=frame.parent
        )
        inner = await _read_process(browser, tab, frame.session)
    except BrowserError as error:
        if error.gone:
            raise
        return
    key = (frame.parent, owner["backendNodeId"])
    place = next((item for item in _below(root) if item.key == key), None)
    if place is not None:
        place.children.append(inner)


async def _read_process(browser: Browser, tab: Tab, session: str) -> Item:
    """The frames of one process, each under its owner."""
    tree, layout = await asyncio.gather(
        browser.call(tab, "Page.getFrameTree", session=session),
        browser.call(tab, "DOMSnapshot.captureSnapshot", {"computedStyles": []}, session=session),
    )
    view, clickable = _layout(layout)
    frames = list(_frames(tree["frameTree"]))[:_MOST_FRAMES]
    trees = await asyncio.gather(
        *(
            browser.call(tab, "Accessibility.getFullAXTree", {"frameId": frame}, session=session)
            for frame in frames
        )
    )
    roots = [_tree(said["nodes"], session, view, clickable) for said in trees]
    for frame, root in zip(frames[1:], roots[1:], strict=True):
        owner = await browser.call(tab, "DOM.getFrameOwner", {"frameId": frame}, session=session)
        key = (session, owner["backendNodeId"])
        found = (item for top in roots for item in _below(top) if item.key == key)
        if (place := next(found, None)) is not None:
            place.children.append(root)
    return roots[0]


def _frames(tree: Mapping[str, Any]) -> Iterator[str]:
    yield str(tree["frame"]["id"])
    for child in tree.get("childFrames", ()):
        yield from _frames(child)


def _layout(said: Mapping[str, Any]) -> tuple[set[int], set[int]]:
    """Which nodes are in sight, and which take clicks, by their numbers."""
    in_view: set[int] = set()
    clickable: set[int] = set()
    for document in said["documents"]:
        numbers = document["nodes"]["backendNodeId"]
        left, top = document.get("scrollOffsetX", 0), document.get("scrollOffsetY", 0)
        boxes = document["layout"]["bounds"]
        width, height = (boxes[0][2], boxes[0][3]) if boxes else (0, 0)
        for node, (x, y, w, h) in zip(document["layout"]["nodeIndex"], boxes, strict=True):
            beside = x + w <= left or x >= left + width or y + h <= top or y >= top + height
            if not beside and w > 0 and h > 0:
                in_view.add(numbers[node])
        clickable |= {numbers[n] for n in document["nodes"].get("isClickable", {}).get("index", ())}
    return in_view, clickable


def _tree(
    nodes: list[Mapping[str, Any]], session: str, in_view: set[int], clickable: set[int]
) -> Item:
    """What is told of a frame, without what says nothing. Pages may be nested without bound."""
    if not nodes:
        return Item("rootwebarea", "")
    by_id = {node["nodeId"]: node for node in nodes}
    made: dict[str, list[Item]] = {}
    for node, pressed in reversed(_from_the_top(nodes[0], by_id, clickable)):
        inner = [item for child in node.get("childIds", ()) for item in made.pop(child, ())]
        item = _item(node, session)
        if node.get("ignored") or item.role in _SILENT:
            made[node["nodeId"]] = inner
            continue
        item.in_view = item.backend in in_view or any(child.in_view for child in inner)
        item.clickable = item.backend in clickable or (pressed and item.role == "statictext")
        item.children = _worth_telling(item, inner)
        made[node["nodeId"]] = [item]
    root = _item(nodes[0], session)
    root.children = _worth_telling(root, made.get(nodes[0]["nodeId"], []))
    return root


def _worth_telling(item: Item, inner: list[Item]) -> list[Item]:
    """What is in an object, without words that it or a field beside them has for its name."""
    if item.role in _LEAVES:
        return []
    beside = {each.name for each in inner if each.role in INTERACTIVE}
    return [
        each
        for each in inner
        if each.role != "statictext"
        or (each.name and each.name not in beside and each.name not in item.name)
    ]


def _from_the_top(
    root: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], clickable: set[int]
) -> list[tuple[Mapping[str, Any], bool]]:
    """Each node before what is in it, and whether a click on it is one on what says nothing."""
    found: list[tuple[Mapping[str, Any], bool]] = []
    waiting = [(root, False)]
    while waiting:
        node, pressed = waiting.pop()
        found.append((node, pressed))
        role = _value(node, "role").lower()
        silent = node.get("ignored") or (role in _SILENT and role != "labeltext")
        takes = bool(silent) and (pressed or node.get("backendDOMNodeId") in clickable)
        waiting += [(by_id[c], takes) for c in node.get("childIds", ()) if c in by_id]
    return found


def _item(node: Mapping[str, Any], session: str) -> Item:
    properties = {p["name"]: p["value"].get("value") for p in node.get("properties", ())}
    states = []
    for name in _STATES:
        value = properties.get(name)
        if value in (True, "true", "mixed") or (name == "invalid" and value not in (None, "false")):
            states.append(name if value != "mixed" else "partly checked")
    if properties.get("expanded") is False:
        states.append("collapsed")
    return Item(
        role=_value(node, "role").lower(),
        name=_short(_value(node, "name")),
        value=_short(_value(node, "value")),
        states=tuple(states),
        session=session,
        backend=int(node.get("backendDOMNodeId") or 0),
    )


def _value(node: Mapping[str, Any], name: str) -> str:
    value = node.get(name, {}).get("value", "")
    return str(value) if value is not None else ""


def _short(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split()).replace("“", "'").replace("”", "'")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _below(item: Item) -> Iterator[Item]:
    """An object and all in it, in the order of the page."""
    waiting = [item]
    while waiting:
        now = waiting.pop()
        yield now
        waiting += reversed(now.children)


def _lists(item: Item) -> bool:
    """Whether its choices are named beside it."""
    return item.role in ("combobox", "listbox")


def _lines(root: Item, which: Filter, depth: int) -> Iterator[Line]:
    waiting = [(root, 0)]
    while waiting:
        item, level = waiting.pop()
        if _told(item, which):
            yield Line(level, item.line, item.ref)
            level += 1
        shut = _lists(item) and "expanded" not in item.states
        inner = [c for c in item.children if not (shut and c.role == "option")]
        waiting += [(child, level) for child in reversed(inner) if level < depth]


def _told(item: Item, which: Filter) -> bool:
    if item.role == "rootwebarea":
        return False
    if which == "interactive":
        return bool(item.ref) and (item.role in INTERACTIVE or item.clickable)
    return which == "all" or item.in_view
