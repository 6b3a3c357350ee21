"""How objects show themselves in a notebook, without knowing what a notebook is.

Whoever can draw them offers a function under the entry point group ``sayso.faces``; the
package ``dashboard.notebook`` does. Without one, an object shows its ``repr``.
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
    """An object that has a face in Jupyter."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        drawn = _drawn_by()
        return drawn(self) if drawn is not None else {"text/plain": repr(self)}


@cache
def _drawn_by() -> Callable[[object], Bundle] | None:
    for point in entry_points(group=GROUP):
        try:
            drawn: Callable[[object], Bundle] = point.load()
        except ImportError:  # the extra is not installed
            continue
        return drawn
    return None
