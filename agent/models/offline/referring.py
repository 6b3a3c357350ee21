"""What "it" is: the file, folder or program that was spoken of before."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models.offline.grammar import Command
from agent.models.offline.words import lexicon

_FILES = (
    *("open_file", "read_file", "find_file", "append_file", "file_fact", "change_file"),
    *("list_files", "count_files"),
)


def is_it(words: str) -> bool:
    """Whether words stand for a file or folder without naming it."""
    return words.lower() in lexicon()["it"]


def referring(command: Command, before: Sequence[Command]) -> Command:
    """A command with the names of what it refers to, as far as commands before it tell."""
    if command.intent == "wait_for" and is_it(command.slot("window")):
        named = next((n for c in reversed(before) if (n := c.slot("app") or c.slot("window"))), "")
        return command.having(window=named) if named else command.having(what="another")
    if command.intent == "reopen" and _opens(command) and (name := _spoken_of(before, "file")):
        return Command("open_app", {"app": name}, command.said)
    if command.intent == "text" and command.slot("act") == "delete" and command.slot("that"):
        return _thrown_away(command, before)
    if command.intent == "switch" and is_it(command.slot("window")):
        return command.having(window=_spoken_of(before, "folder") or command.slot("window"))
    if command.intent not in _FILES:
        return command
    for slot in ("file", "folder"):
        if is_it(command.slot(slot)) and (name := _spoken_of(before, slot)):
            command = command.having(**{slot: name})
    return command


def _opens(command: Command) -> bool:
    """Whether "open it" was said, and not "bring it back"."""
    said = command.said.lower()
    return said.startswith("open ") and not said.endswith((" again", " back"))


def _thrown_away(command: Command, before: Sequence[Command]) -> Command:
    """A file that was found or changed just before, where "delete it" means that; else a text."""
    last = before[-1] if before else None
    if last is None or last.intent not in ("find_file", "change_file"):
        return command
    name = _file(last)
    slots = {"what": "delete", "file": name}
    return Command("change_file", slots, command.said) if name else command


def _spoken_of(before: Sequence[Command], slot: str) -> str:
    """The name of the last thing of a kind that commands are about."""
    names = _folder if slot == "folder" else _file
    return next((name for each in reversed(before) if (name := names(each))), "")


def _folder(command: Command) -> str:
    if command.intent == "create_folder":
        return command.slot("name")
    shown = command.slot("window") if command.intent == "switch" else command.slot("app")
    return command.slot("folder") or shown


def _file(command: Command) -> str:
    if command.intent in ("create_file", "create_folder", "save_as"):
        return command.slot("name")
    if command.intent not in _FILES or command.slot("what") == "delete":
        return ""
    named = command.slot("name") if command.slot("what") == "rename" else command.slot("file")
    return "" if is_it(named) else named
