"""Starting programs, and going to, closing and sizing their windows."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote_plus

from agent.desktop.base import Node, Window
from agent.models.offline.matching import SURE, likeness
from agent.models.offline.places import App, apps, call, find_apps, find_windows, near_apps
from agent.models.offline.raising import RAISED, bring, raised
from agent.models.offline.steps import (
    Act,
    Call,
    Done,
    Fail,
    Moment,
    Step,
    capital,
    click,
    key,
    listing,
    type_text,
)
from agent.models.offline.view import View
from agent.models.offline.words import lexicon

_MENU_ITEMS = ("menu item", "menu")
_OPENED, _IN_MENU, LOADED, _NOT_THERE = 1, 3, 4, 5
_DISCARDED = 6
_SAME = 95.0
"""Likeness from which a button or menu entry is taken to be a program's own."""

_START_SECONDS = 12.0


async def open_app(at: Moment) -> Step:
    """Start a program, or bring its window forward when it runs already."""
    if at.phase == RAISED:
        return await raised(at)
    found = _apps(at, at.slot("app") or at.slot("window"))
    if isinstance(found, Fail):
        windows = find_windows(at.view, at.slot("app") or at.slot("window"))
        return await bring(at, windows[0]) if len(windows) == 1 else found
    owned = [w for w in reversed(at.view.programs) if found.owns(w)]
    if at.phase == 0 and owned:
        return await bring(at, owned[0])
    return await _start(at, found)


async def new_window(at: Moment) -> Step:
    """Start a program once more, even when it runs already; unnamed, the one in front."""
    if not at.slot("app"):
        window = at.view.active
        found = next((app for app in apps(at.view) if window and app.owns(window)), None) or Fail(
            "No program is in front. Say which one to open."
        )
    else:
        found = _apps(at, at.slot("app"))
    return found if isinstance(found, Fail) else await _start(at, found)


def _apps(at: Moment, name: str) -> App | Fail:
    found = find_apps(at.view, name)
    if len(found) == 1:
        return found[0].item
    if len(found) > 1:
        names = [s.item.spoken for s in found[:4]]
        return Fail(f"{capital(name)} could be {listing(names, 'or')}. Which one should I open?")
    near = near_apps(at.view, name)
    guess = next((a for a in apps(at.view) if near and a.spoken == near[0]), None)
    if guess and max(likeness(name, n) for n in guess.names if n) >= SURE - 20:
        if at.slot("sure"):
            return guess
        return Fail(f"I do not know a program called {name}. Did you mean the {guess.spoken}?")
    known = f" I know: {listing(near)}." if near else ""
    return Fail(f"I do not know a program called {name}.{known}")


async def _start(at: Moment, app: App) -> Step:
    if at.failure:
        return Fail(f"I could not open the {app.spoken}: {at.failure}")
    if at.phase == _OPENED:
        before = set(at.memo.split("x"))
        if await at.until(lambda v: _new_active(v, app, before), _START_SECONDS):
            return Done(f"The {app.spoken} is open.")
        return Fail(f"I started the {app.spoken}, but its window has not appeared.")
    before_ids = "x".join(str(w.id) for w in at.view.programs if app.owns(w))
    say = f"Opening the {app.spoken}."
    if at.phase == _NOT_THERE:
        return Fail(f"I could not find the {app.spoken} in the Applications menu.")
    if at.phase == _IN_MENU:
        return await _through_menu(at, app)
    await at.until(_applications_button, 5.0)
    if button := _launcher_button(at.view, app):
        return Act(say, (_press(button),), _OPENED, before_ids)
    if applications := _applications_button(at.view):
        return Act(say, (_press(applications),), _IN_MENU, f"0x{before_ids}")
    return Fail(f"I can see no way to start the {app.spoken}: the panel does not show.")


async def _through_menu(at: Moment, app: App) -> Step:
    """Walk the Applications menu: the program's own entry, else the next category."""
    index, _, before = at.memo.partition("x")
    opened = int(index)
    await at.until(lambda v: _open_items(v) if not opened else _inside(v, opened - 1), 2.0)
    names = (app.launcher.name, app.launcher.generic_name, app.spoken)
    for item in _open_items(at.view):
        if any(likeness(name, item.name) >= _SAME for name in names if name):
            return Act(f"Choosing {item.name}.", (_press(item),), _OPENED, before)
    categories = _categories(at.view)
    if opened < len(categories):
        category = categories[opened]
        memo = f"{opened + 1}x{before}"
        return Act(f"Looking in {category.name}.", (_press(category),), _IN_MENU, memo)
    escape = key("Escape", max(1, min(2, len(categories))))
    return Act(f"The {app.spoken} is not in the menu.", (escape,), _NOT_THERE)


