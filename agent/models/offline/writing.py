"""Typing and saving; each looked up afterwards in the text that shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from agent.desktop.base import Node, Window, inside
from agent.disk import in_thread
from agent.models.offline import documents
from agent.models.offline.applications import asks
from agent.models.offline.documents import Document
from agent.models.offline.files import file_name, placed, where
from agent.models.offline.places import call, place
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
    shortened,
    type_text,
)
from agent.models.offline.view import View

_TYPED, _CLICKED = 1, 2
_NAMED, _CONFIRMED, _TAKEN = 2, 3, 9
_SAVE_LOOK, _SAVE_LOOKS = 0.5, 24
"""Seconds between looks at the disk while a program saves, and how many: an office set is slow."""

_TEXT = ".txt"
_ENDINGS = {
    "libreoffice writer": ".odt",
    "libreoffice calc": ".ods",
    "libreoffice impress": ".odp",
    "libreoffice draw": ".odg",
    "libreoffice math": ".odf",
    "gimp": ".xcf",
}
"""What programs end the names of their documents in, by their windows' classes and titles."""

_ENDS = re.compile(r"\.[a-zA-Z0-9]{1,5}$")


def _bare(text: str) -> str:
    """Without white space, since programs wrap and indent as they like."""
    return "".join(text.split())


_READ_ONLY = " (read-only) - "
"""What office programs put into the title of a document that takes no changes."""

_IN_CELL = "cell"
"""What is remembered of text that goes into a cell, which has an editor while it is open."""


# Typing ------------------------------------------------------------------------------


async def type_(at: Moment) -> Step:
    """Type where the keyboard is, and read it back."""
    if at.phase == _TYPED:
        return await _read_back(at)
    if at.phase == 0 and at.view.menu_open:
        return Act("Closing the menu.", (key("Escape"),), _CLICKED)
    await at.appears(lambda v: v.field, 4.0)
    if at.phase != _CLICKED and at.view.field is None and (only := _only_field(at.view)):
        assert only.box is not None  # noqa: S101 - showing nodes have boxes
        return Act("Going to the text field.", (click(*only.box.center),), _CLICKED)
    if at.view.field is None and at.view.active is None and not at.view.dialogs:
        return Fail("There is nothing to type into. Say: open the text editor.")
    text = at.slot("text")
    if not text:
        return Fail("You did not say what to type.")
    if _READ_ONLY in _title(at.view):
        return Fail(f"{capital(place(at.view))} is open for reading only, so nothing is typed.")
    if at.view.field is None and at.view.speaks(at.view.active) and not at.view.in_cell:
        return Fail(f"I see no text field with the cursor in {place(at.view)}.")
    before = _IN_CELL if at.view.in_cell else str(_count(at.view.field, text))
    rest = _rest(at.view.field, text) if at.resuming else await _apart(at, text)
    say = f"Typing: {shortened(text)}" if len(text) <= 60 else "Typing your text."
    return Act(say, (type_text(rest),), _TYPED, before)


async def _apart(at: Moment, text: str) -> str:
    """A text with a space before it where a word stands before the cursor already."""
    field = at.view.field
    if field is None or field.role in ("terminal", "password text") or at.slot("style") == "joined":
        return text
    caret = await at.desktop.caret_of(field)
    apart = text[:1].isalnum() or bool(at.slot("apart"))
    if caret <= 0 or not apart or await at.desktop.selection_of(field):
        return text
    before = (await at.desktop.text_of(field))[caret - 1 : caret]
    return f" {text}" if before.isalnum() or before in ",.;:!?)" else text


_DATES = {"date": "%-d %B %Y", "time": "%H:%M", "both": "%-d %B %Y, %H:%M"}


async def date(at: Moment) -> Step:
    """Type the date or the time of day, as it is when this begins."""
    now = datetime.now().astimezone()
    if at.phase != _TYPED:
        at = at.having(text=now.strftime(_DATES[at.slot("what")]))
        step = await type_(at)
        return (
            replace(step, memo=f"{step.memo}x{now:%Y%m%d%H%M}") if isinstance(step, Act) else step
        )
    before, _, when = at.memo.partition("x")
    then = datetime.strptime(when, "%Y%m%d%H%M").astimezone()
    return await _read_back(
        replace(at.having(text=then.strftime(_DATES[at.slot("what")])), memo=before)
    )


async def secret(at: Moment) -> Step:
    """Type a secret that the person keeps; the hands see to it that it goes where it may."""
    name = at.slot("name")
    if at.phase == _TYPED:
        if at.failure:
            return Fail(f"I could not type the secret: {at.failure}")
        if "lost the keyboard" in at.output:
            return Done(f"I typed the secret “{name}”; the password field has the cursor no more.")
        return Done(f"I typed the secret “{name}” into {place(at.view)}.")
    text = f"<secret>{name}</secret>"
    return Act(f"Typing the secret “{name}”.", (type_text(text),), _TYPED)


def _in_focus(view: View, text: str) -> bool:
    return any("focused" in n.states and _count(n, text) for n in view.texts)


