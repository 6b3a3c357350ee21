"""Selecting, moving, deleting and changing text by the words that stand in it.

The caret is led by keys to where the accessibility tree says the words are, and each step is
looked up there before the next: nothing is deleted that was not seen to be selected first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from agent.desktop.base import Node
from agent.models.offline import paging, spans
from agent.models.offline.dictation import dictated, mark_named
from agent.models.offline.editing import edit, keys
from agent.models.offline.files import change as change_file
from agent.models.offline.files import find as find_file
from agent.models.offline.files import offered
from agent.models.offline.places import place
from agent.models.offline.pointing import click_label, scroll
from agent.models.offline.spans import Span, Stretch, Unit, Which
from agent.models.offline.steps import (
    Act,
    Call,
    Done,
    Fail,
    Moment,
    Step,
    capital,
    key,
    shortened,
    type_text,
)
from agent.models.offline.words import number

_LED, _SELECTED, _CHANGED, _COPIED = 21, 22, 23, 24
_TRIES = 4
_MOST = 100
"""How often one action may press a key."""

_FARTHEST = 4_000
"""Keys that are pressed for one step at the most."""

_SHOWN = 80
_READ = 400
"""Characters of a text that are read aloud."""

_AROUND = 30
"""Characters that are read out on either side of a place."""


@dataclass(frozen=True, slots=True)
class _Text:
    """The text that has the caret."""

    node: Node
    text: str
    caret: int
    selected: str

    @property
    def selection(self) -> Span | None:
        """Where the selection is; the caret is at one end of it."""
        length = len(self.selected)
        for begin in (self.caret - length, self.caret):
            if length and begin >= 0 and self.text[begin : begin + length] == self.selected:
                return begin, begin + length
        return None


async def text(at: Moment) -> Step:
    """One command about a text, by what it is to do: the slot ``act``."""
    if at.phase not in (0, _LED, _SELECTED, _CHANGED, _COPIED):
        return await _otherwise(at, None)
    if at.failure:
        return Fail(f"That did not work: {at.failure}")
    field = at.view.field
    if field is not None and field.role == "terminal" and _takes_back(at):
        return await _on_line(at, field)
    here = await _here(at)
    if isinstance(here, Fail):
        return here if at.phase else await _otherwise(at, here)
    match at.phase:
        case 0:
            return await _begin(at, here)
        case phase if phase == _LED:
            return _led(at, here)
        case phase if phase == _SELECTED:
            return _selected(at, here)
        case phase if phase == _COPIED:
            return await _copied(at, here)
        case _:
            return await _changed(at)


def _takes_back(at: Moment) -> bool:
    return at.slot("act") == "delete" and bool(at.slot("dictated"))


async def _on_line(at: Moment, terminal: Node) -> Step:
    """Take back what was dictated last, where it still stands at the end of a command line."""

    async def line() -> str:
        caret = await at.desktop.caret_of(terminal)
        return (await at.desktop.text_of(terminal))[: max(caret, 0)].rpartition("\n")[2]

    async def gone() -> bool:
        return _digest(await line()) == at.memo

    if at.phase:
        if await at.come(gone, 2.0):
            return Done("I took that back from the command line.")
        return Fail("I pressed the keys for it, but the command line is not as it was.")
    said, before = at.slot("dictated"), await line()
    if not said.strip() or not before.lower().endswith(said.lower()):
        return _missing(at)
    kept = before[: -len(said)]
    left = kept.removesuffix(" ") if kept.rstrip()[-1:].isalnum() else kept
    presses = len(before) - len(left)
    return Act("Taking it back.", _pressed("BackSpace", presses), _CHANGED, _digest(left))


async def _otherwise(at: Moment, why: Fail | None) -> Step:
    """What the words may mean where there is no such text: a thing, files, the wheel, keys."""
    act, side = at.slot("act"), at.slot("side")
    if at.slot("find"):
        return await find_file(at.having(file=at.slot("phrase")))
    if act == "delete" and at.slot("phrase") and not at.view.writing:
        return await change_file(at.having(what="delete", file=at.slot("phrase")))
    if act == "delete" and why is not None and (name := at.slot("phrase")):
        return Fail(f"{why.say} {await offered(at, 'delete', name)}".strip())
    if act == "select" and at.slot("phrase") and not at.slot("until"):
        return await click_label(at.having(label=at.slot("phrase")))
    kept = act == "delete" and at.slot("dictated")
    if act in ("delete", "copy", "cut") and stretch_of(at) is None and not kept:
        return await edit(at.having(what=act))
    if act == "caret" and at.slot("steps"):
        return await scroll(at.having(direction=_wheeled(at), count=""))
    if act == "caret" and side and at.slot("unit") == "line":
        return await keys(at.having(keys="home" if side == "before" else "end"))
    return why or Fail("That could not be done.")


def _wheeled(at: Moment) -> str:
    """The direction of the wheel, and how far, for steps of the cursor."""
    way = {"back": "left", "forward": "right"}.get(at.slot("steps"), at.slot("steps"))
    return f"{way} {at.slot('count')} {at.slot('unit') or 'line'}s" if at.slot("count") else way


async def scroll_to(at: Moment) -> Step:
    """Bring words of a text to sight with the cursor; where there are none, a thing of a page."""
    led = at.having(act="caret", side="before", phrase=at.slot("label"))
    if at.phase in (_LED, _SELECTED, _CHANGED, _COPIED):
        return await text(led)
    here = await _here(at) if at.phase == 0 and at.view.writing else None
    if isinstance(here, _Text) and spans.occurrences(here.text, at.slot("label")):
        return await text(led)
    return await paging.scroll_to(at)


async def turn_page(at: Moment) -> Step:
    """The next page of a browser; of anything else, what a page further down shows."""
    said = at.command.said.lower()
    if "page" not in said or at.slot("what") == "reload" or paging.pages(at.view):
        return await paging.browse(at)
    way = "up" if at.slot("what") == "back" else "down"
    return await scroll(at.having(direction=f"{way} a page"))


async def _here(at: Moment) -> _Text | Fail:
    field = at.view.field
    if field is None or field.role == "password text":
        return Fail(f"I see no text with the cursor in {place(at.view)}, so I have done nothing.")
    if field.role == "terminal":
        return Fail(
            "The cursor is in the terminal, whose text cannot be selected or changed by words."
        )
    caret = await at.desktop.caret_of(field)
    if caret < 0:
        return Fail(f"I cannot see where the cursor is in {place(at.view)}.")
    content = await at.desktop.text_of(field)
    return _Text(field, content, caret, await at.desktop.selection_of(field))


async def read(at: Moment) -> Step:
    """Read a line, sentence or paragraph aloud."""
    here = await _here(at)
    if isinstance(here, Fail):
        return Fail(f"I see no text with the cursor in {place(at.view)}.")
    stretch = stretch_of(at)
    span = spans.find(here.text, here.caret, stretch) if stretch else None
    if span is None:
        return Fail(f"I see no {_named(at)} in {place(at.view)}.")
    words = here.text[slice(*span)]
    return Done(f"It says: {shortened(words, _READ)}" if words.strip() else "It is empty.")


async def tell_place(at: Moment) -> Step:
    """Tell where the cursor is: in which line, and beside which words."""
    here = await _here(at)
    if isinstance(here, Fail):
        return Fail(f"I see no text with the cursor in {place(at.view)}.")
    line = here.text.count("\n", 0, here.caret) + 1
    told = f"The cursor is in line {line}, {_around(here.text, here.caret)}."
    stretch = Stretch("word")
    word = spans.find(here.text, here.caret, stretch) if "word" in at.command.said.lower() else None
    return Done(f"{told} The word is {here.text[slice(*word)]}." if word else told)


async def count(at: Moment) -> Step:
    """Tell how many letters, words, lines … the text in front has."""
    field = at.view.field
    if field is None or field.role in ("terminal", "password text"):
        return Fail(f"I see no text with the cursor in {place(at.view)}.")
    content, unit = await at.desktop.text_of(field), at.slot("unit")
    found = [s for s in spans.units(content, cast(Unit, unit)) if s[0] < s[1]]
    many = len(content) if unit == "character" else len(found)
    return Done(f"{capital(place(at.view))} has {many} {unit}{'' if many == 1 else 's'}.")


def stretch_of(at: Moment) -> Stretch | None:
    """The stretch that a command names; None for "that"."""
    unit, phrase = at.slot("unit"), at.slot("phrase")
    edge = at.slot("edge") or at.slot("rest")
    if not unit and not phrase and not edge:
        return None
    return Stretch(
        cast(Unit, unit),
        cast(Which, at.slot("which") or "this"),
        max(1, number(at.slot("count")) or 1),
        phrase,
        at.slot("until"),
        number(at.slot("nth") or at.slot("index")) or 0,
        cast(Literal["", "start", "end"], edge),
        cast(Literal["", "before", "after", "between", "upto"], at.slot("around")),
        number(at.slot("last")) or 0,
    )


_FURTHER = {"next": "further", "previous": "earlier"}
"""What to call an occurrence of words that comes after, or before, the one that was found."""


def _named(at: Moment) -> str:
    """What to call the stretch where it is not there."""
    if phrase := at.slot("phrase"):
        if (which := at.slot("which")) in _FURTHER:
            return f"{_FURTHER[which]} “{phrase}”"
        until = at.slot("until")
        if at.slot("around") == "upto":
            return f"“{phrase}” behind the cursor"
        return f"“{phrase}” up to “{until}”" if until else f"“{phrase}”"
    if nth := at.slot("nth") or at.slot("index"):
        last = at.slot("last")
        return f"{at.slot('unit')} {nth}{f' to {last}' if last else ''}"
    count = at.slot("count")
    words = (at.slot("which") or "such a").replace("this", "such a").replace("last", "previous")
    return f"{words} {f'{count} ' if count else ''}{at.slot('unit')}"


async def _begin(at: Moment, here: _Text) -> Step:
    act = at.slot("act")
    if act == "unselect":
        if not here.selected:
            return Done("Nothing is selected.")
        return Act("Taking the selection away.", (key("Right"),), _CHANGED, _digest(here.text))
    if act == "caret" and at.slot("steps"):
        return _lead(at, here, (_stepped(at, here),) * 2)
    stretch = stretch_of(at)
    if act == "extend":
        span = _extended(at, here)
    else:
        span = spans.find(here.text, _origin(at, here), stretch) if stretch else _meant(at, here)
    if span is None and act in ("insert", "caret") and at.slot("unit") == "all":
        span = (0, 0)
    if span is None:
        missing = _missing(at)
        here_only = not at.slot("phrase") or at.slot("which") in _FURTHER
        return missing if here_only else await _otherwise(at, missing)
    if act == "insert" or act == "caret":
        return _lead(at, here, (span[at.slot("side") != "before"],) * 2)
    if act == "replace" and at.slot("all"):
        span = spans.occurrences(here.text, at.slot("phrase"))[-1]
    if act == "delete" and not any(map(at.slot, ("edge", "rest", "around"))):
        span = _with_gap(here.text, _with_marks(at, here, span), at.slot("unit"))
    if here.selection == span:
        return _selected(at, here, span)
    return _lead(at, here, span)


def _origin(at: Moment, here: _Text) -> int:
    """Where units are counted from: the end of the selection that lies towards them."""
    if here.selection is None:
        return here.caret
    return here.selection[at.slot("which") == "next"]


def _extended(at: Moment, here: _Text) -> Span | None:
    """The selection with so many units more, at its end or before its beginning."""
    if here.selection is None:
        return None
    begin, end = here.selection
    back = at.slot("steps") in ("back", "up")
    which: Which = "previous" if back else "next"
    steps = max(1, number(at.slot("count")) or 1)
    stretch = Stretch(cast(Unit, at.slot("unit")), which, steps)
    more = spans.find(here.text, begin if back else end, stretch)
    return (min(begin, more[0]), max(end, more[1])) if more else here.selection


def _missing(at: Moment) -> Fail:
    if said := at.slot("dictated"):
        words = shortened(said, 40)
        return Fail(f"“{words}” does not stand before the cursor any more; I changed nothing.")
    if at.slot("phrase") or (at.slot("unit") and at.slot("act") != "extend"):
        return Fail(f"I see no {_named(at)} in {place(at.view)}, so nothing was changed.")
    return Fail(f"Nothing is selected in {place(at.view)}. Say which words you mean.")


def _meant(at: Moment, here: _Text) -> Span | None:
    """What "that" is: the selection, else what was dictated just before."""
    if here.selection:
        return here.selection
    said = at.slot("dictated")
    if said and not said.strip() and here.text[: here.caret].endswith(said):
        return (here.caret - len(said), here.caret)
    before = here.text[: here.caret].rstrip()
    if said and before.lower().endswith(said.lower().rstrip()):
        begin = len(before) - len(said.rstrip())
        gap = at.slot("act") == "delete" and begin > 0 and here.text[begin - 1] == " "
        return (begin - gap, here.caret if at.slot("act") == "delete" else len(before))
    return None


def _with_marks(at: Moment, here: _Text, span: Span) -> Span:
    """With the marks between the words before the caret and the caret: "dog." is one word."""
    between = here.text[span[1] : here.caret]
    backward = at.slot("unit") == "word" and at.slot("which") in ("last", "previous")
    bare = re.fullmatch(r"[^\w\s]+", between)
    return (span[0], here.caret) if backward and bare else span


def _with_gap(content: str, span: Span, unit: str) -> Span:
    """With the line's end, or with one of the two spaces that would be left."""
    begin, end = span
    gap = "\n" if unit == "line" else " "
    if unit in ("character", "all"):
        return span
    if unit == "paragraph":
        return _with_blank_lines(content, span)
    before, after = content[begin - 1 : begin] if begin else "", content[end : end + 1]
    if after == gap and (before in ("", "\n", " ") or gap == "\n"):
        return begin, end + 1
    if before == gap and not after.isalnum():
        return begin - 1, end
    return span


