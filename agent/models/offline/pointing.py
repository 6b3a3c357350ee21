"""Clicks, menus, the wheel and dragging: always at something that was found on the screen."""

from __future__ import annotations

import hashlib

from agent.desktop.base import Node, Window
from agent.models.offline import labelling, paging
from agent.models.offline.matching import clear, plain, rank
from agent.models.offline.paging import away, has_list, towards
from agent.models.offline.raising import raise_call
from agent.models.offline.sensible import scrolling
from agent.models.offline.steps import Act, Call, Done, Fail, Moment, Step, click, key, listing
from agent.models.offline.targets import called, describe, find, seen
from agent.models.offline.view import View, look
from agent.models.offline.words import lexicon, number

_RAISED = 2
_EFFECT_SECONDS = 1.5
_NAME_DIGITS = 24
_BACKGROUND = ("desktop", "the desktop", "background", "wallpaper", "desktop background")
_MEMBERS = {
    "": "left_click",
    "left": "left_click",
    "right": "right_click",
    "double": "double_click",
    "triple": "triple_click",
    "middle": "middle_click",
}
_END = {"up": "top", "down": "bottom", "left": "left end", "right": "right end"}
_END |= {"top": "top", "bottom": "bottom"}
_DID = {"right_click": "Right-clicked", "double_click": "Double-clicked"}


def _wanted(at: Moment, slot: str) -> Node | Fail:
    label = at.slot(slot)
    numbered = at.overlay.at(at.view, label)
    if numbered is not None:
        return Fail(numbered) if isinstance(numbered, str) else numbered
    nodes = find(at.view, label)
    place = at.slot("place")
    if len(nodes) > 1 and place:
        index = int(place) - 1 if int(place) > 0 else int(place)
        nodes = [nodes[index]] if -len(nodes) <= index < len(nodes) else nodes
    if len(nodes) == 1:
        return nodes[0]
    if nodes:
        return _which(at.view, label, nodes)
    names = seen(at.view)
    have = f" I see: {', '.join(names)}." if names else " I see nothing here that has a name."
    return Fail(f"I could not see {label}.{have}")


def _which(view: View, label: str, nodes: list[Node]) -> Fail:
    words = ("first", "second", "third", "fourth", "fifth")
    told = [f"{w}, {describe(view, n)}" for w, n in zip(words, nodes, strict=False)]
    return Fail(f"I see {len(nodes)} things named {label}: {'; '.join(told)}. Say: the second one.")


def _covered(view: View, node: Node) -> Call | None:
    """The click that uncovers a node's window, if another window lies over it."""
    if view.furniture(node) or view.inside(node, ("menu",)) or node.box is None:
        return None
    window = view.window_of(node)
    top = view.on_top_at(*node.box.center)
    if window is None or top is None or top.id == window.id:
        return None
    return raise_call(view, window)


async def click_label(at: Moment) -> Step:
    """Click on something by its name, and say what came of it."""
    member = _MEMBERS[at.slot("button")]
    if at.phase == 1:
        name = bytes.fromhex(at.memo.split("x")[2]).decode() or at.slot("label")
        return await _clicked(at, f"{_DID.get(member, 'Clicked')} {name}.")
    if plain(at.slot("label")) in _BACKGROUND and not find(at.view, at.slot("label")):
        return _on_background(at.view, member)
    label = at.slot("label")
    if at.overlay.at(at.view, label) is None:
        if number(label) is not None and not find(at.view, label):
            return Fail(labelling.NOTHING_SHOWN)
        await at.appears(lambda v: find(v, label) or away(v, label), 2.0)
        if not find(at.view, label) and (nearer := towards(at, label)):
            return nearer
    node = _wanted(at, "label")
    if isinstance(node, Fail):
        return node
    if at.phase == 0 and (uncover := _covered(at.view, node)):
        return Act("Bringing its window to the front.", (uncover,), _RAISED)
    assert node.box is not None  # noqa: S101 - found nodes have boxes
    held = at.slot("modifier").split()
    keys = "+".join(str(lexicon()["modifiers"][name]) for name in held)
    action = click(*node.box.center, name=member, held=keys)
    say = f"Clicking {called(node)}{f' with {listing(held)} held' if held else ''}."
    return Act(say, (action,), 1, _memo(at.view, called(node)))


