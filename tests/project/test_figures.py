"""``script/figures`` counts what it says, in small files with known answers."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from benchmarks import figures as counted
from benchmarks.figures import RECORDED, Share, Source, figures, read, spread

ROOT = Path(__file__).parents[2]


def source(text: str) -> Source:
    return Source(len(text.splitlines()), ast.parse(text))


def of(code: str, tests: str = "") -> counted.Figures:
    return figures([source(code)], [source(tests)])


def test_lengths_are_numbers_that_occur() -> None:
    """Median, 90th percentile and most; of an even count the lower middle."""
    assert spread([]) == (0, 0, 0)
    assert spread([7]) == (7, 7, 7)
    assert spread([4, 1, 3, 2]) == (2, 4, 4)
    assert spread(list(range(1, 101))) == (50, 90, 100)


def test_a_function_is_as_long_as_its_lines_without_decorators() -> None:
    found = of("@cache\ndef outer():\n    def inner():\n        pass\n    return inner\n")
    assert found.functions == (2, 4, 4)
    assert found.files == (5, 5, 5)


@pytest.mark.parametrize(
    ("text", "documented"),
    [
        ('def f():\n    """Does."""', Share(1, 1)),
        ("def f(): ...", Share(0, 1)),
        ("def _f(): ...", Share(0, 0)),
        ('class C:\n    """Is."""\n    def m(self): ...\n    def _n(self): ...', Share(1, 2)),
        ("class _C:\n    def m(self): ...", Share(0, 0)),
        ("def f():\n    # no docstring\n    def g(): ...", Share(0, 1)),
    ],
)
def test_public_are_names_of_modules_and_methods_of_public_classes(
    text: str, documented: Share
) -> None:
    assert of(text).documented == documented


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("def f() -> None: ...", True),
        ("def f(): ...", False),
        ("def f(a) -> None: ...", False),
        ("def f(self, a: int) -> None: ...", True),
        ("def f(a: int, *b, c: int) -> None: ...", False),
        ("def f(a: int, /, *b: int, c: int, **d: int) -> None: ...", True),
        ("async def f(*, a) -> None: ...", False),
    ],
)
def test_annotated_is_what_has_every_type(line: str, *, good: bool) -> None:
    assert of(line).annotated == Share(int(good), 1)


@pytest.mark.parametrize(
    ("caught", "broad"),
    [
        ("", True),
        (" Exception", True),
        (" BaseException as error", True),
        (" (OSError, Exception)", True),
        (" OSError", False),
        (" (OSError, ValueError)", False),
        (" errors.Exception", False),
    ],
)
def test_a_handler_is_broad_that_catches_everything(caught: str, *, broad: bool) -> None:
    assert of(f"try:\n    f()\nexcept{caught}:\n    pass\n").broad == Share(int(broad), 1)


def test_tests_are_counted_by_function_and_by_lines() -> None:
    found = of("a = 1\nb = 2\n", "def test_a(): ...\nclass T:\n    def test_b(self): ...\n")
    assert (found.tests, found.tested) == (2, 1.5)


def test_data_that_is_python_does_not_count(tmp_path: Path) -> None:
    for name in ("agent/a.py", "agent/experiments/tasks/t/b.py", "agent/note.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a = 1\n")
    assert len(read(tmp_path, ["agent"], without=["agent/experiments/tasks/"])) == 1


@pytest.mark.slow
def test_todays_figures_are_printed_beside_the_recorded_ones() -> None:
    done = subprocess.run([ROOT / "script" / "figures"], capture_output=True, text=True, check=True)
    names = [line.split("  ")[0] for line in done.stdout.splitlines()[1:]]
    assert names == ["today", *RECORDED]
    assert "nan" not in done.stdout


def test_no_function_of_ours_has_more_than_fifty_lines() -> None:
    long = [
        node.name
        for each in read(ROOT, ("agent", "dashboard"), without=counted._DATA)
        for node in ast.walk(each.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []
