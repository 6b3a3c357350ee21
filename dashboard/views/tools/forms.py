"""From a tool's JSON schema to the fields of its form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agent.models.base import ToolSpec

Field = dict[str, Any]

_LONG = frozenset({"command", "file_text", "old_str", "new_str", "insert_text"})
_CASE = re.compile(r"^For (\w+): (\w)")
_TITLES = {"computer": "Computer", "bash": "Shell", "str_replace_based_edit_tool": "Files"}
_NAMES = {"bash": "Run a command", "str_replace_based_edit_tool": "View or change a file"}


def groups(specs: Iterable[ToolSpec]) -> list[dict[str, Any]]:
    """Forms of all tools, a group for each tool."""
    return [
        {
            "title": _TITLES.get(spec.name, _words(spec.name)),
            "members": [_form(name, schema, spec) for name, schema in spec.members.items()],
        }
        for spec in specs
    ]


def _form(name: str, schema: dict[str, Any], spec: ToolSpec) -> dict[str, Any]:
    says = schema.get("description") or spec.description
    return {"name": name, "title": _NAMES.get(name, _words(name)), "says": says} | {
        "fields": fields(schema)
    }


def fields(schema: dict[str, Any]) -> list[Field]:
    """The fields of one member, in the schema's order."""
    required = schema.get("required", ())
    return [
        _field(name, part, required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]


def _field(name: str, part: dict[str, Any], *, required: bool) -> Field:
    says = str(part.get("description", ""))
    case = _CASE.match(says)
    field = {"name": name, "title": _words(name), "kind": _kind(name, part), "required": required}
    if case is not None:
        # A description that begins with "For view:" belongs to that choice of another field.
        field["when"] = case[1]
        says = case[2].upper() + says[case.end() :]
    limits = {key: part[key] for key in ("minimum", "maximum", "maxLength") if key in part}
    return field | {"says": says, "options": list(part.get("enum", ()))} | limits


def _kind(name: str, part: dict[str, Any]) -> str:
    if "enum" in part:
        return "choice"
    if part.get("type") == "array":
        return {(2, True): "point", (4, True): "region"}.get(
            (int(part.get("maxItems", 0)), "view" not in name), "numbers"
        )
    if part.get("type") in ("integer", "number"):
        return str(part["type"])
    if part.get("type") == "boolean":
        return "boolean"
    return "lines" if name in _LONG else "text"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
