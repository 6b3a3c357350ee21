"""What a sentence means by what was said before: "the second one", "again", "no, I meant …"."""

from __future__ import annotations

import re

from agent.models.offline.amending import amended
from agent.models.offline.dictating import last_dictated, plan_dictated
from agent.models.offline.grammar import Command, afterwards, kinds, match, trait
from agent.models.offline.grammar_graph import is_begun
from agent.models.offline.keys import parse_keys
from agent.models.offline.places import generic
from agent.models.offline.program_names import is_place
from agent.models.offline.progress import Dictated, Progress
from agent.models.offline.proposing import offered
from agent.models.offline.referring import referring
from agent.models.offline.sentences import DICTATION, Plan, parse
from agent.models.offline.words import (
    alternatives,
    lexicon,
    number,
    ordinal,
    strip_back,
    strip_front,
)
from agent.session.fate import fate_of

_CLICKS = re.compile(rf"(?:{alternatives('clicks')})\b", re.IGNORECASE).match
"""Whether a clicking is asked for by a verb; "the long one" is none."""

_MOST_TIMES = 20
"""How often something is done again at the most."""


def waits_for_more(text: str) -> bool:
    """Whether words begin a command and stop before its end; "click" may be a whole one."""
    plan = parse(text)
    if plan.unknown:
        return _lacks_more(strip_front(text))
    if not plan.commands or plan.commands[-1].intent not in ("unfinished", "click_here"):
        return False
    return not strip_back(text).lower().endswith(("here", "there", "mouse"))


def _lacks_more(text: str) -> bool:
    """Whether words that mean nothing yet begin a command: "snap the window", "rename it to"."""
    words = re.findall(r"[\w']+", text.lower())
    if not words or " ".join(words) in lexicon()["openers"]:
        return False
    if words[0] in lexicon()["takes_two"] or is_begun(text):
        return True
    return words[-1] in lexicon()["leads_on"] and is_begun(words[0])


_ENDLESS = ("dictation", "title", "thing", "label", "folder")
"""Kinds of slots whose words may go on for as long as somebody speaks."""


def is_whole(text: str) -> bool:
    """Whether words are commands to the last of which hardly anything more can belong."""
    plan = parse(text)
    last = plan.commands[-1] if plan.commands and not plan.unknown else None
    if last is None or last.intent in trait("goes_on"):
        return False
    said = last.said.lower().strip(" .!?")
    if " " not in said or said.split()[-1] in lexicon()["leads_on"]:
        return False
    return all(_is_closed(slot, each.lower(), said) for slot, each in last.slots.items() if each)


def _is_closed(slot: str, value: str, said: str) -> bool:
    """Whether what a slot holds is named to its end."""
    kind = kinds().get(slot, "")
    if kind == "program":
        return any(value in app["names"] for app in lexicon()["apps"])
    if kind == "keys":
        return (
            bool(parse_keys(value)) and value.rsplit(maxsplit=1)[-1] not in lexicon()["modifiers"]
        )
    if kind in ("direction", "number"):  # what was not said has a usual value
        return value in said
    return kind not in _ENDLESS


def completed(begun: str, rest: str) -> str:
    """A command that stopped before its end, with its rest; nothing if this is no rest of it."""
    begun = begun.rstrip(" .,;:!?\N{HORIZONTAL ELLIPSIS}")
    whole, own = f"{begun} {rest}", parse(rest)
    only = _only(own)
    if parse(whole).unknown or (only is not None and only.intent in trait("gives_up")):
        return ""
    named = begun.lower().startswith(tuple(lexicon()["take_anything"]))
    first, _, more = strip_back(rest).lower().partition(" ")
    return whole if named or not (own.commands and more and first in lexicon()["verbs"]) else ""


def plan_for(progress: Progress, task: int) -> Plan:
    """The plan of an instruction, with regard to those before it and what was answered."""
    instructions = progress.instructions
    if isinstance(instructions[task], Dictated):
        return plan_dictated(instructions, task)
    plan = parse(instructions[task])
    if not task:
        return plan
    for means in _MEANINGS:
        if (meant := means(progress, task, plan)) is not None:
            return meant
    return plan


