"""What the program in front does by keys of its own: zoom, print, one folder up."""

from __future__ import annotations

from collections.abc import Sequence

from agent.desktop.base import Node
from agent.models.offline.applications import asks
from agent.models.offline.places import call, find_apps, place
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, capital, click, key
from agent.models.offline.view import View
from agent.models.offline.words import number

_ZOOMS = {
    "in": ("ctrl+plus", "larger"),
    "out": ("ctrl+minus", "smaller"),
    "normal": ("ctrl+0", "of its usual size"),
}


async def _line_height(at: Moment) -> int:
    """Pixels of a line of the text in front; 0 if it has none that can be measured."""
    field = at.view.field
    lines = await at.desktop.lines_of(field) if field is not None else ()
    return min((box.height for _, box in lines if box.height > 0), default=0)


async def zoom(at: Moment) -> Step:
    """Make a text larger or smaller on the screen, and measure it."""
    press, how = _ZOOMS[at.slot("way")]
    if at.phase == 0:
        if at.view.active is None:
            return Fail("No window is in front, so there is nothing to zoom.")
        before = await _line_height(at)
        if not before:
            return Fail(f"I see no text in {place(at.view)} whose size I could check.")
        return Act(f"Making the text {how}.", (key(press),), 1, str(before))
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    before = int(at.memo)

    async def changed() -> bool:
        now = await _line_height(at)
        return bool(now) and (now > before if at.slot("way") == "in" else now != before)

    if await at.come(changed, 2.0):
        return Done(f"The text is {how}.")
    return Fail(f"The text in {place(at.view)} has the same size as before.")


async def print_(at: Moment) -> Step:
    """Open the print dialog, in a program that has one."""
    window = at.view.active
    if at.phase == 0:
        if window is None:
            return Fail("No window is in front, so there is nothing to print.")
        if not _offers(at.view, "print"):
            return Fail(f"{capital(call(at.view, window))} cannot print.")
        dialogs = str(len(at.view.dialogs))
        return Act("Opening the print dialog.", (key("ctrl+p"),), 1, dialogs)
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    if await at.until(lambda v: len(v.dialogs) > int(at.memo), 4.0):
        name = at.view.dialogs[-1].name
        return Done(f"The dialog {name or 'to print'} is open: {asks(at.view)}")
    return Fail("No print dialog has opened.")


async def turn_tab(at: Moment) -> Step:
    """Show the tab beside the one that shows."""
    window, which = at.view.active, at.slot("which")
    if at.phase == 0:
        tabs = [n for n in at.view.tree.showing("page tab") if at.view.in_active(n)]
        if window is None or len(tabs) < 2:
            return Fail(f"I see no other tab in {place(at.view)}.")
        if which not in ("next", "previous"):
            return _to_tab(at, tabs)
        press = key("ctrl+Page_Down" if which == "next" else "ctrl+Page_Up")
        return Act(f"Going to the {which} tab.", (press,), 1, _title(window.title))
    if at.failure:
        return Fail(f"That did not work: {at.failure}")

    def other(view: View) -> bool:
        return view.active is not None and _title(view.active.title) != at.memo

    if await at.until(other, 2.0) and at.view.active is not None:
        return Done(f"The tab shows {at.view.active.title.lstrip('*')}.")
    return Fail(f"{capital(place(at.view))} shows the same tab as before.")


def _to_tab(at: Moment, tabs: Sequence[Node]) -> Step:
    """A click on the tab that has a number, counted from the left."""
    in_order = sorted((tab for tab in tabs if tab.box), key=lambda tab: tab.box.x if tab.box else 0)
    last = at.slot("which") == "last"
    wanted = len(in_order) if last else number(at.slot("nth") or at.slot("index")) or 0
    if not 1 <= wanted <= len(in_order):
        return Fail(f"{capital(place(at.view))} has {len(in_order)} tabs.")
    tab = in_order[wanted - 1]
    title = at.view.active.title if at.view.active else ""
    if "selected" in tab.states:
        return Done(f"This is tab {wanted} already.")
    assert tab.box is not None  # noqa: S101 - only tabs with a box are counted
    return Act(f"Going to tab {wanted}.", (click(*tab.box.center),), 1, _title(title))


def _title(title: str) -> str:
    return title.lstrip("*").encode("utf-8", "replace").hex()[:60]


def _offers(view: View, name: str) -> bool:
    """Whether the program in front has a menu item or button of a name."""
    inside = (n for n in view.tree.nodes if view.in_active(n))
    return any(n.name.lower().strip(".\N{HORIZONTAL ELLIPSIS} ") == name for n in inside)


async def up_folder(at: Moment) -> Step:
    """Show the folder above the one in the file manager."""
    window = at.view.active
    if at.phase == 0:
        managers = find_apps(at.view, "file manager")
        if window is None or not managers or not managers[0].item.owns(window):
            return Fail("The file manager is not in front. Say: open the file manager.")
        return Act("Going one folder up.", (key("alt+Up"),), 1, window.title.encode().hex()[:60])
    if at.failure:
        return Fail(f"That did not work: {at.failure}")

    def moved(view: View) -> bool:
        now = view.active
        return now is not None and now.title.encode().hex()[:60] != at.memo

    if await at.until(moved, 3.0) and at.view.active is not None:
        return Done(f"The file manager now shows {at.view.active.title}.")
    return Fail("The file manager still shows the same folder.")
