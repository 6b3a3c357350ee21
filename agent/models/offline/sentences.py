"""A sentence into commands: split where a new command begins, never inside dictation."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from agent.models.offline.amending import amended
from agent.models.offline.answers import calculate
from agent.models.offline.dictation import mark_named
from agent.models.offline.grammar import Command, kinds, trait, valued
from agent.models.offline.keys import parse_keys
from agent.models.offline.meaning import is_word
from agent.models.offline.program_names import bare, is_place
from agent.models.offline.referring import referring
from agent.models.offline.sensible import LONGEST_PHRASE, checked
from agent.models.offline.taken_apart import apart, focus, placed_last
from agent.models.offline.words import (
    alternatives,
    lexicon,
    strip_back,
    strip_front,
    tidy,
)

DICTATION = tuple(trait("takes_rest"))
"""Intents whose words run on to the end of the sentence."""

_LEAST_OF_A_SUM = 3
"""Words of a sum: two numbers, and what is done with them."""

_SLIP = 2
"""Letters by which a verb may be longer or shorter than what is taken for it."""

_MOST_CORRECTIONS = 8
"""How often a person corrects themselves in one sentence; each takes a reading of the rest."""


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_ARTICLE = rf"(?:(?:{alternatives('articles')}) )?"
_SEPARATOR = _pattern(
    rf"\s*[,;.!?]*\s+(?:{alternatives('joints')})[,]?\s+|\s*[;,]\s*|(?<=\w)[.!?]+\s+"
)
_PAUSE = _pattern(r"[\s,;.!?]+")
_HYPHEN = _pattern(rf"^({alternatives('hyphened')})-(?=\w)")
_MISHEARD_AND = _pattern(rf"\s+(?:{alternatives('joints_misheard')})\s+")
_AFTER_DICTATION = _pattern(
    rf"(?:[,.!?]*\s+(?:{alternatives('then_a_command', 'joint')})"
    rf"|[.!?]+(?:\s+(?:{alternatives('then_a_command', 'sentence')}))?)\s+"
    rf"((?:{alternatives('after_dictation', 'any')})\b.*)$"
    rf"|[,.!?]*\s+(?:{alternatives('then_a_command', 'then')})\s+"
    rf"((?:{alternatives('after_dictation', 'then')})\b.*)$"
    rf"|,\s+((?:{alternatives('after_dictation', 'press')})\s+{_ARTICLE}"
    rf"(?:{alternatives('after_dictation', 'keys')})\b.*)$"
)
_NEW_SENTENCE = _pattern(rf"[.!?]+\s+(?=(?:{alternatives('after_dictation', 'sentence')})\b)")
_CORRECTS = _pattern(
    rf"(?:\s*[,;.\u2026-]+\s*(?:{alternatives('corrections', 'paused')})"
    rf"|\s+(?:{alternatives('corrections', 'bare')}))[,.:]?\s+"
)
_WAITS_FOR = _pattern(
    rf"(?:{alternatives('waits', 'verb')})\s+(?:{alternatives('waits', 'for')})\b"
)
_WHAT_NOT = _pattern(
    rf"(?<=\w)(?:,?\s+(?:{alternatives('not_meant', 'bare')})"
    rf"|,\s+(?:{alternatives('not_meant', 'paused')}))\s+[^\"]+$"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sentence asks for. With ``unknown``, nothing of it may be done."""

    commands: tuple[Command, ...] = ()
    unknown: str = ""


@functools.lru_cache(maxsize=512)
def parse(text: str) -> Plan:
    """The commands of a sentence, in order, or the part that was not understood."""
    if corrected := _self_corrected(text):
        return corrected
    commands: list[Command] = []
    rest = text if mark_named(text) else strip_front(text)
    while rest.strip(" .,!?;"):
        clauses = rest
        found, said, rest = _take(clauses, after=commands[-1] if commands else None)
        if not found:
            return Plan(unknown=said)
        if found[-1].intent == "unfinished" and (whole := _past_the_pause(clauses, said, rest)):
            rest = whole
            continue
        commands += (referring(command, commands) for command in found)
        rest = strip_front(rest)
    return Plan(tuple(commands), unknown="" if commands else text.strip())


def takes_away(text: str) -> bool:
    """Whether a sentence asks for what may cost the person something: to delete, to close, to run.

    A word that only sounds like it is not enough for that.
    """
    return any(map(_takes_away, parse(text).commands))