def _with_blank_lines(content: str, span: Span) -> Span:
    """With the empty lines behind a paragraph; behind the last one, with those before it."""
    begin, end = span
    behind = len(content) - len(content[end:].lstrip("\n"))
    return (begin, behind) if behind < len(content) else (len(content[:begin].rstrip("\n")), behind)


def _stepped(at: Moment, here: _Text) -> int:
    """The offset after so many steps in a direction."""
    steps = max(1, number(at.slot("count")) or 1)
    back = at.slot("steps") in ("back", "up")
    unit = at.slot("unit") or ("line" if at.slot("steps") in ("up", "down") else "character")
    if unit == "character":
        return min(max(here.caret + (-steps if back else steps), 0), len(here.text))
    if unit == "line":
        starts = [0, *(m.end() for m in re.finditer("\n", here.text))]
        line = sum(start <= here.caret for start in starts) - 1
        wanted = min(max(line + (-steps if back else steps), 0), len(starts) - 1)
        column = here.caret - starts[line]
        stop = starts[wanted + 1] - 1 if wanted + 1 < len(starts) else len(here.text)
        return min(starts[wanted] + column, stop)
    if unit != "word":
        starts = [begin for begin, _ in spans.units(here.text, cast(Unit, unit))]
        passed = [s for s in starts if (s < here.caret if back else s > here.caret)]
        if len(passed) < steps:
            return 0 if back else len(here.text)
        return passed[-steps] if back else passed[steps - 1]
    which: Which = "previous" if back else "next"
    found = spans.find(here.text, here.caret, Stretch("word", which, steps))
    return found[not back] if found else (0 if back else len(here.text))


