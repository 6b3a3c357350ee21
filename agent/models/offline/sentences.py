"""A sentence into commands: split where a new command begins, never inside dictation."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz, process

from agent.models.offline.amending import amended
from agent.models.offline.answers import calculate
from agent.models.offline.dictation import dictated, mark_named
from agent.models.offline.grammar import Command, kinds, match, trait, valued
from agent.models.offline.keys import parse_keys
from agent.models.offline.meaning import is_word
from agent.models.offline.overlay import squares_of
from agent.models.offline.referring import referring
from agent.models.offline.words import (
    alternatives,
    lexicon,
    number,
    strip_back,
    strip_front,
    tidy,
)

DICTATION = tuple(trait("takes_rest"))
"""Intents whose words run on to the end of the sentence."""

_LONGEST_PHRASE = 12
"""Words of a text that can be named."""

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
_IN = _pattern(rf"^(?:{alternatives('place_first')})\s+{_ARTICLE}(.+)$")
_WHAT_NOT = _pattern(
    rf"(?<=\w)(?:,?\s+(?:{alternatives('not_meant', 'bare')})"
    rf"|,\s+(?:{alternatives('not_meant', 'paused')}))\s+[^\"]+$"
)
_TIMES = _pattern(rf"\b(?:{alternatives('times', 'alone')}|{alternatives('times', 'counted')})$")
_THE = _pattern(rf"^(?:{alternatives('place_article')}) (.+)$")
_TAIL = _pattern(rf"^(.+?)\s+(?:{alternatives('place_last')}) {_ARTICLE}([\w -]+?)[.!?]*$")
_BARE_NAME = _pattern(rf"^(?:{alternatives('articles')})\s+")
_PROGRAM = _pattern(rf"\s+(?:{alternatives('program_words')})$")
_BETWEEN_NAMES = _pattern(
    rf"\s*,\s*(?:(?:{alternatives('several', 'between')})\s+)?"
    rf"|\s+(?:{alternatives('several', 'between')})\s+"
)
_ALL_OF = _pattern(rf"^(?:{alternatives('several', 'before')})\s+{_ARTICLE}")


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
    if not rest or len(words.split()) > _LONGEST_PHRASE:
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
    whole = _checked(_unmistaken(text))
    if whole is None or whole.intent not in DICTATION:
        return None
    for pattern in (_NEW_SENTENCE, _AFTER_DICTATION):
        cut = pattern.search(text)
        right = (cut[cut.lastindex or 0] if cut.lastindex else text[cut.end() :]) if cut else ""
        if cut and _closes(strip_front(right)):
            left = _checked(text[: cut.start()])
            if left is not None and left.intent == whole.intent:
                return _finished(left), right
    return _finished(whole), ""


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
        apart = {"apart": "yes"} if named[1] else {}
        return [Command("type", {"text": named[0], **apart}, text.strip())]
    clause = _unmistaken(strip_back(tidy(strip_front(text))))
    clause = _without_what_not(clause)
    if scoped := _scope_last(clause):
        return scoped
    command = _checked(clause) or _named_alone(clause) or _worked_out(clause)
    if command is None and mend:
        command = next((c for c in map(_checked, _mended(clause)) if c is not None), None)
    return _finished(command) if command else []


def _named_alone(clause: str) -> Command | None:
    """A program's name and nothing else: it is to be opened."""
    name = _BARE_NAME.sub("", clause)
    return (
        Command("open_app", {"app": name, "alone": "yes"}, clause) if is_place(name, 98) else None
    )


def _worked_out(clause: str) -> Command | None:
    """A sum and nothing else: "seven plus eight"."""
    return Command("sum", {"sum": clause}, clause) if calculate(clause) is not None else None


def _combination(text: str) -> bool:
    """Whether a clause is nothing but keys that are held with others: "control a"."""
    words = tidy(strip_back(text)).lower().replace("+", " ").split()
    return (
        len(words) > 1 and words[0] in lexicon()["modifiers"] and bool(parse_keys(" ".join(words)))
    )


def _without_what_not(clause: str) -> str:
    """A clause without "instead of …" at its end, unless its words are taken as they stand."""
    shorter = _WHAT_NOT.sub("", clause)
    command = _checked(clause) if shorter != clause else None
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
    command = _checked(guess)
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


@functools.lru_cache(maxsize=512)
def _checked(clause: str) -> Command | None:
    found = match(clause, accept=_sensible)
    return found.command if found else None


