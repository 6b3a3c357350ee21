"""Keys as pages know them, by the names that models give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.errors import BadInput

_NAMES = {
    **dict.fromkeys(("alt", "option", "alt_l", "alt_r"), "Alt"),
    **dict.fromkeys(("ctrl", "control", "control_l", "control_r"), "Control"),
    **dict.fromkeys(("meta", "cmd", "command", "super", "win", "super_l"), "Meta"),
    **dict.fromkeys(("shift", "shift_l", "shift_r"), "Shift"),
    **dict.fromkeys(("return", "enter", "kp_enter"), "Enter"),
    **dict.fromkeys(("escape", "esc"), "Escape"),
    **dict.fromkeys(("delete", "del"), "Delete"),
    **dict.fromkeys(("page_up", "pageup", "prior", "pgup"), "PageUp"),
    **dict.fromkeys(("page_down", "pagedown", "next", "pgdn"), "PageDown"),
    **dict.fromkeys(("up", "arrowup"), "ArrowUp"),
    **dict.fromkeys(("down", "arrowdown"), "ArrowDown"),
    **dict.fromkeys(("left", "arrowleft"), "ArrowLeft"),
    **dict.fromkeys(("right", "arrowright"), "ArrowRight"),
    **dict.fromkeys(("space", "spacebar"), " "),
    "backspace": "Backspace",
    "tab": "Tab",
    "home": "Home",
    "end": "End",
    "insert": "Insert",
    "menu": "ContextMenu",
    "plus": "+",
    "minus": "-",
    **{f"f{n}": f"F{n}" for n in range(1, 13)},
}
_CODES = {
    "Alt": 18,
    "Control": 17,
    "Meta": 91,
    "Shift": 16,
    "Enter": 13,
    "Escape": 27,
    " ": 32,
    "Delete": 46,
    "Backspace": 8,
    "Tab": 9,
    "Home": 36,
    "End": 35,
    "Insert": 45,
    "PageUp": 33,
    "PageDown": 34,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "ContextMenu": 93,
    **{f"F{n}": 111 + n for n in range(1, 13)},
}
_TEXTS = {"Enter": "\r", " ": " "}
_MODIFIER_OF = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
_COMMANDS = 1 | 2 | 4
"""Modifiers with which a key writes nothing."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key."""

    key: str
    code: int
    text: str = ""
    modifier: int = 0

    def event(self, kind: str, modifiers: int) -> dict[str, Any]:
        """The parameters of ``Input.dispatchKeyEvent``."""
        given: dict[str, Any] = {
            "type": kind,
            "key": self.key,
            "code": _physical(self.key),
            "windowsVirtualKeyCode": self.code,
            "modifiers": modifiers,
        }
        return {**given, "text": self.text} if kind == "keyDown" else given


def chord(text: str) -> list[Key]:
    """The keys of one combination, as ``ctrl+a`` or ``Return``.

    Raises:
        BadInput: one of them is not known.
    """
    words = text.split("+") if len(text) > 1 else [text]
    if len(text) > 1 and text.endswith("+"):
        words = [*text[:-1].rstrip("+").split("+"), "+"]
    return [_key(word) for word in words]


def sequence(text: str) -> list[list[Key]]:
    """Combinations separated by blanks.

    Raises:
        BadInput: a key is not known, or none is named.
    """
    words = text.split() if text.strip() else [" "] if text else []
    if not words:
        raise BadInput("No key is named.")
    return [chord(word) for word in words]


def modifiers_of(text: str | None) -> int:
    """Modifiers that are held during a click, as DevTools counts them.

    Raises:
        BadInput: something else is named.
    """
    keys = chord(text) if text else []
    if not all(key.modifier for key in keys):
        raise BadInput(f"{text!r} are not modifiers. Use ctrl, shift, alt or cmd.")
    return sum({key.modifier for key in keys})


def typed(key: Key, modifiers: int) -> str:
    """How a key goes down: with the text that it writes, or without any."""
    writes = key.text and not modifiers & _COMMANDS
    return "keyDown" if writes else "rawKeyDown"


def _key(word: str) -> Key:
    name = _NAMES.get(word.lower())
    if name is None and len(word) == 1:
        return Key(word, ord(word.upper()) if word.isascii() and word.isalnum() else 0, word)
    if name is None:
        raise BadInput(f"There is no key {word[:20]!r}. Use names such as Return, Tab, ctrl+a.")
    text = _TEXTS.get(name, name if len(name) == 1 else "")
    return Key(name, _CODES.get(name, 0), text, _MODIFIER_OF.get(name, 0))


def _physical(key: str) -> str:
    if len(key) == 1 and key.isascii() and key.isalpha():
        return f"Key{key.upper()}"
    if len(key) == 1 and key.isdigit():
        return f"Digit{key}"
    named = {"Alt": "AltLeft", "Control": "ControlLeft", "Meta": "MetaLeft", "Shift": "ShiftLeft"}
    return named.get(key, "Space" if key == " " else key if len(key) > 1 else "")
