"""Typing, keys, editing and saving; each looked up afterwards in the text that shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.desktop.base import Node, Window
from agent.models.offline.applications import open_app
from agent.models.offline.files import file_name, find_file
from agent.models.offline.keys import parse_keys
from agent.models.offline.places import call
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
_NAMED, _CONFIRMED = 2, 3


def _bare(text: str) -> str:
    """Without white space, since programs wrap and indent as they like."""
    return "".join(text.split())


def _place(view: View) -> str:
    dialog = next((d for d in view.dialogs if view.field and d in view.ancestors(view.field)), None)
    if dialog:
        return f"the {dialog.name} dialog" if dialog.name else "the dialog"
    return call(view, view.active) if view.active else "the window"


# Typing ------------------------------------------------------------------------------


async def type_(at: Moment) -> Step:
    """Type where the keyboard is, and read it back."""
    if at.phase == _TYPED:
        return await _read_back(at)
    if at.phase == 0 and at.view.menu_open:
        return Act("Closing the menu.", (key("Escape"),), _CLICKED)
    await at.until(lambda v: v.field, 4.0)
    if at.phase != _CLICKED and at.view.field is None and (only := _only_field(at.view)):
        assert only.box is not None  # noqa: S101 - showing nodes have boxes
        return Act("Going to the text field.", (click(*only.box.center),), _CLICKED)
    if at.view.field is None and at.view.active is None and not at.view.dialogs:
        return Fail("There is nothing to type into. Say: open the text editor.")
    text = at.slot("text")
    if not text:
        return Fail("You did not say what to type.")
    if at.view.field is None and at.view.speaks(at.view.active):
        return Fail(f"I see no text field with the cursor in {_place(at.view)}.")
    before = _count(at.view.field, text)
    rest = _rest(at.view.field, text) if at.resuming else text
    say = f"Typing: {shortened(text)}" if len(text) <= 60 else "Typing your text."
    return Act(say, (type_text(rest),), _TYPED, str(before))


def _only_field(view: View) -> Node | None:
    fields = [n for n in view.texts if view.in_active(n) and "editable" in n.states]
    return fields[0] if len(fields) == 1 else None


def _count(field: Node | None, text: str) -> int:
    return _bare(field.text or "").count(_bare(text)) if field else 0


def _rest(field: Node | None, text: str) -> str:
    """What is still to be typed after an interruption, seen from the end of the field."""
    have = (field.text or "").rstrip("\n") if field else ""
    for length in range(len(text) - 1, 1, -1):
        if have.endswith(text[:length]):
            return text[length:]
    return text


async def _read_back(at: Moment) -> Step:
    text, before = at.slot("text"), int(at.memo or 0)
    if at.failure:
        return Fail(f"I could not type that: {at.failure}")
    field = at.view.field
    if field is not None and field.role == "password text":
        return Done("I typed it into the password field.")
    if not _bare(text):
        return Done("Done.")
    if await at.until(lambda v: _count(v.field, text) > before, 4.0):
        return Done(f"{capital(_place(at.view))} now says: {shortened(text)}")
    if at.view.field is None:
        return Done(f"I typed it into {_place(at.view)}, but I cannot read it back there.")
    return Fail(f"I typed it, but {_place(at.view)} does not show it as I typed it.")


# Keys ----------------------------------------------------------------------------------


async def keys(at: Moment) -> Step:
    """Press keys, and say what opened or closed by it."""
    presses = parse_keys(at.slot("keys"))
    spoken = listing([p.spoken for p in presses])
    if at.phase == 0:
        calls = tuple(key(p.combo, p.repeat) for p in presses)
        return Act(f"Pressing {spoken}.", calls, 1, _memo(at.view))
    return await _pressed(at, f"Pressed {spoken}.")


def _memo(view: View) -> str:
    return f"{view.print}x{len(view.dialogs)}x{len(view.programs)}"


async def _pressed(at: Moment, did: str) -> Step:
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    before, dialogs, windows = (*at.memo.split("x"), "0", "0")[:3]
    await at.until(lambda v: v.print != before, 0.8)
    if len(at.view.dialogs) > int(dialogs):
        name = at.view.dialogs[-1].name
        return Done(f"{did} A dialog is open{f', {name}' if name else ''}.")
    if len(at.view.programs) < int(windows):
        return Done(f"{did} A window has closed.")
    return Done(did)


# Editing --------------------------------------------------------------------------------

_EDITS: dict[str, tuple[str, tuple[tuple[str, int], ...], str]] = {
    "select_all": ("Selecting everything.", (("ctrl+a", 1),), "Selected everything."),
    "select_line": (
        "Selecting the line.",
        (("Home", 1), ("shift+End", 1)),
        "Selected the line.",
    ),
    "select_word": (
        "Selecting the word.",
        (("ctrl+Left", 1), ("ctrl+shift+Right", 1)),
        "Selected the word.",
    ),
    "copy": ("Copying.", (("ctrl+c", 1),), "Copied."),
    "copy_all": ("Copying everything.", (("ctrl+a", 1), ("ctrl+c", 1)), "Copied everything."),
    "cut": ("Cutting.", (("ctrl+x", 1),), "Cut."),
    "paste": ("Pasting.", (("ctrl+v", 1),), "Pasted."),
    "undo": ("Undoing.", (("ctrl+z", 1),), "Undone."),
    "redo": ("Redoing.", (("ctrl+shift+z", 1),), "Redone."),
    "delete": ("Deleting the selection.", (("Delete", 1),), "Deleted."),
    "delete_line": (
        "Deleting the line.",
        (("Home", 1), ("shift+End", 1), ("Delete", 1)),
        "Deleted the line.",
    ),
    "delete_word": ("Deleting the word.", (("ctrl+BackSpace", 1),), "Deleted the word."),
    "clear": ("Clearing the text.", (("ctrl+a", 1), ("Delete", 1)), "The text is cleared."),
    "new_line": ("Starting a new line.", (("Return", 1),), "Started a new line."),
}
_CHANGING = (
    "cut",
    "paste",
    "undo",
    "redo",
    "delete",
    "delete_line",
    "delete_word",
    "clear",
    "new_line",
)
_IN_TERMINAL = {"ctrl+c": "ctrl+shift+c", "ctrl+v": "ctrl+shift+v", "ctrl+a": "ctrl+shift+a"}


async def edit(at: Moment) -> Step:
    """Select, copy, paste, undo and their like, by the keys that programs agree on."""
    what = at.slot("what")
    say, presses, did = _EDITS[what]
    if at.phase == 0:
        if at.view.active is None:
            return Fail("No window is in front, so there is nothing to do that to.")
        terminal = at.view.field is not None and at.view.field.role == "terminal"
        combos = [(_IN_TERMINAL.get(c, c) if terminal else c, n) for c, n in presses]
        return Act(say, tuple(key(c, n) for c, n in combos), 1, _memo(at.view))
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    before = at.memo.partition("x")[0]
    if what in _CHANGING and not await at.until(lambda v: v.print != before, 1.0):
        return Done(
            f"I pressed the keys for it, but nothing changed that I can see in {_place(at.view)}."
        )
    return Done(_now_says(at, did) if what in _CHANGING else did)


def _now_says(at: Moment, did: str) -> str:
    field = at.view.field
    if field is None or field.role == "terminal" or at.slot("what") == "clear":
        return did
    text = shortened(field.text or "", 80)
    place = capital(_place(at.view))
    return f"{did} {place} now says: {text}" if text else f"{did} {place} is empty now."


async def new_document(at: Moment) -> Step:
    """A new document in the program that is in front."""
    if at.phase == 1:
        return await _pressed(at, "Asked for a new document.")
    if at.view.active is None:
        return Fail("No window is in front. Say: open the text editor.")
    return Act("Making a new document.", (key("ctrl+n"),), 1, _memo(at.view))


# Saving ---------------------------------------------------------------------------------


async def save(at: Moment) -> Step:
    """Save, and say whether the window's title agrees or a dialog asks for a name."""
    if at.phase == 0:
        window = at.view.active
        if window is None:
            return Fail("No window is in front, so there is nothing to save.")
        return Act(f"Saving in {call(at.view, window)}.", (key("ctrl+s"),), 1, _memo(at.view))
    if at.failure:
        return Fail(f"I could not save: {at.failure}")
    dialogs = int(at.memo.split("x")[1])
    await at.until(lambda v: len(v.dialogs) > dialogs or _saved(v.active), 2.0)
    if len(at.view.dialogs) > dialogs:
        return Done("It has no name yet: the save dialog is open. Say: save it as, and a name.")
    if _saved(at.view.active):
        return Done("It is saved.")
    return Fail("I pressed control s, but the window still shows unsaved changes.")


