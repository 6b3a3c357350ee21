"""What is there after a sentence: windows, accessible objects, files, the clipboard.

Nothing is believed that was only said. What a case wants is named by the keys of `CHECKS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from agent.desktop.base import Box, Desktop, Node, Tree, Window
from agent.record.events import ScreenLabel

_ITEMS = ("menu item", "check menu item", "radio menu item")
_CHOSEN = ("table cell", "icon", "list item", "tree item")
_DIALOGS = ("dialog", "file chooser", "alert")
_PANEL = 33
"""Height of the panel at the bottom of the screen, in pixels."""

_DECLINES = re.compile(
    r"did not understand|I do not know|could not|I cannot|I see no|nothing (?:is|to|moved)"
    r"|nothing on the screen changed|There is no|not closed yet|I pressed the keys? for it, but"
    r"|There is a file called|No (?:window|web|context|save|program|numbers)|I did not|already"
    r"|Which one|Did you mean|has not appeared|has not opened|is not there|You did not say"
    r"|I can see no|still open|not open|there is nothing|nothing|command ended with code"
    r"|did not succeed|I can only|no sound|I have no|has no|is no ",
    re.IGNORECASE,
)
"""Words by which a person is told that it was not done."""


@dataclass(frozen=True)
class State:
    """One look at everything that a sentence can change."""

    windows: tuple[Window, ...] = ()
    text: str | None = None
    caret: int | None = None
    selected: str | None = None
    lines: tuple[tuple[str, Box], ...] = ()
    files: dict[str, str | None] = field(default_factory=dict)
    """What the home holds, by path; of folders None."""

    menus: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    dialogs: tuple[str, ...] = ()
    terminal: str = ""
    pointer: tuple[int, int] = (0, 0)
    clipboard: str = ""

    @property
    def front(self) -> Window | None:
        return next((w for w in self.windows if w.active), None)

    def of(self, name: str) -> list[Window]:
        """Windows of a program."""
        return [w for w in self.windows if name.lower() in w.wm_class.lower()]

    @property
    def shown(self) -> dict[str, object]:
        """What nobody changes by only looking: all but the caret, the terminal and the pointer."""
        frames = [(w.wm_class, w.title, w.minimised, w.box) for w in self.windows]
        return {
            "windows": frames,
            "front": self.front and self.front.wm_class,
            "text": self.text,
            "selection": self.selected,
            "files": self.files,
            "menus": self.menus,
            "chosen": self.chosen,
            "checked": self.checked,
            "dialogs": self.dialogs,
            "first line": self.lines[:1] and self.lines[0][0],
        }


@dataclass(frozen=True)
class Seen:
    """A sentence's end: the desktop before and after it, and what the session told."""

    before: State
    after: State
    said: str
    """The last answer."""

    outcome: str
    size: tuple[int, int]
    labels: tuple[ScreenLabel, ...] = ()
    grid: bool = False
    picture: bool = False
    """Whether a picture of the screen was made."""

    home: str = ""
    """Name of the desktop's home, as its programs call it."""

    @property
    def declined(self) -> bool:
        return self.outcome != "done" or bool(_DECLINES.search(self.said))

    def changes(self) -> list[str]:
        """What differs, by name."""
        then, now = self.before.shown, self.after.shown
        return [f"{k}: {then[k]!r} -> {now[k]!r}"[:200] for k in then if then[k] != now[k]]


async def look(desktop: Desktop, *, clipboard: bool = False) -> State:
    """What is there now."""
    tree = await desktop.tree()
    node = _editor(tree)
    seen = State(
        windows=tuple(await desktop.windows()),
        files=_files(desktop),
        menus=_names(tree.showing(*_ITEMS)),
        chosen=_names(n for n in tree.showing(*_CHOSEN) if "selected" in n.states),
        checked=_names(n for n in tree.showing() if "checked" in n.states),
        dialogs=tuple(n.name for n in tree.showing(*_DIALOGS)),
        terminal="\n".join(n.text or "" for n in tree.nodes if n.role == "terminal"),
        pointer=await desktop.input.position(),
        clipboard=await desktop.input.clipboard() if clipboard else "",
    )
    if node is None:
        return seen
    return replace(
        seen,
        text=await desktop.text_of(node),
        caret=await desktop.caret_of(node),
        selected=await desktop.selection_of(node),
        lines=await desktop.lines_of(node),
    )


