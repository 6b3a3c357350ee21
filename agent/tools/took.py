"""Words for what took a click or keys: short, since the model pays for each."""

from __future__ import annotations

from agent.desktop.act.keys import split
from agent.desktop.base import Target, Window

_TITLE = 48
"""Characters of a title or name that are told."""

_TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_SAFE = str.maketrans({"“": "'", "”": "'"} | dict.fromkeys(_TURNS))

_SHORTCUTS = frozenset({"alt", "option", "super", "win", "windows", "cmd", "command", "meta"})
_PLAIN = {"window": "{}", "dialog": "the dialog {}", "menu": "an open menu"}
_PLAIN |= {"panel": "the panel", "background": "the desktop background"}

_SURFACES = frozenset({"frame", "dialog", "window", "alert", "file chooser", "panel", "filler"})
"""Roles of objects that say no more than their window does."""

NOBODY = "No window has the keyboard, so nothing was {}. Open a window, or click into one, first."
MENU_OPEN = (
    "An open menu has the keyboard, so nothing was typed. Choose an item, or close it with Escape."
)


def quoted(text: str, most: int = _TITLE) -> str:
    """Text of the screen in quotation marks, which it cannot end: on one line, not too long.

    Marks that turn the direction of writing go: they would show other words than there are.
    """
    line = " ".join(text[: 20 * most].translate(_SAFE).split())
    return f"“{line[: most - 1]}…”" if len(line) > most else f"“{line}”"


def window_words(window: Window) -> str:
    """A window by its title, or what it is."""
    name = quoted(window.title or window.wm_class or "an untitled window")
    return _PLAIN[window.kind].format(name)


def target_words(target: Target) -> str:
    """What lies under a point, with a preposition: ``on push button “Save” in “Save As”``."""
    match target.kind:
        case None:
            return "where no window is"
        case "background" | "panel":
            where = f"on {_PLAIN[target.kind]}"
        case "menu":
            where = "in a menu"
        case "dialog" | "window":
            name = quoted(target.title or target.wm_class or "an untitled window")
            where = f"in {_PLAIN[target.kind].format(name)}"
    return f"on {object_words(target)} {where}" if object_words(target) else where


def object_words(target: Target) -> str:
    """An accessible object by role and name; empty for one that is only a surface."""
    if target.name and target.kind != "background" and target.role not in _SURFACES:
        return f"{target.role} {quoted(target.name)}"
    return target.role if target.role in ("text", "entry", "terminal", "password text") else ""


def is_shortcut(combos: str) -> bool:
    """Whether the desktop itself may take some of these keys, without any window."""
    for combo in combos.split():
        names = [name.lower().removesuffix("_l").removesuffix("_r") for name in split(combo)]
        if _SHORTCUTS.intersection(names) or names[-1].startswith(("print", "xf86")):
            return True
    return False
