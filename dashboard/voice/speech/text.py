"""Words before they are spoken, and after they are heard."""

from __future__ import annotations

import re
from typing import Final

_DANGLING: Final = frozenset(
    re.findall(
        r"\S+",
        "a an and as at because but by called for from i if into is it's like my named of or "
        "than the their to um uh er very which while with would your",
    )
)
_COMPLETE_ENDINGS: Final = frozenset(("like that", "like this", "what is", "where to"))
_MODIFIERS: Final = frozenset(
    ["control", "ctrl", "alt", "shift", "super", "press", "key", "letter"]
)
"""After these, *a* and *i* are keys and not the beginning of something."""
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|$)", re.DOTALL)
_MARKUP = re.compile(r"[*_`#>|~]+")
_SYMBOLS: Final = {"&": " and ", "%": " percent ", "@": " at ", "+": " plus ", "=": " equals "}
_PATH = re.compile(r"(?<!\w)~?/(?:[\w.-]+/)*([\w.-]+)")
_EXTENSION = re.compile(r"(?<=\w)\.(?=[a-z]{2,4}\b)")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+(?=\S)")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+")
_LONGEST = 280
"""Characters spoken in one go; a longer sentence is cut at a clause or a word."""


def spoken(text: str) -> str:
    """``text`` as a voice should say it: no code, addresses, markup or symbols."""
    text = _CODE.sub(" ", text)
    text = _URL.sub("a link", text)
    text = _PATH.sub(r"\1", text)
    text = _EXTENSION.sub(" dot ", text)
    for symbol, words in _SYMBOLS.items():
        text = text.replace(symbol, words)
    return " ".join(_MARKUP.sub(" ", text).split())


def sentences(text: str) -> list[str]:
    """``text`` in pieces to be synthesised one after another."""
    found = [s.strip() for s in _SENTENCE.split(text.strip()) if s.strip()]
    return [piece for sentence in found for piece in _shortened(sentence)]


def _shortened(sentence: str) -> list[str]:
    if len(sentence) <= _LONGEST:
        return [sentence]
    pieces = [""]
    for part in _CLAUSE.split(sentence):
        for word in part.split():
            if len(pieces[-1]) + len(word) > _LONGEST:
                pieces.append("")
            pieces[-1] = f"{pieces[-1]} {word}".strip()
    return [piece for piece in pieces if piece]


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.findall(r"[\w']+", text.lower().replace("-", " "))


def dangles(text: str) -> bool:
    """Whether ``text`` stops where no sentence ends, as after *and*, *the* or *to*."""
    found = words(text)
    if not found or " ".join(found[-2:]) in _COMPLETE_ENDINGS:
        return False
    if len(found) > 1 and found[-2] in _MODIFIERS:
        return False
    return trails_off(text) or found[-1] in _DANGLING


def trails_off(text: str) -> bool:
    """Whether ``text`` ends in a mark behind which a sentence goes on."""
    return text.rstrip().endswith(("...", "…", ",", "-"))


def without_loops(text: str) -> str:
    """``text`` up to where a recogniser began to repeat itself.

    Autoregressive recognisers loop when sound breaks off in mid-word; three or more words
    said twice in a row, or one word four times, are taken for that.
    """
    parts = text.split()
    keys = [re.sub(r"\W+", "", part.lower()) for part in parts]
    for start in range(len(keys)):
        for length in range(1, (len(keys) - start) // 2 + 1):
            if _repeats(keys, start, length) >= (4 if length < 3 else 2):
                return " ".join(parts[: start + length])
    return text.strip()


_OLD: Final = re.compile(
    r"\b(to)-(day)\b|\b(to)[- ](morrow|night)\b|\b(good)-(bye)\b", re.IGNORECASE
)


def modern(text: str) -> str:
    """``text`` without words taken apart as a hundred years ago: "to-morrow", "to Morrow"."""
    return _OLD.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    first, second = (part for part in match.groups() if part)
    return f"{first}{second.lower()}"


def _repeats(keys: list[str], start: int, length: int) -> int:
    count, unit = 1, keys[start : start + length]
    while keys[start + count * length : start + (count + 1) * length] == unit:
        count += 1
    return count
