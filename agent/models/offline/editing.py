"""Keys and editing: what was selected, copied or changed is looked up afterwards."""

from __future__ import annotations

from agent.models.offline.keys import parse_keys
from agent.models.offline.labelling import wider
from agent.models.offline.places import place
from agent.models.offline.steps import (
    Act,
    Done,
    Fail,
    Moment,
    Step,
    capital,
    key,
    listing,
    shortened,
)
from agent.models.offline.view import View, memo
from agent.models.offline.words import number

_SHOWN = 80
"""Characters of a text that are read back."""


# Keys ----------------------------------------------------------------------------------


async def keys(at: Moment) -> Step:
    """Press keys, and say what opened or closed by it."""
    presses = parse_keys(at.slot("keys"))
    spoken = listing([p.spoken for p in presses])
    if at.phase == 0:
        calls = tuple(key(p.combo, p.repeat) for p in presses)
        return Act(f"Pressing {spoken}.", calls, 1, memo(at.view))
    return await _pressed(at, f"Pressed {spoken}.")


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


async def hold(at: Moment) -> Step:
    """Tell of a modifier that goes with the keys named next; no key stays down meanwhile."""
    name = capital(at.slot("modifier"))
    if at.slot("act") == "release":
        return Done(f"{name or 'No key'} is {'not ' if name else ''}held now.")
    return Done(f"{name} goes with each key that you name next. To end it, say: release {name}.")


async def new_document(at: Moment) -> Step:
    """A new document in the program that is in front."""
    if at.phase == 1:
        return await _pressed(at, "Asked for a new document.")
    if at.view.active is None:
        return Fail("No window is in front. Say: open the text editor.")
    return Act("Making a new document.", (key("ctrl+n"),), 1, memo(at.view))


# Editing --------------------------------------------------------------------------------

_EDITS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "select_all": ("Selecting everything.", ("ctrl+a",), "Selected everything"),
    "copy": ("Copying.", ("ctrl+c",), "Copied"),
    "copy_all": ("Copying everything.", ("ctrl+a", "ctrl+c"), "Copied everything"),
    "cut": ("Cutting.", ("ctrl+x",), "Cut"),
    "paste": ("Pasting.", ("ctrl+v",), "Pasted"),
    "undo": ("Undoing.", ("ctrl+z",), "Undone"),
    "redo": ("Redoing.", ("ctrl+shift+z",), "Redone"),
    "delete": ("Deleting the selection.", ("Delete",), "Deleted"),
    "clear": ("Clearing the text.", ("ctrl+a", "Delete"), "The text is cleared"),
    "new_paragraph": ("Starting a new paragraph.", ("Return", "Return"), "Started a new paragraph"),
    "new_line": ("Starting a new line.", ("Return",), "Started a new line"),
}
"""For each edit: what is said before, the keys that programs agree on, what is said after."""

_IN_TERMINAL = {"ctrl+c": "ctrl+shift+c", "ctrl+v": "ctrl+shift+v", "ctrl+a": "ctrl+shift+a"}


async def edit(at: Moment) -> Step:
    """Select, copy, paste, undo and their like, by the keys that programs agree on."""
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    if at.phase == 0:
        return await _begin(at)
    match at.slot("what").partition("_")[0]:
        case "select":
            return await _selected(at)
        case "copy":
            return await _copied(at)
        case _:
            return await _changed(at)


async def _begin(at: Moment) -> Step:
    what = at.slot("what")
    if what == "undo" and (grid := wider(at)):
        return grid
    if at.view.active is None:
        return Fail("No window is in front, so there is nothing to do that to.")
    if what in _NEED_TEXT and not _editable(at.view):
        return Fail(f"I see no text with the cursor in {place(at.view)}, so I have done nothing.")
    if what in ("copy", "cut") and _readable(at.view) and not await _selection(at):
        verb = "copy" if what == "copy" else "cut"
        where = place(at.view)
        return Fail(f"Nothing is selected in {where}, so there is nothing to {verb}.")
    say, combos, _ = _EDITS[what]
    if at.view.field is not None and at.view.field.role == "terminal":
        combos = tuple(_IN_TERMINAL.get(combo, combo) for combo in combos)
    times = min(100, number(at.slot("count")) or 1)
    return Act(say, tuple(key(combo, times) for combo in combos), 1, memo(at.view))


