"""What a fault may not do: vanish. Read from the source of both packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROAD = {"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"}


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """What runs with it: not what only a function in it would do."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from inside(child)


def broad(kind: ast.expr | None) -> bool:
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(name is None or ast.unparse(name).split(".")[-1] in BROAD for name in names)


def tells(node: ast.AST) -> bool:
    """Whether it raises, or logs a traceback."""
    if isinstance(node, ast.Raise):
        return True
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    of = ast.unparse(node.func.value)
    given = any(
        key.arg == "exc_info" and ast.unparse(key.value) != "False" for key in node.keywords
    )
    return of == "_log" and (node.func.attr == "exception" or given)


def vanishing(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines where a fault of any kind would leave no trace."""
    for node in ast.walk(tree):
        caught = isinstance(node, ast.ExceptHandler) and broad(node.type)
        if caught and not any(tells(each) for each in inside(node)):
            yield node.lineno, "caught, and neither logged with its traceback nor raised"
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).split(".")[-1]
        if name == "suppress" and any(broad(kind) for kind in node.args):
            yield node.lineno, "suppressed"
        if isinstance(node.func, ast.Attribute) and name == "gather":
            kept = {ast.unparse(key.value) for key in node.keywords if key.arg}
            if "True" in kept and not _looked_at(tree, node):
                yield node.lineno, "gathered and not looked at"


def _looked_at(tree: ast.AST, call: ast.Call) -> bool:
    plain = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return all(
        call is not (value.value if isinstance(value, ast.Await) else value) for value in plain
    )


@pytest.mark.parametrize("package", ["agent", "dashboard"])
def test_no_border_lets_a_fault_vanish(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, what in vanishing(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("try: f()\nexcept Exception: pass", 1),
        ("try: f()\nexcept: return_()", 1),
        ("try: f()\nexcept (OSError, BaseException) as e: tell(e)", 1),
        ("try: f()\nexcept* Exception as e: tell(e)", 1),
        ("try: f()\nexcept Exception as e: _log.error('it failed: %s', e)", 1),
        ("try: f()\nexcept Exception as e: later(lambda: _log.exception('it failed'))", 1),
        ("try: f()\nexcept Exception: _log.exception('it failed')", 0),
        ("try: f()\nexcept Exception: _log.info('it failed', exc_info=True)", 0),
        ("try: f()\nexcept BaseException:\n    undo()\n    raise", 0),
        ("try: f()\nexcept OSError: pass", 0),
        ("with contextlib.suppress(Exception): f()", 1),
        ("with suppress(OSError): f()", 0),
        ("async def f(): await asyncio.gather(*work, return_exceptions=True)", 1),
        ("async def f(): x = await asyncio.gather(*work, return_exceptions=True)", 0),
    ],
)
def test_what_counts_as_vanishing(source: str, faults: int) -> None:
    assert len(list(vanishing(ast.parse(source)))) == faults