def _recalled(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """What was asked and answered before: "why?", "what did you just do?"."""
    only = _only(plan)
    if only is None or only.intent != "recall":
        return None
    before = next((i for i in range(task - 1, -1, -1) if not _recalls(progress, i)), None)
    if before is None:
        return None
    told = {"request": progress.instructions[before], "answer": progress.answers.get(before, "")}
    return Plan((only.having(**told),))


def _recalls(progress: Progress, task: int) -> bool:
    only = _only(parse(progress.instructions[task]))
    return only is not None and only.intent == "recall"


def _only(plan: Plan) -> Command | None:
    return plan.commands[0] if len(plan.commands) == 1 else None


def _accepted(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """A proposal of the answer just before: "yes", "the second"."""
    only, offers = _only(plan), offered(progress.answers.get(task - 1, ""))
    chosen = only.slot("ordinal") if only is not None and only.intent == "choose_number" else ""
    if not offers or not (chosen or _agrees(progress.instructions[task])):
        return None
    place = ordinal(chosen) or 1 if chosen else 1
    index = len(offers) - 1 if place == -1 else place - 1
    return parse(offers[index]) if index < len(offers) else None


def _agrees(text: str) -> bool:
    """Whether words say yes and nothing else."""
    words = re.findall(r"[a-z']+", text.lower())
    said: dict[str, list[str]] = lexicon()["agreement"]
    yes = bool(words) and words[0] in said["yes"]
    return yes and all(word in (*said["yes"], *said["with"]) for word in words)


def _completed(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """The rest of a command that was not finished: "the terminal", after "open what?"."""
    before = parse(progress.instructions[task - 1]).commands
    if isinstance(progress.instructions[task - 1], Dictated):
        return None
    if not before or before[-1].intent != "unfinished":
        return None
    whole = completed(before[-1].slot("verb"), progress.instructions[task])
    return parse(whole) if whole else None


def _made_good(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """What makes good a dictation or a name that was heard wrongly: "no, I said goodbye"."""
    meant = _afterwards(progress.instructions[task].strip(), "meant")
    words = strip_back(meant.slot("text")).strip(" .,!?\"'“”") if meant else ""
    before = plan_for(progress, task - 1).commands if words else ()
    if not before:
        return None
    last = before[-1]
    if last.intent in ("type", "dictate"):
        slots = {"act": "replace", "dictated": last.slot("text"), "text": words}
        return Plan((Command("text", slots, words),))
    if last.intent in ("create_file", "create_folder"):
        slots = {"what": "rename", "file": last.slot("name"), "name": words}
        return Plan((Command("change_file", slots, words),))
    return None


def _elsewhere(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """What was asked for before, with what is meant by "no, the terminal" in it."""
    only, text = _only(plan), progress.instructions[task]
    alone = only is not None and only.slot("alone")
    bare = strip_front(text)
    named = only is not None and only.intent == "click" and not _CLICKS(bare)
    if not (plan.unknown or alone or named) or bare == text.strip():
        return None
    if fate_of(text) != "redirect":
        return None
    before = plan_for(progress, task - 1).commands
    mended = amended(before[-1], bare) if before else None
    return Plan((mended,)) if mended is not None else None


def _afterwards(text: str, intent: str) -> Command | None:
    """What words mean that mean something only after others, if it is that."""
    found = match(text, grammar=afterwards)
    return found.command if found is not None and found.command.intent == intent else None


def _not_that(text: str) -> tuple[str, str]:
    """What was wrong, and what is right: "not Monday, but Tuesday"; nothing else has the latter."""
    for pause in re.finditer("[,;]", text):
        wrong = _afterwards(text[: pause.start()], "not_that")
        right = match(text[pause.end() :], grammar=afterwards)
        if wrong and right:
            said = right.command.slot("text") if right.command.intent == "rather" else ""
            return wrong.slot("phrase"), strip_back(said)
    return "", ""


def _instead(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """What was typed with other words in it: "not Monday, Tuesday"."""
    wrong, right = _not_that(progress.instructions[task].strip(" .!"))
    before = plan_for(progress, task - 1).commands if right else ()
    if not before:
        return None
    last = before[-1]
    if last.intent in ("type", "dictate"):
        slots = {"act": "replace", "phrase": wrong, "text": right}
        said = wrong.lower() in last.slot("text").lower()
        return Plan((Command("text", slots, right),)) if said else None
    if plan.commands and plan.commands[0].intent == last.intent:
        return None  # "not that one, the Edit menu" says by itself what is to be done
    mended = amended(last, right)
    return Plan((mended,)) if mended is not None else None


def _repeated(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """The last request again so many times, or what it closed opened again."""
    only = _only(plan)
    if only is None or only.intent not in (*trait("repeats"), "reopen"):
        return None
    if only.intent == "again":
        before = _without_repeats(progress, task - 1)
        times = min(_MOST_TIMES, number(only.slot("count")) or 1)
        return Plan(_anew(before.commands) * times) if before.commands else None
    if only.intent == "less":
        return _turned_round(_without_repeats(progress, task - 1))
    if only.intent in trait("repeats"):
        before = _without_repeats(progress, task - 1)
        goes_on = before.commands and before.commands[-1].intent in trait("gradual")
        return Plan(before.commands[-1:]) if goes_on else None
    commands = plan_for(progress, task - 1).commands
    return _brought_back(commands[-1], progress.answers.get(task - 1, "")) if commands else None


_TURNED = {"up": "down", "down": "up", "left": "right", "right": "left", "in": "out", "out": "in"}


def _turned_round(before: Plan) -> Plan | None:
    """What goes the other way than the last act, if that was done by degrees."""
    last = before.commands[-1] if before.commands else None
    if last is None or last.intent not in trait("gradual"):
        return None
    slot = "direction" if last.intent == "scroll" else "way"
    way = last.slot(slot).lower().partition(" ")[0]
    return Plan((last.having(**{slot: _TURNED[way]}),)) if way in _TURNED else None


def _undone(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """What takes back the last act where that was none of a text: "undo that", of a window."""
    first = plan.commands[0] if plan.commands else None
    if first is None or first.intent != "edit" or first.slot("what") != "undo":
        return None
    if first.slot("count") or not _THAT & {*re.findall(r"\w+", first.said.lower())}:
        return None
    before = plan_for(progress, task - 1).commands
    if not before or before[-1].intent not in (*trait("of_windows"), "show_desktop"):
        return None
    back = _brought_back(before[-1], progress.answers.get(task - 1, ""))
    if back is None:
        return None
    rest = plan.commands[1:]
    said_twice = bool(rest) and rest[0].intent == back.commands[0].intent
    return Plan((*back.commands, *rest[said_twice:]))


_THAT = {"that", "it", "this"}


def _found_next(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """The words that were found last, further on or before: "find next"."""
    only = _only(plan)
    if only is None or only.intent != "find_next":
        return None
    for earlier in range(task - 1, -1, -1):
        if isinstance(progress.instructions[earlier], Dictated):
            return None
        last = next(reversed(plan_for(progress, earlier).commands), None)
        if last is not None and last.intent == "text" and last.slot("act") == "select":
            found = last.slot("phrase") and not last.slot("until")
            return Plan((last.having(which=only.slot("which")),)) if found else None
        if last is None or last.intent != "find_next":
            return None
    return None


def _anew(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Commands as they are meant once more: a program that is open gets another window."""
    return tuple(
        Command("new_window", c.slots, c.said) if c.intent == "open_app" else c for c in commands
    )


def _without_repeats(progress: Progress, task: int) -> Plan:
    """What was asked for last, however often it was asked for again since."""
    while task and not isinstance(progress.instructions[task], Dictated):
        only = _only(parse(progress.instructions[task]))
        if only is None or only.intent not in trait("repeats"):
            break
        task -= 1
    return plan_for(progress, task)


_OPPOSITE = {"maximise": "restore", "restore": "maximise"}


def _brought_back(last: Command, answer: str) -> Plan | None:
    """What takes an act back: a window opens again, a text is as it was."""
    if last.intent in ("close", "minimise"):
        name = last.slot("window") if is_place(last.slot("window")) else _place_in(answer)
        return Plan((Command("switch", {"window": name}, last.said),)) if name else None
    if last.intent in _OPPOSITE:
        return Plan((Command(_OPPOSITE[last.intent], last.slots, last.said),))
    if last.intent == "show_desktop":
        return Plan((last.having(back="yes"),))
    if last.intent in ("text", "edit", "type"):
        return Plan((Command("edit", {"what": "undo"}, last.said),))
    if last.intent == "change_file" and last.slot("what") == "rename":
        slots = {"what": "rename", "file": last.slot("name"), "name": last.slot("file")}
        return Plan((Command("change_file", slots, last.said),))
    return None


def _place_in(answer: str) -> str:
    """The program that an answer names, if it is one: "Closed the terminal."."""
    known = [name for app in lexicon()["apps"] for name in app["names"]]
    found = [n for n in known if re.search(rf"\b{re.escape(n)}\b", answer.lower())]
    return max(found, key=len, default="")


def _of_dictation(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """A command about what was dictated just before: "scratch that"."""
    only = _only(plan)
    if only is None:
        return None
    said = last_dictated(progress.instructions, task) if _about_that(only) else ""
    return Plan((_on_dictated(only, said),)) if said else None


def _about_that(command: Command) -> bool:
    """Whether a command is about what is selected or, where nothing is, was dictated last."""
    if command.intent == "edit":
        return bool(command.slot("dictation")) or command.slot("what") in ("copy", "cut")
    names = any(command.slot(slot) for slot in ("phrase", "unit", "steps"))
    unmoved = command.slot("act") not in ("caret", "insert", "unselect", "extend")
    return command.intent == "text" and unmoved and not names


def _on_dictated(command: Command, said: str) -> Command:
    """A command about "that", with what was dictated just before."""
    what = command.slot("what")
    act = command.slot("act") or ("delete" if what == "undo" else what)
    return Command("text", {**command.slots, "act": act, "that": "yes", "dictated": said}, said)


def _with_held(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """A key or a click with the modifiers that were said to be held, and not released since."""
    only = _only(plan)
    if only is None or only.intent not in ("keys", "click"):
        return None
    held: dict[str, None] = {}
    for said in progress.instructions[:task]:
        for command in () if isinstance(said, Dictated) else parse(said).commands:
            if command.intent == "hold" and command.slot("act") == "hold":
                held[command.slot("modifier")] = None
            elif command.intent == "hold":
                name = command.slot("modifier")
                held = {key: None for key in held if name and key != name}
    if not held:
        return None
    if only.intent == "click":
        held = {**held, **dict.fromkeys(only.slot("modifier").split())}
        return Plan((only.having(modifier=" ".join(held)),))
    return Plan((only.having(keys=f"{' '.join(held)} {only.slot('keys')}"),))


def _of_choice(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """One of several things that the last request may have meant: "the second one"."""
    only = _only(plan)
    if only is None or only.intent not in ("choose_number", "confirm"):
        return None
    before = plan_for(progress, task - 1).commands
    if before and only.slot("ordinal") == "other" and before[-1].intent in trait("of_windows"):
        return Plan((_other(before[-1]),))
    index = max((i for i, c in enumerate(before) if c.intent in trait("choosable")), default=None)
    if index is None:
        return None
    return Plan((_chosen(before[index], only), *before[index + 1 :]))


def _other(command: Command) -> Command:
    """The same with the other window: other than the one that was named, else what is in front."""
    named = command.slot("window")
    if named and not generic(named):
        return command.having(window=f"other than {named}")
    return command if command.intent in ("close", "minimise") else command.having(window="other")


def _chosen(command: Command, choice: Command) -> Command:
    if choice.intent == "confirm":
        return command.having(sure="yes")
    return command.having(place=str(ordinal(choice.slot("ordinal")) or 1))


def _of_it(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """A command about "it", where that is the file that the request before was about."""
    if not plan.commands:
        return None
    first, *others = plan.commands
    meant = referring(first, plan_for(progress, task - 1).commands)
    return None if meant == first else Plan((meant, *others))


def _likewise(progress: Progress, task: int, plan: Plan) -> Plan | None:
    """The last request for something else: "the same for the terminal", "and the editor too"."""
    said = _afterwards(strip_back(progress.instructions[task].strip()), "likewise")
    words = said.slot("text") if said is not None else ""
    if words.lower().removesuffix(" one") in lexicon()["ordinals"]:
        return None
    before = plan_for(progress, task - 1).commands if words else ()
    only = _only(plan)
    bare = only is None or bool(only.slot("alone"))
    asked = {*re.findall(r"[a-z]+", progress.instructions[task].lower())} & _LIKE
    if not before or not (asked or plan.unknown or bare) or before[-1].intent in DICTATION:
        return None
    mended = amended(before[-1], words)
    return Plan((mended,)) if mended is not None and mended != before[-1] else None


_LIKE = {"same", "too", "also"}
"""Words that ask for the same once more, whatever else the sentence could mean."""

_MEANINGS = (
    _accepted,
    _completed,
    _recalled,
    _likewise,
    _of_it,
    _made_good,
    _instead,
    _elsewhere,
    _found_next,
    _undone,
    _repeated,
    _of_dictation,
    _with_held,
    _of_choice,
)
"""In order: the first that fits counts."""
