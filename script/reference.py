"""Fills the reference of the documentation's site from docstrings (a hook of MkDocs).

A line ``::: MODULE`` in a page stands for the module's docstring and all that its ``__all__``
names; ``::: MODULE NAME …`` for these names alone.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_MARK = re.compile(r"^::: ([\w.]+)((?: \w+)*)$", re.MULTILINE)
_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^(\*{0,2}\w[\w., ]*): (.*)$")
_CODE = re.compile(r"``([^`]+)``")
_WIDTH = 88


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs with each page."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return _MARK.sub(lambda found: reference(found[1], *found[2].split()), markdown)


def reference(name: str, *wanted: str) -> str:
    """The Markdown of a module's public names.

    Raises:
        ValueError: a name has no docstring, which the site would leave empty.
    """
    module = importlib.import_module(name)
    names = wanted or tuple(module.__all__)
    parts = [] if wanted else [prose(inspect.getdoc(module) or "")]
    parts += [part for each in names for part in _member(module, each)]
    return "\n\n".join(filter(None, parts))


def prose(docstring: str) -> str:
    """A docstring as Markdown: sections become lists, double backticks single ones."""
    text = re.sub(r"^::$", "", docstring.expandtabs(), flags=re.MULTILINE)
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section = found[1]
            lines += ["", f"**{section}**", ""]
        elif section and line.startswith("    "):
            lines.append(_entry(textwrap.dedent(line[4:]), deeper=line.startswith(" " * 8)))
        else:
            section = section if not line.strip() else ""
            lines.append(line)
    return _CODE.sub(r"`\1`", "\n".join(lines)).strip()


def _entry(line: str, *, deeper: bool) -> str:
    """A line of a section: a new entry of its list, or more of the last."""
    found = None if deeper else _ENTRY.match(line)
    if found:
        return f"- `{found[1]}`: {found[2]}"
    return f"  {line}" if deeper else f"- {line}"


def _member(module: ModuleType, name: str) -> Iterator[str]:
    found = getattr(module, name)
    yield f"## {name}"
    if inspect.isclass(found):
        yield from _class(found)
    elif inspect.ismodule(found):
        yield prose(inspect.getdoc(found) or "")
    elif inspect.isroutine(found):
        yield _signature(found, name)
        yield prose(_said(found, name))
    else:
        yield (
            prose(_said_of_constant(module, name))
            or f"```python\n{textwrap.shorten(repr(found), 400)}\n```"
        )


def _class(found: type) -> Iterator[str]:
    if not (
        issubclass(found, BaseException)
        or hasattr(found, "model_fields")
        or getattr(found, "_is_protocol", False)
    ):
        yield _signature(found, found.__name__)
    yield prose(_said(found, found.__name__))
    fields = _attributes(_source(found))
    if shown := [f"- `{name}`: {said}" for name, said in fields.items() if name[0] != "_"]:
        yield "\n".join(_CODE.sub(r"`\1`", line) for line in shown)
    for name, member in vars(found).items():
        bare = inspect.unwrap(getattr(member, "__func__", member))
        function = bare.fget if isinstance(bare, property) else bare
        if name[0] == "_" or not inspect.isfunction(function) or not inspect.getdoc(function):
            continue
        yield f"### {found.__name__}.{name}"
        if not isinstance(bare, property):
            yield _signature(function, name)
        yield prose(inspect.getdoc(function) or "")


def _said(found: Any, name: str) -> str:
    if not found.__doc__:
        raise ValueError(f"“{name}” has no docstring.")
    return inspect.getdoc(found) or ""


def _said_of_constant(module: ModuleType, name: str) -> str:
    """What stands below a constant, in the module that it is from; empty if nothing does."""
    if said := _attributes(_source(module)).get(name):
        return said
    imports = (n for n in ast.parse(_source(module)).body if isinstance(n, ast.ImportFrom))
    origins = (n.module for n in imports if name in {alias.name for alias in n.names})
    origin = next(filter(None, origins), "")
    return _said_of_constant(importlib.import_module(origin), name) if origin else ""


@functools.cache
def _source(found: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(found))
    except (OSError, TypeError):
        return ""


def _attributes(source: str) -> dict[str, str]:
    """Names with a docstring below them, at the top of a class or a module."""
    body = ast.parse(source).body if source else []
    if len(body) == 1 and isinstance(body[0], ast.ClassDef):
        body = body[0].body
    said = {}
    for node, after in itertools.pairwise(body):
        match node, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                said[name] = " ".join(inspect.cleandoc(text).split())
    return said


def _is_made(default: Any) -> bool:
    return callable(default) and default is not inspect.Parameter.empty


class _Made:
    """A default that is a function: its own words would say where it lies in memory."""

    def __repr__(self) -> str:
        return "…"


def _signature(found: Any, name: str) -> str:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return ""
    shown = [p for n, p in signature.parameters.items() if n not in ("self", "cls")]
    kept = [p.replace(default=_Made()) if _is_made(p.default) else p for p in shown]
    signature = signature.replace(parameters=kept)
    word = "async def" if inspect.iscoroutinefunction(found) else "def"
    start = f"class {name}" if inspect.isclass(found) else f"{word} {name}"
    line = _plain(f"{start}{signature}")
    if len(line) > _WIDTH:
        inner = ",\n    ".join(_plain(str(parameter)) for parameter in kept)
        line = f"{start}(\n    {inner},\n){line[line.rindex(')') + 1 :]}"
    return f"```python\n{line}\n```"


def _plain(signature: str) -> str:
    """Without the marks around annotations that are kept as text."""
    return re.sub(r"((?:: |-> |\| ))'([^']*)'", r"\1\2", signature)
