"""Answers that need eyes only: what is on the screen, what a window says, what can be said."""

from __future__ import annotations

from agent.desktop.base import Node, Window
from agent.disk import in_thread
from agent.models.offline.files import find_file, folder_path, list_files, read_file
from agent.models.offline.places import call, find_windows
from agent.models.offline.steps import (
    Act,
    Call,
    Done,
    Fail,
    Moment,
    Step,
    capital,
    listing,
    shortened,
)
from agent.models.offline.targets import seen
from agent.models.offline.view import View

_LONG = 400
_LAST_LINES = 6
_NAMED = ("heading", "link", "push button", "static", "label", "table cell", "column header")
_UNNAMED = ("paragraph", "section", "list item")
_ASKED = 30
"""Objects of a page whose text is asked for."""

_EMBEDDED = "\N{OBJECT REPLACEMENT CHARACTER}"
"""What stands in a text for an object within it."""


async def read(at: Moment) -> Step:
    """Read a window, the terminal, the selection or a title aloud."""
    match at.slot("what"):
        case "selection":
            return await _selection(at)
        case "title":
            window = at.view.active
            return (
                Done(f"{capital(call(at.view, window))} is in front. Its title is {window.title}.")
                if window
                else Done("No window is in front.")
            )
        case "terminal":
            return _terminal(at.view)
        case "app":
            windows = find_windows(at.view, at.slot("app"))
            return await _window(at, windows[0]) if windows else await _file(at)
        case _:
            if at.view.active is None:
                return Done(_overview(at.view))
            return await _window(at, at.view.active)


async def _file(at: Moment) -> Step:
    if await in_thread(find_file, at.desktop.home, at.slot("app")):
        return await read_file(at.having(file=at.slot("app")))
    return Fail(f"I see no window and no file called {at.slot('app')}.")


async def contents(at: Moment) -> Step:
    """What is in a folder; where a window or a file has that name, what it says."""
    name = at.slot("folder")
    windows = find_windows(at.view, name) if at.phase == 0 else []
    if windows and await in_thread(folder_path, at.desktop.home, name) is None:
        return await _window(at, windows[0])
    return await list_files(at)


async def _selection(at: Moment) -> Step:
    texts = [n for n in at.view.texts if at.view.in_active(n)]
    for node in sorted(texts, key=lambda n: n != at.view.field):
        if selected := await at.desktop.selection_of(node):
            return Done(f"Selected is: {shortened(selected, _LONG)}")
    return Fail("I see no selected text in the window in front.")


def _terminal(view: View) -> Step:
    terminals = sorted((n for n in view.texts if n.role == "terminal"), key=view.in_active)
    if not terminals:
        return Fail("I see no terminal. Say: open the terminal.")
    lines = [line.strip() for line in (terminals[-1].text or "").splitlines() if line.strip()]
    if not lines:
        return Done("The terminal is empty.")
    return Done(
        f"The terminal's last lines say: {shortened('. '.join(lines[-_LAST_LINES:]), _LONG)}"
    )


async def _window(at: Moment, window: Window) -> Step:
    view = at.view
    name = capital(call(view, window))
    for page in view.tree.showing("document web", "document frame"):
        if view.window_of(page) == window:
            said = await _page(at, page)
            shown = shortened(". ".join(said), _LONG)
            return Done(f"The page {page.name} says: {shown}" if said else f"{name} is empty.")
    texts = [n for n in view.texts if view.window_of(n) == window and (n.text or "").strip()]
    if texts:
        main = max(texts, key=lambda n: (n == view.field, len(n.text or "")))
        return Done(f"{name} says: {shortened(main.text or '', _LONG)}")
    names = [n.name for n in _words(view) if view.window_of(n) == window]
    if names:
        return Done(f"{name} shows: {shortened(', '.join(dict.fromkeys(names)), _LONG)}")
    return Done(f"{name} shows no text that I can read.")


async def _page(at: Moment, page: Node) -> list[str]:
    """What shows of a page, from top to bottom: names, and the text of what has none."""
    said: list[str] = []
    asked = 0
    for node in at.view.tree.showing(*_NAMED, *_UNNAMED):
        if page not in at.view.ancestors(node):
            continue
        text = node.name
        if not text and node.role in _UNNAMED and asked < _ASKED:
            asked += 1
            text = " ".join((await at.desktop.text_of(node)).replace(_EMBEDDED, " ").split())
        if text and not any(text in other for other in said[-2:]):
            said.append(text)
    return said


def _words(view: View) -> list[Node]:
    roles = ("table cell", "label", "heading", "link", "push button", "paragraph", "icon")
    return [n for n in view.tree.showing(*roles) if n.name]


async def describe(at: Moment) -> Step:
    """What is on the screen, in two sentences."""
    return Done(_overview(at.view))


def _overview(view: View) -> str:
    shown = [w for w in reversed(view.programs) if not w.minimised]
    hidden = [w for w in view.programs if w.minimised]
    if not shown:
        said = "No window is open on the desktop."
    else:
        others = [call(view, w) for w in shown[1:]]
        said = f"{capital(call(view, shown[0]))} is in front."
        said += f" Behind it: {listing(others)}." if others else ""
    if hidden:
        said += f" Minimised: {listing([call(view, w) for w in hidden])}."
    names = seen(view)
    return f"{said} You can click: {', '.join(names)}." if names else said


async def picture(_: Moment) -> Step:
    """What no voice command can tell."""
    return Fail("I cannot see what a picture shows: I read names and text only.")


async def screenshot(at: Moment) -> Step:
    """Take a picture of the screen."""
    if at.phase == 0:
        return Act("Taking a screenshot.", (Call("screenshot", {}),))
    return Fail(f"No screenshot: {at.failure}") if at.failure else Done("Here is the screen.")