def _takes_away(command: Command) -> bool:
    if command.intent in trait("grave") or command.slot("act") in ("delete", "replace"):
        return True
    said = re.findall(r"[a-z]+", command.said.lower())
    return command.intent not in DICTATION and not {*lexicon()["grave"]}.isdisjoint(said)


def _past_the_pause(text: str, said: str, rest: str) -> str:
    """What a pause cut in two, in one: "Press page down" for "Press, page down".

    Nothing if the rest is a command of its own: "Open. Close the terminal."
    """
    if not (rest and _PAUSE.fullmatch(text, len(said), text.rindex(rest))):
        return ""
    whole = f"{said} {rest}"
    clause = next((left for left, _ in _splits(rest)), rest)
    meant, own = (_take(words, after=None)[0] for words in (f"{said} {clause}", clause))
    if not meant or meant[0].intent == "keys":
        return whole if meant else ""
    first, *more = strip_back(clause).lower().split()
    return "" if own and more and first in lexicon()["verbs"] else whole


def _self_corrected(text: str) -> Plan | None:
    """The plan of "open the file manager, no wait, the terminal"."""
    cuts = tuple(itertools.islice(_CORRECTS.finditer(text), _MOST_CORRECTIONS + 1))
    if len(cuts) > _MOST_CORRECTIONS:
        return None
    for cut in cuts:
        if _waits(text[cut.start() :]):
            continue
        before, after = parse(text[: cut.start()]), text[cut.end() :]
        if not after.strip(" .,!?;"):
            continue
        last = before.commands[-1] if before.commands else None
        if last is None or (last.intent in DICTATION and not _named_only(last)):
            continue
        own = parse(after)
        alone = bool(own.commands) and bool(own.commands[0].slot("alone"))
        words = own.commands[0].slot("app") if alone else after
        part = own.unknown or alone or own.commands[0].intent in trait("parts")
        mended = amended(last, words) if part else None
        if mended is not None:
            return Plan((*before.commands[:-1], mended, *own.commands[1:]))
        if part and (again := _with_its_verb(last, after)):
            return Plan((*before.commands[:-1], *again))
        if not part and cut[0].strip(" ,.:").lower() != "wait":
            return Plan((*before.commands[:-1], *own.commands))
    return None


def _with_its_verb(command: Command, words: str) -> list[Command]:
    """What words mean with the verb of a command before them: "the terminal on the right"."""
    verb, _, rest = command.said.partition(" ")
    if not rest or len(words.split()) > LONGEST_PHRASE:
        return []
    found = _clause(f"{verb} {strip_front(words)}")
    likely = bool(found) and (found[0].intent == command.intent or not _takes_any(found[0]))
    return found if likely else []


def _takes_any(command: Command) -> bool:
    """Whether a command has a slot that any words fill."""
    return any(
        value for slot, value in command.slots.items() if slot in kinds() and slot not in valued()
    )


def _waits(text: str) -> bool:
    """Whether words begin with what to wait for, as in ", wait ten seconds and type it"."""
    rest = text.lstrip(" ,;.\u2026-")
    if _WAITS_FOR.match(rest):
        return True
    clause = next((left for left, _ in _splits(rest)), rest)
    return any(command.intent == "wait" for command in _clause(clause))


def _named_only(command: Command) -> bool:
    """Whether a file is to be made that nothing is to be written into."""
    return command.intent == "create_file" and not command.slot("text")


def _take(text: str, after: Command | None) -> tuple[list[Command], str, str]:
    """The first clause's commands, its words, and what follows it."""
    scope = _scope_first(text)
    if scope:
        return [Command("focus", {"window": scope[0]}, scope[0])], scope[0], scope[1]
    if (found := _dictation(text)) is not None:
        return found[0], text, found[1]
    if first := _first_of(text):
        return first
    if (chain := _after_a_place(text)) is not None:
        return chain
    if commands := _clause(text):
        return commands, text, ""
    if (shared := _sharing_a_verb(text)) is not None:
        return shared
    commands = _clause(text, mend=True) or _carried(text, after)
    return _first_of(text, mend=True) or (commands, text, "")