def _categories(view: View) -> list[Node]:
    """Submenus of the Applications menu, which itself has no name."""
    menus = [n for n in _open_items(view) if n.role == "menu"]
    return [n for n in menus if not any(a.role == "menu" and a.name for a in view.ancestors(n))]


def _inside(view: View, index: int) -> list[Node]:
    """What shows of a category's items."""
    category = _categories(view)[index : index + 1]
    return [n for n in _open_items(view) for c in category if c in view.ancestors(n)]


def _new_active(view: View, app: App, before: set[str]) -> bool:
    return any(app.owns(w) and str(w.id) not in before and w.active for w in view.programs)


def _open_items(view: View) -> list[Node]:
    return [n for n in view.tree.showing(*_MENU_ITEMS) if view.furniture(n) and n.name]


def _press(node: Node) -> Call:
    assert node.box is not None  # noqa: S101 - only showing nodes are pressed
    return click(*node.box.center)


def _launcher_button(view: View, app: App) -> Node | None:
    """The panel's button that starts a program; task buttons are toggles, so not meant."""
    buttons = [n for n in view.tree.showing("push button", "button") if view.furniture(n)]
    names = [name for name in (*app.names, app.spoken) if name]
    return next((b for b in buttons if any(likeness(n, b.name) >= _SAME for n in names)), None)


def _applications_button(view: View) -> Node | None:
    buttons = view.tree.showing("toggle button", "push button")
    return next((b for b in buttons if view.furniture(b) and b.name == "Applications"), None)


# Switching ------------------------------------------------------------------------


async def switch(at: Moment) -> Step:
    """Bring a window forward; a known program that does not run is started."""
    name = at.slot("window")
    if at.phase == RAISED:
        return await raised(at)
    if at.phase in (_OPENED, _IN_MENU, _NOT_THERE):
        return await open_app(at.having(app=name))
    windows = find_windows(at.view, name) if name else list(reversed(at.view.programs))[1:2]
    if windows:
        return await bring(at, _one_of(at, windows))
    if name and find_apps(at.view, name):
        return await open_app(at.having(app=name))
    return _no_window(at, name)


def _one_of(at: Moment, windows: list[Window]) -> Window:
    place = at.slot("place")
    index = int(place) - 1 if place else 0
    return windows[min(max(index, 0), len(windows) - 1)]


def _no_window(at: Moment, name: str) -> Fail:
    names = list(dict.fromkeys(call(at.view, w) for w in reversed(at.view.programs)))
    have = f" Open are: {listing(names)}." if names else " No window is open."
    return Fail(
        f"I see no window called {name}.{have}" if name else f"There is no such window.{have}"
    )


async def focus(at: Moment) -> Step:
    """Work in a program's window: as `switch`, but silent when it is in front already."""
    step = await switch(at)
    return Done("") if at.phase == 0 and isinstance(step, Done) else step


# Closing and sizing -----------------------------------------------------------------


def target(at: Moment) -> Window | Fail:
    """The window that a command names; the one in front where it names none."""
    name = at.slot("window")
    if not name:
        return at.view.active or Fail("No window is in front, so there is nothing to do that to.")
    windows = find_windows(at.view, name)
    return _one_of(at, windows) if windows else _no_window(at, name)


async def _to_window(at: Moment, act: Call, say: str) -> Step:
    """In phase 0 or after raising: raise the window if it must be, else send the key."""
    window = _now(at.view, at) if at.phase == RAISED else target(at)
    if not isinstance(window, Window):
        return window or Fail("That window is gone.")
    name = call(at.view, window)
    if at.phase == RAISED:
        step = await raised(at)
        if not isinstance(step, Done):
            return step
    elif not window.active or window.minimised:
        return await bring(at, window)
    return Act(f"{say} {name}.", (act,), 1, f"{window.id}x{len(at.view.dialogs)}")


def _now(view: View, at: Moment) -> Window | None:
    return next((w for w in view.programs if str(w.id) == at.memo.partition("x")[0]), None)


