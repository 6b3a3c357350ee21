"""A command with one thing in it replaced: "no, the terminal", "I mean the second line"."""

from __future__ import annotations

import re

from agent.models.offline.grammar import Command
from agent.models.offline.keys import parse_keys
from agent.models.offline.words import number, strip_back

_MAIN = {
    "open_app": "app",
    "new_window": "app",
    "switch": "window",
    "focus": "window",
    "close": "window",
    "minimise": "window",
    "maximise": "window",
    "restore": "window",
    "click": "label",
    "hover": "label",
    "tick": "label",
    "scroll_to": "label",
    "menu": "menu",
    "open_file": "file",
    "read_file": "file",
    "find_file": "file",
    "create_file": "name",
    "create_folder": "name",
    "list_files": "folder",
    "count_files": "folder",
}
"""The slot of each intent that a correction means."""

_MOST = 6
"""Words of a correction; more are another sentence."""

_WAYS = ("up", "down", "left", "right", "top", "bottom")
_LEADS = re.compile(
    r"(?:(?:call|name|make|do|use|take|try|open|to|for|with|rather|be|called|named)\s+(?:it\s+|that\s+)?"
    r"(?:called\s+)?)*(?:(?:the|my|a|an)\s+)?",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\s+(?:once|twice|thrice|\S+(?:\s+\S+)?\s+times?)$", re.IGNORECASE)


def amended(command: Command, words: str) -> Command | None:
    """The command with words in the place of what they correct; None if they correct nothing."""
    words = strip_back(_LEADS.sub("", words.strip(), count=1)).strip(" \"'“”,.;:")
    words = re.sub(r"\s+one$", "", words)
    if not words or len(words.split()) > _MOST:
        return None
    match command.intent:
        case "keys":
            return _keys(command, words)
        case "scroll":
            way = words.lower().split()[0]
            return command.having(direction=words.lower()) if way in _WAYS else None
        case "text" if command.slot("phrase") and not command.slot("until"):
            return command.having(phrase=words)
        case "tile" | "move_window" if words.lower() in ("left", "right"):
            return command.having(side=words.lower(), way=words.lower())
        case intent if intent in _MAIN and not command.slot("text"):
            return command.having(**{_MAIN[intent]: words})
        case _:
            return None


def _keys(command: Command, words: str) -> Command | None:
    keys = command.slot("keys")
    times = words.lower().removesuffix("times").strip()
    if number(times) is not None and not parse_keys(words):
        said = words if times != words.lower() or times in ("once", "twice") else f"{words} times"
        return command.having(keys=f"{_COUNT.sub('', keys)} {said}")
    return command.having(keys=words) if parse_keys(words) else None