async def choose_number(at: Moment) -> Step:
    """A number by itself: a square to look closer at, or something to click on."""
    if at.phase == 0 and (closer := labelling.closer(at)):
        return closer
    if at.phase or at.overlay.shown:
        label = at.slot("ordinal") or at.slot("label")
        return await click_label(at.having(label=label, button=""))
    return Fail("There is nothing to choose from. Say, for example: click Save.")


async def drag_marked(at: Moment) -> Step:
    """Drag from the place that was marked to a number, and say what came of it."""
    if at.phase == 0:
        return labelling.drag(at, _memo(at.view))
    return await _clicked(at, f"Dragged to {at.slot('label')}.")


async def choose(at: Moment) -> Step:
    """Choose from a list that drops down; what is no list's entry is clicked on."""
    option, place = at.slot("option"), at.slot("label")
    begins = at.phase in (0, paging.SCROLLING)
    if at.memo.startswith(paging.LIST) or (begins and has_list(at.view, place)):
        return await paging.choose(at)
    return await click_label(at.having(label=f"{option} in the {place}"))


def _on_background(view: View, member: str) -> Step:
    """A click beside all windows, as near to the middle as can be."""
    width, height = view.size
    points = [(x, y) for x in range(20, width, 40) for y in range(20, view.floor - 10, 40)]
    free = [p for p in points if not any(_covers(w, *p) for w in view.programs)]
    if not free:
        return Fail("Windows cover the whole desktop. Say: show the desktop.")
    x, y = min(free, key=lambda p: abs(p[0] - width // 2) + abs(p[1] - height // 2))
    act = click(x, y, name=member)
    return Act("Clicking on the desktop.", (act,), 1, _memo(view, "the desktop"))


def _covers(window: Window, x: int, y: int) -> bool:
    return not window.minimised and window.box.contains(x, y)


def _memo(view: View, name: str = "") -> str:
    """The screen before; a short name as well, since what was meant is not what was said."""
    written = name.encode().hex()
    return f"{view.print}x{len(view.dialogs)}x{written if len(written) <= _NAME_DIGITS else ''}"


async def _clicked(at: Moment, did: str) -> Step:
    """Tell what changed: a dialog, a window, a menu; or that nothing did."""
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    before, dialogs, _ = at.memo.split("x")
    if not await at.until(lambda v: v.print != before, _EFFECT_SECONDS):
        return Done(f"{did} Nothing on the screen changed that I can see.")
    if len(at.view.dialogs) <= int(dialogs or 0):
        await at.until(lambda v: len(v.dialogs) > int(dialogs or 0), 0.4)
    if len(at.view.dialogs) > int(dialogs or 0):
        name = at.view.dialogs[-1].name
        return Done(f"{did} A dialog is open{f', {name}' if name else ''}.")
    return Done(did)


async def click_here(at: Moment) -> Step:
    """Click where the pointer is, or in the middle of the grid."""
    if at.phase == 1:
        return await _clicked(at, "Clicked.")
    given = {"coordinate": list(at.overlay.grid.center)} if at.overlay.grid else {}
    return Act("Clicking here.", (Call(_MEMBERS[at.slot("button")], given),), 1, _memo(at.view))


async def context_menu(at: Moment) -> Step:
    """Open the menu of what has the keyboard."""
    if at.phase == 0:
        return Act("Opening the context menu.", (key("shift+F10"),))
    if await at.until(_open_items, 2.0):
        return Done("The context menu is open.")
    return Fail("No context menu has opened.")


# Menus -----------------------------------------------------------------------------


def _menus(view: View) -> list[Node]:
    """Menus that can be opened now: of menu bars, the active window's first, and submenus."""
    bars = [n for n in view.tree.showing("menu") if n.name and n.box]
    return sorted(bars, key=lambda n: (not view.in_active(n), view.furniture(n)))


def _find_menu(at: Moment) -> Node | Fail:
    said = at.slot("menu")
    found = clear(rank(said, [(n.name, n) for n in _menus(at.view)]))
    if found:
        return found[0].item
    panel = [n for n in at.view.tree.showing("toggle button") if at.view.furniture(n)]
    if found := rank(said, [(n.name, n) for n in panel if n.name]):
        return found[0].item
    active = [n.name for n in _menus(at.view) if at.view.in_active(n)]
    have = f" I see: {', '.join(active[:9])}." if active else " No menu shows in this window."
    return Fail(f"I could not see a menu named {said}.{have}")


def _items_of(view: View, menu: Node) -> list[Node]:
    items = view.tree.showing("menu item", "check menu item", "radio menu item", "menu")
    return [n for n in items if menu in view.ancestors(n)]


def _open_items(view: View) -> list[Node]:
    items = view.tree.showing("menu item", "check menu item", "radio menu item")
    return [n for n in items if not view.furniture(n)]


async def menu(at: Moment) -> Step:
    """Open a menu, unless it is open."""
    await at.appears(lambda _: not isinstance(_find_menu(at), Fail), 2.5)
    node = _find_menu(at)
    if isinstance(node, Fail):
        return node
    if at.phase == 1:
        if at.failure:
            return Fail(f"I could not open the menu: {at.failure}")
        if await at.until(lambda v: _items_of(v, node) or _selected(v, node), 2.0):
            return Done(f"The {node.name} menu is open.")
        return Fail(f"I clicked on {node.name}, but no menu has opened.")
    if _items_of(at.view, node):
        return Done(f"The {node.name} menu is open.")
    if at.phase == 0 and (uncover := _covered(at.view, node)):
        return Act("Bringing its window to the front.", (uncover,), _RAISED)
    assert node.box is not None  # noqa: S101 - found nodes have boxes
    return Act(f"Opening the {node.name} menu.", (click(*node.box.center),))


def _selected(view: View, node: Node) -> bool:
    now = next((n for n in view.tree.nodes if n.id == node.id), None)
    return now is not None and node.role != "menu" and "checked" in now.states


async def close_menu(at: Moment) -> Step:
    """Leave an open menu or dialog with Escape."""
    if at.phase == 0:
        if not at.view.menu_open and not at.view.dialogs:
            return Fail("I see no open menu and no dialog.")
        what = "menu" if at.view.menu_open else "dialog"
        return Act("Pressing Escape.", (key("Escape"),), 1, f"{what}x{len(at.view.dialogs)}")
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    what, _, dialogs = at.memo.partition("x")

    def gone(view: View) -> bool:
        return not view.menu_open if what == "menu" else len(view.dialogs) < int(dialogs)

    if await at.until(gone, _EFFECT_SECONDS):
        return Done(f"The {what} is closed.")
    return Fail(f"I pressed Escape, but the {what} is still open.")


# Pointer and wheel --------------------------------------------------------------------


_NUDGE = 50
"""Pixels that the pointer is moved where nobody says how far."""


async def move_pointer(at: Moment) -> Step:
    """Move the pointer by a distance, or drag by it what is there."""
    x, y = await at.desktop.input.position()
    if at.phase:
        if at.failure:
            return Fail(f"I could not move the pointer: {at.failure}")
        moved = f"{x}x{y}" != at.memo
        return (
            Done(f"The pointer is further {at.slot('way')} now.")
            if moved
            else Fail(f"The pointer is as far {at.slot('way')} as it can go.")
        )
    far = number(at.slot("count")) or _NUDGE
    across = {"left": -far, "right": far}.get(at.slot("way"), 0)
    along = {"up": -far, "down": far}.get(at.slot("way"), 0)
    width, height = at.view.size
    point = [min(max(x + across, 0), width - 1), min(max(y + along, 0), height - 1)]
    act = Call("mouse_move", {"coordinate": point})
    if at.slot("drag"):
        act = Call("left_click_drag", {"start_coordinate": [x, y], "coordinate": point})
    return Act(f"Moving the pointer {at.slot('way')}.", (act,), 1, f"{x}x{y}")


async def click_text(at: Moment) -> Step:
    """Click into the text of the window in front."""
    if at.phase:
        if at.failure:
            return Fail(f"That did not work: {at.failure}")
        if await at.until(lambda v: v.writing, 2.0):
            return Done("The cursor is in the text.")
        return Fail("I clicked there, but no text has the cursor.")
    inside = [n for n in at.view.texts if at.view.in_active(n) and n.box and n.role != "terminal"]
    if not inside:
        return Fail("I see no text in the window in front.")
    box = max((n.box for n in inside if n.box), key=lambda box: box.width * box.height)
    return Act("Clicking into the text.", (click(*box.center),))


async def hover(at: Moment) -> Step:
    """Move the pointer onto something."""
    if at.phase == 1 and at.failure:
        return Fail(f"I could not move the pointer: {at.failure}")
    node = _wanted(at, "label")
    if isinstance(node, Fail):
        return node
    assert node.box is not None  # noqa: S101 - found nodes have boxes
    if at.phase == 1:
        there = node.box.contains(*await at.desktop.input.position())
        told = f"The pointer is {'' if there else 'not '}on {called(node)}."
        return Done(told) if there else Fail(told)
    point = list(node.box.center)
    return Act(f"Pointing at {node.name}.", (Call("mouse_move", {"coordinate": point}),))


async def drag(at: Moment) -> Step:
    """Drag one thing onto another."""
    if at.phase == 1:
        return await _clicked(at, f"Dragged {at.slot('source')} to {at.slot('destination')}.")
    source, destination = _wanted(at, "source"), _wanted(at, "destination")
    for end in (source, destination):
        if isinstance(end, Fail):
            return end
    assert isinstance(source, Node) and isinstance(destination, Node)  # noqa: S101, PT018
    assert source.box is not None and destination.box is not None  # noqa: S101, PT018
    given = {
        "start_coordinate": list(source.box.center),
        "coordinate": list(destination.box.center),
    }
    say = f"Dragging {source.name} to {destination.name}."
    return Act(say, (Call("left_click_drag", given),), 1, _memo(at.view))


async def scroll(at: Moment) -> Step:
    """Turn the wheel over the active window, or go to its top or bottom."""
    direction, amount = scrolling(at.command) or ("down", 5)
    if at.phase == 1:
        return await _scrolled(at, direction)
    window = at.view.active
    if window is None:
        return Fail("No window is in front, so there is nothing to scroll.")
    before = await _lines(at)
    if not amount:
        go = key("ctrl+Home" if direction == "top" else "ctrl+End")
        return Act(f"Going to the {direction}.", (go,), 1, before)
    x, y = window.box.center
    given = {"scroll_direction": direction, "scroll_amount": amount, "coordinate": [x, y]}
    return Act(f"Scrolling {direction}.", (Call("scroll", given),), 1, before)


async def _scrolled(at: Moment, direction: str) -> Step:
    if at.failure:
        return Fail(f"I could not scroll: {at.failure}")
    before = at.memo

    async def moved() -> bool:
        at.view = await look(at.desktop)
        return await _lines(at) != before

    came = await at.come(moved)
    if direction in ("top", "bottom") and (came or await _caret_at(at, direction)):
        return Done(f"This is the {direction}.")
    if came:
        return Done(f"Scrolled {direction}.")
    return Done(f"Nothing moved that I can see: it may be at the {_END[direction]} already.")


async def _caret_at(at: Moment, end: str) -> bool:
    """Whether the cursor of the text is at its beginning or its end."""
    if at.view.field is None:
        return False
    wanted = 0 if end == "top" else len(await at.desktop.text_of(at.view.field))
    return await at.desktop.caret_of(at.view.field) == wanted


async def _lines(at: Moment) -> str:
    """A digest of what shows and of where each line of the text is, which scrolling moves."""
    lines = await at.desktop.lines_of(at.view.field) if at.view.field else ()
    return hashlib.sha256(f"{at.view.print}{lines}".encode()).hexdigest()[:12]
