"""Sayso, as it is installed: importing this makes ``agent`` and ``dashboard`` importable.

In a checkout they lie beside this folder. A wheel holds them inside it, so that all that is
installed has one name, which no other distribution takes. Code that uses an installed Sayso
begins with ``import sayso``::

    import sayso
    from agent import Session, Settings
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_PACKAGES = Path(__file__).parent / "_packages"
"""Where a wheel has them."""


def _make_importable() -> None:
    """Put the installed packages first on the path.

    Raises:
        ImportError: another package of one of their names is in use already.
    """
    if not _PACKAGES.is_dir():
        return
    sys.path[:] = [str(_PACKAGES), *(each for each in sys.path if each != str(_PACKAGES))]
    for name in ("agent", "dashboard"):
        found = importlib.util.find_spec(name)
        places = list(found.submodule_search_locations or ()) if found else []
        if places != [str(_PACKAGES / name)]:
            raise ImportError(
                f"Another package called “{name}” is in use here ({found and found.origin}). "
                "Import sayso before it, or use them in processes of their own."
            )


_make_importable()