def _only_field(view: View) -> Node | None:
    if view.listing:
        return None
    fields = [n for n in view.texts if view.in_active(n) and "editable" in n.states]
    return fields[0] if len(fields) == 1 else None


def _count(field: Node | None, text: str) -> int:
    if field is not None and field.role == "paragraph":
        text = text.rstrip("\n").rpartition("\n")[2]  # each line is a paragraph of its own
    return _bare(field.text or "").count(_bare(text)) if field else 0


def _rest(field: Node | None, text: str) -> str:
    """What is still to be typed after an interruption, seen from the end of the field."""
    have = (field.text or "").rstrip("\n") if field else ""
    for length in range(len(text) - 1, 1, -1):
        if have.endswith(text[:length]):
            return text[length:]
    return text


async def _read_back(at: Moment) -> Step:
    text = at.slot("text")
    if at.failure:
        return Fail(f"I could not type that: {at.failure}")
    field = at.view.field
    if field is not None and field.role == "password text":
        return Done("I typed it into the password field.")
    if not _bare(text):
        return Done("Done.")
    if at.memo == _IN_CELL:
        if not await at.until(lambda v: _in_focus(v, text), 4.0):
            return Fail(f"I typed it, but the cell in {place(at.view)} does not show it.")
        return Done(f"I typed it into the cell in {place(at.view)}. Press Enter to leave it there.")
    before = int(at.memo or 0)
    if await at.until(lambda v: _count(v.field, text) > before, 4.0):
        return Done(f"{capital(place(at.view))} now says: {shortened(text)}")
    if at.view.field is None:
        return Done(f"I typed it into {place(at.view)}, but I cannot read it back there.")
    return Fail(f"I typed it, but {place(at.view)} does not show it as I typed it.")


# Saving ---------------------------------------------------------------------------------


async def save(at: Moment) -> Step:
    """Save, and look for what shows it: a file that was written, a mark that is gone, a dialog."""
    if at.phase == 0:
        window = at.view.active
        if window is None:
            return Fail("No window is in front, so there is nothing to save.")
        if at.view.in_the_way:
            return _in_the_way(at.view)
        if not _can_save(at.view):
            return Fail(f"{capital(call(at.view, window))} has nothing to save.")
        if _READ_ONLY in window.title:
            return Fail("It is open for reading only. Say: save it as, and a name.")
        found = await in_thread(documents.shown, at.desktop.home, window.title)
        memo = f"{len(at.view.dialogs)}x{int(_is_marked(window))}x{documents.mark(found)}"
        return Act(f"Saving in {call(at.view, window)}.", (key("ctrl+s"),), 1, memo)
    if at.failure:
        return Fail(f"I could not save: {at.failure}")
    return await _saved(at)


async def _saved(at: Moment) -> Step:
    """What became of it. That nothing speaks against it is no sign that it is saved."""
    many, marked, before = at.memo.split("x")

    def answered(view: View) -> bool:
        over = marked == "1" and view.active is not None and not _is_marked(view.active)
        return over or len(view.dialogs) > int(many)

    for _ in range(_SAVE_LOOKS):
        if await at.until(answered, _SAVE_LOOK) or await _is_written(at, before):
            break
    if len(at.view.dialogs) > int(many):
        if _save_dialog(at.view):
            return Done("It has no name yet: the save dialog is open. Say: save it as, and a name.")
        return Fail(f"It is not saved yet: {asks(at.view)}")
    found = await in_thread(documents.shown, at.desktop.home, _title(at.view))
    if found and documents.mark(found) != before:
        return Done(f"It is saved in {listing([d.path.name for d in found], 'or')}.")
    if answered(at.view):
        return Done("It is saved.")
    if marked == "1":
        return Fail("I pressed control s, but the window still shows unsaved changes.")
    return await _unwritten(at, found)


async def _is_written(at: Moment, before: str) -> bool:
    found = await in_thread(documents.shown, at.desktop.home, _title(at.view))
    return bool(found) and documents.mark(found) != before


async def _unwritten(at: Moment, found: Sequence[Document]) -> Step:
    """Nothing was written: that is as it should be where the file holds what the window shows."""
    text = await at.desktop.text_of(at.view.field) if at.view.field else None
    for document in found if text is not None else ():
        if await in_thread(documents.text_in, document.path) == text:
            return Done(f"There is nothing to save: {document.path.name} holds this text.")
    if len(found) == 1:
        name = found[0].path.name
        return Fail(f"I pressed control s, but {name} was not written. It may have no changes.")
    return Fail("I pressed control s, but I cannot see that anything was saved.")


def _title(view: View) -> str:
    return view.active.title if view.active else ""


def _is_marked(window: Window) -> bool:
    """Whether a title says that there are unsaved changes."""
    return window.title.startswith("*")


def _in_the_way(view: View) -> Fail:
    """That nothing is saved while a dialog is open, and what can be done about it."""
    if _save_dialog(view):
        return Fail("Nothing is saved yet: the save dialog is open. Say: save it as, and a name.")
    return Fail(f"Nothing is saved: {asks(view)}")


