"""LABEL in "click LABEL": which object on the screen is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.desktop.base import Node
from agent.models.offline.matching import Scored, clear, plain, rank
from agent.models.offline.view import View
from agent.models.offline.words import alternatives, lexicon, ordinal

_KINDS = {
    "button": ("push button", "toggle button", "button", "radio button"),
    "menu item": ("menu item", "check menu item", "radio menu item"),
    "menu": ("menu",),
    "tab": ("page tab",),
    "link": ("link",),
    "checkbox": ("check box", "check menu item"),
    "radio button": ("radio button",),
    "field": ("text", "entry", "password text", "combo box"),
    "box": ("check box", "text", "entry", "combo box"),
    "list": ("list", "combo box"),
    "icon": ("icon", "table cell", "label"),
    "file": ("icon", "table cell"),
    "folder": ("icon", "table cell", "tree item"),
    "item": (),
    "entry": ("menu item", "text", "entry"),
    "option": ("radio button", "check box", "check menu item", "menu item"),
}
_RANK = (
    ("menu item", "check menu item", "radio menu item"),
    ("push button", "toggle button", "button", "radio button", "check box", "page tab", "link"),
    ("menu", "combo box"),
    ("table cell", "icon", "list item", "tree item"),
    ("text", "entry", "password text"),
    ("label", "table column header", "heading", "image"),
)
RANKED = tuple(role for group in _RANK[:-1] for role in group)
"""Roles of what can be clicked on."""

_WHERE = re.compile(
    rf"\s+(?:in|on|of|from|at) (?:the |this |that )?({alternatives('label_places')})$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(rf"^(?:{alternatives('label_articles')})\s+", re.IGNORECASE)
_KIND = re.compile(rf"^(?:{alternatives('label_kinds')}) (?:called |named )?")

_CLOCK = re.compile(r"\d{4}-\d\d-\d\d|.{0,30}\d{1,2}:\d\d.{0,10}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label taken apart: name, which one, of what kind, and where."""

    name: str
    place: int | None = None
    kind: str = ""
    where: str = ""


def take_apart(label: str, *, whole: bool = False) -> Wanted:
    """Name, place, kind and window of "the second OK button in the dialog".

    With ``whole``, only the window is taken off.
    """
    text = label.strip(" .,!?\"'")
    where = ""
    if match := _WHERE.search(text):
        where, text = re.sub(r"\s", "", match[1].lower()), text[: match.start()]
    text = _ARTICLE.sub("", text)
    if whole:
        return Wanted(text, where=where)
    place = None
    first, _, rest = text.partition(" ")
    if rest and first.lower() in lexicon()["ordinals"]:
        place, text = ordinal(first), rest
    elif match := re.search(r"\s+number (\w+)$", text, re.IGNORECASE):
        place, text = ordinal(match[1]), text[: match.start()]
    kind = ""
    for word in sorted(_KINDS, key=len, reverse=True):
        if re.search(rf"\s{word}$", text, re.IGNORECASE):
            kind, text = word, text[: -len(word)].strip()
            break
    text = _KIND.sub("", text)
    return Wanted(text, place, kind, where)


def find(view: View, label: str) -> list[Node]:
    """Objects that a label may mean: one if it is clear, several if not, none if unseen."""
    best: list[Scored[Node]] = []
    wanted = Wanted(label)
    for whole in (True, False):
        tried = take_apart(label, whole=whole)
        found = rank(tried.name, [(m, n) for n in candidates(view, tried) for m in _names(n)])
        if found and (not best or found[0].score > best[0].score):
            best, wanted = found, tried
    nodes = _distinct(view, [s.item for s in clear(best)])
    if wanted.place is None:
        return _preferred(view, nodes)
    nodes.sort(key=lambda n: (n.box.y, n.box.x) if n.box else (0, 0))
    index = wanted.place - 1 if wanted.place > 0 else wanted.place
    return [nodes[index]] if -len(nodes) <= index < len(nodes) else []


