"""Which stretch of a text is meant by "the last two words" or "quick through fox"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Unit = Literal["character", "word", "sentence", "line", "paragraph", "all", ""]
Which = Literal["this", "next", "previous", "last", "first"]
Span = tuple[int, int]
"""Begin and end in characters; the end is not part of it."""

_WORD = re.compile(r"\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}-]\w+)*")
_SENTENCE = re.compile(r"\S[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")
_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_BLOCK = re.compile(r"(?:[^\n]+(?:\n|\Z))+")
_TO_THE_END = ("sentence", "line", "paragraph")
"""Units whose last one is the text's; the last word is the one before the caret."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch as it is said: units around the caret, or words that stand in the text."""

    unit: Unit = ""
    which: Which = "this"
    count: int = 1
    phrase: str = ""
    until: str = ""
    """The last words of a stretch that begins with ``phrase``."""

    nth: int = 0
    """Which unit of the text, from 1."""

    edge: Literal["", "start", "end"] = ""
    """From the caret to that edge of the unit, or of the whole text."""

    around: Literal["", "before", "after", "between", "upto"] = ""
    """All that is on that side of ``phrase``, up to ``until``, or from the caret to ``phrase``."""

    last: int = 0
    """The last unit of several, of which ``nth`` is the first."""


def find(text: str, caret: int, stretch: Stretch) -> Span | None:
    """Where a stretch is in a text; of several, the nearest to the caret. None if nowhere."""
    if stretch.phrase:
        return _around(text, caret, stretch) if stretch.around else _phrase(text, caret, stretch)
    if stretch.edge:
        begin, end = _whole(text, caret, stretch)
        return (begin, caret) if stretch.edge == "start" else (caret, end)
    if stretch.unit == "all":
        return (0, len(text)) if text else None
    if stretch.unit == "character":
        return _characters(text, caret, stretch)
    found = units(text, stretch.unit)
    if stretch.nth:
        return _numbered(found, stretch)
    chosen = _choose(found, caret, stretch) if found else []
    return (chosen[0][0], chosen[-1][1]) if chosen else None


def _numbered(found: Sequence[Span], stretch: Stretch) -> Span | None:
    """The units of a text by their numbers."""
    last = stretch.last or stretch.nth
    if not stretch.nth <= last <= len(found):
        return None
    return found[stretch.nth - 1][0], found[last - 1][1]


def _around(text: str, caret: int, stretch: Stretch) -> Span | None:
    """What is before, after or between words, or what lies from the caret up to them."""
    if stretch.around == "upto":
        ahead = _phrase(text, caret, replace(stretch, which="next"))
        return (caret, ahead[0]) if ahead and ahead[0] > caret else None
    span = _phrase(text, caret, stretch)
    if span is None:
        return None
    match stretch.around:
        case "between":
            ends = occurrences(text[: span[1]], stretch.until)
            begin = span[0] + occurrences(text[slice(*span)], stretch.phrase)[0][1]
            inner = text[begin : ends[-1][0]]
            lead = len(inner) - len(inner.lstrip())
            return (begin + lead, begin + len(inner.rstrip())) if inner.strip() else None
        case "after":
            return span[1], len(text)
        case _:
            return 0, span[0]


def _whole(text: str, caret: int, stretch: Stretch) -> Span:
    """The unit with the caret; the whole text where none is named."""
    here = [(b, e) for b, e in units(text, stretch.unit) if b <= caret <= e] if stretch.unit else []
    return here[0] if here else (0, len(text))


def occurrences(text: str, phrase: str) -> list[Span]:
    """Where words stand in a text, whatever their case and the marks between them."""
    words = re.findall(r"\w+|[^\w\s]+", phrase)
    if not words:
        return []
    spoken = r"[\s\W]+".join(map(re.escape, words)) if words[0][0].isalnum() else re.escape(phrase)
    edged = rf"(?<!\w){spoken}(?!\w)"
    return [m.span() for m in re.finditer(edged, text, re.IGNORECASE)]


def _phrase(text: str, caret: int, stretch: Stretch) -> Span | None:
    found = occurrences(text, stretch.phrase)
    if stretch.which == "next":
        return next((span for span in found if span[0] >= caret), None)
    if stretch.which == "previous":
        return next((span for span in reversed(found) if span[1] <= caret), None)
    if stretch.which in ("first", "last") and not stretch.until:
        return found[0 if stretch.which == "first" else -1] if found else None
    if not stretch.until:
        return min(found, key=lambda span: _distance(span, caret), default=None)
    for begin, end in sorted(found, key=lambda span: _distance(span, caret)):
        last = next((e for b, e in occurrences(text, stretch.until) if b >= end), None)
        if last is not None:
            return begin, last
    return None


def _distance(span: Span, caret: int) -> int:
    return max(span[0] - caret, caret - span[1], 0)


def _characters(text: str, caret: int, stretch: Stretch) -> Span | None:
    if stretch.nth:
        return _numbered([(at, at + 1) for at in range(len(text))], stretch)
    match stretch.which:
        case "first":
            begin, end = 0, stretch.count
        case "previous" | "last":
            caret = caret or len(text) * (stretch.which == "last")
            begin, end = caret - stretch.count, caret
        case _:
            begin, end = caret, caret + stretch.count
    begin, end = max(begin, 0), min(end, len(text))
    return (begin, end) if begin < end else None


def units(text: str, unit: Unit) -> list[Span]:
    """Where each word, sentence, line or paragraph of a text is, in its order."""
    match unit:
        case "word":
            found = _WORD.finditer(text)
        case "sentence":
            found = _SENTENCE.finditer(text)
        case "paragraph" if "\n\n" in text.strip("\n"):
            found = _BLOCK.finditer(text)
        case _:
            found = _LINE.finditer(text)
    spans = [m.span() for m in found if m[0] or unit == "line"]
    if (
        unit == "line"
        and len(spans) > 1
        and spans[-1][0] == spans[-1][1]
        and not text.endswith("\n")
    ):
        spans.pop()
    return [(begin, end - text[begin:end].endswith("\n")) for begin, end in spans]


def _choose(units: Sequence[Span], caret: int, stretch: Stretch) -> list[Span]:
    """The units that are meant, in the text's order."""
    here = next((i for i, (b, e) in enumerate(units) if b <= caret <= e), None)
    before = [u for u in units if u[1] <= caret]
    whole = stretch.unit in _TO_THE_END
    match stretch.which:
        case "first":
            return list(units[: stretch.count])
        case "last":
            return list((before if before and not whole else units)[-stretch.count :])
        case "previous":
            if whole and here is not None:
                before = list(units[:here])
            return list(before[-stretch.count :])
        case "next":
            after = [u for u in units if u[0] >= caret]
            if whole and here is not None:
                after = list(units[here + 1 :])
            return after[: stretch.count]
        case _:
            if here is None:
                here = len(before) - 1
            if here == len(units) - 1:  # behind the last there are no more: those before are meant
                return list(units[-stretch.count :])
            return list(units[max(here, 0) :][: stretch.count])