def _sensible(command: Command) -> bool:
    """Whether the slots hold what the intent needs."""
    if any(number(command.slot(slot)) is None for slot in _COUNTS if command.slot(slot)):
        return False
    match command.intent:
        case "keys":
            return bool(parse_keys(_counted(command)))
        case "scroll":
            return scrolling(command) is not None
        case "wait":
            return number(command.slot("count")) is not None
        case "open_app" | "switch" | "close" | "minimise" | "maximise" | "restore":
            target = command.slot("app") or command.slot("window")
            if command.said.lower().startswith("get rid of") and target:
                return is_place(target)
            return len(target.split()) <= 6 or len(_several(target)) > 1
        case "tile" | "move_window":
            return len(command.slot("window").split()) <= 4
        case "click" if command.slot("label").lower() in lexicon()["ordinals"]:
            return False
        case "mark" | "drag_marked" | "number":
            return number(command.slot("label")) is not None
        case "show_grid" if command.slot("path"):
            return squares_of(command.slot("path")) is not None
        case "click" | "hover":
            return len(command.slot("label").split()) <= 9
        case "text" | "format" | "paste_at":
            return _names_text(command)
        case "type":
            return not _asks_for_a_text(command)
        case "new_window" if command.said.lower().startswith("new "):
            return not command.slot("app") or is_place(command.slot("app"), 90)
        case "change_file":
            file = _BARE_NAME.sub("", command.slot("file").lower())
            return file not in (*lexicon()["no_file"], *lexicon()["ordinals"])
        case "create_folder" | "create_file":
            return _can_be_made(command)
        case "line_read" if command.slot("unit") == "character":
            return _counted_unit(command)
        case "fill" if command.said.lower().startswith("put "):
            place = command.slot("label").lower()
            return place not in (*lexicon()["it"], *itertools.chain(*lexicon()["folders"].values()))
        case "side_by_side" if command.slot("window"):
            return is_place(command.slot("window")) and is_place(command.slot("second"))
        case "sum":
            return calculate(command.slot("sum")) is not None
        case "edit" | "again" | "zoom" if command.slot("count"):
            return number(command.slot("count")) is not None
        case "open_file" | "read_file":
            return not set(command.slot("file").lower().split()[:1]) & {*lexicon()["not_files"]}
        case _:
            return True


def _counted_unit(command: Command) -> bool:
    """Whether it is said which letter is meant; "the letter" is one that somebody wrote."""
    return any(map(command.slot, ("which", "count", "nth", "index", "side")))


def _can_be_made(command: Command) -> bool:
    """Whether words are the name of what is to be made; without a word for it, with its ending."""
    name = command.slot("name").lower()
    if name.split()[:1] == ["in"]:
        return False
    bare = command.intent == "create_file" and set(filter(command.slot, command.slots)) == {"name"}
    if bare and len(command.said.split()) == len(name.split()) + 1:
        return name.rpartition(".")[2] in lexicon()["file_endings"] and "." in name
    return True


_COUNTS = ("index", "last")
"""Slots that hold a number, or nothing that is meant."""


def _asks_for_a_text(command: Command) -> bool:
    """Whether a text is asked for, not dictated: "write me a poem", "write a letter to Anna"."""
    words = _BARE_NAME.sub("", command.slot("text").lower()).split() or [""]
    if command.slot("text").lower().partition(" ")[0] in lexicon()["not_typed"]:
        return True
    asked = command.said.lower().startswith(tuple(lexicon()["composing"]))
    about = words[1:2] == [] or words[1] in lexicon()["of_a_text"]
    return asked and words[0] in lexicon()["written_things"] and about


def _names_text(command: Command) -> bool:
    """Whether a command about text may mean words that stand in one."""
    count, phrase = command.slot("count"), command.slot("phrase").lower().split()
    if count and number(count) is None:
        return False
    if (
        command.slot("unit") == "character"
        and "letter" in command.said
        and not command.slot("steps")
    ):
        return _counted_unit(command) or bool(command.slot("edge"))
    bare = _BARE_NAME.sub("", command.slot("phrase"))
    if command.said.lower().startswith("get rid of") and is_place(bare):
        return False
    return not phrase or (
        len(phrase) <= _LONGEST_PHRASE and phrase[0] not in lexicon()["not_phrases"]
    )


