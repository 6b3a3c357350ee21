"""The tables of docs/security.md name tests that exist, and that each was seen to fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from named_tests import ROOT, cells, is_there, named

TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
TABLE = TEXT.split("# The threats\n")[1]
ROWS = [cells(line) for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]


def test_all_threats_have_a_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 29))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_names_tests_that_are_there(row: list[str]) -> None:
    found = named(row[3])
    assert found, row
    assert [each for each in found if not is_there(*each)] == []


def controls() -> list[list[str]]:
    """The rows of all tables that tell what was unplugged."""
    found: list[list[str]] = []
    inside = False
    for line in TEXT.splitlines():
        row = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        if line.startswith("|") and any(cell.startswith("unplugged") for cell in row):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            found.append(row)
    return found


def test_each_control_was_unplugged_and_its_test_seen_to_fail() -> None:
    """No cell is empty, and each row has the columns of its table."""
    rows = controls()
    assert len(rows) > 70
    assert [row for row in rows if len(row) not in (4, 6) or "" in row] == []


WORDS_AS_CODE = """
import pickle, subprocess
eval(words)
exec(words)
subprocess.run(words, shell=True)
pickle.loads(words)
"""


def test_code_that_would_run_words_is_refused() -> None:
    """By the linter with the project's own rules, in both packages."""
    for package in ("agent", "dashboard"):
        name = str(ROOT / package / "not_there.py")
        command = [sys.executable, "-m", "ruff", "check", "--output-format", "json", "-"]
        found = subprocess.run(
            [*command, "--stdin-filename", name],
            check=False,
            input=WORDS_AS_CODE,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        refused = {each["code"] for each in json.loads(found.stdout)}
        assert {"S307", "S102", "S602", "S301"} <= refused