def _sharing_a_verb(text: str) -> tuple[list[Command], str, str] | None:
    """Two clauses of which the second has no verb: "put A on the left and B on the right"."""
    for cut in _SEPARATOR.finditer(text):
        left, right = text[: cut.start()], text[cut.end() :]
        commands = _clause(left)
        if not commands or commands[-1].intent in DICTATION:
            continue
        more = _with_its_verb(commands[-1], right)
        if more and more[0].intent == commands[-1].intent:
            return [*commands, *more], text, ""
    return None


def _first_of(text: str, *, mend: bool = False) -> tuple[list[Command], str, str] | None:
    """The first clause of several, its words, and the others."""
    for left, right in _splits(text):
        if commands := _clause(left, mend=mend):
            return commands, left, right
    return None


def _dictation(text: str) -> tuple[list[Command], str] | None:
    """A dictation or a file's text takes the rest, but for an unmistakable new command."""
    whole = checked(_unmistaken(text))
    if whole is None or whole.intent not in DICTATION or _named_only(whole):
        return None
    for pattern in (_NEW_SENTENCE, _AFTER_DICTATION):
        cut = pattern.search(text)
        right = (cut[cut.lastindex or 0] if cut.lastindex else text[cut.end() :]) if cut else ""
        if cut and _closes(strip_front(right)):
            left = checked(text[: cut.start()])
            if left is not None and left.intent == whole.intent:
                return apart(left), right
    return apart(whole), ""


def _after_a_place(text: str) -> tuple[list[Command], str, str] | None:
    """The chain of "open the text editor in type hello": it was an "and" that was misheard."""
    for cut in _MISHEARD_AND.finditer(text):
        left, right = text[: cut.start()], text[cut.end() :]
        commands = _clause(left) if _begins(right) else []
        if commands and all(is_place(c.slot("app") or c.slot("window")) for c in commands):
            return commands, left, right
    return None


def _closes(right: str) -> bool:
    """Whether what follows begins with a command that is hardly meant as text."""
    first = next((left for left, _ in _splits(right)), right)
    commands = _clause(first)
    return bool(commands) and all(map(_hardly_text, commands))


def _hardly_text(command: Command) -> bool:
    around = command.intent == "text" and not command.slot("phrase")
    return command.intent in trait("ends_dictation") or around


def _unmistaken(text: str) -> str:
    text = _HYPHEN.sub(r"\1 ", text)
    for wrong, right in lexicon()["misheard"].items():
        lower = text.lower()
        if lower == wrong or (wrong.endswith(" click") and lower.startswith(f"{wrong} ")):
            return f"{right}{text[len(wrong) :]}"
    return text


def _splits(text: str) -> Iterator[tuple[str, str]]:
    kept = [
        m.span() for phrase in lexicon()["joined"] for m in re.finditer(phrase, text, re.IGNORECASE)
    ]
    for cut in _SEPARATOR.finditer(text):
        if any(begin <= cut.start() < end for begin, end in kept):
            continue
        right = strip_front(text[cut.end() :])
        if _begins(right):
            yield text[: cut.start()], right


def _begins(text: str) -> bool:
    words = re.findall(r"[a-z']+", text.lower()[:40])
    if not words:
        return False
    first = words[0]
    two = " ".join(words[:2])
    misheard = lexicon()["misheard"]
    return (
        first in lexicon()["verbs"]
        or two in misheard
        or first in misheard
        or bool(_scope_first(text))
    )


def _clause(text: str, *, mend: bool = False) -> list[Command]:
    """The commands of one clause, or none."""
    if _combination(text):
        return [Command("keys", {"keys": strip_back(tidy(text))}, text.strip())]
    if named := mark_named(text):
        space = {"apart": "yes"} if named[1] else {}
        return [Command("type", {"text": named[0], **space}, text.strip())]
    clause = _unmistaken(strip_back(tidy(strip_front(text))))
    clause = _without_what_not(clause)
    if scoped := _scope_last(clause):
        return scoped
    command = checked(clause) or _named_alone(clause) or _worked_out(clause)
    if command is None and mend:
        command = next((c for c in map(checked, _mended(clause)) if c is not None), None)
    return apart(command) if command else []


def _named_alone(clause: str) -> Command | None:
    """A program's name and nothing else: it is to be opened."""
    name = bare(clause)
    return (
        Command("open_app", {"app": name, "alone": "yes"}, clause) if is_place(name, 98) else None
    )


