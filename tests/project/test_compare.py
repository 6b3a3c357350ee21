"""``script/bench compare``: what counts as a figure, as slower, and where the table is kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.checkouts import ROOT, known
from benchmarks.compare import DOC, HEADING, RUNS, Row, kept, rows_of, table, values_of


def test_only_figures_that_are_better_when_less_are_compared() -> None:
    """Times of the desktop's first column; medians of the page; no share and no other way's."""
    desktop = [
        {"what": "screenshot", "sayso": "12.5 ms", "common": "90 ms"},
        {"what": "accessibility tree p95, 48 nodes", "sayso": "31.0 ms"},
        {"what": "desktop usable after start()", "sayso": "0.61 s"},
        {"what": "wrong frames (wait 77 ms median)", "sayso": "0 of 13"},
    ]
    assert values_of("desktop", desktop) == {
        "screenshot (ms)": 12.5,
        "accessibility tree p95 (ms)": 31.0,
        "desktop usable after start() (s)": 0.61,
    }
    loop = {
        "stop → model stream closed, p95 ms": 1.5,
        "editor: requests": 11.0,
        "editor: requests, common way": 31.0,
        "editor: requests, share": 0.35,
        "turns of more than one block, eager": 1.0,
    }
    compared = {"stop → model stream closed, p95 ms": 1.5, "editor: requests": 11.0}
    assert values_of("loop", loop) == compared
    page = {
        "echo (ms)": [9.0, 1.0, 2.0],
        "live desktop, different frames a second": [40.0],
        "live desktop, server while a window moves (% of a core)": [8.0],
        "live desktop, server when idle (% of a core)": [3.0],
    }
    assert values_of("page", page) == {
        "echo (ms)": 2.0,
        "live desktop, server when idle (% of a core)": 3.0,
        "live desktop, between two frames (ms)": 25.0,
        "live desktop, server for a frame (ms)": 1.25,
    }
    assert values_of("page", {"echo (ms)": [1.0]}) == {"echo (ms)": 1.0}


@pytest.mark.parametrize(
    ("before", "now", "slower"),
    [
        ((10.0, 10.0, 10.0), (12.0, 12.0, 12.0), True),
        ((10.0, 20.0, 10.0), (12.0, 25.0, 11.5), True),  # the machine was slow in one round
        ((10.0, 10.0, 10.0), (30.0, 30.0, 10.5), False),  # it was as quick once
        ((10.0, 10.0, 10.0), (10.9, 10.9, 10.9), False),
        ((0.0, 0.1, 0.0), (0.9, 0.9, 0.9), False),  # nothing beside nothing
        ((0.0, 0.0, 0.0), (5.0, 5.0, 5.0), True),
    ],
)
def test_slower_is_what_was_slower_in_every_round(
    before: tuple[float, ...], now: tuple[float, ...], slower: bool
) -> None:
    row = Row("wait (ms)", before, now)
    assert row.slower is slower
    assert ("**slower**" in table([row])) is slower


def test_a_row_that_one_of_them_lacks_is_left_out() -> None:
    before = [{"a (ms)": 1.0, "gone (ms)": 1.0}, {"a (ms)": 3.0}]
    rows = rows_of(before, [{"a (ms)": 2.0, "new (ms)": 1.0}, {"a (ms)": 3.0}])
    assert rows == [Row("a (ms)", (1.0, 3.0), (2.0, 3.0))]
    assert rows[0].ratios == [2.0, 1.0]


def test_a_kept_table_takes_the_place_of_the_last_one() -> None:
    """What stands before and after stays; a document without one gets it at its end."""
    document = f"# Top\n\nWords.\n\n{HEADING}\n\nold\n\n## Later\n\nMore.\n"
    assert kept(document, "new") == f"# Top\n\nWords.\n\n{HEADING}\n\nnew\n\n## Later\n\nMore.\n"
    assert kept("# Top\n", "new") == f"# Top\n\n{HEADING}\n\nnew\n"
    assert DOC.read_text("utf-8").count(HEADING) == 1


def test_a_commit_that_is_not_there_is_told() -> None:
    """Before anything is measured."""
    command = [sys.executable, "-m", "benchmarks.compare", "--with", "no-such-commit"]
    ran = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 2
    assert "lacks the commit no-such-commit" in ran.stderr
    assert known("HEAD")
    assert set(RUNS) == {"desktop", "loop", "page"}
