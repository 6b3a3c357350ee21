"""How objects show themselves in notebooks and Panel apps, without knowing what these are.

Whoever can draw them offers a function under the entry point group ``sayso.faces``, named after
what shows them: ``notebook`` (`dashboard.notebook`) or ``panel`` (`dashboard.embed`). Without one,
an object shows its ``repr``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Any

GROUP = "sayso.faces"
Bundle = dict[str, Any]
"""MIME types and what to show for each."""


class Faced:
    """An object that has a face in Jupyter and in Panel."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        drawn = drawn_by("notebook")
        shown: Bundle | None = drawn(self) if drawn is not None else None
        return shown or {"text/plain": repr(self)}

    def __panel__(self) -> object:
        """What ``pn.panel(this)`` and a layout of Panel's show."""
        drawn = drawn_by("panel")
        return drawn(self) if drawn is not None else f"`{self!r}`"


@cache
def drawn_by(what: str) -> Callable[[object], Any] | None:
    """What draws objects for ``what``: ``notebook`` or ``panel``; None if it is not installed."""
    for point in entry_points(group=GROUP, name=what):
        try:
            drawn: Callable[[object], Any] = point.load()
        except ImportError:  # the extra is not installed
            continue
        return drawn
    return None
