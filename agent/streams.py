"""Standard streams that take every character, whatever the locale."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO


def any_text(stream: TextIO | Any, *, utf8: bool = False) -> None:
    r"""Let every character be written; with ``utf8`` as JSON's standard has it.

    What the locale cannot show is written as an escape (``\u2192``).
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8" if utf8 else None, errors="backslashreplace")


def take_any_text() -> None:
    """Do that for the standard output and the errors of this program."""
    any_text(sys.stdout)
    any_text(sys.stderr)
