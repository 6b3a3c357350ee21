"""Switches by name: check items of menus, check boxes, toggle buttons; their state is looked up."""

from __future__ import annotations

from agent.desktop.base import Node
from agent.models.offline.matching import clear, rank
from agent.models.offline.places import place
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, click, key, listing
from agent.models.offline.targets import called
from agent.models.offline.view import View

_OPENING, _SWITCHED = 41, 42
PHASES = (_OPENING, _SWITCHED)
"""Phases of `switch`, which no other handler has: one that turns to it may ask for them."""

_IN_MENUS = ("check menu item", "radio menu item")
_SWITCHES = (*_IN_MENUS, "check box", "radio button", "toggle button")
_PATH = ("menu", "menu item")
_DEEPEST = 4
"""Menus in one another that are opened."""

_QUOTES = " '\"\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}“”"
_SECONDS = 2.0
_OFFERED = 6
"""Switches that are named where the one that was meant is not there."""


def switches(view: View) -> list[Node]:
    """What can be switched on and off in the window in front, also in menus that are closed."""
    nodes = [n for n in view.tree.nodes if n.role in _SWITCHES and n.name and view.in_active(n)]
    return [n for n in nodes if n.showing or n.role in _IN_MENUS]


def find(view: View, label: str, menu: str = "") -> Node | None:
    """The switch that a label means, in a menu if one is named; None if unclear or not there."""
    named = [(n.name, n) for n in switches(view) if not menu or _is_in(view, n, menu)]
    found = clear(rank(label.strip(_QUOTES), named))
    return found[0].item if found else None


def _is_in(view: View, node: Node, menu: str) -> bool:
    return bool(rank(menu, [(n.name, n) for n in view.ancestors(node) if n.role == "menu"]))


def _is_on(node: Node) -> bool:
    return bool({"checked", "pressed"} & node.states)


async def switch(at: Moment) -> Step:
    """Switch something on or off, or tell how it stands: the slots ``label`` and ``state``."""
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    label, wanted = at.slot("label"), at.slot("state")
    node = find(at.view, label, at.slot("menu"))
    if node is None and at.phase == 0:
        await at.appears(lambda v: find(v, label, at.slot("menu")), _SECONDS)
        node = find(at.view, label, at.slot("menu"))
    if node is None:
        return _none(at)
    if at.phase == _SWITCHED:
        return await _switched(at, node)
    if wanted == "ask" or (at.phase == 0 and _is_on(node) == (wanted == "on")):
        already = "" if wanted == "ask" else " already"
        return Done(f"{called(node)} is {'on' if _is_on(node) else 'off'}{already}.")
    return await _towards(at, node)


async def _towards(at: Moment, node: Node) -> Step:
    """A click on the switch, or on the menu that leads to it."""
    tries = int(at.memo or 0) if at.phase == _OPENING else 0
    if tries > _DEEPEST:
        return Act("Closing the menu.", (key("Escape", _DEEPEST),), _SWITCHED)
    if tries:
        await at.until(lambda v: _is_shown(v, node) or _leading(v, node) > tries, _SECONDS)
    now = next((n for n in at.view.tree.nodes if n.id == node.id), node)
    if now.showing and now.box is not None:
        return Act(f"Clicking {called(now)}.", (click(*now.box.center),), _SWITCHED)
    menus = _menus(at.view, now)
    if not menus or menus[0].box is None:
        return Fail(f"{called(now)} is not in sight, and I see no menu that leads to it.")
    say = f"Opening the {menus[0].name} menu."
    return Act(say, (click(*menus[0].box.center),), _OPENING, str(tries + 1))


def _menus(view: View, node: Node) -> list[Node]:
    """The menus in sight that lead to a node, the innermost first."""
    return [n for n in view.ancestors(node) if n.role in _PATH and n.name and n.showing and n.box]


def _leading(view: View, node: Node) -> int:
    return len(_menus(view, node))


def _is_shown(view: View, node: Node) -> bool:
    return any(n.id == node.id and n.showing for n in view.tree.nodes)


async def _switched(at: Moment, node: Node) -> Step:
    label, on = at.slot("label"), at.slot("state") == "on"

    def so(view: View) -> bool:
        now = find(view, label, at.slot("menu"))
        return now is not None and _is_on(now) == on

    if await at.until(so, _SECONDS):
        return Done(f"{called(node)} is {'on' if on else 'off'}.")
    return Fail(f"I clicked on {called(node)}, but it is still {'off' if on else 'on'}.")


def _none(at: Moment) -> Fail:
    label = at.slot("label").strip(_QUOTES)
    items = [(n.name, n) for n in at.view.tree.nodes if n.role == "menu item" and n.name]
    if found := clear(rank(label, [item for item in items if at.view.in_active(item[1])])):
        name = found[0].item.name
        return Fail(
            f"{name} is in a menu, but {place(at.view)} does not tell whether it is on. "
            f"To change it, open the menu and say: click {name}."
        )
    names = list(dict.fromkeys(called(n) for n in switches(at.view)))[:_OFFERED]
    have = f" I see: {listing(names)}." if names else ""
    return Fail(f"I see no switch called {at.slot('label')} in {place(at.view)}.{have}")
