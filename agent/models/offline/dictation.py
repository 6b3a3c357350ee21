"""What is to be typed: spoken marks, capitals, numbers, addresses and emoji written out."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.models.offline.words import lexicon, number, number_words, strip_back
from agent.session.fate import without_instead

_SPACE = re.compile(r"(\s*)(\S+)")
_TRAILING = ",.?!;:"
_LONGEST_MARK = 4
"""Words of the longest name of a mark."""

_ENDINGS = (
    "com|org|net|edu|gov|io|de|uk|fr|eu|info|txt|md|py|csv|pdf|html|json|yaml|sh|png|jpg|odt|ods"
)
_ADDRESS = re.compile(
    rf"(?<![\w.])(?:(?P<user>\w[\w-]*(?: (?:dot|underscore|hyphen|dash) \w+)*) at )?"
    rf"(?P<host>(?:www dot )?\w[\w-]*(?: (?:dot|hyphen|dash) \w+)*? dot (?:{_ENDINGS}))"
    rf"(?P<path>(?: slash \w[\w-]*)*)\b(?! dot (?:{_ENDINGS})\b)",
    re.IGNORECASE,
)
_JOINTS = {"dot": ".", "underscore": "_", "hyphen": "-", "dash": "-", "slash": "/"}


def dictated(text: str, style: str = "") -> str:
    """A dictation as it is to be typed, its lone sentence's full stop dropped.

    Text in quotation marks is taken as it stands. ``style`` is that of the whole: ``title``,
    ``upper``, ``lower``, ``joined`` or ``spelled``.
    """
    text = without_instead(strip_back(text.strip(), "dictation_closers")).lstrip(":, ")
    quoted = re.fullmatch(r"[\"“”](.+)[\"“”][.!]?", text, re.DOTALL)
    if quoted:
        return quoted[1]
    if re.fullmatch(r"[^.!?\n]*[.]", text):
        text = text[:-1]
    if style == "spelled":
        return spelled(text)
    return _Writer(style).write(text)


NUMERALS = "numerals"
"""The style in which numbers are written in digits."""


def continued(text: str, style: str = "") -> tuple[str, str]:
    """A part of a dictation as it is to be typed, and the style that the next part begins with.

    Sentences within it begin with a capital; how the first does depends on what stands before.
    ``style`` is one of `dictated` and, with a space between, ``numerals``: each may be missing.
    """
    kept = [part for part in style.split() if part != NUMERALS]
    writer = _Writer("".join(kept), sentences=True, numerals=NUMERALS in style.split())
    written = writer.write(text)
    return written, f"{writer.style} {NUMERALS if writer.numerals else ''}".strip()


_OPENING = "([{<\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}/\\@#$\N{POUND SIGN}_"
"""Marks that nothing sets apart from what follows."""

_CLOSING = ",.;:!?%)]}>\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}/\\@_-\n\t "
"""What nothing sets apart from what stands before."""

_SENTENCE_ENDS = re.compile(
    r"(?:^|[.!?\N{HORIZONTAL ELLIPSIS}][\"'\u201d\u2019)\]]*\s+|\n)[\"'\u201c(\[]*$"
)


def fitted(text: str, before: str, after: str, *, sentences: bool = True) -> str:
    """A part of a dictation as it fits between what stands ``before`` and ``after`` it.

    With ``sentences``, it begins with a capital where a sentence does.
    """
    if not text:
        return text
    gap = " " if _apart(before, text) else ""
    if sentences and _SENTENCE_ENDS.search(before + gap):
        text = _upper_first(text)
    rest = " " if after[:1].isalnum() and (text[-1].isalnum() or text[-1] in ",.;:!?)") else ""
    return f"{gap}{text}{rest}"


def on_line(text: str, before: str) -> str:
    """A part of a dictation as it goes behind what stands ``before`` it on a command line."""
    begins = text[:1].isalnum() or text[:1] in _BEGINS_ON_LINE
    ended = before[-1:].isalnum() or before[-1:] in _ENDS_ON_LINE
    return f" {text}" if before and begins and ended else text


_BEGINS_ON_LINE, _ENDS_ON_LINE = "-~\"'$&|<>*", "\"'*|&<>~"
"""Marks with which a word of a command line may begin, and end."""


def _apart(before: str, text: str) -> bool:
    """Whether a space belongs between two parts of a text."""
    if not before or before[-1].isspace() or before[-1] in _OPENING or text[0] in _CLOSING:
        return False
    if before[-1] == "-" and not before[-2:-1].isspace():
        return False
    if text[0] in "\"'":
        return not _quoted(before, text[0]) and not text.lower().startswith("'s")
    return before[-1] not in "\"'" or not _quoted(before, before[-1])


def _quoted(before: str, mark: str) -> bool:
    """Whether the end of a text is inside quotation marks of this kind."""
    line = before.rpartition("\n")[2]
    within = len(re.findall(rf"\w{mark}\w", line)) if mark == "'" else 0
    return (line.count(mark) - within) % 2 == 1


def spells(text: str) -> bool:
    """Whether words are letters that are said one by one."""
    letters = {*lexicon()["letters"], *lexicon()["alphabet"], *_SHIFTS, "space", "spacebar"}
    words = re.findall(r"[\w']+", text.lower())
    return bool(words) and all(len(w) == 1 or w in letters or _digit(w) for w in words)


_SHIFTS = ("capital", "cap", "big", "upper")


def _digit(word: str) -> bool:
    value = number(word) if len(word) > 2 else None
    return value is not None and value < 10


def mark_named(text: str) -> tuple[str, bool] | None:
    """The mark that words name, if they are nothing else, and whether a space goes before it.

    The end of a line is no mark.
    """
    mark = _marks().get(" ".join(text.lower().replace("-", " ").split()).strip(_TRAILING))
    return (mark[0], mark[1]) if mark is not None and mark[0].strip() else None


def spelled(text: str) -> str:
    """Letters said one by one, by name or by the spelling alphabet; "capital a" is "A".

    Names of marks are the marks.
    """
    letters: dict[str, str] = {**lexicon()["letters"], **lexicon()["alphabet"]}
    out, upper = [], False
    said = re.findall(r"[\w']+|[^\w\s]", text)
    lowered, at = [word.lower() for word in said], 0
    while at < len(said):
        if length := _named(lowered[at:], _marks()):
            out.append(_marks()[" ".join(lowered[at : at + length])][0])
            at += length
            continue
        word, lower, at = said[at], lowered[at], at + 1
        if lower in _SHIFTS:
            upper = True
            continue
        if lower in ("space", "spacebar"):
            out.append(" ")
            continue
        if lower in _JOINTS:
            out.append(_JOINTS[lower])
            continue
        value = number(lower) if lower.isalpha() and len(lower) > 2 else None
        letter = letters.get(lower, str(value) if value is not None and value < 10 else word)
        kept = word if len(word) == 1 else letter
        out.append(kept.upper() if upper else kept)
        upper = False
    return "".join(out)


@functools.cache
def mode_words() -> dict[str, Any]:
    """The data of ``dictation.yaml``."""
    path = Path(__file__).with_name("dictation.yaml")
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return data


def transcribed(text: str) -> str:
    """A transcript without what the recogniser adds to words: a capital and marks by ear.

    Where marks are said, only those count. Where none is, the full stop at the end goes: it
    says that there was a pause. Names keep their capitals.
    """
    text = _heard_marks(text)
    said = _names_marks(text)
    pieces = (_marks_at_pauses(text) if said else text).split()
    out, begins = [], True
    for at, piece in enumerate(pieces):
        bare = piece.rstrip(_TRAILING)
        ended = piece != bare and piece[-1] in ".!?"
        last = at == len(pieces) - 1
        kept = bare if said or (last and piece.endswith(".")) else piece
        if said and _swallowed(pieces, at):
            kept = f"{bare},"
        out.append(_common(kept) if begins else kept)
        begins = said and ended
    return " ".join(out)


def _heard_marks(text: str) -> str:
    """A transcript with the names of marks put right, and those apart that were joined to words."""
    text = _JOINED.sub(lambda m: m[0].replace("-", " "), text)
    text = _misheard().sub(lambda m: str(_meant()[_bare(m[0])]), text)
    return _ENDING_IN_COMMA.sub(r"\1 comma", text)


def _swallowed(pieces: list[str], at: int) -> bool:
    """Whether a comma of the recogniser's own stands for one that was said and not written.

    It swallows the word behind a vowel: "Canada, comma" becomes "Canada,".
    """
    around = " ".join(pieces[max(0, at - 2) : at + 3])
    return pieces[at].lower().endswith(("a,", "o,", "ow,")) and not _names_marks(around)


_QUOTES = '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}'


def _names_marks(text: str) -> bool:
    words = [piece.lower().strip(f"{_TRAILING}{_QUOTES}") for piece in text.split()]
    return any(_named(words[at : at + _LONGEST_MARK], _marks()) for at in range(len(words)))


def _marks_at_pauses(text: str) -> str:
    """Words put right that sound like a mark, beside a pause that the recogniser wrote down."""
    text = re.sub(f"[{_QUOTES}]", "", text)  # quotation marks are said as well
    for pattern, mark in _at_pauses():
        text = pattern.sub(f" {mark} ", text)
    return text


@functools.cache
def _at_pauses() -> list[tuple[re.Pattern[str], str]]:
    marks = "|".join(sorted(map(re.escape, _marks()), key=len, reverse=True))
    told: dict[str, Any] = mode_words()["misheard_at_pauses"]
    leads = "|".join(map(re.escape, told["leads"]))
    behind = rf",\s+{{word}}\s+(?=(?:{leads})\b)"
    before = rf"\s{{word}}[,;]\s+(?!(?:{marks})\b)"
    between = rf",\s+{{word}},\s+(?!(?:{marks})\b)"
    return [
        (re.compile(pattern.format(word=re.escape(word)), re.IGNORECASE), mark)
        for pattern, words in (
            (behind, told["behind"]),
            (before, told["before"]),
            (between, told["between"]),
        )
        for word, mark in words.items()
    ]


def _bare(phrase: str) -> str:
    return " ".join(re.findall(r"[\w'-]+", phrase.lower()))


@functools.cache
def _meant() -> dict[str, str]:
    """By a misheard phrase without its marks: the name of what was meant."""
    return {_bare(wrong): right for wrong, right in mode_words()["misheard"].items()}


_PAUSED = r"[,.]?\s+"


@functools.cache
def _misheard() -> re.Pattern[str]:
    wrong = sorted(mode_words()["misheard"], key=len, reverse=True)
    words = "|".join(_PAUSED.join(map(re.escape, phrase.split())) for phrase in wrong)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


_JOINED = re.compile(
    r"\w+-(?=(?:(?:open|close) (?:quote|paren|bracket)|full stop|new (?:line|paragraph)"
    r"|question mark|exclamation (?:mark|point)|comma|period|colon|semicolon|hyp\w*n)\w*\b)"
    r"|(?:new line|new paragraph|comma|full stop|colon|hyp\w*n\w*)-(?=\w)",
    re.IGNORECASE,
)
"""A word and the name of a mark that were taken for one: "high-period"."""

_ENDING_IN_COMMA = re.compile(
    r"\b(?!glaucoma\b)(\w{2,})(?:kam(?:a|ma)|com(?:a|ma))\b", re.IGNORECASE
)
"""A name that swallowed the mark behind it: "Annakama"."""


def _common(word: str) -> str:
    return word.lower() if word.strip(_TRAILING).lower() in mode_words()["common"] else word


@functools.cache
def _marks() -> dict[str, tuple[str, bool, bool]]:
    """By its name: a mark, whether a space stands before it, and after it."""
    return {name: (mark, before, after) for name, mark, before, after in lexicon()["punctuation"]}


@dataclass
class _Writer:
    """Goes through the words once; commands among them change how the next are written."""

    style: str = ""
    sentences: bool = False
    """Whether each sentence after the first begins with a capital."""

    numerals: bool = False
    """Whether numbers are written in digits."""

    english: bool = False
    """Whether a lone "i" is the word."""

    out: list[str] = field(default_factory=list)
    glued: bool = True
    """Whether the next piece follows without a space."""

    once: str = ""
    """The style of the next word only."""

    def write(self, text: str) -> str:
        self.english = _english(text)
        text = _ADDRESS.sub(_address, text)
        pieces = [(m[1], m[2]) for m in _SPACE.finditer(text)]
        at = 0
        while at < len(pieces):
            at += self._piece(pieces, at)
        return "".join(self.out)

    def _piece(self, pieces: list[tuple[str, str]], at: int) -> int:
        """Write what begins at a word; the number of words that it took."""
        words = [word.lower().strip(_TRAILING) for _, word in pieces[at : at + _LONGEST_MARK + 1]]
        if words[0] == "literal" and (length := _named(words[1:], _marks())):
            self._put(" ".join(word for _, word in pieces[at + 1 : at + 1 + length]), " ")
            return 1 + length
        if taken := self._command(words, pieces, at) or self._emoji(words):
            return taken
        length = _named(words, _marks())
        if length and not _is_word(pieces, at, length):
            self._mark(*_marks()[" ".join(words[:length])])
            return length
        gap, word = pieces[at]
        self._put(word, "\n" if "\n" in gap else " ")
        return 1

    def _command(self, words: list[str], pieces: list[tuple[str, str]], at: int) -> int:
        two = " ".join(words[:2])
        three = " ".join(words[:3])
        if three in ("all caps on", "all caps off"):
            self.style = "upper" if three.endswith("on") else ""
            return 3
        if two in ("caps on", "caps off"):
            self.style = "title" if two.endswith("on") else ""
            return 2
        if three in ("no space on", "no space off"):
            self.style = "joined" if three.endswith("on") else ""
            return 3
        if two in ("numerals on", "numerals off"):
            self.numerals = two.endswith("on")
            return 2
        if two in ("no space", "no caps", "all caps") and len(words) > 2:
            self.glued = self.glued or two == "no space"
            self.once = {"no caps": "lower", "all caps": "upper"}.get(two, self.once)
            return 2
        if words[0] in ("cap", "capital") and len(words) > 1 and not _noun(pieces, at):
            self.once = "title"
            return 1
        if words[0] == "numeral" and (length := _numbered(words[1:], _number)):
            self._put(str(number(" ".join(words[1 : 1 + length]))), " ")
            return 1 + length
        if self.numerals and (length := _numbered(words, _counted)):
            mark = pieces[at + length - 1][1][len(words[length - 1]) :]
            self._put(f"{number(' '.join(words[:length]))}{mark}", " ")
            return length
        return 0

    def _emoji(self, words: list[str]) -> int:
        for length in range(min(len(words), _LONGEST_MARK + 1), 1, -1):
            if words[length - 1] == "emoji" and (sign := emoji(" ".join(words[: length - 1]))):
                self._put(sign, " ")
                return length
        return 0

    def _mark(self, mark: str, before: bool, after: bool) -> None:
        if self.out and self.out[-1][-1:] in ",." and self.out[-1][:-1].isalnum():
            self.out[-1] = self.out[-1][:-1]
        gap = " " if before and self.out and not self.glued else ""
        self.out.append(f"{gap}{mark}")
        self.glued = not after

    @property
    def _ended(self) -> bool:
        """Whether what was written so far ends a sentence or a line."""
        last = "".join(self.out[-3:]).rstrip("\"' )]")
        return last.endswith(("\n", "!", "?")) or (last.endswith(".") and last[-3:] != "...")

    def _put(self, word: str, gap: str) -> None:
        style, self.once = self.once or self.style, ""
        if self.sentences and not style and self._ended:
            style = "title"
        word = _STYLES.get(style, str)(_pronoun(word, lone=self.english))
        glued = self.glued or (style == "joined" and bool(self.out))
        self.out.append(word if glued else f"{gap}{word}")
        self.glued = False


def _english(text: str) -> bool:
    """Whether words around a lone "i" tell that it is the English one."""
    of: dict[str, list[str]] = mode_words()["pronoun"]
    words = {word.strip(_TRAILING) for word in text.lower().replace(_CURLY, "'").split()}
    if not all(word.isascii() for word in words) or words & {*of["against"]}:
        return False
    return bool(
        words & ({*mode_words()["common"], *of["with"], *of["words"][1:]} - {*of["shared"]})
    )


_CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"


def _pronoun(word: str, *, lone: bool) -> str:
    """The words "I" and "I'm" with their capital; the former where it is ``lone``."""
    known = mode_words()["pronoun"]["words"]
    bare = word.lower().strip(_TRAILING).replace(_CURLY, "'")
    return _upper_first(word) if bare in known and (lone or bare != known[0]) else word


def _upper_first(word: str) -> str:
    return word[:1].upper() + word[1:]


_STYLES: dict[str, Callable[[str], str]] = {
    "title": _upper_first,
    "upper": str.upper,
    "lower": str.lower,
}


def _named(words: list[str], table: dict[str, tuple[str, bool, bool]]) -> int:
    """How many words at the beginning are a mark's name."""
    longest = min(len(words), _LONGEST_MARK)
    return next((n for n in range(longest, 0, -1) if " ".join(words[:n]) in table), 0)


