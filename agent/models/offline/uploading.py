"""Giving a file of the home to a web page: through the browser's own dialog, by the file's path.

Chromium's dialog tells nothing of what is in it, so nothing in it is clicked. What was chosen is
looked up in the page's own field.
"""

from __future__ import annotations

import re
from pathlib import Path

from agent.desktop.base import Node, Window, inside
from agent.disk import in_thread
from agent.models.offline.files import find_file
from agent.models.offline.matching import clear, plain, rank
from agent.models.offline.paging import towards
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, click, key, listing, type_text
from agent.models.offline.targets import take_apart
from agent.models.offline.view import View

_CHOOSING, _GIVEN, _CLOSING = 1, 2, 3
_OPENS, _TAKES, _CLOSES = 10.0, 5.0, 1.0
"""Seconds for the dialog to open, for the page to have the file, for the dialog to close."""

_ESCAPES = 2
"""How often Escape is pressed: what completes a path may take the first."""

_OPEN = "alt+o"
"""The dialog's own button: Return in its field for paths gives the file up."""

_NONE = ("no file chosen", "no files chosen", "no file selected", "no files selected")
_FIELD = re.compile(r"^(?:(?P<label>.*?)\s*: )?(?P<holds>[^:]+)$")
_DIALOG = re.compile(r"open files?|file upload", re.IGNORECASE)
_HOLDS = re.compile(rf"{'|'.join(_NONE)}|\d+ files|.+\.\w{{1,5}}", re.IGNORECASE)


async def upload(at: Moment) -> Step:
    """Choose a file of the home in a page's field for files."""
    said = at.slot("file")
    path = await in_thread(find_file, at.desktop.home, said)
    if path is None:
        return Fail(f"I see no file called {said} in your home folder.")
    if at.phase >= _CLOSING or at.failure:
        return await _not_given(at, path)
    if at.phase == _GIVEN:
        return await _given(at, path)
    if at.phase == _CHOOSING:
        if not await at.until(_dialog, _OPENS):
            return Fail("I clicked on the field, but no dialog to choose a file in has opened.")
        calls = (type_text(inside(at.desktop, path)), key(_OPEN))
        return Act(f"Choosing {path.name}.", calls, _GIVEN)
    field = _field(at)
    if isinstance(field, Fail):
        return field
    if _holds(field) == path.name:
        return Done(f"{_called(field)} has {path.name} already.")
    if field.box is None:
        act = towards(at, field.name)
        return act or Fail(f"I could not scroll to {_called(field)}.")
    return Act(f"Opening {_called(field)}.", (click(*field.box.center),), _CHOOSING)


async def _not_given(at: Moment, path: Path) -> Step:
    """Say so, once the dialog is closed that would keep the page from everything else."""
    pressed = max(0, at.phase - _CLOSING + 1)
    closed = await at.until(lambda v: not _dialog(v), _CLOSES if pressed else 0.0)
    if not closed and pressed < _ESCAPES:
        return Act("Closing the dialog.", (key("Escape"),), _CLOSING + pressed)
    why = f": {at.failure}" if at.failure else ", so I closed the dialog."
    return Fail(f"I could not upload {path.name}{why}")


async def _given(at: Moment, path: Path) -> Step:
    def has(view: View) -> Node | None:
        found = _fields(view)
        meant = [n for n in found if n in _meant(found, at.slot("label"))]
        return next((n for n in meant if _holds(n) == path.name), None)

    if await at.until(lambda v: has(v) and not _dialog(v), _TAKES):
        field = has(at.view)
        return Done(f"{_called(field) if field else 'The page'} has {path.name} now.")
    if _dialog(at.view):
        return Fail(f"The dialog is still open: {path.name} was not chosen.")
    return Fail(f"I chose {path.name}, but the page does not show it.")


def _field(at: Moment) -> Node | Fail:
    """The field for files that is meant: the only one, or the one with that label."""
    found = _fields(at.view)
    if not found:
        return Fail("I see no place on this page that takes files.")
    meant = _meant(found, at.slot("label"))
    if len(meant) == 1:
        return meant[0]
    names = listing([_called(node) for node in found], "or")
    if not meant:
        return Fail(f"I see no field for files called {at.slot('label')}. I see: {names}.")
    return Fail(f"Say where: upload {at.slot('file')} to {names}.")


def _meant(fields: list[Node], label: str) -> list[Node]:
    if not label:
        return fields
    wanted = take_apart(label).name
    return [s.item for s in clear(rank(wanted, [(_called(node), node) for node in fields]))]


def _fields(view: View) -> list[Node]:
    """A page's fields for files, in sight or not: buttons that say what they hold."""
    buttons = [n for n in view.tree.nodes if n.role in ("push button", "button")]
    inside_pages = [n for n in buttons if view.inside(n, ("document web", "document frame"))]
    shown = [n for n in inside_pages if n.box or n.beyond]
    return [n for n in shown if view.in_active(n) and _holds(n) is not None]


def _holds(node: Node) -> str | None:
    """What a field for files says that it holds; None if it is no such field."""
    found = _FIELD.match(node.name)
    holds = found["holds"].strip() if found else ""
    if found is None or not (found["label"] or plain(holds) in _NONE):
        return None
    return holds if _HOLDS.fullmatch(holds) else None


def _called(node: Node) -> str:
    found = _FIELD.match(node.name)
    return (found["label"] if found else "") or "The field"


def _dialog(view: View) -> Window | None:
    """The browser's own dialog, in front."""
    window = view.active
    return window if window and window.kind == "dialog" and _DIALOG.match(window.title) else None
