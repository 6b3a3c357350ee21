"""``script/figures``: the measures of style of today's code, beside those that were recorded."""

from __future__ import annotations

import argparse
import ast
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_CODE = ("agent", "dashboard")
_TESTS = ("tests",)
_DATA = ("agent/experiments/tasks/",)
"""Data that happens to be Python: what tasks bring along."""

RECORDED = {
    "at 99f3f9e": ("119/279/386", "6/16/46", "83 %", "100 %", "12.5 % (40/319)", "0.61", "1221"),
    "mini-swe-agent": ("93/194/317", "9/26/70", "39 %", "86 %", "38 %", "1.79", "460"),
    "httpx": ("249/642/2020", "9/34/133", "48 %", "100 %", "18 %", "1.01", "539"),
    "structlog": ("246/990/1250", "7/29/182", "81 %", "98 %", "12 %", "1.29", "516"),
    "inspect_ai": ("135/642/4652", "11/47/1067", "40 %", "100 %", "32 %", "1.16", "8867"),
    "textual": ("142/738/5041", "10/35/329", "80 %", "98 %", "16 %", "0.57", "2061"),
}
"""By the same measures, in late November 2026."""

HEADER = ("", "file lines", "function", "public docs", "annotated", "broad except", "test/code")
_BROAD = {"Exception", "BaseException"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One file of Python, read."""

    lines: int
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{100 * self.part / self.whole:.0f} %" if self.whole else "none"


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a code base; lengths are median, 90th percentile and most, in lines."""

    files: tuple[int, int, int]
    functions: tuple[int, int, int]
    documented: Share
    """Of modules' public classes and functions, and public methods of these classes."""

    annotated: Share
    """Functions whose every argument and result has its type; a method's first one needs none."""

    broad: Share
    """Handlers that catch everything."""

    tested: float
    """Lines of tests a line of code."""

    tests: int
    """Functions of tests; parameters do not count."""

    @property
    def row(self) -> tuple[str, ...]:
        """As the table has them."""
        share = 100 * self.broad.part / self.broad.whole if self.broad.whole else 0.0
        broad = f"{share:.1f} % ({self.broad.part}/{self.broad.whole})"
        lengths = ["/".join(map(str, each)) for each in (self.files, self.functions)]
        shares = [str(self.documented), str(self.annotated), broad]
        return (*lengths, *shares, f"{self.tested:.2f}", str(self.tests))


def figures(code: Sequence[Source], tests: Sequence[Source]) -> Figures:
    """Count."""
    functions = [function for source in code for function in every_function(source.tree)]
    public = [node for source in code for node in public_names(source.tree)]
    handlers = [
        node
        for source in code
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
    ]
    lines = sum(source.lines for source in code)
    return Figures(
        files=spread([source.lines for source in code]),
        functions=spread([length(function) for function in functions]),
        documented=Share(sum(ast.get_docstring(n) is not None for n in public), len(public)),
        annotated=Share(sum(map(is_annotated, functions)), len(functions)),
        broad=Share(sum(map(is_broad, handlers)), len(handlers)),
        tested=sum(source.lines for source in tests) / lines if lines else math.nan,
        tests=sum(is_test(f) for source in tests for f in every_function(source.tree)),
    )


def read(root: Path, folders: Iterable[str], *, without: Iterable[str] = ()) -> list[Source]:
    """The files of Python below some folders."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if not str(path.relative_to(root)).startswith(tuple(without)):
                text = path.read_text("utf-8")
                found.append(Source(len(text.splitlines()), ast.parse(text, str(path))))
    return found


def every_function(tree: ast.AST) -> Iterator[Function]:
    """All of them, those within others too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def public_names(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """What others may use of a module, and of its public classes."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        yield node
        methods = node.body if isinstance(node, ast.ClassDef) else []
        for inner in methods:
            if isinstance(inner, Function) and not inner.name.startswith("_"):
                yield inner


def length(function: Function) -> int:
    """Lines from its ``def`` to its end; decorators do not count."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def is_annotated(function: Function) -> bool:
    """Whether every argument but ``self`` and ``cls`` has a type, and the result too."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    if plain and plain[0].arg in ("self", "cls"):
        plain = plain[1:]
    rest = [arg for arg in (given.vararg, given.kwarg) if arg is not None]
    every = [*plain, *given.kwonlyargs, *rest]
    return function.returns is not None and all(arg.annotation is not None for arg in every)


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches everything."""
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(each is None or getattr(each, "id", "") in _BROAD for each in names)


def is_test(function: Function) -> bool:
    return function.name.startswith("test_")


def spread(numbers: Sequence[int]) -> tuple[int, int, int]:
    """Median, 90th percentile and most; each is one of the numbers."""
    if not numbers:
        return (0, 0, 0)
    ranked = sorted(numbers)
    middle, late = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.9))
    return (middle, late, ranked[-1])


def table(today: Figures) -> str:
    """Today's figures and the recorded ones."""
    rows = [(*HEADER, "tests"), ("today", *today.row)]
    rows += [(name, *figures) for name, figures in RECORDED.items()]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def main(root: Path = ROOT) -> None:
    """Print them."""
    print(table(figures(read(root, _CODE, without=_DATA), read(root, _TESTS))))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="script/figures", description=__doc__).parse_args()
    main()
