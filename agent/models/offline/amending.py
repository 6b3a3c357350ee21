"""A command with one thing in it replaced: "no, the terminal", "I mean the second line"."""

from __future__ import annotations

import re

from agent.models.offline.grammar import Command, corrected
from agent.models.offline.keys import parse_keys
from agent.models.offline.words import alternatives, lexicon, number, strip_back

_MOST = 6
"""Words of a correction; more are another sentence."""

_LEADS = re.compile(
    rf"(?:(?:{alternatives('correcting')})\s+(?:it\s+|that\s+)?(?:called\s+)?)*"
    r"(?:(?:the|my|a|an)\s+)?",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"\s+(?:{alternatives('times', 'alone')}"
    rf"|\S+(?:\s+\S+)?\s+(?:{alternatives('times', 'counted')}))$",
    re.IGNORECASE,
)


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
            return command.having(direction=words.lower()) if way in lexicon()["ways"] else None
        case "text" if (counted := _other_unit(command, words.lower())) is not None:
            return counted
        case "text" if command.slot("phrase") and not command.slot("until"):
            return command.having(phrase=words)
        case "tile" | "move_window" if words.lower() in ("left", "right"):
            return command.having(side=words.lower(), way=words.lower())
        case "zoom" if words.lower() in ("in", "out"):
            return command.having(way=words.lower())
        case "wait" if number(words) is not None:
            return command.having(count=words)
        case "change_file" if " to " not in f" {words} ":
            slot = {"rename": "name", "move": "folder", "copy": "folder"}.get(
                command.slot("what"), "file"
            )
            return command.having(**{slot: words})
        case intent if intent in corrected() and not command.slot("text"):
            return command.having(**{corrected()[intent]: words})
        case _:
            return None


def _other_unit(command: Command, words: str) -> Command | None:
    """The unit with another number: "the second", of "the first word"; "4", of "line 3"."""
    if command.slot("index") and number(words) is not None:
        return command.having(index=words)
    if not command.slot("unit") or not (command.slot("which") or command.slot("nth")):
        return None
    if words in ("first", "last", "next", "previous"):
        return command.having(which=words, nth="", index="")
    nth = lexicon()["ordinals"].get(words)
    return command.having(nth=str(nth), which="", count="") if nth and nth > 0 else None


def _keys(command: Command, words: str) -> Command | None:
    keys = command.slot("keys")
    times = words.lower().removesuffix("times").strip()
    if number(times) is not None and not parse_keys(words):
        said = (
            words
            if times != words.lower() or times in lexicon()["times"]["alone"]
            else f"{words} times"
        )
        return command.having(keys=f"{_COUNT.sub('', keys)} {said}")
    return command.having(keys=words) if parse_keys(words) else None
