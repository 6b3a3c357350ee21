"""Which files are the person's, and which are a program's own state.

The person's files are what counts by default: they are listed, recorded, put back, hashed
and exported. A program's state stays with the session, and is reached by its name only.
"""

from __future__ import annotations

_ANYWHERE = frozenset({b"__pycache__", b"lost+found"})
"""Folders that programs fill by themselves, wherever they lie."""

_AT_TOP = frozenset({b"snap"})
"""Folders directly in the home in which programs keep their profiles."""


def is_state_name(name: bytes, *, top: bool) -> bool:
    """Whether one entry of a folder is a program's own; ``top``: the folder is the home."""
    return name.startswith(b".") or name in _ANYWHERE or (top and name in _AT_TOP)


def is_state(path: bytes) -> bool:
    """Whether a path relative to the home is a program's own, or lies in what is."""
    parts = [part for part in path.split(b"/") if part]
    return any(is_state_name(part, top=not place) for place, part in enumerate(parts))
