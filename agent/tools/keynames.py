"""One name for each key combination, so that a rule cannot be passed by a synonym."""

from __future__ import annotations

from functools import cache

from Xlib import XK

from agent.desktop.act import keys
from agent.errors import BadInput

_MODIFIERS = {
    "Control_L": "ctrl",
    "Control_R": "ctrl",
    "Alt_L": "alt",
    "Alt_R": "alt",
    "Shift_L": "shift",
    "Shift_R": "shift",
    "Super_L": "super",
    "Super_R": "super",
    "Meta_L": "super",
    "Meta_R": "super",
}
_ENTERS = frozenset({"ISO_Enter", "3270_Enter", "Linefeed"})
"""Keysyms that programs take for Return."""

ENTER = frozenset({"return", "kp_enter", "enter", "linefeed"})
"""Keys that end a line in a terminal, in lower case."""

_LINE_ENDS = frozenset("jmo")
"""With Control, what a terminal takes for Enter."""


def combinations(canonical_keys: str) -> list[frozenset[str]]:
    """The keys of each combination in lower case, in whatever order they are pressed."""
    return [frozenset(combo.split("+")) - {""} for combo in canonical_keys.lower().split()]


def ends_line(keys: frozenset[str]) -> bool:
    """Whether a terminal takes a combination for Enter."""
    return bool(keys & ENTER or ("ctrl" in keys and keys & _LINE_ENDS))


def canonical(combo: str) -> str:
    """As ``ctrl+shift+v`` or ``Return``, several with blanks; as given if it names no key."""
    try:
        pressed = keys.sequence(combo)
    except BadInput:
        return combo
    return " ".join("+".join(_name(*key) for key in keys_) for keys_ in pressed)


def _name(given: str, keysym: int) -> str:
    if len(given) == 1:
        return given
    known = _names().get(keysym, given)
    return "Return" if known in _ENTERS else _MODIFIERS.get(known, known)


@cache
def _names() -> dict[int, str]:
    """Names by keysym; of several the one without a group's prefix, as X lists it first."""
    found: dict[int, str] = {}
    for name in dir(XK):
        if name.startswith("XK_"):
            found.setdefault(getattr(XK, name), name.removeprefix("XK_"))
    return found
