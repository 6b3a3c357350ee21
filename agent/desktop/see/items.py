"""Accessible objects while a tree is being put together, and how they are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import Any

from agent.desktop.base import Box
from agent.desktop.see.atspi import Bus, call, get_property, role_name, state_names
from agent.desktop.see.wire import Call

NULL = "/org/a11y/atspi/null"

Ref = tuple[str, str]
"""Bus name and object path."""

_Answer = tuple[Any, ...] | None


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


EMPTY: Mapping[Ref, Item] = MappingProxyType({})
"""Nothing that is known."""


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


def describe(
    bus: Bus, refs: Sequence[Ref], patience: float, known: Mapping[Ref, Item] = EMPTY
) -> list[Item]:
    """Ask about objects that no cache lists; those that are gone by now are left out.

    Their ``index`` is their place in ``refs``. No ``text`` and no ``count`` is asked for, and of
    what is ``known`` no name, role and parent.
    """
    asked: list[Call] = []
    for ref in refs:
        asked.append(call(*ref, "Accessible", "GetState"))
        asked.append(call(*ref, "Component", "GetExtents", "u", (0,)))
        if ref not in known:
            asked.append(get_property(*ref, "Accessible", "Name"))
            asked.append(call(*ref, "Accessible", "GetRole"))
            asked.append(get_property(*ref, "Accessible", "Parent"))
    answers = iter(bus.call_all(asked, patience))
    items = []
    for place, ref in enumerate(refs):
        states, extents = next(answers), next(answers)
        item = _again(known[ref]) if ref in known else _told(ref, *islice(answers, 3))
        if item and states:
            item.index, item.states = place, state_names(states[0])
            item.box = box_of(extents) if extents else None
            items.append(item)
    return items


def _told(ref: Ref, name: _Answer, role: _Answer, parent: _Answer) -> Item | None:
    """An object by what was answered about it; None if it is gone."""
    if not (name and role):
        return None
    above = tuple(parent[0][1]) if parent else ("", NULL)
    return Item(
        ref,
        None if above[1] == NULL else above,
        0,
        role_name(role[0]),
        str(name[0][1]).strip(),
        frozenset(),
        unlisted=True,
    )


def _again(known: Item) -> Item:
    """An object that was described before, without what is asked for at each look."""
    return replace(known, beyond=None, text=None, children=[])


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
