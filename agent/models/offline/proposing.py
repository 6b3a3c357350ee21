"""What was perhaps meant by words that fit no command: by meaning, and by what is possible now.

A proposal is a sentence that works as it stands. It is done only if the person says so.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from rapidfuzz import fuzz, process

from agent.desktop.base import Desktop
from agent.disk import in_thread
from agent.models.offline.grammar import match
from agent.models.offline.matching import plain
from agent.models.offline.meaning import Vectors, meaning
from agent.models.offline.places import apps, find_windows
from agent.models.offline.view import View, look
from agent.models.offline.words import lexicon, strip_back, strip_front, tidy

_log = logging.getLogger(__name__)

MOST = 3
"""Proposals that are made at once."""

_NEAR = 0.38
"""From this on, two sentences may mean the same."""

_LABELLED = 0.55
"""What it is worth that words hold the name of a thing that shows."""

_MISHEARD = 0.9
"""What it is worth that their first word is nearly one that takes something away."""

_ALIKE = 65.0
"""rapidfuzz ratio from which it is."""

_SHORTEST = 4
"""Letters of such a name."""

_CLICKED = ("push button", "button", "toggle button", "menu", "menu item", "link", "page tab")
_OFFER = re.compile(r"Did you mean ((?:“[^”]+”(?:,? or |, )?)+)\?")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sentence of ``proposals.yaml``."""

    say: str
    like: tuple[str, ...] = ()
    named: str = ""
    needs: str = ""


@functools.cache
def known() -> tuple[Proposal, ...]:
    """All that may be proposed."""
    data = yaml.safe_load(Path(__file__).with_name("proposals.yaml").read_text("utf-8"))
    return tuple(Proposal(**{**each, "like": tuple(each.get("like", ()))}) for each in data)


async def propose_on(desktop: Desktop, said: str) -> list[str]:
    """As `propose`, for the desktop as it is: words are weighed while it is looked at.

    Raises:
        DesktopError: the desktop is not there.
    """
    view, _ = await asyncio.gather(look(desktop), in_thread(_likeness, _bare(said)))
    return await propose(said, view)


async def propose(said: str, view: View) -> list[str]:
    """Up to `MOST` sentences that may be what was meant, likeliest first."""
    words = _bare(said)
    name, is_open = _name_in(words, view)
    asked = re.sub(rf"(?:\bthe )?\b{re.escape(name)}\b", "the program", words) if name else words
    scores = await in_thread(_likeness, asked)
    found: dict[str, float] = {}
    for proposal, score in zip(known(), scores, strict=True):
        sentence = _sentence(proposal, name, is_open=is_open)
        if sentence and score >= _NEAR and _possible(proposal, view):
            found[sentence] = max(score, found.get(sentence, 0.0))
    for label in _labels_in(words, view):
        found.setdefault(f"click {label}", _LABELLED)
    for sentence in _alike(words):
        found.setdefault(sentence, _MISHEARD)
    return sorted(found, key=lambda sentence: -found[sentence])[:MOST]


def _bare(said: str) -> str:
    return strip_back(tidy(strip_front(said))).lower()


def offer(sentences: Sequence[str]) -> str:
    """The question that names proposals; see `offered`."""
    quoted = [f"“{sentence}”" for sentence in sentences]
    if len(quoted) < 2:
        return f"Did you mean {quoted[0]}?"
    return f"Did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?"


def offered(answer: str) -> tuple[str, ...]:
    """The proposals that an answer ended with."""
    found = _OFFER.findall(answer)
    return tuple(re.findall("“([^”]+)”", found[-1])) if found else ()


@functools.cache
def _anchors() -> tuple[Vectors, list[int]]:
    """The meaning of each way to say each proposal, and which proposal it is."""
    ways = [(way, at) for at, each in enumerate(known()) for way in (each.say, *each.like)]
    return meaning().vectors([way for way, _ in ways]), [at for _, at in ways]


@functools.lru_cache(maxsize=64)
def _likeness(words: str) -> tuple[float, ...]:
    """How near words are to each proposal, by letters where the model cannot be loaded."""
    try:
        return tuple(_scores(words))
    except (ImportError, OSError, RuntimeError):
        _log.warning("Proposals go by letters, not by meaning", exc_info=True)
        return tuple(_by_letters(words, each) for each in known())


def _by_letters(words: str, proposal: Proposal) -> float:
    return max(fuzz.ratio(words, way) for way in (proposal.say, *proposal.like)) / 100


def _scores(words: str) -> list[float]:
    """How near words are to each proposal."""
    vectors, owners = _anchors()
    likeness = vectors @ meaning().vectors([words])[0]
    best = np.full(len(known()), -1.0, np.float32)
    np.maximum.at(best, owners, likeness)
    return [float(score) for score in best]


def _sentence(proposal: Proposal, name: str, *, is_open: bool) -> str:
    """The sentence to propose, with the name that was said; nothing if that is not possible."""
    if not (name and proposal.named):
        return proposal.say
    opens = proposal.named.startswith("open ")
    return proposal.named.format(name=f"the {name}") if opens or is_open else ""


def _name_in(words: str, view: View) -> tuple[str, bool]:
    """The program that words name, and whether it is open."""
    names = {plain(name): app for app in apps(view) for name in app.names if name}
    said = [name for name in names if re.search(rf"\b{re.escape(name)}\b", words)]
    if not said:
        return "", False
    name = max(said, key=len)
    return name, bool(find_windows(view, name))


def _labels_in(words: str, view: View) -> list[str]:
    """Names of things in the window in front that can be clicked and are said in words."""
    shown = {
        n.name.rstrip(".\N{HORIZONTAL ELLIPSIS} ")
        for n in view.tree.showing(*_CLICKED)
        if view.in_active(n)
    }
    said = (label for label in shown if len(label) >= _SHORTEST)
    return sorted(label for label in said if re.search(rf"\b{re.escape(label.lower())}\b", words))


def _alike(words: str) -> list[str]:
    """What words ask for if their first was misheard for one that takes something away."""
    first, _, rest = words.partition(" ")
    verb = process.extractOne(first, lexicon()["grave"], scorer=fuzz.ratio, score_cutoff=_ALIKE)
    sentence = f"{verb[0]} {rest}" if verb and rest else ""
    return [sentence] if sentence and match(sentence) else []


_NEEDS: dict[str, Callable[[View], object]] = {
    "window": lambda view: view.programs,
    "windows": lambda view: len(view.programs) > 1,
    "text": lambda view: view.writing,
    "dialog": lambda view: view.dialogs,
    "files": lambda view: view.active is not None and "thunar" in view.active.wm_class.lower(),
}


def _possible(proposal: Proposal, view: View) -> bool:
    return not proposal.needs or bool(_NEEDS[proposal.needs](view))
