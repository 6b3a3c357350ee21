"""Programs by the words for them alone, before anything is looked at."""

from __future__ import annotations

import functools

from rapidfuzz import fuzz, process

from agent.models.offline.words import lexicon


@functools.cache
def _app_names() -> tuple[str, ...]:
    return tuple(name for app in lexicon()["apps"] for name in app["names"])


def without_kind(name: str) -> str:
    """A program's name without "window", "program" and their like behind it."""
    front, _, last = name.strip().rpartition(" ")
    return front if front and last.lower() in lexicon()["program_words"] else name.strip()


def bare(name: str) -> str:
    """A name without an article before it."""
    first, _, rest = name.strip().partition(" ")
    return rest.lstrip() if rest and first.lower() in lexicon()["articles"] else name.strip()


def is_place(name: str, cutoff: float = 85) -> bool:
    """Whether a phrase names a program or a window rather than a thing in it."""
    said = without_kind(name).lower()
    return (
        process.extractOne(said, _app_names(), scorer=fuzz.ratio, score_cutoff=cutoff) is not None
    )


def names_in(row: str) -> list[str]:
    """The names of "the terminal, the editor and notes", without articles."""
    between = {*lexicon()["several"]["between"]}
    first, _, rest = row.partition(" ")
    words = (rest if first.lower() in lexicon()["several"]["before"] else row).split()
    parts: list[list[str]] = [[]]
    for word in words:
        if word.lower() not in between:
            parts[-1].append(word.rstrip(","))
        if word.lower() in between or word.endswith(","):
            parts.append([])
    return [bare(" ".join(part)) for part in parts if part]


def several(names: str) -> list[str]:
    """The programs of "the terminal and the text editor"; else the name as it stands."""
    parts = names_in(names)
    return parts if len(parts) > 1 and all(map(is_place, parts)) else [names]