def _saved(window: Window | None) -> bool:
    return window is not None and not window.title.startswith("*")


async def save_as(at: Moment) -> Step:
    """Save under a name: through the dialog, then a look for the file."""
    path = at.desktop.home / file_name(at.slot("name"))
    if at.phase == 0:
        if await asyncio.to_thread(path.exists):
            return Fail(f"There is a file called {path.name} already. Say another name.")
        if _save_dialog(at.view):
            return _name_it(path)
        if at.view.active is None:
            return Fail("No window is in front, so there is nothing to save.")
        return Act("Opening the save dialog.", (key("ctrl+shift+s"),), 1)
    if at.failure:
        return Fail(f"I could not save it: {at.failure}")
    if at.phase == 1:
        if await at.until(_save_dialog, 3.0):
            return _name_it(path)
        return Fail("No save dialog has opened in this window.")
    if at.phase == _NAMED:
        await at.until(lambda v: _count(v.field, str(path)) > 0, 1.0)
        return Act("Confirming.", (key("Return"),), _CONFIRMED)
    return await _written(at, path)


def _save_dialog(view: View) -> bool:
    names = ("save", "file name", "name")
    return any("save" in d.name.lower() or d.name.lower() in names for d in view.dialogs)


def _name_it(path: Path) -> Act:
    calls: tuple[Call, ...] = (key("ctrl+a"), type_text(str(path)))
    return Act(f"Saving it as {path.name}.", calls, _NAMED)