# Leading the caret ------------------------------------------------------------------------


def _memo(span: Span, tried: int = 0) -> str:
    return f"{span[0]}x{span[1]}x{tried}"


def _noted(at: Moment) -> tuple[Span, int]:
    begin, end, tried = (int(part) for part in at.memo.split("x"))
    return (begin, end), tried


def _lead(at: Moment, here: _Text, span: Span, tried: int = 0) -> Step:
    """Press what brings the caret to the beginning of a stretch."""
    ways = _ways(here, span[0])
    if sum(int(call.input.get("repeat", 1)) for call in ways) > _FARTHEST:
        return Fail("That is too far from the cursor. Click near it, or scroll there first.")
    return (
        Act("Moving the cursor.", ways, _LED, _memo(span, tried)) if ways else _led(at, here, span)
    )


def _ways(here: _Text, to: int) -> tuple[Call, ...]:
    """The keys to an offset: from the caret, else from the nearer end of the text.

    A selection is left at one of its ends, which differs between programs: so it is taken
    away first.
    """
    first: tuple[Call, ...]
    first = (key("ctrl+Home"),) if to <= len(here.text) - to else (key("ctrl+End"),)
    origin = 0 if to <= len(here.text) - to else len(here.text)
    near = abs(to - here.caret) <= abs(to - origin) + 20 and not here.selected
    if near:
        first, origin = (), here.caret
    return first + _pressed("Right" if to > origin else "Left", abs(to - origin))


