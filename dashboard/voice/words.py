"""Words as phrases are compared, in every script that a voice hears.

What people write in two ways is one word here: letters of full and half width, vowel marks and
the forms of alif in Arabic, the dots of Devanagari, the two forms of the Russian ye. Japanese and
Korean, which are written without spaces or with optional ones, are compared letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from typing import Final

Words = tuple[str, ...]

_UNSPACED: Final = (
    "\u3005\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\uac00-\ud7a3"
)
"""々, kana, Chinese characters and Hangul: each letter is compared by itself."""
_DEVANAGARI: Final = "\u0900-\u0963\u0966-\u097f"
"""With its vowel signs, which are no letters to Python."""
_LETTER: Final = rf"(?:(?![{_UNSPACED}])[\w{_DEVANAGARI}])"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|{_LETTER}+(?:'{_LETTER}+)*")
_SPACED: Final = re.compile(rf"[\w{_DEVANAGARI}]+(?:'[\w{_DEVANAGARI}]+)*")
_ONE_LETTER: Final = re.compile(rf"[{_UNSPACED}]")

_DROPPED: Final = "\u0640\u0670\u093c\u200b\u200c\u200d\u200e\u200f"
"""Arabic lengthening and the small alif, the dot of Devanagari, marks of joining and direction."""
_VOWEL_MARKS: Final = map(chr, range(0x064B, 0x0660))
_FOLDED: Final = str.maketrans(
    {
        **dict.fromkeys((*_DROPPED, *_VOWEL_MARKS), ""),
        "\u2019": "'",
        "-": " ",
        "\u0451": "\u0435",  # Russian yo: ye
        **dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627"),  # forms of alif
        "\u0649": "\u064a",  # alif maqsura: ya
        "\u0629": "\u0647",  # ta marbuta: ha
        "\u0901": "\u0902",  # chandrabindu: anusvara
    }
)


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation; apostrophes inside words stay."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(_FOLDED)
    return (_WORD if _ONE_LETTER.search(folded) else _SPACED).findall(folded)


def length_of(words: Sequence[str]) -> float:
    """How many words were said: a word of Japanese or Korean has two letters or more."""
    return sum(0.5 if _ONE_LETTER.fullmatch(word) else 1.0 for word in words)


def ends_of(words: Words, known: Set[Words], start: int) -> list[int]:
    """Where the ``known`` phrases end that begin at ``start``."""
    longest = max(map(len, known), default=0)
    last = min(len(words), start + longest)
    return [end for end in range(start + 1, last + 1) if words[start:end] in known]


def reached(words: Words, known: Set[Words], start: int = 0) -> list[int]:
    """The places in ``words`` up to which, from ``start`` on, they consist of ``known`` phrases."""
    places, seen = [start], {start}
    for place in places:
        new = [end for end in ends_of(words, known, place) if end not in seen]
        places += new
        seen |= set(new)
    return places


def consists_of(words: Words, known: Set[Words], start: int = 0) -> bool:
    """Whether ``words``, from ``start`` on, are ``known`` phrases one after another."""
    return len(words) in reached(words, known, start)
