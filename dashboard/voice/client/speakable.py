"""From written to speakable: no code, no addresses, no JSON, one or two sentences."""

from __future__ import annotations

import re

_FENCE = re.compile(r"```.*?(```|$)", re.DOTALL)
_INLINE = re.compile(r"`([^`]*)`")
_URL = re.compile(r"\b(?:https?|ftp|file)://\S+|\bwww\.\S+", re.IGNORECASE)
_JSON = re.compile(r"[\[{][^{}\[\]]*[\]}]")
_MARKUP = re.compile(r"[*_#>|~]+")
_PATH = re.compile(r"(?<!\w)(?:~|\.{0,2})?(?:/[\w\-]+(?:\.[\w\-]+)*){2,}/?")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_CODE_LIKE = re.compile(r"^[\w.]+\(.*\)$|[{};=<>$|&]|(^|\s)--?\w")

_CHANGED = re.compile(r"[][{}`\\•]|://|\bwww\.|\$\(", re.IGNORECASE)
_SIGNS = {
    "&&": "and then",
    "||": "or else",
    ">>": "appended to",
    "|": "piped into",
    ">": "written to",
    "<": "read from",
    ";": "and then",
    "~": "home",
    "*": "star",
    "/": "slash",
    "_": "underscore",
    "#": "hash",
}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_UNSAVED = re.compile(r"“\*(?=\w)")
"""How editors begin the title of a window whose text is not saved."""

LONGEST = 220
"""Characters of one spoken line: about fifteen seconds, the longest one listens to."""


def _inline(match: re.Match[str]) -> str:
    """Short plain words in backticks are said; anything like code is not."""
    inner = match.group(1).strip()
    return "" if _CODE_LIKE.search(inner) or len(inner) > 40 else inner


def _last_part(match: re.Match[str]) -> str:
    return match.group(0).rstrip("/").rsplit("/", 1)[-1]


def speakable(text: str, *, sentences: int = 2) -> str:
    """``text`` as one would say it; empty when nothing in it can be said."""
    text = _FENCE.sub(" ", text)
    text = _INLINE.sub(_inline, text)
    text = _URL.sub("the address on the screen", text)
    while _JSON.search(text):
        text = _JSON.sub(" ", text)
    text = _PATH.sub(_last_part, text)
    text = _MARKUP.sub(" ", text)
    text = re.sub(r"^\s*[-•\d.]+\s+", "", text, flags=re.MULTILINE)
    text = re.sub(r"\s+", " ", text).strip()
    if not re.search(r"[^\W\d_]", text):
        return ""
    return _shorten(_SENTENCE.split(text)[:sentences])


def read_back(question: str, phrase: str) -> str:
    """What is asked before an action, said whole, with signs as words.

    What `speakable` would shorten or change is not read out: a yes must not be given to less
    than what will be done.
    """
    if phrase not in question:
        question = f"{question} Say: {phrase}. Or say no."
    said = _UNSAVED.sub("“", question)
    said = _SIGN.sub(lambda sign: f" {_SIGNS[sign.group()]} ", said)
    said = re.sub(r"\s+(?=[”?])|(?<=“)\s+", "", re.sub(r"\s+", " ", said)).strip()
    whole = len(said) <= LONGEST and speakable(said, sentences=3) == said
    if whole and not _CHANGED.search(question):
        return said
    return f"This cannot be read out: look at it on the screen. Say “{phrase}” to allow it."


def _shorten(parts: list[str]) -> str:
    line = " ".join(parts)
    while len(line) > LONGEST and len(parts) > 1:
        parts = parts[:-1]
        line = " ".join(parts)
    if len(line) <= LONGEST:
        return line
    return line[:LONGEST].rsplit(" ", 1)[0].rstrip(",;:") + " …"