def _finished(command: Command) -> list[Command]:
    """Slots cleaned, and one clause that means two commands taken apart."""
    match command.intent:
        case "menu" if command.slot("menubar"):
            return [command.having(menu=command.slot("menubar"))]
        case "menu_item":
            name = command.slot("menu") or command.slot("menubar")
            menu = Command("menu", {"menu": name}, command.said)
            return [menu, Command("click", {"label": command.slot("item")}, command.said)]
        case "create_folder" if command.slot("inner") or command.slot("sub"):
            return _with_inner(command, command.slot("name").strip(" ,"))
        case "create_folder" if command.slot("many"):
            names = _BETWEEN_NAMES.split(command.slot("name"))
            return [replace(command, slots={"name": name}) for name in names]
        case "create_folder" | "save_as" if command.slot("folder"):
            return [replace(command, slots={"name": _in_folder(command)})]
        case "create_file" if command.slot("folder"):
            return _finished(
                replace(command, slots={"name": _in_folder(command), "text": command.slot("text")})
            )
        case "paste_at":
            return _pasted_at(command)
        case "line_above":
            start = {"act": "caret", "side": "before", "unit": "line"}
            up = {"act": "caret", "steps": "up"}
            line = Command("edit", {"what": "new_line"}, command.said)
            return [Command("text", start, command.said), line, Command("text", up, command.said)]
        case "change_file" if command.slot("inner"):
            name = command.slot("inner")
            moved = {"what": "move", "file": command.slot("file"), "folder": name}
            made = Command("create_folder", {"name": name}, command.said)
            return [made, Command("change_file", moved, command.said)]
        case "save_close":
            name = command.slot("window")
            window = {"window": name} if name else {}
            first = [_focus(name)] if name else []
            return [*first, Command("save", {}, command.said), Command("close", window, name)]
        case "side_by_side" if command.slot("window"):
            shown = [_focus(command.slot("window")), _focus(command.slot("second"))]
            return [*shown, Command("side_by_side", {}, command.said)]
        case "zoom" if command.slot("count"):
            times = min(_MOST_ZOOMS, number(command.slot("count")) or 1)
            return [replace(command, slots={"way": command.slot("way")})] * times
        case "type" if mark := mark_named(_BARE_NAME.sub("", command.slot("text"))):
            apart = {"apart": "yes"} if mark[1] else {}
            return [Command("type", {"text": mark[0], **apart}, command.said)]
        case "type" if command.slot("line"):
            line = Command("edit", {"what": "new_line"}, command.said)
            return [line, command.having(line="", text=dictated(command.slot("text")))]
        case "create_file" if command.slot("kind"):
            return _finished(
                replace(command, slots={"name": command.slot("kind"), "text": command.slot("text")})
            )
        case "type" | "create_file":
            text, style = command.slot("text"), command.slot("style")
            scoped = _scope_typed(text) if command.intent == "type" else None
            if command.slot("window"):
                typed = Command("type", {"text": dictated(text, style)}, command.said)
                return [_focus(command.slot("window")), typed]
            if scoped:
                return [_focus(scoped[1]), command.having(text=dictated(scoped[0], style))]
            return [command.having(text=dictated(text, style)) if text else command]
        case "keys":
            return [command.having(keys=_counted(command))]
        case "run":
            return [_run(command)]
        case intent if intent in trait("several"):
            slot = "app" if intent == "open_app" else "window"
            return [command.having(**{slot: name}) for name in _several(command.slot(slot))]
        case _:
            return [command]


def _with_inner(folder: Command, name: str) -> list[Command]:
    """A folder, and what is to be made in it."""
    wanted = folder.slot("inner") or f"folder called {folder.slot('sub')}"
    inner = _checked(f"create {wanted}")
    if inner is None or inner.intent not in ("create_file", "create_folder"):
        return [folder]
    placed = inner.having(name=f"{inner.slot('name')} in the {name} folder")
    return [replace(folder, slots={"name": name}), *_finished(placed)]


_MOST_ZOOMS = 10
"""How often a text is made larger at one word."""


def _in_folder(command: Command) -> str:
    """A name with the folder that was said before it."""
    return f"{command.slot('name')} in the {command.slot('folder')} folder"


def _pasted_at(command: Command) -> list[Command]:
    """To a place, or to what is to be replaced, and then the pasting."""
    over = command.slot("side") == "over"
    stretch = any(command.slot(slot) for slot in ("unit", "phrase", "edge", "rest", "around"))
    whole = {} if stretch else {"unit": "all"}
    act = {"act": "select"} if over else {"act": "caret"}
    led = Command("text", {**command.slots, **whole, **act}, command.said)
    return [led, Command("edit", {"what": "paste"}, command.said)]


def _counted(command: Command) -> str:
    """The keys of a command, with how often: "page down three times"."""
    if command.slot("shortcut"):
        return command.slot("shortcut")
    if command.slot("modifier"):
        return f"{command.slot('modifier')} {command.slot('keys')}"
    count = command.slot("count")
    if count and not _TIMES.search(count):
        count += " times"
    return f"{command.slot('keys')} {count}".strip()