def _editor(tree: Tree) -> Node | None:
    found = [n for n in tree.nodes if n.role == "text" and "mousepad" in n.app.lower() and n.box]
    shown = [n for n in found if n.showing] or found
    return max(shown, key=lambda n: n.box.width * n.box.height if n.box else 0, default=None)


def _names(nodes: Iterable[Node]) -> tuple[str, ...]:
    return tuple(node.name for node in nodes if node.name)


def _files(desktop: Desktop) -> dict[str, str | None]:
    home, found = desktop.home, {}
    for path in home.rglob("*") if home.is_dir() else ():
        name = path.relative_to(home)
        if not any(part.startswith(".") for part in name.parts):
            text = None if path.is_dir() else path.read_bytes()[:3000].decode("utf-8", "replace")
            found[str(name)] = text
    return found


# Checks ---------------------------------------------------------------------------------

Check = Callable[[Seen, Any], str]
"""What is wrong, or nothing, by what was seen and what a case wants."""


def wrong(seen: Seen, want: dict[str, Any]) -> str:
    """What is missing of an effect; nothing if all of it is there."""
    return "; ".join(why for name, value in want.items() if (why := CHECKS[name](seen, value)))


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _unless(ok: object, why: object) -> str:
    return "" if ok else str(why)


def _spaced(text: str | None) -> str:
    return re.sub(r"[ \t]+", " ", text or "").strip()


def _same_text(seen: Seen, value: Any) -> str:
    return _unless(seen.after.text in _all(value), f"text {seen.after.text!r}")


def _stripped(seen: Seen, value: Any) -> str:
    wanted = [text.strip() for text in _all(value)]
    return _unless((seen.after.text or "").strip() in wanted, f"text {seen.after.text!r}")


def _one_space(seen: Seen, value: Any) -> str:
    wanted = [_spaced(text) for text in _all(value)]
    return _unless(_spaced(seen.after.text) in wanted, f"text {seen.after.text!r}")


def _selection(seen: Seen, value: Any) -> str:
    wanted = [text.strip() for text in _all(value)]
    have = seen.after.selected or ""
    return _unless(have in _all(value) or have.strip() in wanted, f"selected {have!r}")


def _caret_line(seen: Seen, value: Any) -> str:
    line = (seen.after.text or "")[: seen.after.caret].count("\n")
    return _unless(line == value, f"the caret is in line {line}")


def _clipboard(seen: Seen, value: Any) -> str:
    have = seen.after.clipboard.strip()
    return _unless(have in [text.strip() for text in _all(value)], f"clipboard {have!r}")


def _every(names: Any, ok: Callable[[str], object], why: str) -> str:
    return "; ".join(f"{name} {why}" for name in _all(names) if not ok(name))


def _count(seen: Seen, value: dict[str, int]) -> str:
    wrong = [name for name, number in value.items() if len(seen.after.of(name)) != number]
    return "; ".join(f"{len(seen.after.of(name))} windows of {name}" for name in wrong)


def _in_front(seen: Seen, value: str) -> str:
    front = seen.after.front
    ok = front and value.lower() in front.wm_class.lower() and not front.minimised
    return _unless(ok, f"in front is {front and front.wm_class}")


def _minimised(seen: Seen, value: str) -> str:
    found = seen.after.of(value)
    return _unless(found and all(w.minimised for w in found), f"{value} shows")


def _fills(seen: Seen, name: str) -> bool:
    width, height = seen.size
    enough = (height - _PANEL) * 0.85
    return any(w.box.width >= width - 20 and w.box.height >= enough for w in seen.after.of(name))