def _pressed(name: str, times: int) -> tuple[Call, ...]:
    whole, rest = divmod(times, _MOST)
    return (key(name, _MOST),) * whole + ((key(name, rest),) if rest else ())


def _led(at: Moment, here: _Text, span: Span | None = None) -> Step:
    """The caret should be at the beginning: select from there, or put in the text."""
    tried = 0
    if span is None:
        span, tried = _noted(at)
        if here.caret != span[0] or here.selected:
            if tried >= _TRIES:
                return Fail(f"I could not move the cursor there in {place(at.view)}.")
            return _lead(at, here, span, tried + 1)
    if at.slot("act") == "caret" or (at.slot("act") == "insert" and not at.slot("text")):
        return Done(f"The cursor is {_around(here.text, span[0])}.")
    if at.slot("act") == "insert":
        return _put(at, here, span, _lined(at, here.text, span[0]))
    length = span[1] - span[0]
    return Act("Selecting.", _pressed("shift+Right", length), _SELECTED, _memo(span, tried))


_BLANKS = {"space": " ", "tab": "\t", "new line": "\n", "line break": "\n", "blank line": "\n\n"}
"""What cannot be seen, by its names."""


def _inserted(said: str) -> str:
    """Words to be put in; "a comma" is the mark."""
    bare = re.sub(r"^(?:a|an|the)\s+", "", said, flags=re.IGNORECASE)
    if mark := mark_named(bare):
        return mark[0]
    blank = _BLANKS.get(bare.lower())
    return dictated(said) if blank is None else blank


