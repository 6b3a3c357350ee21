"""Whether the slots of a command hold what it needs, so that its template may count."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from agent.models.offline.answers import calculate
from agent.models.offline.grammar import Command, match
from agent.models.offline.keys import parse_keys
from agent.models.offline.overlay import squares_of
from agent.models.offline.program_names import bare, is_place, several
from agent.models.offline.words import lexicon, number

LONGEST_PHRASE = 12
"""Words of a text that can be named."""

_LONGEST_NAME, _LONGEST_WINDOW, _LONGEST_LABEL = 6, 4, 9
"""Words of what a program, a window that is placed, and a thing on the screen are called."""

_NUMBERS = ("index", "last")
"""Slots that hold a number, or nothing that is meant."""


@functools.lru_cache(maxsize=512)
def checked(clause: str) -> Command | None:
    """The command that a clause means, if its slots hold what it needs."""
    found = match(clause, accept=_sensible)
    return found.command if found else None


def _sensible(command: Command) -> bool:
    if not all(_is_counted(command.slot(slot)) for slot in _NUMBERS if command.slot(slot)):
        return False
    needs = _NEEDS.get(command.intent)
    return needs is None or needs(command)


def _is_counted(said: str) -> bool:
    """Whether words are the number of a line, which begin with one."""
    return not said.startswith("-") and (number(said) or 0) > 0


def counted_keys(command: Command) -> str:
    """The keys of a command, with how often: "page down three times"."""
    if command.slot("shortcut"):
        return command.slot("shortcut")
    if command.slot("modifier"):
        return f"{command.slot('modifier')} {command.slot('keys')}"
    count, times = command.slot("count"), lexicon()["times"]
    if count and count.split()[-1].lower() not in (*times["alone"], *times["counted"]):
        count += " times"
    return f"{command.slot('keys')} {count}".strip()


def scrolling(command: Command) -> tuple[str, int] | None:
    """Direction and wheel clicks of a scroll command; ``top`` and ``bottom`` have 0."""
    words = command.slot("direction").lower().split()
    wheel: dict[str, Any] = lexicon()["wheel"]
    if not words or words[0] not in lexicon()["ways"]:
        return None
    amount = " ".join([*words[1:], command.slot("count").lower()]).strip()
    if words[0] in ("top", "bottom"):
        return words[0], 0
    if not amount:
        return words[0], wheel["usual"]
    if amount in wheel["amounts"]:
        return words[0], wheel["amounts"][amount]
    units: dict[str, int] = wheel["units"]
    many = number(" ".join(word for word in amount.split() if word not in units))
    if many is None:
        return None
    return words[0], min(100, many * max(units.get(word, 1) for word in amount.split()))


def _numbered(slot: str) -> Callable[[Command], bool]:
    """That a slot, if it is filled, holds a number."""
    return lambda command: not command.slot(slot) or number(command.slot(slot)) is not None


def _opened(command: Command) -> bool:
    target = command.slot("app") or command.slot("window")
    if command.said.lower().startswith("get rid of") and target:
        return is_place(target)
    return len(target.split()) <= _LONGEST_NAME or len(several(target)) > 1


def _placed(command: Command) -> bool:
    return len(command.slot("window").split()) <= _LONGEST_WINDOW


def _pointed_at(command: Command) -> bool:
    label = command.slot("label").lower()
    alone = command.intent == "click" and label in lexicon()["ordinals"]
    return not alone and len(label.split()) <= _LONGEST_LABEL


def _new_window(command: Command) -> bool:
    """Whether "new terminal" names a program; "new hope" names none."""
    if not command.said.lower().startswith("new "):
        return True
    return not command.slot("app") or is_place(command.slot("app"), 90)


def _beside(command: Command) -> bool:
    window, second = command.slot("window"), command.slot("second")
    return not window or (is_place(window) and is_place(second))


def _file_meant(command: Command) -> bool:
    """Whether words may name a file: "everything" and "the first" name none."""
    file = bare(command.slot("file").lower())
    return file not in (*lexicon()["no_file"], *lexicon()["ordinals"])


def _file_named(command: Command) -> bool:
    return not set(command.slot("file").lower().split()[:1]) & {*lexicon()["not_files"]}


def _filled(command: Command) -> bool:
    """Whether a field may be meant: what is put into a folder is a file."""
    if not command.said.lower().startswith("put "):
        return True
    folders = itertools.chain(*lexicon()["folders"].values())
    return command.slot("label").lower() not in (*lexicon()["it"], *folders)


def _counted_unit(command: Command) -> bool:
    """Whether it is said which letter is meant; "the letter" is one that somebody wrote."""
    return any(map(command.slot, ("which", "count", "nth", "index", "side")))


def _can_be_made(command: Command) -> bool:
    """Whether words are the name of what is to be made; without a word for it, with its ending."""
    name = command.slot("name").lower()
    if {*name.split()[:1]} & {*lexicon()["no_names"]} or " called " in name:
        return False
    bare = command.intent == "create_file" and set(filter(command.slot, command.slots)) == {"name"}
    if bare and len(command.said.split()) == len(name.split()) + 1:
        return name.rpartition(".")[2] in lexicon()["file_endings"] and "." in name
    return True


def _asks_for_a_text(command: Command) -> bool:
    """Whether a text is asked for, not dictated: "write me a poem", "write a letter to Anna"."""
    words = bare(command.slot("text").lower()).split() or [""]
    if command.slot("text").lower().partition(" ")[0] in lexicon()["not_typed"]:
        return True
    asked = command.said.lower().startswith(tuple(lexicon()["composing"]))
    about = words[1:2] == [] or words[1] in lexicon()["of_a_text"]
    return asked and words[0] in lexicon()["written_things"] and about


def _names_text(command: Command) -> bool:
    """Whether a command about text may mean words that stand in one."""
    count, phrase = command.slot("count"), command.slot("phrase").lower().split()
    if count and number(count) is None:
        return False
    letter = command.slot("unit") == "character" and "letter" in command.said
    if letter and not command.slot("steps"):
        return _counted_unit(command) or bool(command.slot("edge"))
    if command.said.lower().startswith("get rid of") and is_place(bare(command.slot("phrase"))):
        return False
    return not phrase or (
        len(phrase) <= LONGEST_PHRASE and phrase[0] not in lexicon()["not_phrases"]
    )


_NEEDS: dict[str, Callable[[Command], bool]] = {
    "keys": lambda command: bool(parse_keys(counted_keys(command))),
    "scroll": lambda command: scrolling(command) is not None,
    "wait": lambda command: number(command.slot("count")) is not None,
    **dict.fromkeys(("open_app", "switch", "close", "minimise", "maximise", "restore"), _opened),
    **dict.fromkeys(("tile", "move_window"), _placed),
    **dict.fromkeys(("click", "hover"), _pointed_at),
    **dict.fromkeys(
        ("mark", "drag_marked", "number"), lambda command: number(command.slot("label")) is not None
    ),
    "show_grid": lambda command: squares_of(command.slot("path")) is not None,
    **dict.fromkeys(("text", "format", "paste_at"), _names_text),
    "type": lambda command: not _asks_for_a_text(command),
    "new_window": _new_window,
    "side_by_side": _beside,
    "change_file": _file_meant,
    **dict.fromkeys(("open_file", "read_file"), _file_named),
    **dict.fromkeys(("create_folder", "create_file"), _can_be_made),
    "line_read": lambda command: command.slot("unit") != "character" or _counted_unit(command),
    "fill": _filled,
    "sum": lambda command: calculate(command.slot("sum")) is not None,
    **dict.fromkeys(("edit", "again", "zoom"), _numbered("count")),
}
"""What each intent needs, of those that need something."""
