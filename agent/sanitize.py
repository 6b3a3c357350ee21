r"""The border that text, numbers and JSON from outside cross once, where they enter.

What a model, a file system, a program, a person or an archive sends may hold half a
surrogate pair, a NUL, a number that JSON does not know, or a thousand nested lists. Each of
these can be kept in memory and fails later, in a journal or a request that holds it. So it is
made valid here: what can be kept is kept, and what was changed can be seen.

A byte of a file name that is no UTF-8 (Python's ``surrogateescape``) is shown as ``\xe9``.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

DEPTH = 64
"""Levels of nesting that a value from outside may have."""

NODES = 100_000
"""Values that one structure from outside may hold."""

LARGEST = 2**63
"""Whole numbers beyond this size are no numbers to most readers of JSON."""

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_INVALID = re.compile("[\ud800-\udfff]")
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ESCAPED = range(0xDC80, 0xDD00)


class NotJson(ValueError):
    """The text is no JSON; the message says why."""


def valid_text(text: str) -> str:
    """``text`` as it can be encoded: surrogate pairs joined, single ones made visible.

    Control characters stay, since a file or a terminal may need them.
    """
    if _INVALID.search(text) is None:
        return text
    joined = _PAIRS.sub(_joined, text)
    return _INVALID.sub(lambda found: _visible(found.group()), joined)


def _joined(pair: re.Match[str]) -> str:
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")


def _visible(surrogate: str) -> str:
    code = ord(surrogate)
    return f"\\x{code - 0xDC00:02x}" if code in _ESCAPED else UNKNOWN


@dataclass
class Cleaner:
    """Makes one value of JSON's types valid; ``changes`` then says what was changed."""

    changes: list[str] = field(default_factory=list)
    _left: int = NODES

    def clean(self, value: Any, depth: int = 0) -> Any:
        """A valid copy of ``value``; what no JSON can hold becomes a word in its place.

        Not null, which would mean that nothing was given.
        """
        self._left -= 1
        if depth > DEPTH or self._left < 0:
            return self._instead("(left out)", "what was nested too deep or too large was left out")
        match value:
            case None | bool():
                return value
            case str():
                return self.text(value)
            case int() if abs(value) > LARGEST:
                return self._instead("(too large)", "a number was too large")
            case float() if not math.isfinite(value):
                return self._instead(str(value), "a number was not finite")
            case int() | float():
                return value
            case dict():
                pairs = value.items()
                return {self._key(key): self.clean(item, depth + 1) for key, item in pairs}
            case list() | tuple():
                return [self.clean(item, depth + 1) for item in value]
            case _:
                return self._instead("(left out)", f"a {type(value).__name__} is no JSON")

    def text(self, text: str) -> str:
        """`valid_text`, noted if it changed anything."""
        valid = valid_text(text)
        if valid != text and not _PAIRS.search(text):
            self._note("a character was not valid")
        return valid

    def _key(self, key: object) -> str:
        return self.text(key if isinstance(key, str) else str(key))

    def _instead(self, mark: str, why: str) -> str:
        self._note(why)
        return mark

    def _note(self, why: str) -> None:
        if why not in self.changes:
            self.changes.append(why)


def valid_value(value: Any) -> Any:
    """A valid copy of a value of JSON's types; see `Cleaner`."""
    return Cleaner().clean(value)


def read_json(text: str | bytes, cleaner: Cleaner | None = None) -> Any:
    """What a JSON text from outside says, made valid.

    Raises:
        NotJson: it is none, or nested so deep that it cannot be read at all.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        raise NotJson("It is nested too deep." if deep else f"It is no JSON: {error}.") from None
    return (cleaner or Cleaner()).clean(value)