def _names(node: Node) -> tuple[str, ...]:
    """A thing's name; a file's without its ending, and what a clock is, whose name is the time."""
    if node.role == "toggle button" and _CLOCK.fullmatch(node.name):
        return (node.name, "clock", "date")
    stem = re.fullmatch(r"(.+)\.\w{1,5}", node.name)
    return (node.name, stem[1]) if stem and node.role in _RANK[3] else (node.name,)


def candidates(view: View, wanted: Wanted | None = None) -> list[Node]:
    """Named objects that show and can be pointed at, within the kind and place wanted."""
    wanted = wanted or Wanted("")
    roles = _KINDS.get(wanted.kind) or tuple(role for group in _RANK for role in group)
    nodes = [n for n in view.tree.showing(*roles) if n.name and n.box and _on_screen(view, n)]
    if wanted.where in ("dialog", "dialogbox", "popup"):
        return [n for n in nodes if view.in_dialog(n)]
    if wanted.where in ("panel", "taskbar", "bottom"):
        return [n for n in nodes if view.furniture(n)]
    if wanted.where == "window":
        return [n for n in nodes if view.in_active(n)]
    return nodes


def _on_screen(view: View, node: Node) -> bool:
    assert node.box is not None  # noqa: S101 - callers checked
    x, y = node.box.center
    return node.box.width > 1 and 0 <= x < view.size[0] and 0 <= y < view.size[1]


def ranked(node: Node) -> int:
    """How likely a role is meant, the likeliest first."""
    return next((i for i, group in enumerate(_RANK) if node.role in group), len(_RANK))


def _distinct(view: View, nodes: list[Node]) -> list[Node]:
    """Without a label that lies within another candidate: a button and its text are one."""
    kept: list[Node] = []
    for node in sorted(nodes, key=ranked):
        assert node.box is not None  # noqa: S101 - candidates have boxes
        x, y = node.box.center
        if not any(k.box and k.box.contains(x, y) and _same_window(view, k, node) for k in kept):
            kept.append(node)
    return kept


def _same_window(view: View, a: Node, b: Node) -> bool:
    return view.frame(a) == view.frame(b)


def _preferred(view: View, nodes: list[Node]) -> list[Node]:
    """The best place and the best kind only: open menu, dialog, active window, others."""
    if len(nodes) < 2:
        return nodes

    def key(node: Node) -> tuple[int, int]:
        if node.role in _RANK[0]:
            return 0, 0
        if view.in_active(node):
            return 1, ranked(node) - (view.inside(node, ("directory pane",)) is not None)
        return (3 if view.furniture(node) else 2), ranked(node)

    best = min(map(key, nodes))
    return [n for n in nodes if key(n) == best]


def describe(view: View, node: Node) -> str:
    """A node in words that tell it from its like."""
    kind = {"push button": "button", "page tab": "tab", "check box": "checkbox"}.get(node.role)
    frame = view.frame(node)
    inside = "on the panel" if view.furniture(node) else f"in {frame.name}" if frame else ""
    return f"{node.name}, {kind or node.role} {inside}".strip()


def seen(view: View, limit: int = 8) -> list[str]:
    """Names that could be clicked now: of an open menu, else a dialog, else the active window."""
    nodes = candidates(view)
    for group in (
        [n for n in nodes if n.role in _RANK[0]],
        [n for n in nodes if view.in_dialog(n)],
        [n for n in nodes if view.in_active(n)],
        [n for n in nodes if view.furniture(n)],
    ):
        names = list(dict.fromkeys(_short(n.name) for n in sorted(group, key=ranked)))
        if names:
            return names[:limit]
    return []


def called(node: Node) -> str:
    """A node's name as it is spoken."""
    return _short(node.name)


def _short(name: str) -> str:
    name = name.rstrip(".\N{HORIZONTAL ELLIPSIS} ")
    return name if len(name) <= 40 else f"{name[:37]}…"


def same(a: str, b: str) -> bool:
    """Whether two labels are the same words."""
    return plain(a) == plain(b)
