"""Names that a program gives to an object by what stands beside it: a label, or a tip.

Browsers reckon the name of each object; GTK leaves it to who reads. A field is called there by its
placeholder and a list box by what is chosen of it, though a label beside them names them; every
field to search in is called the same, whatever it says; a button that shows only a picture has no
more than a tip.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from agent.desktop.see.atspi import Bus, call, get_property
from agent.desktop.see.items import Item, Ref
from agent.desktop.see.wire import Call

_LABELLED_BY = 2
"""AT-SPI's number of the relation from an object to its label."""

_BY_LABEL = frozenset({"entry", "password text", "spin button", "combo box", "text", "editbar"})
"""Roles of what is called by its label, whatever name it has."""

_NAMELESS = frozenset(
    {"push button", "toggle button", "check box", "radio button", "slider", "switch", "icon"}
    | {"toggle switch", "link", "table", "tree table", "list box"}
)
"""Roles of what is called by its label or tip if it has no name."""


def take_labels(
    bus: Bus, items: dict[Ref, Item], named: Callable[[Item], bool], patience: float
) -> None:
    """Name what shows by labels and tips; what is named by a label keeps a chosen entry as text.

    ``named``: whether a program has reckoned the name of an object itself, as browsers do.
    """
    wanted = [item for item in items.values() if _is_wanted(item) and not named(item)]
    asked = [call(*item.ref, "Accessible", "GetRelationSet") for item in wanted]
    asked += [
        call(*item.ref, "Accessible", "GetAttributes")
        if item.role in _BY_LABEL
        else get_property(*item.ref, "Accessible", "Description")
        for item in wanted
    ]
    answers = bus.call_all(asked, patience)
    labels = [_label_of(answer) for answer in answers[: len(wanted)]]
    names = _names(bus, {ref for ref in labels if ref}, items, patience)
    for item, label, other in zip(wanted, labels, answers[len(wanted) :], strict=True):
        name = names.get(label, "") if label else ""
        name = name or (_told_otherwise(item, other[0]) if other else "")
        if name and item.role == "combo box" and name != item.name:
            item.text = item.name
        item.name = name or item.name


def _told_otherwise(item: Item, answer: Any) -> str:
    """What stands in an empty field, of its attributes; a button's tip."""
    if item.role in _BY_LABEL:
        return str(answer.get("placeholder-text", "")).strip()
    return str(answer[1]).strip()


def _is_wanted(item: Item) -> bool:
    fit = item.role in _BY_LABEL or (item.role in _NAMELESS and not item.name)
    return fit and item.box is not None and "showing" in item.states


def _label_of(answer: Sequence[object] | None) -> Ref | None:
    """The first object that a set of relations names as a label."""
    relations: object = answer[0] if answer else ()
    assert isinstance(relations, list | tuple)  # noqa: S101 - by its signature, a(ua(so))
    for kind, targets in relations:
        if kind == _LABELLED_BY and targets:
            return str(targets[0][0]), str(targets[0][1])
    return None


def _names(
    bus: Bus, refs: Collection[Ref], items: dict[Ref, Item], patience: float
) -> dict[Ref, str]:
    """What labels say; those that are not among the objects are asked."""
    known = {ref: items[ref].name for ref in refs if ref in items}
    others = [ref for ref in refs if ref not in known]
    asked: list[Call] = [get_property(*ref, "Accessible", "Name") for ref in others]
    for ref, answer in zip(others, bus.call_all(asked, patience), strict=True):
        known[ref] = str(answer[0][1]).strip() if answer else ""
    return known