def _halves(seen: Seen, value: dict[str, str]) -> str:
    found = {name: seen.after.of(name)[:1] for name in value}
    bad = [n for n, side in value.items() if not found[n] or not _at(seen, found[n][0].box, side)]
    return "; ".join(f"{name} {[w.box for w in found[name]]}" for name in bad)


def _at(seen: Seen, box: Box, side: str) -> bool:
    """Whether a box is half as wide as the screen, at a side of it."""
    width, height = seen.size
    right, left = box.x > width / 2 - 60, box.x < 40
    upper = box.y < 60 and box.height < (height - _PANEL) * 0.6
    sides = {"left": left, "right": right, "any": True, "top-right": right and upper}
    return abs(box.width - width / 2) < 60 and sides[side]


def _moved(seen: Seen, value: dict[str, str]) -> str:
    for name, side in value.items():
        [before, *_], after = seen.before.of(name), seen.after.of(name)
        far = after[0].box.x - before.box.x if after else 0
        if (far if side == "right" else -far) <= 30:
            return f"{name} is {far} further right"
    return ""


def _title(seen: Seen, value: str) -> str:
    title = seen.after.front.title if seen.after.front else ""
    wanted = value.replace("{home}", re.escape(seen.home))
    return _unless(re.search(wanted, title, re.IGNORECASE), f"title {title!r}")


def _written(seen: Seen, value: dict[str, Any]) -> str:
    return "; ".join(
        f"{n}: {seen.after.files.get(n)!r}" for n in value if not _holds(seen, n, value[n])
    )


def _holds(seen: Seen, name: str, text: Any) -> bool:
    have = seen.after.files.get(name)
    if text is True:
        return name in seen.after.files
    if str(text).startswith("re:"):
        return have is not None and bool(re.search(text[3:], have))
    return (have or "").strip() == str(text).strip()


def _copied_file(seen: Seen, value: str) -> str:
    text = seen.before.files[value]
    copies = [name for name, have in seen.after.files.items() if have == text and name != value]
    return _unless(copies and value in seen.after.files, "no copy")


def _named(names: Iterable[str], value: str) -> bool:
    return any(value.lower() in name.lower() for name in names)


def _dialog(seen: Seen, value: str) -> str:
    named = [*seen.after.dialogs, *(w.title for w in seen.after.windows)]
    found = any(re.search(value, name, re.IGNORECASE) for name in named)
    return _unless(found, f"dialogs {seen.after.dialogs}")


def _first_number(state: State) -> int:
    found = re.findall(r"\d+", state.lines[0][0]) if state.lines else []
    return int(found[0]) if found else -1


def _scrolled(seen: Seen, value: str) -> str:
    before, after = _first_number(seen.before), _first_number(seen.after)
    return _unless(after > before if value == "down" else after < before, f"{before} -> {after}")


def _line_height(state: State) -> int:
    return max((box.height for _, box in state.lines), default=0)


def _pointer(seen: Seen, value: str) -> str:
    across = seen.after.pointer[0] - seen.before.pointer[0]
    along = seen.after.pointer[1] - seen.before.pointer[1]
    far = {"left": -across, "right": across, "up": -along, "down": along}[value]
    return _unless(far > 10, f"the pointer moved by {across}, {along}")


def _answer(seen: Seen, value: str) -> str:
    ok = re.search(value, seen.said, re.DOTALL) and "did not understand" not in seen.said
    return _unless(ok, f"answer {seen.said!r}")