async def _written(at: Moment, path: Path) -> Step:
    def gone(view: View) -> bool:
        return path.exists() and not _save_dialog(view)

    if at.phase == _CONFIRMED and not await at.until(gone, 1.5) and _save_dialog(at.view):
        return Act("Confirming once more.", (key("Return"),), _CONFIRMED + 1)
    if await at.until(gone, 4.0):
        return Done(f"It is saved as {path.name} in your home folder.")
    if await asyncio.to_thread(path.exists):
        return Done(f"The file {path.name} is there, but the save dialog is still open.")
    return Fail(f"There is still no file called {path.name}.")


# Opening files --------------------------------------------------------------------------

_OPENING = 8


async def open_file(at: Moment) -> Step:
    """Open a file of the home in the text editor."""
    path = await asyncio.to_thread(find_file, at.desktop.home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file called {at.slot('file')} in your home folder.")
    if at.phase == _OPENING:
        return await _opened(at, path)
    command, at.command = at.command, at.command.having(app="text editor")
    step = await open_app(at)
    at.command = command
    if not isinstance(step, Done):
        return step
    calls = (key("ctrl+o"), type_text(str(path)), key("Return"))
    return Act(f"Opening {path.name}.", calls, _OPENING)


async def _opened(at: Moment, path: Path) -> Step:
    if at.failure:
        return Fail(f"I could not open {path.name}: {at.failure}")
    if await at.until(lambda v: any(path.name in w.title for w in v.programs), 4.0):
        return Done(f"{path.name} is open in the text editor.")
    return Fail(f"{path.name} has not opened.")
