"""An action in a person's words, from its tool call; and how near a limit is."""

from __future__ import annotations

from typing import Any

from agent.kinds import MEMORY
from agent.record.events import ActionProposed, LimitReached

_POINTED = {
    "left_click": "Click",
    "click": "Click",
    "right_click": "Right-click",
    "middle_click": "Middle-click",
    "double_click": "Double-click",
    "triple_click": "Triple-click",
    "mouse_move": "Point at",
    "left_mouse_down": "Press the mouse at",
    "left_mouse_up": "Release the mouse at",
    "left_click_drag": "Drag to",
    "scroll": "Scroll",
    "show": "Scroll to",
    "click_on": "Click",
    "read_text": "Read",
    "hover": "Point at",
    "scroll_to": "Scroll to",
}
_PLAIN = {
    "screenshot": "Look at the screen",
    "outline": "Look at the screen",
    "cursor_position": "Find the pointer",
    "zoom": "Look closer",
    "wait": "Wait",
    "read_page": "Read the page",
    "get_page_text": "Read the page",
    "list_tabs": "Look at the tabs",
    "new_tab": "Open a tab",
    "switch_tab": "Change the tab",
    "close_tab": "Close a tab",
}
_EDITOR = {
    "view": "Read",
    "create": "Write",
    "str_replace": "Edit",
    "insert": "Insert into",
    "undo_edit": "Undo the edit of",
}
_MEMORY = {"delete": "Forget", "rename": "Rename"}
_STEPS = {"back": "Go back", "forward": "Go forward", "reload": "Load the page again"}
_LONGEST = 160


SAME_ACTIONS = 10
"""The same actions with the same words, in so many turns one after the other, are a circle
whatever the screen shows: a clock on it ticks."""


def describe(event: ActionProposed) -> str:
    """One line, such as ``Click “Save As…”`` or ``Type “hello world”``."""
    return _shorten(_words(event.name, event.input, event.target))


def describe_limit(event: LimitReached) -> str:
    """How near a limit is, such as ``85% of 2,000,000 tokens used``."""
    if event.limit == "loop":
        where = " on the same screen" if event.used < SAME_ACTIONS else ""
        return f"the same thing {event.used:.0f} times{where}"
    return f"{event.share:.0%} of {amount(event.limit, event.allowed)} used"


def amount(limit: str, value: float) -> str:
    """So much of what is limited: ``5.00 dollars``, ``30 minutes``."""
    if limit == "dollars":
        return f"{value:.2f} dollars"
    if limit == "seconds" and value >= 90:
        return f"{value / 60:.0f} minutes"
    return f"{value:,.0f} {limit}"


def point_of(value: object) -> tuple[int, int] | None:
    """A coordinate as a tool call has it, or None if it is none."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    x, y = value
    return (int(x), int(y)) if isinstance(x, int | float) and isinstance(y, int | float) else None


def _words(name: str, given: dict[str, Any], target: dict[str, str]) -> str:
    if name in _PLAIN:
        return _PLAIN[name]
    if name in _POINTED:
        return f"{_POINTED[name]} {_where(name, given, target)}".rstrip()
    # The Messages API has one tool for files, whose command says what is done to the path.
    if edit := _EDITOR.get(str(given.get("command")) if "path" in given else name):
        return f"{edit} {given.get('path', '')}".rstrip()
    if name == "navigate":
        step = _STEPS.get(url := str(given.get("url", "")))
        return step or f"Open {url}"
    if name == "find":
        return f"Look for “{given.get('query', '')}”"
    if name == "form_input":
        return f"Put “{given.get('value', '')}” into {_where(name, given, target)}".rstrip()
    if name == "file_upload":
        return f"Give {target.get('upload', '')} to the page".replace("  ", " ")
    if name == "type_into":
        return f"Type “{given.get('text', '')}” into {_where(name, given, target)}".rstrip()
    if name == "type":
        return f"Type “{given.get('text', '')}”"
    if name in ("key", "hold_key"):
        times = given.get("repeat", 1)
        often = f", {times} times" if isinstance(times, int) and times > 1 else ""
        return f"Press {given.get('text', given.get('key', ''))}{often}"
    if name == MEMORY:
        subject = given.get("path", given.get("old_path", ""))
        return f"{_MEMORY.get(str(given.get('command')), 'Use')} {subject}".rstrip()
    if command := given.get("command"):
        return f"Run {command}"
    details = ", ".join(f"{key} {value}" for key, value in given.items())
    return f"{name.replace('_', ' ').capitalize()} {details}".rstrip()


def _where(name: str, given: dict[str, Any], target: dict[str, str]) -> str:
    direction = str(given.get("scroll_direction", "")) if name == "scroll" else ""
    label = target.get("name") or target.get("title") or ""
    point = given.get("coordinate") or _spot(given.get("target"))
    if label:
        return f"{direction} “{label}”".strip()
    if isinstance(point, (list, tuple)) and len(point) == 2:
        return f"{direction} ({point[0]}, {point[1]})".strip()
    return direction


def _spot(target: object) -> list[object] | None:
    """A point of a page, as calls of the browser's toolset have it."""
    match target:
        case {"type": "coordinate", "x": x, "y": y}:
            return [x, y]
        case _:
            return None


def _shorten(text: str) -> str:
    line = " ".join(text[: 20 * _LONGEST].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
