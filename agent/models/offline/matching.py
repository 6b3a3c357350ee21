"""Names as people say them against names as programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz import fuzz

T = TypeVar("T")

SURE = 80.0
"""Likeness (0 to 100) from which a name is taken for another."""

EXACT = 99.0
"""Likeness of the same words, or of the same letters."""

_CLEAR = 4.0
"""What the best must be ahead by of a different second best."""


@dataclass(frozen=True, slots=True)
class Scored(Generic[T]):
    """A candidate and its likeness."""

    item: T
    name: str
    score: float


def plain(name: str) -> str:
    """Lower case, without ellipsis, mnemonic, shortcut and punctuation."""
    name = name.replace("_", " ").replace("&", " and ").lower()
    name = re.sub(r"\bdot (?=\w)", ".", name)
    name = re.sub(r"[^\w\s.+-]|\.+$|\.(?=\s)", " ", name)
    return " ".join(name.split())


def likeness(said: str, name: str) -> float:
    """0 to 100: 100 for the same words, high for a mishearing, less for a part."""
    a, b = plain(said), plain(name)
    if not a or not b:
        return 0.0
    if a == b:
        return 100.0
    if a.replace(" ", "") == b.replace(" ", ""):
        return EXACT
    whole = max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b) - 2)
    if len(a) < 4 or len(b) < 4:
        return whole if whole >= 75 and a[0] == b[0] and len(a) + len(b) > 5 else whole * 0.8
    part = 0.0
    if set(a.split()) < set(b.split()):
        part = 82.0 + 10.0 * len(a) / len(b)
    return max(whole, part)


def rank(said: str, named: Iterable[tuple[str, T]], cutoff: float = SURE) -> list[Scored[T]]:
    """Candidates that are alike enough, best first; the order given breaks ties."""
    scored = (Scored(item, name, likeness(said, name)) for name, item in named)
    return sorted((s for s in scored if s.score >= cutoff), key=lambda s: -s.score)


def clear(scored: Sequence[Scored[T]]) -> list[Scored[T]]:
    """The best, with those that are as good or nearly so (all that is exact, if any is)."""
    if not scored:
        return []
    best = scored[0].score
    margin = 0.0 if best >= EXACT else _CLEAR
    return [s for s in scored if s.score >= best - margin]