def _run(command: Command) -> Command:
    """A shell command; "run the terminal" means a program that has a window."""
    text = _shell(command.slot("command"))
    name = _BARE_NAME.sub("", text)
    if is_place(name, 95) and "command " not in command.said.lower():
        return Command("open_app", {"app": name}, command.said)
    return command.having(command=text)


def _several(names: str) -> list[str]:
    """The programs of "the terminal and the text editor"; else the name as it stands."""
    parts = _BETWEEN_NAMES.split(_ALL_OF.sub("", names))
    bare = [_BARE_NAME.sub("", part) for part in parts]
    return bare if len(bare) > 1 and all(map(is_place, bare)) else [names]


_SHELL = (
    rf"(?:{alternatives('at_shell')}) (?:{alternatives('articles')}) (?:{alternatives('shells')})"
)
_IN_TERMINAL = _pattern(rf"{_SHELL}[:,]?\s+(?=\S)")
_AT_TERMINAL = _pattern(rf"\s+{_SHELL}[.!]?$")
_SAID_OF_COMMAND = _pattern(
    rf"(?:(?:(?:{alternatives('command_articles')})\s+)*"
    rf"(?:(?:{alternatives('shell_words')})\s+)?(?:{alternatives('command_nouns')})(?:\s*:|(?=\s))"
    rf"|(?:{alternatives('command_articles')})\s*:|:)\s*(?=\S)"
)
"""Words about a command that are none of it: "the command ls" runs ls."""


def _shell(text: str) -> str:
    """The line that a shell is given, without the words and quotes around it."""
    text = _AT_TERMINAL.sub("", text.strip())
    for said in (_IN_TERMINAL, _SAID_OF_COMMAND):
        found = said.match(text)
        text = text[found.end() :] if found else text
    text = text.rstrip(".!?")
    quoted = re.fullmatch(r"([`\"'“])([^`\"'“”]+)[`\"'”]", text)
    return quoted[2] if quoted else text


def scrolling(command: Command) -> tuple[str, int] | None:
    """Direction and wheel clicks of a scroll command; ``top`` and ``bottom`` have 0."""
    words = command.slot("direction").lower().split()
    wheel: dict[str, Any] = lexicon()["wheel"]
    if not words or words[0] not in lexicon()["ways"]:
        return None
    amount = " ".join([*words[1:], command.slot("count").lower()]).strip()
    if words[0] in ("top", "bottom"):
        return words[0], 0
    if not amount:
        return words[0], wheel["usual"]
    if amount in wheel["amounts"]:
        return words[0], wheel["amounts"][amount]
    units: dict[str, int] = wheel["units"]
    many = number(" ".join(word for word in amount.split() if word not in units))
    if many is None:
        return None
    return words[0], min(100, many * max(units.get(word, 1) for word in amount.split()))


# Scope: "in the text editor, …" and "… in the text editor" ---------------------------


@functools.cache
def _app_names() -> tuple[str, ...]:
    return tuple(name for app in lexicon()["apps"] for name in app["names"])


def is_place(name: str, cutoff: float = 85) -> bool:
    """Whether a phrase names a program or a window rather than a thing in it."""
    name = _PROGRAM.sub("", name.lower().strip())
    return (
        process.extractOne(name, _app_names(), scorer=fuzz.ratio, score_cutoff=cutoff) is not None
    )


def _focus(window: str) -> Command:
    return Command("focus", {"window": _PROGRAM.sub("", window.strip())}, window)


def _scope_first(text: str) -> tuple[str, str] | None:
    """("text editor", "open the File menu") of "in the text editor, open the File menu".

    The "in" may be missing, or was heard as an "and" that is gone, where a command follows.
    """
    inside = _IN.match(text)
    bare = None if inside else _THE.match(text)
    if not (found := inside or bare):
        return None
    words = found[1].split()
    for length in range(min(4, len(words) - 1), 0, -1):
        name, rest = " ".join(words[:length]), " ".join(words[length:])
        paused = inside and name.endswith((",", ":"))
        name = name.rstrip(",:")
        if is_place(name) and (paused or _begins(rest)):
            return _focus(name).slot("window"), rest
    return None


def _scope_last(clause: str) -> list[Command] | None:
    """Commands of "click Save in the text editor": the place first, then the rest."""
    tail = _TAIL.match(clause)
    if not tail or not is_place(tail[2], 88):
        return None
    command = _checked(tail[1])
    if command is None or command.intent in trait("unscoped"):
        return None
    return [_focus(tail[2]), *_finished(command)]


def _scope_typed(text: str) -> tuple[str, str] | None:
    tail = _TAIL.match(text.strip())
    return (
        (tail[1], tail[2])
        if tail and is_place(tail[2], 95) and tail[2].lower() != "files"
        else None
    )
