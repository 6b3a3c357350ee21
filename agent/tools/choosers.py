"""A browser's own dialog for files: what is confirmed in it is given to the page.

By hand a file is given in several acts: a path or a row, then a key or a click. Of these the one
that gives it is marked here for the rules, with the file, the page and its site where they can be
told. Chromium's dialog publishes nothing of what is in it: there whatever may confirm does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.desktop.base import Desktop, Node, TellsAddresses, Tree, Window
from agent.errors import DesktopError
from agent.tools.keynames import ENTER, combinations

BROWSERS = re.compile(
    r"chrom|firefox|navigator|librewolf|brave|vivaldi|opera|edge|epiphany|falkon|qutebrowser|"
    r"midori|palemoon|waterfox",
    re.IGNORECASE,
)
"""Window classes of browsers."""

_OPENS = re.compile(
    r"\W*(file upload|(open|upload|select|choose|attach)\b.*\b(files?|folders?|director|where))",
    re.IGNORECASE,
)
"""Titles of dialogs in which files or folders are chosen to be read."""

_OTHERS = re.compile(r"\W*(save|print|page setup|enter name)", re.IGNORECASE)
"""Titles of a toolkit's dialogs in which nothing is given away."""

_CANCELS = re.compile(r"\W*(cancel|close)\b", re.IGNORECASE)
_CHOOSER = "file chooser"
_FRAMES = frozenset({"frame", "dialog", "window", "alert", _CHOOSER})
_DOCUMENTS = frozenset({"document web", "document frame"})
_FIELDS = frozenset({"entry", "text", "editbar", "password text", "combo box"})
_CONTROLS = _FIELDS | {"push button", "toggle button", "check box", "menu item", "scroll bar"}
_ROWS = frozenset({"table cell", "tree item", "icon"})
_LISTS = frozenset({"table", "tree table", "tree", "layered pane"})
_PRESSES = frozenset({"left_click", "left_mouse_down", "left_mouse_up", "left_click_drag"})
_TWICE = frozenset({"double_click", "triple_click"})
_SPACE = frozenset({"space", "kp_space"})
_CANCEL_KEY = "c"
"""With Alt, the letter of Cancel."""

_BUTTONS = 64
"""Pixels at the bottom of a dialog in which its buttons lie."""

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Chooser:
    """A browser's dialog for files, with what is known of it."""

    window: Window
    nodes: Sequence[Node]
    """What it publishes; nothing in Chromium."""

    @property
    def told(self) -> bool:
        return bool(self.nodes)


async def chooser_words(
    desktop: Desktop, action: str, target: Mapping[str, str], window: str, point: Point | None
) -> dict[str, str]:
    """What an intent says more if it acts in a browser's dialog for files; empty otherwise.

    Args:
        desktop: Where that is.
        action: The computer tool's member.
        target: What the act touches, and the keys or text, as an `Intent` has them.
        window: Id of the window that it touches.
        point: Where a click goes; None for keys.

    Returns:
        ``chooser``: *open*, or *confirmed* by an act that gives what is chosen. Then also
        ``upload`` (the file), ``page`` (its title) and ``site`` (its host), as far as known.
    """
    if not BROWSERS.search(target.get("wm_class", "")):
        return {}
    windows = await desktop.windows()
    dialog = next((w for w in windows if str(w.id) == window and w.kind == "dialog"), None)
    if dialog is None or _OTHERS.match(dialog.title):
        return {}
    tree = await desktop.tree()
    chooser = _chooser(tree, dialog)
    if chooser is None:
        return {}
    if not _confirms(chooser, action, target, point):
        return {"chooser": "open"}
    told = {"chooser": "confirmed", "upload": _file(chooser, action, target)}
    told |= await _page(desktop, tree, _owner(chooser.window, windows))
    return {name: words for name, words in told.items() if words}


def _chooser(tree: Tree, dialog: Window) -> _Chooser | None:
    frame = _frame(tree, dialog)
    if frame is None:
        speaks = any(BROWSERS.search(node.app) for node in tree.nodes)
        return _Chooser(dialog, ()) if speaks or _OPENS.match(dialog.title) else None
    nodes = _below(tree, frame)
    is_one = any(node.role == _CHOOSER for node in nodes)
    return _Chooser(dialog, nodes) if is_one else None


def _frame(tree: Tree, window: Window) -> Node | None:
    """The accessible window that a dialog is, by its title."""
    title = window.title.strip()
    found = [n for n in tree.nodes if n.role in _FRAMES and n.name == title]
    return next((n for n in found if BROWSERS.search(n.app)), None)