async def close(at: Moment) -> Step:
    """Close a window, and say so if it asks back instead."""
    if at.phase not in (1, _DISCARDED):
        return await _to_window(at, key("alt+F4"), "Closing")
    if at.failure:
        return Fail(f"I could not close it: {at.failure}")
    dialogs = int(at.memo.partition("x")[2] or 0)
    if at.phase == 1 and at.slot("discard"):
        await at.until(lambda v: _now(v, at) is None or _discards(v), 4.0)
        if button := _discards(at.view):
            return Act("Closing without saving.", (_press(button),), _DISCARDED, at.memo)
    await at.until(lambda v: _now(v, at) is None or len(v.dialogs) > dialogs, 4.0)
    window = _now(at.view, at)
    if window is None:
        return Done(f"{capital(_closed(at))} is closed.")
    if len(at.view.dialogs) > dialogs:
        return Fail(f"It is not closed yet: {asks(at.view)}")
    return Fail(f"{capital(call(at.view, window))} is still open.")


def _discards(view: View) -> Node | None:
    """The button of a dialog that closes without saving."""
    buttons = [n for n in view.tree.showing("push button", "button") if view.in_dialog(n)]
    named = ("don't save", "close without saving", "discard", "discard changes")
    return next((n for n in buttons if n.name.lower().replace("_", "") in named), None)


def _closed(at: Moment) -> str:
    """What to call a window that is gone: by the words for it, else as the window."""
    found = find_apps(at.view, at.slot("window")) if at.slot("window") else []
    return f"the {found[0].item.spoken}" if len(found) == 1 else at.slot("window") or "the window"


async def close_document(at: Moment) -> Step:
    """Close the document or tab in front; its window goes with the last one."""
    window = at.view.active
    if at.phase != 1:
        if window is None:
            return Fail("No window is in front, so there is nothing to close.")
        if not at.view.writing or at.view.dialogs:
            return Fail(f"I see no document in {call(at.view, window)}.")
        tabs = [n for n in at.view.tree.showing("page tab") if at.view.in_active(n)]
        if at.slot("what") == "tab" and len(tabs) < 2:
            return Fail(f"There is only one tab in {call(at.view, window)}.")
        memo = f"{window.id}x{len(at.view.dialogs)}x{_title_mark(window.title)}"
        return Act("Closing the document.", (key("ctrl+w"),), 1, memo)
    if at.failure:
        return Fail(f"I could not close it: {at.failure}")
    _, dialogs, title = at.memo.split("x")

    def over(view: View) -> bool:
        now = _now(view, at)
        return now is None or len(view.dialogs) > int(dialogs) or _title_mark(now.title) != title

    await at.until(over, 4.0)
    if len(at.view.dialogs) > int(dialogs):
        return Fail(f"It is not closed yet: {asks(at.view)}")
    now = _now(at.view, at)
    if now is None:
        return Done("The document is closed, and its window with it.")
    if _title_mark(now.title) != title:
        return Done(f"The document is closed. The window is now {now.title.lstrip('*')}.")
    return Fail("The document is still open.")


def _title_mark(title: str) -> str:
    return hashlib.sha256(title.lstrip("*").encode()).hexdigest()[:8]


def asks(view: View) -> str:
    """That a dialog asks something, with its buttons."""
    for dialog in view.dialogs:
        inside = [n for n in view.tree.showing("push button") if dialog in view.ancestors(n)]
        names = [n.name for n in inside if n.name]
        if names:
            return f"it asks something. You can say: click {listing(names, 'or')}."
    return "it asks something."


async def minimise(at: Moment) -> Step:
    """Hide a window on the panel."""
    if at.phase == 0:
        window = target(at)
        if isinstance(window, Window) and window.minimised:
            return Done(f"{capital(call(at.view, window))} is minimised already.")
    if at.phase != 1:
        return await _to_window(at, key("alt+F9"), "Minimising")
    ok = await at.until(lambda v: (w := _now(v, at)) is None or w.minimised, 2.0)
    return _sized(at, ok, "minimised")


async def maximise(at: Moment) -> Step:
    """Let a window fill the screen."""
    if at.phase == 0:
        window = target(at)
        if isinstance(window, Window) and _fills(at.view, window) and window.active:
            return Done(f"{capital(call(at.view, window))} fills the screen already.")
    if at.phase != 1:
        return await _to_window(at, key("alt+F10"), "Maximising")
    ok = await at.until(lambda v: (w := _now(v, at)) is not None and _fills(v, w), 2.0)
    return _sized(at, ok, "maximised")


