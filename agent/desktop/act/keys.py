"""Names of keys: xdotool's (X keysyms), what people call them, and single characters."""

from __future__ import annotations

import difflib
import re

from Xlib import XK

from agent.errors import BadInput

for _group in ("xf86", "xkb", "latin2", "latin3", "latin4", "greek", "cyrillic"):
    XK.load_keysym_group(_group)

MODIFIERS = {
    "ctrl": "Control_L",
    "control": "Control_L",
    "alt": "Alt_L",
    "option": "Alt_L",
    "shift": "Shift_L",
    "super": "Super_L",
    "win": "Super_L",
    "windows": "Super_L",
    "cmd": "Super_L",
    "command": "Super_L",
    "meta": "Super_L",
    "altgr": "ISO_Level3_Shift",
}

_SIDED = {
    form.format(name=name, side=side, letter=side[0]): f"{key}_{side[0].upper()}"
    for name, key in {
        "ctrl": "Control",
        "control": "Control",
        "shift": "Shift",
        "alt": "Alt",
        "super": "Super",
        "win": "Super",
    }.items()
    for side in ("left", "right")
    for form in (
        "{name}_{letter}",
        "{name}{side}",
        "{name}_{side}",
        "{side}{name}",
        "{side}_{name}",
    )
}
"""One of two such keys, in the spellings of several drivers."""

_SYNONYMS = {
    **_SIDED,
    **MODIFIERS,
    "enter": "Return",
    "return": "Return",
    "newline": "Return",
    "esc": "Escape",
    "escape": "Escape",
    "del": "Delete",
    "delete": "Delete",
    "ins": "Insert",
    "insert": "Insert",
    "backspace": "BackSpace",
    "back": "BackSpace",
    "tab": "Tab",
    "space": "space",
    "spacebar": "space",
    "pageup": "Prior",
    "pgup": "Prior",
    "page_up": "Prior",
    "pagedown": "Next",
    "pgdn": "Next",
    "pgdown": "Next",
    "page_down": "Next",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "arrowup": "Up",
    "arrowdown": "Down",
    "arrowleft": "Left",
    "arrowright": "Right",
    "capslock": "Caps_Lock",
    "caps_lock": "Caps_Lock",
    "numlock": "Num_Lock",
    "menu": "Menu",
    "contextmenu": "Menu",
    "print": "Print",
    "printscreen": "Print",
    "prtsc": "Print",
    "pause": "Pause",
    "plus": "plus",
    "minus": "minus",
    "hyphen": "minus",
    "comma": "comma",
    "period": "period",
    "dot": "period",
    "slash": "slash",
    "equal": "equal",
    "equals": "equal",
}
_KNOWN = sorted(
    {n.removeprefix("XK_") for n in dir(XK) if n.startswith("XK_")}
    | set(_SYNONYMS)
    | {f"F{n}" for n in range(1, 25)}
)
_BY_LOWER = {name.lower(): name for name in reversed(_KNOWN) if len(name) > 1}


def keysym_of(character: str) -> int:
    """The keysym that stands for one character."""
    controls = {"\n": XK.XK_Return, "\r": XK.XK_Return, "\t": XK.XK_Tab, "\b": XK.XK_BackSpace}
    if character in controls:
        return int(controls[character])
    point = ord(character)
    return point if 0x20 <= point < 0x7F or 0xA0 <= point <= 0xFF else 0x01000000 | point


def keysym(name: str) -> int:
    """The keysym of a key's name.

    Raises:
        BadInput: no key is called so; the text lists similar names.
    """
    if len(name) == 1 and name.isprintable():
        return keysym_of(name)
    known = _SYNONYMS.get(name.lower())
    media = _BY_LOWER.get(re.sub("^xf86_?", "xf86_", name.lower()))  # as X and as Xlib write it
    for candidate in (name, known, _BY_LOWER.get(name.lower()), media):
        if candidate and (found := XK.string_to_keysym(candidate)):
            return int(found)
    near = difflib.get_close_matches(name.lower(), list(_BY_LOWER), 4, 0.6)
    hint = ", ".join(dict.fromkeys(_BY_LOWER[n] for n in near)) or "Return, Tab, ctrl+s, F5"
    raise BadInput(f"There is no key called {name!r}. Similar or common names: {hint}.")


def split(combo: str) -> list[str]:
    """The names in ``ctrl+shift+t`` (also ``ctrl++``, and ``+`` itself)."""
    if combo == "+":
        return ["+"]
    if combo.endswith("++"):
        return [*split(combo[:-2]), "+"] if combo != "++" else ["+"]
    return [part.strip() for part in combo.split("+")]


def parse(combo: object) -> list[tuple[str, int]]:
    """Names and keysyms of a combination, in the order they are pressed.

    Raises:
        BadInput: it is empty or names an unknown key.
    """
    if not isinstance(combo, str):
        raise BadInput(f"A key is a name such as Return or ctrl+s, not {type(combo).__name__}.")
    if len(combo) > 100:
        raise BadInput("That is too long for a key. Use the type action to write text.")
    names = split(combo if combo == " " else combo.strip())
    if not all(names):
        raise BadInput("The key is empty. Give a name such as Return, Tab, ctrl+s or F5.")
    return [(name, keysym(name)) for name in names]


def sequence(text: object) -> list[list[tuple[str, int]]]:
    """Combinations separated by blanks (``ctrl+a Delete``), each as `parse` gives it."""
    if not isinstance(text, str):
        return [parse(text)]
    words = text.split() if text.strip() else ([" "] if text == " " else [""])
    return [parse(word) for word in words]


def parse_modifiers(text: str) -> list[tuple[str, int]]:
    """Modifiers to hold during a click or scroll; none if empty.

    Raises:
        BadInput: something else than a modifier is named.
    """
    if not text:
        return []
    pairs = parse(text)
    for name, _ in pairs:
        plain = name.lower().removesuffix("_l").removesuffix("_r")
        if plain not in MODIFIERS:
            raise BadInput(f"{name!r} is not a modifier. Use ctrl, shift, alt or super.")
    return pairs