def _numbered(words: list[str], fits: Callable[[list[str], int], bool]) -> int:
    """How many words at the beginning are a number."""
    return next((n for n in range(_LONGEST_MARK, 0, -1) if fits(words[:n], n)), 0)


def _counted(words: list[str], length: int) -> bool:
    """Whether words are a number and nothing else; "a", "to" and "for" are words."""
    known = {"zero", "hundred", *number_words()}
    parts = [part for word in words for part in word.split("-")]
    sure = all(part in known or (part == "and" and at > 0) for at, part in enumerate(parts))
    return sure and words[0] != "hundred" and words[-1] != "and" and _number(words, length)


def _number(words: list[str], length: int) -> bool:
    return len(words) == length and number(" ".join(words)) is not None


def _noun(pieces: list[tuple[str, str]], at: int) -> bool:
    """Whether "cap" is a thing: "the cap of the bottle"."""
    before = pieces[at - 1][1].lower() if at else ""
    after = pieces[at + 1][1].lower() if at + 1 < len(pieces) else ""
    return before in _DETERMINERS or after in ("of", "on", "off", "is", "was", "and", "for", "city")


_DETERMINERS = (
    "a",
    "an",
    "the",
    "this",
    "that",
    "my",
    "your",
    "his",
    "her",
    "our",
    "their",
    "each",
)
_PLAIN = ("period", "dash", "dot", "slash", "hyphen", "colon", "caret", "tilde", "ellipsis", "pipe")
"""Names of marks that are words of everyday too."""