async def restore(at: Moment) -> Step:
    """Bring a window back from the panel, or to its former size."""
    if at.phase == 0:
        window = target(at)
        if isinstance(window, Window) and window.active and not _fills(at.view, window):
            return Done(f"{capital(call(at.view, window))} has its normal size already.")
    if at.phase == RAISED:
        came = await raised(at)
        now = _now(at.view, at)
        if isinstance(came, Fail) or now is None or not _fills(at.view, now):
            return came
    if at.phase != 1:
        return await _to_window(at, key("alt+F10"), "Restoring")
    ok = await at.until(lambda v: (w := _now(v, at)) is not None and not _fills(v, w), 2.0)
    return _sized(at, ok, "restored")


def _sized(at: Moment, ok: bool, how: str) -> Step:
    window = _now(at.view, at)
    name = capital(call(at.view, window) if window else "the window")
    if at.failure:
        return Fail(f"{name} is not {how}: {at.failure}")
    return Done(f"{name} is {how}.") if ok else Fail(f"{name} did not get {how}.")


def _fills(view: View, window: Window) -> bool:
    width, height = view.size
    return window.box.width >= width - 20 and window.box.height >= height * 0.85


async def _windows_back(at: Moment) -> Step:
    """Have all windows show: by the key that hid them, else each by its button on the panel."""
    if at.phase == RAISED and not isinstance(came := await raised(at), Done):
        return came
    if at.phase == 1:
        await at.until(lambda v: any(not w.minimised for w in v.programs), 2.0)
    hidden = [w for w in at.view.programs if w.minimised]
    if not hidden:
        return Done("The windows are back." if at.phase else "No window is minimised.")
    if at.phase == 0 and len(hidden) == len(at.view.programs):
        return Act("Bringing the windows back.", (key("ctrl+alt+d"),))
    return await bring(at, hidden[-1])


async def show_desktop(at: Moment) -> Step:
    """Minimise everything, or have it back as it was before that."""
    if at.slot("back"):
        return await _windows_back(at)
    if at.phase == 0:
        if all(w.minimised for w in at.view.programs):
            return Done("The desktop is clear: no windows are showing.")
        return Act("Showing the desktop.", (key("ctrl+alt+d"),))
    if await at.until(lambda v: all(w.minimised for w in v.programs), 2.0 * at.phase):
        return Done("All windows are minimised.")
    if at.phase == 1:  # the key brings windows back where they were hidden before some opened
        return Act("Showing the desktop.", (key("ctrl+alt+d"),), 2)
    return Fail("Some windows are still showing.")


async def list_apps(at: Moment) -> Step:
    """Say which programs can be opened."""
    names = [app.spoken for app in apps(at.view)]
    return Done(f"You can open: {listing(names)}." if names else "I found no programs to open.")


# The web -----------------------------------------------------------------------------


_ADDRESS = re.compile(
    r"https?://\S+|[\w-]+(?:(?:\.| dot )[\w-]+)+(?::\d+)?(?:/\S*)?", re.IGNORECASE
)


def is_address(text: str) -> bool:
    """Whether words are an address of the web: names with dots between them, or a whole one."""
    return _ADDRESS.fullmatch(text) is not None


async def web_search(at: Moment) -> Step:
    """Have the browser search the web."""
    engines: dict[str, str] = lexicon()["engines"]
    address = engines[at.slot("engine") or "duckduckgo"]
    return await go_to(at.having(url=address + quote_plus(at.slot("query"))))


async def go_to(at: Moment) -> Step:
    """Open an address in the browser, if one is installed."""
    url = re.sub(r"\s+", "", re.sub(r"\s+dot\s+", ".", at.slot("url"), flags=re.IGNORECASE))
    browser = next((app for app in apps(at.view) if app.spoken == "web browser"), None)
    if browser is None:
        return Fail("No web browser is installed on this desktop, so I cannot go to web pages.")
    if at.phase == LOADED:
        if at.failure:
            return Fail(f"I could not go there: {at.failure}")
        reachable = at.desktop.status.network or url.startswith("file:")
        offline = "" if reachable else " This desktop has no network to load it by."
        return Done(f"I gave {url} to the web browser.{offline}")
    if at.phase != 0 or not any(browser.owns(w) and w.active for w in at.view.programs):
        step = await open_app(at.having(app=browser.spoken))
        if not isinstance(step, Done):
            return step
    calls = (key("ctrl+l"), type_text(url), key("Return"))
    return Act(f"Going to {url}.", calls, LOADED)