def _lined(at: Moment, content: str, offset: int) -> str:
    """Words to be put in, on a line of their own where that was said."""
    words = _inserted(at.slot("text"))
    if not at.slot("line"):
        return _fitted(content, offset, words)
    return words if content[:offset][-1:] in ("", "\n") else f"\n{words}"


def _before(content: str, offset: int) -> str:
    """Whole words of the line before an offset."""
    line = content[:offset].rpartition("\n")[2]
    return line if len(line) <= _AROUND else line[-_AROUND:].partition(" ")[2]


def _after(content: str, offset: int) -> str:
    """Whole words of the line after an offset."""
    line = content[offset:].partition("\n")[0]
    return line if len(line) <= _AROUND else line[:_AROUND].rpartition(" ")[0]


def _around(content: str, offset: int) -> str:
    """Where an offset is, in words that stand there."""
    before, after = _before(content, offset), _after(content, offset)
    if before.strip():
        return f"after “{shortened(before)}”"
    if after.strip():
        return f"before “{shortened(after)}”"
    return "on an empty line" if content else "in an empty text"


# With what is selected --------------------------------------------------------------------


def _selected(at: Moment, here: _Text, span: Span | None = None) -> Step:
    """What is selected is what was meant: now do with it what was asked."""
    if span is None:
        span, tried = _noted(at)
        if here.selection != span:
            if tried >= _TRIES:
                return Fail(f"I could not select that in {place(at.view)}; nothing was changed.")
            return _lead(at, here, span, tried + 1)
    chosen = here.text[slice(*span)]
    shown = shortened(chosen, _SHOWN)
    match at.slot("act"):
        case "select" | "extend":
            return Done(f"Selected: {shown}")
        case "correct":
            return Done(f"Selected: {shown}. Say what it should be: change that to, and the words.")
        case "spell":
            return Done(f"Selected: {shown}. Say: spell, and its letters.")
        case "copy":
            return Act("Copying.", (key("ctrl+c"),), _COPIED, _memo(span))
        case "cut":
            return _put(at, here, span, "", key("ctrl+x"))
        case "delete":
            return _put(at, here, span, "", key("Delete"))
        case "replace":
            return _put(at, here, span, _like(chosen, dictated(at.slot("text"))))
        case other:
            return _put(at, here, span, _CASES[other](chosen))


