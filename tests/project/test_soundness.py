"""The table of faults in docs/soundness.md names tests that exist."""

from __future__ import annotations

import pytest
from named_tests import ROOT, cells, is_there, named

ROWS = [
    cells(line)
    for line in (ROOT / "docs" / "soundness.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| fault |", "| control |"))
]


def test_there_are_faults_and_controls() -> None:
    columns = [len(row) for row in ROWS]
    assert columns.count(2) > 40
    assert columns.count(3) > 20
    assert set(columns) == {2, 3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_each_row_has_tests_that_are_there(row: list[str]) -> None:
    tests = row[-1]
    found = named(tests)
    assert found, row
    assert len(found) == tests.count("`test_"), "a test without its file"
    assert [each for each in found if not is_there(*each)] == []
