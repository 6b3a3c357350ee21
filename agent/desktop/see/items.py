"""Accessible objects while a tree is being put together, and how they are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jeepney import Message

from agent.desktop.base import Box
from agent.desktop.see.atspi import Bus, call, get_property, role_name, state_names

NULL = "/org/a11y/atspi/null"

Ref = tuple[str, str]
"""Bus name and object path."""


@dataclass(slots=True)
class Item:
    """An object while the tree is being put together."""

    ref: Ref
    parent: Ref | None
    index: int
    role: str
    name: str
    states: frozenset[str]
    has_text: bool = False
    unlisted: bool = False
    """Whether no cache lists it."""

    count: int = 0
    """How many children the application says it has."""

    box: Box | None = None
    beyond: Box | None = None
    """Where on the screen it would be, of what a page has scrolled out of sight."""

    text: str | None = None
    children: list[Item] = field(default_factory=list)


def from_cache(row: Sequence[Any]) -> Item:
    """An item of ``Cache.GetItems``: 2.46 sends an index, older ones and Qt a child list."""
    indexed = isinstance(row[3], int)
    interfaces = row[5] if indexed else row[4]
    name, role, _, states = row[-4:]
    return Item(
        ref=tuple(row[0]),
        parent=tuple(row[2]) if row[2][1] != NULL else None,
        index=row[3] if indexed else -1,
        role=role_name(role),
        name=str(name).strip(),
        states=state_names(states),
        has_text="org.a11y.atspi.Text" in interfaces,
        count=row[4] if indexed else len(row[3]),
    )


def describe(bus: Bus, refs: Sequence[Ref], patience: float) -> list[Item]:
    """Ask about objects that no cache lists; those that are gone by now are left out.

    Their ``index`` is their place in ``refs``. No ``text`` and no ``count`` is asked for.
    """
    asked: list[Message] = []
    for ref in refs:
        asked += [
            get_property(*ref, "Accessible", "Name"),
            call(*ref, "Accessible", "GetRole"),
            call(*ref, "Accessible", "GetState"),
            call(*ref, "Component", "GetExtents", "u", (0,)),
            get_property(*ref, "Accessible", "Parent"),
        ]
    answers = bus.call_all(asked, patience)
    items = []
    for place, ref in enumerate(refs):
        name, role, states, box, parent = answers[5 * place : 5 * place + 5]
        if name and role and states:
            above = tuple(parent[0][1]) if parent else ("", NULL)
            item = Item(
                ref,
                None if above[1] == NULL else above,
                place,
                role_name(role[0]),
                str(name[0][1]).strip(),
                state_names(states[0]),
                unlisted=True,
            )
            item.box = box_of(box) if box else None
            items.append(item)
    return items


def box_of(answer: Sequence[Any]) -> Box | None:
    """A box from ``GetExtents`` (one struct) or ``GetRangeExtents`` (four numbers), if any."""
    x, y, width, height = answer if len(answer) == 4 else answer[0]
    if width <= 0 or height <= 0 or min(x, y) < -10_000:
        return None
    return Box(x, y, width, height)


def meets(one: Box, other: Box | None) -> bool:
    """Whether two boxes have a pixel in common; with none given they do."""
    return other is None or (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
