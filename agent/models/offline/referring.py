"""What "it" is: the file, folder or program that was spoken of before."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models.offline.grammar import Command
from agent.models.offline.words import lexicon

_FILES = ("open_file", "read_file", "find_file", "append_file", "file_fact", "change_file")


def is_it(words: str) -> bool:
    """Whether words stand for a file or folder without naming it."""
    return words.lower() in lexicon()["it"]


def referring(command: Command, before: Sequence[Command]) -> Command:
    """A command with the names of what it refers to, as far as commands before it tell."""
    if command.intent == "wait_for" and is_it(command.slot("window")):
        named = next((n for c in reversed(before) if (n := c.slot("app") or c.slot("window"))), "")
        return command.having(window=named) if named else command.having(what="another")
    if command.intent not in _FILES:
        return command
    for slot in ("file", "folder"):
        if is_it(command.slot(slot)) and (name := _spoken_of(before, slot)):
            command = command.having(**{slot: name})
    return command


def _spoken_of(before: Sequence[Command], slot: str) -> str:
    """The name of the last thing of a kind that commands are about."""
    names = _folder if slot == "folder" else _file
    return next((name for each in reversed(before) if (name := names(each))), "")


def _folder(command: Command) -> str:
    return command.slot("name") if command.intent == "create_folder" else command.slot("folder")


def _file(command: Command) -> str:
    if command.intent in ("create_file", "create_folder", "save_as"):
        return command.slot("name")
    if command.intent not in _FILES or command.slot("what") == "delete":
        return ""
    named = command.slot("name") if command.slot("what") == "rename" else command.slot("file")
    return "" if is_it(named) else named