CHECKS: dict[str, Check] = {
    "open": lambda seen, v: _every(v, seen.after.of, "is not open"),
    "openor": lambda seen, v: _unless(any(map(seen.after.of, v)), f"none of {v} is open"),
    "gone": lambda seen, v: _every(v, lambda name: not seen.after.of(name), "is still open"),
    "count": _count,
    "front": _in_front,
    "min": _minimised,
    "allmin": lambda seen, _: _unless(all(w.minimised for w in seen.after.windows), "some show"),
    "max": lambda seen, v: _unless(_fills(seen, v), f"{v} does not fill the screen"),
    "notmax": lambda seen, v: _unless(seen.after.of(v) and not _fills(seen, v), f"{v} fills it"),
    "half": _halves,
    "moved": _moved,
    "title": _title,
    "titled": lambda seen, v: _every(
        list(v),
        lambda name: any(v[name] in w.title for w in seen.after.of(name)),
        "has another title",
    ),
    "titlegone": lambda seen, v: _unless(
        all(v not in w.title for w in seen.after.windows), f"{v} is still there"
    ),
    "text": _same_text,
    "textstrip": _stripped,
    "textnorm": _one_space,
    "textre": lambda seen, v: _unless(
        re.search(v, seen.after.text or ""), f"text {seen.after.text!r}"
    ),
    "sel": _selection,
    "caret": lambda seen, v: _unless(seen.after.caret in _all(v), f"caret {seen.after.caret}"),
    "caretline": _caret_line,
    "clip": _clipboard,
    "file": _written,
    "nofile": lambda seen, v: _every(v, lambda name: name not in seen.after.files, "is there"),
    "folder": lambda seen, v: _unless(seen.after.files.get(v, "") is None, f"no folder {v}"),
    "copyof": _copied_file,
    "shows": lambda seen, v: _unless(
        any(re.search(v, name, re.IGNORECASE) for name in seen.after.menus),
        f"menus {seen.after.menus[:4]}",
    ),
    "showsnot": lambda seen, v: _unless(not _named(seen.after.menus, v), "a menu is open"),
    "dialog": _dialog,
    "nodialog": lambda seen, _: _unless(not seen.after.dialogs, f"dialogs {seen.after.dialogs}"),
    "chosen": lambda seen, v: _unless(
        {name.lower() for name in _all(v)} <= {name.lower() for name in seen.after.chosen},
        f"chosen {seen.after.chosen[:5]}",
    ),
    "checked": lambda seen, v: _unless(
        _named({*seen.after.checked} - {*seen.before.checked}, v), f"checked {seen.after.checked}"
    ),
    "toggled": lambda seen, v: _unless(
        _named({*seen.after.checked} ^ {*seen.before.checked}, v), f"checked {seen.after.checked}"
    ),
    "says": _answer,
    "saysnot": lambda seen, v: _unless(not re.search(v, seen.said), f"answer {seen.said!r}"),
    "scrolled": _scrolled,
    "seen": lambda seen, v: _unless(any(v in line for line, _ in seen.after.lines), "not in sight"),
    "bigger": lambda seen, _: _unless(
        _line_height(seen.after) > _line_height(seen.before), "lines are as high as before"
    ),
    "term": lambda seen, v: _unless(v in seen.after.terminal, "not in the terminal"),
    "pointermoved": _pointer,
    "image": lambda seen, _: _unless(seen.picture, "no picture"),
    "labels": lambda seen, v: _every(
        v, {n.name for n in seen.labels}.__contains__, "has no number"
    ),
    "nolabels": lambda seen, _: _unless(not seen.labels, f"{len(seen.labels)} numbers are shown"),
    "grid": lambda seen, _: _unless(seen.grid and seen.labels, "no grid is shown"),
    "square": lambda seen, v: _unless(
        seen.grid and seen.labels and list(seen.labels[0].box[2:]) < v, "the grid is as large"
    ),
    "size": lambda seen, v: _unless(
        seen.labels and list(seen.labels[0].box[2:]) >= v, "the grid is smaller"
    ),
    "refuse": lambda seen, _: _unless(seen.declined, f"claims: {seen.said!r}"),
    "refusenot": lambda seen, _: _unless(not seen.declined, f"declines: {seen.said!r}"),
    "same": lambda seen, _: "; ".join(seen.changes()),
}
