"""Tests that the docs name, as ``file`` `name`` pairs in the cells of a table."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)` `(test_\w+)`")


def cells(line: str) -> list[str]:
    """Of one row of a table in Markdown."""
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def named(text: str) -> list[tuple[str, str]]:
    """Files and names of the tests that a text names."""
    return _NAMED.findall(text)


def is_there(file: str, test: str) -> bool:
    """Whether a file of the project has a test of that name."""
    return test in _tests_of(file)


@cache
def _tests_of(file: str) -> frozenset[str]:
    text = (ROOT / file).read_text("utf-8")
    return frozenset(re.findall(r"^ *(?:async )?def (test_\w+)\(", text, re.MULTILINE))