def _title(chosen: str) -> str:
    """With a capital at the beginning of each word."""
    return re.sub(r"(?<!\w)(?<!\w['\N{RIGHT SINGLE QUOTATION MARK}])[^\W\d_]", _upper, chosen)


def _upper(match: re.Match[str]) -> str:
    return match[0].upper()


_CASES: dict[str, Callable[[str], str]] = {
    "capital": _title,
    "upper": str.upper,
    "lower": str.lower,
    "joined": lambda chosen: re.sub(r"\s+", "", chosen),
}


def _like(before: str, after: str) -> str:
    """With a capital where the words had one that are replaced."""
    return capital(after) if before[:1].isupper() and after[:1].islower() else after


def _fitted(content: str, offset: int, words: str) -> str:
    """Words with the spaces that set them apart from their neighbours."""
    before, after = content[:offset][-1:], content[offset : offset + 1]
    left = " " if before and not before.isspace() and words[:1].isalnum() else ""
    right = " " if after.isalnum() and words[-1:].isalnum() else ""
    return f"{left}{words}{right}"


def _put(at: Moment, here: _Text, span: Span, words: str, by: Call | None = None) -> Act:
    """Write words in the place of a stretch, or take it away with a key."""
    begin, end = span
    expected = here.text[:begin] + words + here.text[end:]
    memo = f"{_digest(expected)}x{begin}x{begin + len(words)}"
    calls = (by,) if by else (type_text(words),)
    if by is None and not words:
        calls = (key("Delete"),)
    return Act(_says(at, here.text[begin:end], words), calls, _CHANGED, memo)


def _says(at: Moment, old: str, new: str) -> str:
    old, new = shortened(old, 40), shortened(new, 40)
    match at.slot("act"):
        case "delete":
            return f"Deleting “{old}”."
        case "cut":
            return f"Cutting “{old}”."
        case "insert":
            return f"Writing “{new}”."
        case _:
            return f"Writing “{new}” for “{old}”."


def _digest(content: str) -> str:
    """A text's mark, whatever its white space at the end."""
    return hashlib.sha256(content.rstrip().encode()).hexdigest()[:12]


async def _changed(at: Moment) -> Step:
    """Whether the text is now what it should be."""
    digest, _, rest = at.memo.partition("x")

    async def there() -> bool:
        field = at.view.field
        return field is not None and _digest(await at.desktop.text_of(field)) == digest

    if not await at.come(there, 2.0):
        await at.until(lambda v: v.field is not None, 0.5)
        return Fail(f"{capital(place(at.view))} does not show that change.")
    here = await _here(at)
    if isinstance(here, Fail):
        return here
    if at.slot("act") == "unselect":
        return (
            Done("Nothing is selected now.")
            if not here.selected
            else Fail("I pressed a key for it, but something is still selected.")
        )
    begin, end = (int(part) for part in rest.split("x"))
    if at.slot("all"):
        left = [s for s in spans.occurrences(here.text, at.slot("phrase")) if s[1] <= begin]
        if left:
            return _lead(at, here, left[-1])
    return Done(_told(at, here, (begin, end)))


def _told(at: Moment, here: _Text, span: Span) -> str:
    begin, end = span
    where = capital(place(at.view))
    did = {"delete": "Deleted", "cut": "Cut", "insert": "Written"}.get(at.slot("act"), "Changed")
    if not here.text.strip():
        return f"{did}. {where} is empty now."
    written = here.text[begin:end]
    excerpt = shortened(_before(here.text, begin) + written + _after(here.text, end), _SHOWN)
    if not excerpt.strip():
        line = [part for part in here.text[:begin].splitlines() if part.strip()]
        excerpt = shortened(line[-1], _SHOWN) if line else shortened(here.text, _SHOWN)
    return f"{did}. {where} now says there: {excerpt}"


async def _copied(at: Moment, here: _Text) -> Step:
    span, _ = _noted(at)
    wanted = here.text[slice(*span)]

    async def there() -> bool:
        return (await at.desktop.input.clipboard()).strip() == wanted.strip()

    if await at.come(there, 2.0):
        return Done(f"Copied: {shortened(wanted, _SHOWN)}")
    return Fail(
        f"I pressed the keys to copy, but “{shortened(wanted, 40)}” is not on the clipboard."
    )
