"""A second look at a transcript: what can be said here, and sounds like this?

Small recognisers spell names of windows and files as common words. Phrases of the client's
vocabulary replace a run of words that is close in letters, and nothing else: a wrong
correction is worse than a wrong word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz, process, utils

_CLOSE: Final = 84.0
"""rapidfuzz ratio from which a run of words is taken for a phrase of the vocabulary."""
_SHORTEST: Final = 5
"""Letters; shorter phrases are near to too many common words."""
_LONGEST: Final = 3
"""Words; a longer phrase is a whole command, and a command's near misses are other commands."""
_MOST: Final = 500


def cleaned(phrases: Sequence[object]) -> tuple[str, ...]:
    """A client's vocabulary: strings only, without repeats, at most `_MOST`."""
    found = (" ".join(p.split()) for p in phrases if isinstance(p, str))
    return tuple(dict.fromkeys(p for p in found if p))[:_MOST]


def correct(text: str, vocabulary: Sequence[str]) -> str:
    """``text`` with near misses of ``vocabulary`` replaced; punctuation is kept."""
    phrases = [p for p in vocabulary if _is_name(p)]
    if not phrases or not text:
        return text
    tokens = text.split()
    known = {utils.default_process(p) for p in phrases}
    for size in sorted({min(len(p.split()) + extra, 4) for p in phrases for extra in (0, 1)})[::-1]:
        tokens = _pass(tokens, size, phrases, known)
    return " ".join(tokens)


def _is_name(phrase: str) -> bool:
    return len(phrase.replace(" ", "")) >= _SHORTEST and len(phrase.split()) <= _LONGEST


def _pass(tokens: list[str], size: int, phrases: list[str], known: set[str]) -> list[str]:
    out, place = [], 0
    while place < len(tokens):
        run = tokens[place : place + size]
        found = _match(" ".join(run), phrases, known) if len(run) == size else None
        if found is None:
            out.append(tokens[place])
            place += 1
        else:
            tail = re.search(r"\W*$", run[-1])
            out.append(found + (tail.group() if tail else ""))
            place += size
    return out


def _match(run: str, phrases: list[str], known: set[str]) -> str | None:
    plain = utils.default_process(run)
    if len(plain.replace(" ", "")) < _SHORTEST or plain in known:
        return None
    best = process.extractOne(
        plain.replace(" ", ""),
        phrases,
        processor=lambda p: utils.default_process(p).replace(" ", ""),
        scorer=fuzz.ratio,
        score_cutoff=_CLOSE,
    )
    if not best or not _same_start(plain, best[0]) or _says_already(plain, best[0]):
        return None
    return best[0]


def _same_start(plain: str, phrase: str) -> bool:
    """Names are misheard in the middle or at the end more than in their first sound."""
    return plain[:1] == phrase[:1].lower()


def _says_already(plain: str, phrase: str) -> bool:
    """Whether one holds the other's words whole: then nothing was misheard.

    What stands beside a phrase are other words, and a part of it is all that was said.
    """
    said, named = set(plain.split()), set(utils.default_process(phrase).split())
    return said <= named or named <= said
