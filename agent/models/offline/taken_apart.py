"""What one clause means, as the commands that are carried out one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agent.models.offline.dictation import dictated, mark_named
from agent.models.offline.grammar import Command, trait
from agent.models.offline.program_names import bare, is_place, names_in, several, without_kind
from agent.models.offline.sensible import checked, counted_keys
from agent.models.offline.words import lexicon, number

_MOST_ZOOMS = 10
"""How often a text is made larger at one word."""


def apart(command: Command) -> list[Command]:
    """Slots cleaned, and one clause that means several commands taken apart."""
    ways = _WAYS.get(command.intent)
    if ways is not None:
        return ways(command)
    if command.intent in trait("several"):
        slot = "app" if command.intent == "open_app" else "window"
        return [command.having(**{slot: name}) for name in several(command.slot(slot))]
    return [command]


def focus(window: str) -> Command:
    """Going to a program's window before something is done in it."""
    return Command("focus", {"window": without_kind(window)}, window)


def placed_last(text: str) -> tuple[str, str] | None:
    """("click Save", "text editor") of "click Save in the text editor"."""
    text = text.strip().rstrip(".!?")
    words = [f" {word} " for word in lexicon()["place_last"]]
    cut, word = max((text.lower().rfind(word), word) for word in words)
    place = bare(text[cut + len(word) :]) if cut > 0 else ""
    named = bool(place) and all(c.isalnum() or c in "_ -" for c in place)
    return (text[:cut].rstrip(), place) if named else None


def _of_menu(command: Command) -> list[Command]:
    menubar = command.slot("menubar")
    return [command.having(menu=menubar) if menubar else command]


def _menu_item(command: Command) -> list[Command]:
    name = command.slot("menu") or command.slot("menubar")
    menu = Command("menu", {"menu": name}, command.said)
    return [menu, Command("click", {"label": command.slot("item")}, command.said)]


def _in_folder(command: Command) -> str:
    """A name with the folder that was said before it."""
    return f"{command.slot('name')} in the {command.slot('folder')} folder"


def _folders(command: Command) -> list[Command]:
    if command.slot("inner") or command.slot("sub"):
        return _with_inner(command, command.slot("name").strip(" ,"))
    if command.slot("many"):
        return [replace(command, slots={"name": name}) for name in names_in(command.slot("name"))]
    return _saved_as(command)


def _saved_as(command: Command) -> list[Command]:
    name = {"name": _in_folder(command)} if command.slot("folder") else command.slots
    return [replace(command, slots=name)]


def _with_inner(folder: Command, name: str) -> list[Command]:
    """A folder, and what is to be made in it."""
    wanted = folder.slot("inner") or f"folder called {folder.slot('sub')}"
    inner = checked(f"create {wanted}")
    if inner is None or inner.intent not in ("create_file", "create_folder"):
        return [folder]
    placed = inner.having(name=f"{inner.slot('name')} in the {name} folder")
    return [replace(folder, slots={"name": name}), *apart(placed)]


def _file(command: Command) -> list[Command]:
    text = command.slot("text")
    if command.slot("folder"):
        command = replace(command, slots={"name": _in_folder(command), "text": text})
    if command.slot("kind"):
        command = replace(command, slots={"name": command.slot("kind"), "text": text})
    return [command.having(text=dictated(text, command.slot("style"))) if text else command]


def _moved(command: Command) -> list[Command]:
    """A file that goes into a new folder: the folder comes first."""
    if not (name := command.slot("inner")):
        return [command]
    moved = {"what": "move", "file": command.slot("file"), "folder": name}
    made = Command("create_folder", {"name": name}, command.said)
    return [made, Command("change_file", moved, command.said)]


def _pasted_at(command: Command) -> list[Command]:
    """To a place, or to what is to be replaced, and then the pasting."""
    over = command.slot("side") == "over"
    stretch = any(command.slot(slot) for slot in ("unit", "phrase", "edge", "rest", "around"))
    whole = {} if stretch else {"unit": "all"}
    act = {"act": "select"} if over else {"act": "caret"}
    led = Command("text", {**command.slots, **whole, **act}, command.said)
    return [led, Command("edit", {"what": "paste"}, command.said)]


def _line_above(command: Command) -> list[Command]:
    start = {"act": "caret", "side": "before", "unit": "line"}
    up = {"act": "caret", "steps": "up"}
    line = Command("edit", {"what": "new_line"}, command.said)
    return [Command("text", start, command.said), line, Command("text", up, command.said)]


def _saved_and_closed(command: Command) -> list[Command]:
    name = command.slot("window")
    window = {"window": name} if name else {}
    first = [focus(name)] if name else []
    return [*first, Command("save", {}, command.said), Command("close", window, name)]


def _beside(command: Command) -> list[Command]:
    if not command.slot("window"):
        return [command]
    shown = [focus(command.slot("window")), focus(command.slot("second"))]
    return [*shown, Command("side_by_side", {}, command.said)]


def _zoomed(command: Command) -> list[Command]:
    times = min(_MOST_ZOOMS, number(command.slot("count")) or 1)
    return [replace(command, slots={"way": command.slot("way")})] * times


def _switched(command: Command) -> list[Command]:
    """Each of the switches of "line numbers and word wrap"."""
    return [command.having(label=name) for name in names_in(command.slot("label"))]


def _typed(command: Command) -> list[Command]:
    text, style = command.slot("text"), command.slot("style")
    if mark := mark_named(bare(text)):
        apart_ = {"apart": "yes"} if mark[1] else {}
        return [Command("type", {"text": mark[0], **apart_}, command.said)]
    if command.slot("line"):
        line = Command("edit", {"what": "new_line"}, command.said)
        return [line, Command("type", {"text": dictated(text)}, command.said)]
    if command.slot("window"):
        typed = Command("type", {"text": dictated(text, style)}, command.said)
        return [focus(command.slot("window")), typed]
    scoped = placed_last(text)
    if scoped and is_place(scoped[1], 95) and scoped[1].lower() != "files":
        return [focus(scoped[1]), command.having(text=dictated(scoped[0], style))]
    return [command.having(text=dictated(text, style)) if text else command]


def _run(command: Command) -> list[Command]:
    """A shell command; "run the terminal" means a program that has a window."""
    text = _shell(command.slot("command"))
    name = bare(text)
    if is_place(name, 95) and "command " not in command.said.lower():
        return [Command("open_app", {"app": name}, command.said)]
    return [command.having(command=text)]


def _shell(text: str) -> str:
    """The line that a shell is given, without the words and quotes around it."""
    before, colon, line = text.strip().partition(":")
    about = {*lexicon()["command_articles"], *lexicon()["shell_words"], *lexicon()["command_nouns"]}
    text = line if colon and {*before.lower().split()} <= about else text
    text = text.strip().rstrip(".!?")
    quotes = text[:1] + text[-1:]
    quoted = len(text) > 2 and quotes in ("``", '""', "''", "“”") and not {*text[1:-1]} & {*quotes}
    return text[1:-1] if quoted else text


_WAYS: dict[str, Callable[[Command], list[Command]]] = {
    "menu": _of_menu,
    "menu_item": _menu_item,
    "create_folder": _folders,
    "create_file": _file,
    "save_as": _saved_as,
    "change_file": _moved,
    "paste_at": _pasted_at,
    "line_above": _line_above,
    "save_close": _saved_and_closed,
    "side_by_side": _beside,
    "zoom": _zoomed,
    "type": _typed,
    "keys": lambda command: [command.having(keys=counted_keys(command))],
    "run": _run,
    "set_switch": _switched,
}
"""What is made of a command of an intent before it is carried out."""
