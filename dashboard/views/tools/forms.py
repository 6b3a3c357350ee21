"""From a tool's JSON schema to the fields of its form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agent.kinds import ToolKind, in_words, kind_of
from agent.models.base import ToolSpec
from dashboard.words import t

Field = dict[str, Any]

_LONG = frozenset({"command", "file_text", "old_str", "new_str", "insert_text"})
_CASE = re.compile(r"^For (\w+): (\w)")


def groups(specs: Iterable[ToolSpec]) -> list[dict[str, Any]]:
    """Forms of all tools, a group for each tool."""
    return [_group(spec, kind_of(spec.name)) for spec in specs]


def _group(spec: ToolSpec, kind: ToolKind | None) -> dict[str, Any]:
    titles = kind.titles if kind else {}
    return {
        "title": t(kind.label) if kind else in_words(spec.name),
        "members": [
            {
                "name": name,
                "title": titles.get(name, in_words(name)),
                "says": schema.get("description") or spec.description,
                "fields": fields(schema),
            }
            for name, schema in spec.members.items()
        ],
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
    field = {"name": name, "title": in_words(name), "kind": _kind(name, part), "required": required}
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
