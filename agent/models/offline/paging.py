"""Forms and pages: fields filled, lists chosen from, boxes ticked, and what must be scrolled to.

Each is looked up afterwards in the object itself.
"""

from __future__ import annotations

import hashlib
import re

from agent.desktop.base import Box, Node
from agent.models.offline import switching
from agent.models.offline.matching import EXACT, clear, likeness, plain, rank
from agent.models.offline.steps import (
    Act,
    Call,
    Done,
    Fail,
    Moment,
    Step,
    click,
    key,
    shortened,
    type_text,
)
from agent.models.offline.targets import called, candidates, find, ranked, take_apart
from agent.models.offline.view import View

SCROLLING = 7
"""Phase in which what is meant is not in sight yet."""

LIST = "list"
"""Beginning of the memo of a choice from a list that drops down; then what was chosen."""

_CHOSEN, _OPENED, _FOCUSED, _WRITTEN = 1, 2, 3, 4
_PAGES = ("document web", "document frame")
_TICKED = ("check box", "radio button", "toggle button", "check menu item")
_FIELDS = ("entry", "text", "password text", "spin button", "combo box", "editbar")
_OPTIONS = ("menu item", "list item", "radio menu item", "check menu item", "table cell")
_STEPS = 14
"""How often the wheel is turned for one thing before it is given up."""
_NOTCH = 100
"""Pixels that a page moves by one notch of the wheel, at least."""
_SECONDS = 2.0


# What is out of sight ----------------------------------------------------------------------


def away(view: View, label: str) -> Node | None:
    """What a label means of a page's part that is out of sight; None if nothing, or unclear."""
    wanted = take_apart(label)
    hidden = [n for n in view.tree.nodes if n.beyond and n.name and view.in_active(n)]
    found = clear(rank(wanted.name, [(n.name, n) for n in hidden]))
    best = sorted((s.item for s in found), key=ranked)
    return best[0] if best and (len(best) == 1 or ranked(best[0]) < ranked(best[1])) else None