def _is_word(pieces: list[tuple[str, str]], at: int, length: int) -> bool:
    """Whether a name of a mark is meant as the word that it also is."""
    name = pieces[at][1].lower().strip(_TRAILING)
    if length > 1 or name not in _PLAIN:
        return False
    before = pieces[at - 1][1].lower() if at else ""
    after = pieces[at + 1][1].lower() if at + 1 < len(pieces) else ""
    if name == "period" and before in ("long", "short", "trial", "time", "grace", "first"):
        return True
    return before in _DETERMINERS or after in ("of", "for", "between", "in", "during", "when")


def _address(match: re.Match[str]) -> str:
    def joined(part: str) -> str:
        return "".join(_JOINTS.get(word.lower(), word) for word in part.split())

    user = f"{joined(match['user'])}@" if match["user"] else ""
    return f"{user}{joined(match['host'])}{joined(match['path'])}"


def emoji(name: str) -> str:
    """The emoji of a name, by the names of Unicode and those that people use; or nothing."""
    known: dict[str, str] = lexicon()["emoji"]
    if name in known:
        return known[name]
    forms = (
        f"{name}",
        f"{name} sign",
        f"{name} face",
        f"face with {name}",
        f"smiling face with {name}",
    )
    for form in forms:
        try:
            sign = unicodedata.lookup(form.upper())
        except KeyError:
            continue
        if ord(sign[0]) > 0x2000:
            return sign
    return ""
