"""Whether checks are called as they are written: known before a trial, not after all of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, get_type_hints

import pydantic

from agent.experiments.run.checks import CHECKS, COMPARED, Check

_PATTERNS = frozenset({"matches", "active", "app"})
_PATTERN_LISTS = frozenset({"includes", "excludes", "minimised"})
"""Arguments that are regular expressions; the lists of them are the windows'."""


_CONDITIONAL = "unless_over"
"""The check that holds another one."""


def check_faults(one: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a check as a task has it, in sentences; nothing if it can be called."""
    if len(one) != 1:
        yield f"A check is one name with its arguments, not {sorted(map(str, one))}."
        return
    name, given = next(iter(one.items()))
    if name not in CHECKS:
        yield f"There is no check “{name}”{or_rather(str(name), CHECKS)}."
    elif given is not None and not isinstance(given, dict):
        yield f"The check “{name}” takes its arguments by name, not {given!r}."
    else:
        yield from _arguments(str(name), given or {})
        inner = (given or {}).get("holds") if name == _CONDITIONAL else None
        if isinstance(inner, dict):
            yield from check_faults(inner)


def or_rather(word: str, known: Iterable[str]) -> str:
    """What may have been meant, and what there is."""
    names = sorted(known)
    near = get_close_matches(word, names, 1)
    return (
        f"; did you mean “{near[0]}”? There" if near else "; there"
    ) + f" are {', '.join(names)}"


def _arguments(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    kinds, needed = _signature(CHECKS[name])
    unknown = [argument for argument in given if argument not in kinds]
    lacking = [argument for argument in needed if argument not in given]
    for argument in unknown:
        yield f"The check “{name}” takes no “{argument}”{or_rather(argument, kinds)}."
    if lacking and not unknown:
        yield f"The check “{name}” lacks {', '.join(lacking)}."
    for argument, value in given.items():
        if argument in kinds and (why := _wrong(name, argument, value, kinds[argument])):
            yield f"{argument} of the check “{name}”: {why}."


@cache
def _signature(function: Check) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Arguments and their types; those that must be given."""
    kinds: dict[str, Any] = {}
    needed = []
    hints = get_type_hints(function)
    for place, (name, one) in enumerate(inspect.signature(function).parameters.items()):
        if one.kind is one.VAR_KEYWORD:
            kinds |= dict.fromkeys(COMPARED, hints[name])
        elif place:  # the first is the state
            kinds[name] = hints[name]
            needed += [name] if one.default is one.empty else []
    return kinds, tuple(needed)


def _wrong(check: str, argument: str, value: Any, kind: Any) -> str:
    try:
        pydantic.TypeAdapter(kind).validate_python(value, strict=False)
    except pydantic.ValidationError as error:
        return f"{error.errors()[0]['msg']}, not {value!r}"
    patterns = [value] if argument in _PATTERNS else []
    if check == "windows" and argument in _PATTERN_LISTS:
        patterns = list(value)
    try:
        for pattern in patterns:
            re.compile(pattern or "")
    except re.error as error:
        return f"{pattern!r} is no pattern ({error})"
    return ""