def _below(tree: Tree, top: Node, leave: frozenset[str] = frozenset()) -> list[Node]:
    """An object and all that is in it, but for what is in objects of some roles."""
    ids, found = {top.id}, [top]
    for node in tree.nodes:  # parents come before their children
        if node.parent in ids:
            found.append(node)
            if node.role not in leave:
                ids.add(node.id)
    return found


def _confirms(
    chooser: _Chooser, action: str, target: Mapping[str, str], point: Point | None
) -> bool:
    if action in _TWICE:
        return not chooser.told or _on_row(chooser, target, point)
    if action in _PRESSES:
        return _on_button(chooser, target, point)
    return _by_keys(chooser, target)


def _on_row(chooser: _Chooser, target: Mapping[str, str], point: Point | None) -> bool:
    """Whether a double click goes to a file: in its list, or on nothing that is something else."""
    role = target.get("role", "")
    if role == "push button":
        return _on_button(chooser, target, point)
    lists = [n.box for n in chooser.nodes if n.role in _LISTS and n.showing]
    if role in _ROWS or not any(lists) or point is None:
        return role not in _CONTROLS
    return any(box.contains(*point) for box in lists if box)


def _on_button(chooser: _Chooser, target: Mapping[str, str], point: Point | None) -> bool:
    """Whether a click goes to the button that confirms."""
    if not chooser.told:
        box = chooser.window.box
        return point is None or point[1] >= box.y + box.height - _BUTTONS
    buttons = [n for n in chooser.nodes if n.role == "push button" and n.name]
    known = {n.name for n in buttons if "is default" in n.states}
    name = target.get("name", "")
    if target.get("role") != "push button" or _CANCELS.match(name):
        return False
    return name in known or not known


def _by_keys(chooser: _Chooser, target: Mapping[str, str]) -> bool:
    """Whether keys may press the button, or open the row that has the keyboard."""
    role, combos = target.get("role", ""), combinations(target.get("key", ""))
    in_field = role in _FIELDS
    if len(combos) == 1 and combos[0] <= ENTER | _SPACE and role == "push button":
        return _on_button(chooser, target, None)
    for keys in combos:
        if keys & ENTER or (keys & _SPACE and not in_field):
            return True
        if "alt" in keys and any(len(key) == 1 and key != _CANCEL_KEY for key in keys):
            return True
    text = target.get("text", "")
    is_path = role != "push button" and text.startswith(("/", "~"))  # GTK opens its field for it
    return "\n" in text or (" " in text and not in_field and not is_path)


def _file(chooser: _Chooser, action: str, target: Mapping[str, str]) -> str:
    """The file that is chosen, as the dialog shows it."""
    if action in _TWICE and target.get("role") in _ROWS:
        return target.get("name", "")
    shown = [node for node in chooser.nodes if node.showing]
    typed = [n.text.strip() for n in shown if n.role in ("entry", "text") and n.text]
    rows = [n.name for n in shown if n.role in _ROWS and n.name and "selected" in n.states]
    return next((text for text in typed if text), ", ".join(dict.fromkeys(rows)))


def _owner(dialog: Window, windows: Sequence[Window]) -> Window | None:
    """The browser's window that a dialog is of, or the topmost below it."""
    ours = [w for w in windows if w.wm_class == dialog.wm_class or w.pid == dialog.pid is not None]
    ours = [w for w in ours if w.kind == "window"]
    blocked = next((w for w in windows if w.id == dialog.blocks), None)
    return blocked or (ours[-1] if ours else None)


async def _page(desktop: Desktop, tree: Tree, owner: Window | None) -> dict[str, str]:
    if owner is None:
        return {}
    frame = _frame(tree, owner)
    pages = [n for n in _below(tree, frame, _DOCUMENTS) if n.role in _DOCUMENTS] if frame else []
    shown = [node for node in pages if node.showing and node.box]
    shown.sort(key=lambda n: n.box.width * n.box.height if n.box else 0)
    if not shown:
        return {"page": owner.title}
    return {"page": shown[-1].name or owner.title, "site": await _site(desktop, shown[-1])}


async def _site(desktop: Desktop, page: Node) -> str:
    """The host of a page; nothing if it has none, or cannot be told."""
    if not isinstance(desktop, TellsAddresses):
        return ""
    try:
        return urlsplit(await desktop.address_of(page)).hostname or ""
    except (DesktopError, ValueError):
        return ""