def _worked_out(clause: str) -> Command | None:
    """A sum and nothing else: "seven plus eight"."""
    if len(clause.split()) < _LEAST_OF_A_SUM or calculate(clause) is None:
        return None
    return Command("sum", {"sum": clause}, clause)


def _combination(text: str) -> bool:
    """Whether a clause is nothing but keys that are held with others: "control a"."""
    words = tidy(strip_back(text)).lower().replace("+", " ").split()
    return (
        len(words) > 1 and words[0] in lexicon()["modifiers"] and bool(parse_keys(" ".join(words)))
    )


def _without_what_not(clause: str) -> str:
    """A clause without "instead of …" at its end, unless its words are taken as they stand."""
    shorter = _WHAT_NOT.sub("", clause)
    command = checked(clause) if shorter != clause else None
    verbatim = command is not None and (
        command.intent in (*DICTATION, "run") or command.slot("act") == "replace"
    )
    return clause if verbatim else shorter


def _mended(clause: str) -> Iterator[str]:
    """The clause with a misheard beginning put right, likeliest first."""
    lower = clause.lower()
    table = lexicon()["misheard"]
    for wrong in sorted(table, key=len, reverse=True):
        if lower == wrong or lower.startswith(f"{wrong} "):
            yield f"{table[wrong]}{clause[len(wrong) :]}"
    for wrong, right in lexicon()["misheard_before_program"].items():
        name = re.match(rf"{wrong} {_ARTICLE}(.+)$", lower)
        if name and is_place(name[1], 95):
            yield f"{right} {name[1]}"
    first, _, rest = clause.partition(" ")
    if first.lower() in (*lexicon()["questions"], *lexicon()["verbs"]):
        return
    for verb, _score, _ in process.extract(
        first.lower(), _guessable(), scorer=fuzz.ratio, score_cutoff=75, limit=2
    ):
        guess = f"{verb} {rest}".strip()
        if abs(len(verb) - len(first)) > _SLIP:
            continue
        if not is_word(first) or _names_what_is_known(guess):
            yield guess


def _names_what_is_known(guess: str) -> bool:
    """Whether a guess holds no words but those of the grammar and the names of programs.

    "Center this" is English, and nobody who says it means "enter this".
    """
    command = checked(guess)
    if command is None:
        return False
    named = [
        value
        for slot, value in command.slots.items()
        if value and slot in kinds() and slot not in valued()
    ]
    return all(is_place(value, 95) for value in named)


@functools.cache
def _guessable() -> tuple[str, ...]:
    """Verbs that a word may have been meant for; none of those that take something away."""
    return tuple(verb for verb in lexicon()["verbs"] if verb not in lexicon()["grave"])


def _carried(text: str, after: Command | None) -> list[Command]:
    """After a menu was opened or an item clicked, a bare name is the next item."""
    clause = strip_back(tidy(text))
    if after is None or after.intent not in ("menu", "click") or not 0 < len(clause.split()) <= 4:
        return []
    return [Command("click", {"label": clause}, clause)]


# Scope: "in the text editor, …" and "… in the text editor" ---------------------------


def _scope_first(text: str) -> tuple[str, str] | None:
    """("text editor", "open the File menu") of "in the text editor, open the File menu".

    The "in" may be missing, or was heard as an "and" that is gone, where a command follows.
    """
    first, _, behind = text.lstrip().partition(" ")
    inside = first.lower() in lexicon()["place_first"]
    if not (inside or first.lower() in lexicon()["place_article"]):
        return None
    words = (bare(behind) if inside else behind).split()
    for length in range(min(4, len(words) - 1), 0, -1):
        name, rest = " ".join(words[:length]), " ".join(words[length:])
        paused = inside and name.endswith((",", ":"))
        name = name.rstrip(",:")
        follows = _begins(rest) and (inside or " " in rest)
        if is_place(name) and (paused or follows):
            return focus(name).slot("window"), rest
    return None


def _scope_last(clause: str) -> list[Command] | None:
    """Commands of "click Save in the text editor": the place first, then the rest."""
    tail = placed_last(clause)
    if tail is None or not is_place(tail[1], 88):
        return None
    command = checked(tail[0])
    if command is None or command.intent in trait("unscoped"):
        return None
    return [focus(tail[1]), *apart(command)]