def _can_save(view: View) -> bool:
    """Whether what is in front can be saved: it has a text, or a menu or button for it.

    Of a program that tells nothing of what it holds, nobody can say; it is tried.
    """
    if view.field is not None and view.field.role == "terminal":
        return False
    inside = [n for n in view.tree.nodes if view.in_active(n)]
    named = any(n.name.lower().strip(".\N{HORIZONTAL ELLIPSIS}") == "save" for n in inside)
    return named or not view.speaks(view.active)


async def save_as(at: Moment) -> Step:
    """Save under a name: through the dialog, then a look for the file."""
    folder, said = await in_thread(placed, at.desktop.home, at.slot("name"))
    path = folder / file_name(said, f".{at.memo}" if at.memo else _ending(at.view))
    sure = at.phase == 0 and (_ENDS.search(file_name(said, "")) or _save_dialog(at.view))
    if at.phase == _TAKEN or (sure and await in_thread(path.exists)):
        return Fail(f"There is a file called {path.name} already. Say another name.")
    if at.phase == 0:
        if _save_dialog(at.view):
            return _name_it(at, path)
        if at.view.active is None:
            return Fail("No window is in front, so there is nothing to save.")
        return Act("Opening the save dialog.", (key("ctrl+shift+s"),), 1)
    if at.failure:
        return Fail(f"I could not save it: {at.failure}")
    if at.phase == 1:
        if not await at.until(_save_dialog, 3.0):
            return Fail("No save dialog has opened in this window.")
        path = folder / file_name(said, _ending(at.view))
        if await in_thread(path.exists):
            return Act("Closing the save dialog.", (key("Escape"),), _TAKEN, _kept(path))
        return _name_it(at, path)
    if at.phase == _NAMED:
        await at.until(lambda v: _count(v.field, inside(at.desktop, path)) > 0, 1.0)
        return Act("Confirming.", (key("Return"),), _CONFIRMED, _kept(path))
    return await _written(at, path)


def _ending(view: View) -> str:
    """What a name ends in here: as the one that the dialog proposes, else as this program's do."""
    proposed = view.field.text if view.field and _save_dialog(view) else None
    if found := _ENDS.search((proposed or "").strip()):
        return found[0]
    window = _document_window(view)
    if window is None:
        return _TEXT
    called = (window.wm_class.lower().replace("-", " "), window.title.lower())
    known = (ending for name, ending in _ENDINGS.items() if any(c.endswith(name) for c in called))
    return next(known, _TEXT)


def _kept(path: Path) -> str:
    """What a memo keeps of a name, which holds letters and digits only: how it ends."""
    return path.suffix[1:] if _ENDS.fullmatch(path.suffix) else ""


def _document_window(view: View) -> Window | None:
    """The window in front; of a dialog the one that it is of, or the topmost of its program."""
    front = view.active
    if front is None or front.kind != "dialog":
        return front
    owner = next((w for w in view.programs if w.id == front.blocks), None)
    others = [w for w in view.programs if w.kind == "window" and w.wm_class == front.wm_class]
    return owner or (others[-1] if others else front)


async def save_dialog(at: Moment) -> Step:
    """Open the dialog in which a name is given."""
    if at.phase == 0:
        if at.view.active is None:
            return Fail("No window is in front, so there is nothing to save.")
        if not _can_save(at.view):
            return Fail(f"{capital(call(at.view, at.view.active))} has nothing to save.")
        if at.view.menu_open:
            return Act("Closing the menu.", (key("Escape"),), 0)
        return Act("Opening the save dialog.", (key("ctrl+shift+s"),), 1)
    if at.failure:
        return Fail(f"I could not open the save dialog: {at.failure}")
    if await at.until(_save_dialog, 3.0):
        return Done("The save dialog is open. Say: type, and the name.")
    return Fail("No save dialog has opened in this window.")


def _save_dialog(view: View) -> bool:
    names = ("save", "file name", "name")
    return any("save" in d.name.lower() or d.name.lower() in names for d in view.dialogs)


def _name_it(at: Moment, path: Path) -> Act:
    calls: tuple[Call, ...] = (key("ctrl+a"), type_text(inside(at.desktop, path)))
    return Act(f"Saving it as {path.name}.", calls, _NAMED, _kept(path))


async def _written(at: Moment, path: Path) -> Step:
    def gone(view: View) -> bool:
        return path.exists() and not _save_dialog(view)

    if at.phase == _CONFIRMED and not await at.until(gone, 1.5) and _save_dialog(at.view):
        return Act("Confirming once more.", (key("Return"),), _CONFIRMED + 1, _kept(path))
    if await at.until(gone, 4.0):
        return Done(f"It is saved as {path.name} in {where(at.desktop.home, path.parent)}.")
    if await in_thread(path.exists):
        return Done(f"The file {path.name} is there, but the save dialog is still open.")
    if at.view.in_the_way:
        return Fail(f"It is not saved yet: {asks(at.view)}")
    return Fail(f"There is still no file called {path.name}.")
