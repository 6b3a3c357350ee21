"""The table of threats in docs/security.md names tests that exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "security.md").read_text("utf-8").split("# The threats\n")[1]
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in TABLE.splitlines()
    if re.match(r"\| \d+ \|", line)
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)` `(test_\w+)`")


def test_all_threats_have_a_row() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 29))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_names_tests_that_are_there(row: list[str]) -> None:
    named = NAMED.findall(row[3])
    assert named, row
    for file, test in named:
        assert re.search(rf"def {test}\b", (ROOT / file).read_text("utf-8")), (file, test)


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
