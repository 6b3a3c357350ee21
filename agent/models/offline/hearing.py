"""The recogniser's second look: a transcript against what can be said and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from agent.desktop.base import Desktop, Tree
from agent.models.offline.grammar import Command
from agent.models.offline.matching import clear, likeness, rank
from agent.models.offline.places import apps
from agent.models.offline.sentences import DICTATION, parse
from agent.models.offline.suggest import HELP
from agent.models.offline.view import look
from agent.models.offline.words import lexicon

_NAMING = {
    "click": ("label",),
    "hover": ("label",),
    "focus_on": ("label",),
    "drag": ("source", "destination"),
    "menu": ("menu",),
    "open_app": ("app",),
    "new_window": ("app",),
    "focus": ("window",),
    "switch": ("window",),
    "close": ("window",),
    "minimise": ("window",),
    "maximise": ("window",),
    "restore": ("window",),
}
"""Slots that name something which exists; dictation is never touched."""

_APPS = ("open_app", "new_window", "focus", "switch", "close", "minimise", "maximise", "restore")


async def vocabulary(desktop: Desktop) -> list[str]:
    """Phrases that are likely to be said now: commands, programs, windows, labels that show."""
    view = await look(desktop)
    commands = [example for topic in HELP for example in topic.examples]
    programs = [name for app in apps(view) for name in app.names if name]
    titles = [w.title for w in view.programs if w.title]
    return list(dict.fromkeys([*commands, *programs, *titles, *_labels(view.tree)]))


async def rescore(transcript: str, alternatives: Sequence[str], tree: Tree) -> str:
    """The likeliest of what was heard, with names put as they stand on the screen.

    The transcript is kept as it is when it names nothing, or nothing that is alike.
    """
    dictated = any(command.intent in DICTATION for command in parse(transcript).commands)
    heard = [transcript, *(() if dictated else alternatives)]
    scored = [(_score(text, tree), -i, text) for i, text in enumerate(heard)]
    best = max(scored)[2]
    return _corrected(best, tree)


def _score(text: str, tree: Tree) -> float:
    """How well a transcript fits: 0 if not understood, else how alike its names are."""
    plan = parse(text)
    if plan.unknown or not plan.commands:
        return 0.0
    scores = [
        max((likeness(said, name) for name in _names(command, tree)), default=50.0)
        for command in plan.commands
        for said in _said(command)
    ]
    return 100.0 + (sum(scores) / len(scores) if scores else 80.0)


def _corrected(text: str, tree: Tree) -> str:
    plan = parse(text)
    for command in plan.commands:
        for said in _said(command):
            best = clear(rank(said, [(name, name) for name in _names(command, tree)]))
            if best and best[0].score < 99:
                text = text.replace(said, best[0].name, 1)
    return text


def _said(command: Command) -> list[str]:
    slots = _NAMING.get(command.intent, ())
    return [command.slot(slot) for slot in slots if command.slot(slot)]


def _names(command: Command, tree: Tree) -> list[str]:
    known = list(chain.from_iterable(app["names"] for app in lexicon()["apps"]))
    return known if command.intent in _APPS else _labels(tree)


def _labels(tree: Tree) -> list[str]:
    named = (n.name.rstrip(".\N{HORIZONTAL ELLIPSIS} ") for n in tree.showing() if n.name)
    return [name for name in dict.fromkeys(named) if 0 < len(name) <= 40]
