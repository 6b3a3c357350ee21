"""Code for pyautogui as steps, where it only presses keys, types and waits."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent.desktop.act import keys
from agent.errors import BadInput, SaysoError
from agent.experiments.plan.task import Step

_ROOM = "pyautogui"
_NAMES = {
    "enter": "Return", "return": "Return", "esc": "Escape", "del": "Delete", "ctrlleft": "ctrl",
    "ctrlright": "ctrl", "altleft": "alt", "shiftleft": "shift", "win": "super", "pgup": "Page_Up",
    "pageup": "Page_Up", "pgdn": "Page_Down", "pagedown": "Page_Down", "space": "space",
    "backspace": "BackSpace", "tab": "Tab", "home": "Home", "end": "End", "up": "Up",
    "down": "Down", "left": "Left", "right": "Right", "escape": "Escape", "delete": "Delete",
}  # fmt: skip


class NotPlain(SaysoError):
    """Why something of a task cannot be taken over, in a clause."""


def steps_of(code: str) -> list[Step]:
    """What the code does, as steps.

    Raises:
        NotPlain: it does something else, too.
    """
    try:
        body = ast.parse(code.strip()).body
    except (SyntaxError, ValueError) as error:
        raise NotPlain(f"its code for pyautogui cannot be read ({error})") from error
    return [step for statement in body for step in _of(statement)]


def _of(statement: ast.stmt) -> Iterator[Step]:
    match statement:
        case ast.Import(names) if {name.name for name in names} <= {_ROOM, "time"}:
            return
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(room), name), given, named)):
            if (room == _ROOM and name in _CALLS) or (room, name) == ("time", "sleep"):
                arguments = [_constant(one) for one in given]
                options = {one.arg or "": _constant(one.value) for one in named}
                yield from _CALLS[name](arguments, options)
            else:
                raise NotPlain(f"its code calls {room}.{name}, for which there is no step")
        case _:
            raise NotPlain(f"its code does more than press keys: {ast.unparse(statement)[:60]}")


def _constant(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError as error:
        raise NotPlain(f"its code computes what it presses: {ast.unparse(value)[:60]}") from error


def _hotkey(given: list[Any], options: Mapping[str, Any]) -> Iterator[Step]:
    yield {"key": "+".join(map(_key, given))}


def _press(given: list[Any], options: Mapping[str, Any]) -> Iterator[Step]:
    pressed = given[0] if given else options.get("keys", ())
    names = [pressed] if isinstance(pressed, str) else list(pressed)
    times = int(given[1] if len(given) > 1 else options.get("presses", 1))
    yield from ({"key": _key(name)} for _ in range(times) for name in names)


def _write(given: list[Any], options: Mapping[str, Any]) -> Iterator[Step]:
    text = given[0] if given else options.get("message", "")
    if isinstance(text, str):
        yield {"type": text}
    else:
        yield from ({"key": _key(name)} for name in text)


def _sleep(given: list[Any], options: Mapping[str, Any]) -> Iterator[Step]:
    yield {"pause": float(given[0] if given else options.get("seconds", 0))}


_CALLS: Mapping[str, Callable[[list[Any], Mapping[str, Any]], Iterator[Step]]] = {
    "hotkey": _hotkey,
    "press": _press,
    "write": _write,
    "typewrite": _write,
    "sleep": _sleep,
}


def _key(name: Any) -> str:
    """A key of pyautogui's by the name that steps have for it."""
    given = str(name)
    known = _NAMES.get(given.lower(), given if len(given) == 1 else given.upper())
    plain = given.lower() if given.lower() in ("ctrl", "alt", "shift", "super") else known
    try:
        keys.sequence(plain)
    except BadInput as error:
        raise NotPlain(f"its code presses “{given}”, a key without a name here") from error
    return plain