_FORMS = {"bold": "bold", "italics": "in italics", "underline": "underlined"}


async def form(at: Moment) -> Step:
    """Tell whether the program in front can make words bold; how it looks nobody can check."""
    wanted = at.slot("form")
    named = [n for n in at.view.tree.showing() if at.view.in_active(n) and n.name.lower() == wanted]
    if named:
        return Fail(f"I cannot check how words look. Select them, and say: click {named[0].name}.")
    if not at.view.writing:
        return Fail(f"I see no text with the cursor in {place(at.view)}.")
    return Fail(f"{capital(place(at.view))} has plain text: nothing in it is {_FORMS[wanted]}.")


_NEED_TEXT = ("clear", "new_line", "new_paragraph")
"""Edits whose keys mean something else where no text is: in a file manager, they delete files."""


def _editable(view: View) -> bool:
    """Whether the keyboard is in a text, or in a program that tells nothing of what it holds."""
    if view.writing:
        return True
    if view.field is not None and view.field.role == "terminal":
        return False
    return not view.dialogs and not view.speaks(view.active)


def _readable(view: View) -> bool:
    """Whether the tree tells what is selected where the keyboard is."""
    return view.field is not None and view.field.role not in ("terminal", "password text")


async def _selection(at: Moment) -> str:
    return await at.desktop.selection_of(at.view.field) if at.view.field else ""


async def _selected(at: Moment) -> Step:
    did = _EDITS[at.slot("what")][2]
    if _readable(at.view):
        if await at.come(lambda: _selection(at)):
            return Done(f"{did}: {shortened(await _selection(at), _SHOWN)}")
        return Done(f"I pressed the keys for it, but nothing is selected in {place(at.view)}.")
    if await at.until(lambda v: v.chosen, 1.0):
        return Done(f"Selected: {shortened(listing(at.view.chosen), _SHOWN)}")
    return Done(f"I pressed the keys for it, but I cannot see a selection in {place(at.view)}.")


async def _copied(at: Moment) -> Step:
    field, everything = at.view.field, at.slot("what") == "copy_all"
    wanted = ", ".join(at.view.chosen)
    if field is not None and _readable(at.view):
        wanted = await at.desktop.text_of(field) if everything else await _selection(at)

    async def there() -> bool:
        have = _bare(await at.desktop.input.clipboard())
        return bool(have) and (_bare(wanted) == have or field is None)

    if not wanted:
        return Done(f"I pressed the keys to copy, but I cannot see what in {place(at.view)}.")
    if await at.come(there):
        return Done(f"{_EDITS[at.slot('what')][2]}: {shortened(wanted, _SHOWN)}")
    return Fail(f"I pressed the keys to copy, but {shortened(wanted, 40)} is not on the clipboard.")


def _bare(text: str) -> str:
    return "".join(text.split())


async def _changed(at: Moment) -> Step:
    before = at.memo.partition("x")[0]
    if at.slot("what") == "clear" and at.view.field is not None:
        return await _cleared(at)
    if not await at.until(lambda v: v.print != before, 1.0):
        where = place(at.view)
        return Done(f"I pressed the keys for it, but nothing changed that I can see in {where}.")
    if at.slot("what") in ("undo", "redo") and not at.view.writing:
        where = place(at.view)
        return Done(f"I pressed the keys for it. What changed by it in {where} I cannot tell.")
    return Done(_now_says(at, f"{_EDITS[at.slot('what')][2]}."))


async def _cleared(at: Moment) -> Step:
    async def empty() -> bool:
        return at.view.field is not None and not await at.desktop.text_of(at.view.field)

    where = place(at.view)
    if await at.come(empty, 2.0):
        return Done(f"{capital(where)} is empty now.")
    return Fail(f"I pressed the keys for it, but there is still text in {where}.")


def _now_says(at: Moment, did: str) -> str:
    field = at.view.field
    if field is None or field.role == "terminal":
        return did
    text = shortened(field.text or "", _SHOWN)
    where = capital(place(at.view))
    return f"{did} {where} now says: {text}" if text else f"{did} {where} is empty now."
