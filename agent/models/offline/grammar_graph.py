"""What can be said, as a network of words that a recogniser can follow.

`grammar.yaml` read the other way round: instead of telling what a sentence means, it tells
which word can come next. Slots become networks of their own (keys, directions, counts,
names that exist), dictation becomes *free*: any word. A recogniser that is led by it
prefers a sentence that the planner understands among those that sound alike.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.expression import Sentence as Template
from hassil.intents import TextSlotList

from agent.models.offline.grammar import intents, kinds, trait, valued
from agent.models.offline.words import lexicon, number_words, tidy

_NAMES = "names"
_ARTICLES = ("the", "a", "an", "this", "that", "my", "your")
_ROLES = ("button", "icon", "link", "tab", "menu", "item", "folder", "file", "box", "window")
_DEEP = 5
"""Squares in one another that may be said at once."""


class Node:
    """A place between two words."""

    __slots__ = ("calls", "end", "free", "jumps", "words")

    def __init__(self) -> None:
        self.words: dict[str, list[Node]] = {}
        self.jumps: list[Node] = []
        self.calls: list[tuple[str, Node]] = []
        """Networks to go through, and where to go on behind them."""
        self.end = False
        self.free = False
        """Whether any word may be said here."""


Place = tuple[Node, tuple[Node, ...]]
"""A node, and the nodes to return to."""
Places = frozenset[Place]


class _Builder:
    """Small combinators: each takes the node before and gives the node behind."""

    def phrase(self, text: str, at: Node) -> Node:
        for word in re.findall(r"[\w']+", text.lower()):
            behind = Node()
            at.words.setdefault(word, []).append(behind)
            at = behind
        return at

    def choice(self, phrases: Iterable[str], at: Node) -> Node:
        behind = Node()
        for phrase in phrases:
            self.phrase(phrase, at).jumps.append(behind)
        return behind

    def maybe(self, phrases: Iterable[str], at: Node) -> Node:
        behind = self.choice(phrases, at)
        at.jumps.append(behind)
        return behind

    def call(self, name: str, at: Node, *, optional: bool = False) -> Node:
        behind = Node()
        at.calls.append((name, behind))
        if optional:
            at.jumps.append(behind)
        return behind

    def expression(self, part: Expression, at: Node) -> Node:
        match part:
            case TextChunk():
                return self.phrase(part.text, at)
            case ListReference():
                return self.call(kinds()[part.list_name], at)
            case RuleReference():
                return self.call(f"rule {part.rule_name}", at)
            case Alternative() | Permutation():
                behind = Node()
                for item in part.items:
                    self.expression(item, at).jumps.append(behind)
                return behind
            case Group():
                for item in part.items:
                    at = self.expression(item, at)
                return at
            case _:
                raise TypeError(f"The grammar has a part of an unknown kind: {part!r}")


def _network(build: Callable[[Node], Node]) -> Node:
    start = Node()
    build(start).end = True
    return start


_BUILD = _Builder()


def _any_word(at: Node) -> Node:
    """One word or more; marks such as *comma* are words that are expected."""
    behind = Node()
    at.free = True
    inside = Node()
    inside.free = True
    at.jumps.append(behind)
    _BUILD.choice((entry[0] for entry in lexicon()["punctuation"]), at).jumps.append(at)
    return behind


def _keys(at: Node) -> Node:
    modified = _BUILD.maybe(lexicon()["modifiers"], _BUILD.maybe(lexicon()["modifiers"], at))
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    named = [*lexicon()["keys"], *letters, *(f"f{n}" for n in range(1, 13))]
    behind = _BUILD.choice(named, modified)
    counted = _BUILD.phrase("times", _BUILD.call("number", behind))
    for phrase in ("once", "twice"):
        _BUILD.phrase(phrase, behind).jumps.append(counted)
    behind.jumps.append(counted)
    return counted


def _direction(at: Node) -> Node:
    way = _BUILD.choice(("up", "down", "left", "right"), at)
    behind = _BUILD.maybe(("a bit", "a little", "a little bit", "a lot", "more", "further"), way)
    counted = _BUILD.call("number", way)
    _BUILD.choice(("lines", "line", "pages", "page", "times"), counted).jumps.append(behind)
    return behind


def _number(at: Node) -> Node:
    digits = [str(n) for n in range(1, 101)]
    return _BUILD.choice((*number_words(), "a few", *digits), at)


def _squares(at: Node) -> Node:
    """Squares of the grid, one in the other."""
    digits = [*number_words()[:9], *map(str, range(1, 10))]
    behind = Node()
    for _ in range(_DEEP):
        at = _BUILD.choice(digits, at)
        at.jumps.append(behind)
    return behind


def _label(at: Node) -> Node:
    placed = _BUILD.maybe(lexicon()["ordinals"], _BUILD.maybe(_ARTICLES, at))
    named = _BUILD.maybe(_ROLES, _BUILD.call("thing", placed))
    _BUILD.call("number", _BUILD.maybe(("number", "square"), at)).jumps.append(named)
    inside = _BUILD.choice(("in", "on", "of"), named)
    where = _BUILD.maybe(_ARTICLES, inside)
    _BUILD.choice(("dialog", "window", "menu", "toolbar"), where).jumps.append(named)
    _BUILD.call("program", where).jumps.append(named)
    return named


def _sentence(at: Node) -> Node:
    """Politeness, a place, clauses joined by *and*, politeness."""
    begun = _BUILD.maybe([*lexicon()["wake"], *lexicon()["openers"]], at)
    begun = _BUILD.maybe(lexicon()["openers"], begun)
    scope = _BUILD.maybe(_ARTICLES, _BUILD.choice(("in", "on"), begun))
    _BUILD.call("program", scope).jumps.append(begun)
    said = _BUILD.call("clause", begun)
    _BUILD.choice(("and", "then", "and then"), said).jumps.append(begun)
    return _BUILD.maybe(lexicon()["closers"], said)


def _clause(at: Node) -> Node:
    behind = Node()
    for intent in intents().intents.values():
        if intent.name in trait("unled"):
            continue
        for data in intent.data:
            for template in data.sentences:
                _BUILD.expression(template.expression, at).jumps.append(behind)
    return behind


@functools.cache
def _grammar() -> dict[str, Node]:
    """All networks that do not depend on what exists."""
    programs = [name for app in lexicon()["apps"] for name in app["names"]]
    folders = [name for names in lexicon()["folders"].values() for name in names]
    ordinals = [*lexicon()["ordinals"], *number_words()[:10]]
    built = {
        "sentence": _network(_sentence),
        "clause": _network(_clause),
        "keys": _network(_keys),
        "direction": _network(_direction),
        "number": _network(_number),
        "label": _network(_label),
        "squares": _network(_squares),
        "dictation": _network(_any_word),
        "ordinal": _network(lambda at: _BUILD.choice(ordinals, at)),
        "program": _network(lambda at: _either(programs, at)),
        "folder": _network(lambda at: _either(folders, at)),
        "thing": _network(lambda at: _either((), at)),
        "title": _network(lambda at: _either((), at, free=True)),
    }
    for name in valued():
        built[name] = _network(_values(name))
    rules = intents().expansion_rules
    return built | {f"rule {name}": _network(_template(rule)) for name, rule in rules.items()}


def _values(name: str) -> Callable[[Node], Node]:
    """The ways to say each value of a list of the grammar."""
    values = cast(TextSlotList, intents().slot_lists[name]).values

    def build(at: Node) -> Node:
        behind = Node()
        for value in values:
            end = _BUILD.expression(value.text_in, at)
            end.jumps.append(behind)
        return behind

    return build


def _template(template: Template) -> Callable[[Node], Node]:
    return lambda at: _BUILD.expression(template.expression, at)


def _either(known: Sequence[str], at: Node, *, free: bool = False) -> Node:
    """Something known, or one of the names that exist."""
    behind = _BUILD.choice(known, at)
    at.calls.append((_NAMES, behind))
    if free:
        at.calls.append(("dictation", behind))
    return behind


class GrammarGraph:
    """What can be said now: the grammar, names that exist, and other whole phrases.

    Args:
        names: what is on the screen and can be named.
        phrases: whole utterances besides commands.
    """

    def __init__(self, names: Iterable[str] = (), phrases: Iterable[str] = ()) -> None:
        self._own = {_NAMES: _network(lambda at: _BUILD.choice(names, at))}
        start = Node()
        _BUILD.choice(phrases, start).end = True
        said = Node()
        said.end = True
        start.calls.append(("sentence", said))
        self.start: Places = self._closure([(start, ())])
        self._after: dict[Places, dict[str, Places]] = {}

    def words(self, places: Places) -> dict[str, Places]:
        """The words that can come next, and where they lead."""
        found = self._after.get(places)
        if found is None:
            reached: dict[str, list[Place]] = {}
            for node, back in places:
                for word, nodes in node.words.items():
                    reached.setdefault(word, []).extend((n, back) for n in nodes)
            found = {word: self._closure(to) for word, to in reached.items()}
            self._after[places] = found
        return found

    def after(self, places: Places, word: str) -> Places:
        """Where ``word`` leads; empty if it cannot be said here."""
        stays = frozenset(place for place in places if place[0].free)
        free = self._closure(stays) if stays else frozenset()
        return self.words(places).get(word, frozenset()) | free

    def covers(self, text: str) -> bool:
        """Whether ``text`` is a whole sentence without a free word in it."""
        places = self.start
        for word in re.findall(r"[\w']+", tidy(text).lower()):
            places = self.words(places).get(word, frozenset())
        return self.complete(places)

    @staticmethod
    def free(places: Places) -> bool:
        """Whether any word can be said here."""
        return any(node.free for node, _ in places)

    @staticmethod
    def hinted(places: Places, word: str) -> bool:
        """Whether ``word`` is expected where any word can be said."""
        return any(node.free and word in node.words for node, _ in places)

    @staticmethod
    def complete(places: Places) -> bool:
        """Whether nothing more need be said."""
        return any(node.end and not back for node, back in places)

    def _closure(self, places: Iterable[Place]) -> Places:
        seen: set[Place] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            node, back = place
            waiting += [(to, back) for to in node.jumps]
            waiting += [(self._graph(name), (to, *back)) for name, to in node.calls]
            if node.end and back:
                waiting.append((back[0], back[1:]))
        return frozenset(p for p in seen if p[0].words or p[0].free or (p[0].end and not p[1]))

    def _graph(self, name: str) -> Node:
        return self._own.get(name) or _grammar()[name]


@functools.lru_cache(maxsize=256)
def is_begun(text: str) -> bool:
    """Whether ``text`` is the beginning of something that can be said, or the whole of it."""
    graph = _without_names()
    places = graph.start
    for word in re.findall(r"[\w']+", tidy(text).lower()):
        places = graph.after(places, word)
    return bool(places)


@functools.cache
def _without_names() -> GrammarGraph:
    return GrammarGraph()