def towards(at: Moment, label: str) -> Act | None:
    """The turn of the wheel that brings nearer what a label means; None if it is not away."""
    node = away(at.view, label)
    page = at.view.inside(node, _PAGES) if node else None
    tries = int(at.memo) if at.phase == SCROLLING else 0
    if node is None or node.beyond is None or page is None or page.box is None or tries >= _STEPS:
        return None
    direction, distance = _way(node.beyond, page.box)
    given = {
        "scroll_direction": direction,
        "scroll_amount": max(1, min(20, distance // _NOTCH)),
        "coordinate": list(page.box.center),
    }
    return Act(f"Scrolling to {called(node)}.", (Call("scroll", given),), SCROLLING, str(tries + 1))


def _way(box: Box, page: Box) -> tuple[str, int]:
    """Where a box lies as seen from the middle of a page, and how far, in pixels."""
    down = box.center[1] - page.center[1]
    right = box.center[0] - page.center[0]
    if box.y + box.height <= page.y or box.y >= page.y + page.height:
        return ("down" if down > 0 else "up"), abs(down)
    return ("right" if right > 0 else "left"), abs(right)


async def _in_sight(at: Moment, label: str) -> Act | None:
    """Wait for what a label means; the wheel's turn if it is on the page, but not in sight."""
    wait = at.until if pages(at.view) else at.appears  # a page may still be loading
    await wait(lambda v: find(v, label) or away(v, label), _SECONDS)
    return None if find(at.view, label) else towards(at, label)


async def scroll_to(at: Moment) -> Step:
    """Scroll until something shows."""
    label = at.slot("label")
    if at.phase == SCROLLING and at.failure:
        return Fail(f"I could not scroll: {at.failure}")
    if act := await _in_sight(at, label):
        return act
    found = find(at.view, label)
    if found:
        return Done(f"{called(found[0])} is in sight.")
    return Fail(f"I could not find {label} on this page.")


# Boxes to tick -----------------------------------------------------------------------------


async def tick(at: Moment) -> Step:
    """Tick or untick a box, unless it is so already."""
    label, on = at.slot("label"), at.slot("state") == "on"
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    if at.phase in switching.PHASES:
        return await switching.switch(at)
    how = "ticked" if on else "not ticked"
    if at.phase == _CHOSEN:
        if await at.until(lambda v: (n := _box(v, label)) and _is_on(n) == on, _SECONDS):
            return Done(f"{label} is {how}.")
        return Fail(f"I clicked on {label}, but it is still {'not ticked' if on else 'ticked'}.")
    if act := await _in_sight(at, label):
        return act
    node = _box(at.view, label)
    if node is None or node.box is None:
        return await switching.switch(at)
    if _is_on(node) == on:
        return Done(f"{called(node)} is {how} already.")
    return Act(f"Clicking {called(node)}.", (click(*node.box.center),), _CHOSEN)


def _is_on(node: Node) -> bool:
    return bool({"checked", "pressed"} & node.states)


def _box(view: View, label: str) -> Node | None:
    return _named(view, label, _TICKED)


def _named(view: View, label: str, roles: tuple[str, ...]) -> Node | None:
    """The object of one of these roles that a label means; the active window's first."""
    nodes = [n for n in candidates(view) if n.role in roles]
    nodes.sort(key=lambda n: not view.in_active(n))
    found = clear(rank(take_apart(label).name, [(n.name, n) for n in nodes]))
    return found[0].item if found else None


# Lists to choose from ------------------------------------------------------------------------


async def choose(at: Moment) -> Step:
    """Choose an entry of a list that drops down."""
    label, option = at.slot("label"), at.slot("option")
    if at.failure:
        return Fail(f"I could not choose {option}: {at.failure}")
    if at.phase == _CHOSEN:
        return await _chosen(at, label, option)
    if at.phase == _OPENED:
        return await _pick(at, label, option)
    if act := await _in_sight(at, label):
        return act
    node = _named(at.view, label, ("combo box",))
    if node is None or node.box is None:
        return Fail(f"I see no list called {label}.")
    if likeness(option, node.text or "") >= EXACT:
        return Done(f"{called(node)} is {shortened(node.text or '')} already.")
    return Act(f"Opening {called(node)}.", (click(*node.box.center),), _OPENED, LIST)


def has_list(view: View, label: str) -> bool:
    """Whether a list of that name is there, in sight or not."""
    node = _named(view, label, ("combo box",)) or away(view, label)
    return node is not None and node.role == "combo box"


async def _pick(at: Moment, label: str, option: str) -> Step:
    if await at.until(lambda v: _option(v, option), _SECONDS):
        node = _option(at.view, option)
        assert node is not None and node.box is not None  # noqa: S101, PT018 - just seen
        return Act(
            f"Choosing {node.name}.", (click(*node.box.center),), _CHOSEN, _choice(node.name)
        )
    return Fail(f"{label} is open, but I see no entry called {option} in it.")


def _option(view: View, option: str) -> Node | None:
    nodes = [n for n in view.tree.showing(*_OPTIONS) if n.name and not view.furniture(n)]
    found = clear(rank(option, [(n.name, n) for n in nodes]))
    return found[0].item if found else None


async def _chosen(at: Moment, label: str, option: str) -> Step:
    def so(view: View) -> bool:
        node = _named(view, label, ("combo box",))
        return node is not None and _choice(node.text or "") == at.memo

    if await at.until(so, _SECONDS):
        return Done(f"{label} is {option} now.")
    node = _named(at.view, label, ("combo box",))
    said = f" It says {shortened(node.text)}." if node and node.text else ""
    return Fail(f"I chose {option}, but cannot see it in {label}.{said}")


def _choice(entry: str) -> str:
    """What is remembered of an entry that was chosen."""
    return LIST + hashlib.sha256(plain(entry).encode()).hexdigest()[:12]


# Fields to fill ------------------------------------------------------------------------------


async def fill(at: Moment) -> Step:
    """Write into a field in place of what is in it, and read it back."""
    label, text = re.sub(r"\s+(?:field|box)$", "", at.slot("label")), at.slot("text")
    if at.failure:
        return Fail(f"I could not fill in {label}: {at.failure}")
    if at.phase == _WRITTEN:
        return await _read_back(at, label, text)
    if at.phase == _FOCUSED:
        if not await at.until(lambda v: (n := v.focused) and n.role in _FIELDS, _SECONDS):
            return Fail(f"I clicked on {label}, but the cursor did not go there.")
        calls = (key("ctrl+a"), type_text(text))
        return Act(f"Typing: {shortened(text, 60)}", calls, _WRITTEN)
    if act := await _in_sight(at, label):
        return act
    node = _named(at.view, label, _FIELDS)
    if node is None or node.box is None:
        return Fail(f"I see no field called {label}.")
    return Act(f"Going to {called(node)}.", (click(*node.box.center),), _FOCUSED)


async def _read_back(at: Moment, label: str, text: str) -> Step:
    def written(view: View) -> bool:
        node = _named(view, label, _FIELDS)
        return node is not None and (node.text or "").strip() == text.strip()

    node = _named(at.view, label, _FIELDS)
    if node is not None and node.role == "password text":
        return Done(f"I typed it into {called(node)}.")
    if await at.until(written, _SECONDS):
        return Done(f"{label} now says: {shortened(text)}")
    return Fail(f"I typed it, but {label} does not show it as I typed it.")


# Back and forward ----------------------------------------------------------------------------

_KEYS = {"back": "alt+Left", "forward": "alt+Right", "reload": "F5"}
_DID = {"back": "This is the page before.", "forward": "This is the page after it."}


def pages(view: View) -> list[Node]:
    """What shows of web pages in the window in front."""
    return [n for n in view.tree.showing(*_PAGES) if view.in_active(n)]


async def browse(at: Moment) -> Step:
    """Go to the page before or after, or reload the page."""
    where = at.slot("what")
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    if at.phase == 0:
        if not pages(at.view):
            return Fail("No web page is in front. Say: open the browser.")
        return Act(
            f"Going {where}." if where != "reload" else "Reloading the page.",
            (key(_KEYS[where]),),
            _CHOSEN,
            at.view.print,
        )
    if await at.until(lambda v: v.print != at.memo, _SECONDS):
        return Done(_DID.get(where, "The page was reloaded."))
    if where == "reload":
        return Done("The page was reloaded; nothing on it changed.")
    return Fail(f"Nothing changed: there may be no page to go {where} to.")
