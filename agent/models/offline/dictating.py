"""Dictation as a mode: what is said is typed, but for the few commands of ``dictation.yaml``."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from agent.models.offline.dictation import continued, fitted, mode_words, on_line, spelled, spells
from agent.models.offline.grammar import Command
from agent.models.offline.keys import parse_keys
from agent.models.offline.progress import Dictated
from agent.models.offline.sentences import Plan, parse
from agent.models.offline.steps import Act, Done, Fail, Moment, Step
from agent.models.offline.view import View
from agent.models.offline.writing import type_

STARTED = (
    "Dictation is on: what you say is typed. Say “scratch that” to take the last words back, "
    "and “stop dictation” to give commands again."
)
SPELLING = (
    "Spelling is on: say letters, names of marks, and “space” between words. Say “spell mode off” "
    "for words again, and “stop dictation” to give commands again."
)
STOPPED = "Dictation is off. What you say is a command again."
_WAY_OUT = "To give commands, say: stop dictation."
_NOTHING = "There are no dictated words to change."
_SPELLED = "spelled"
"""The style in which all that is said is letters."""

_LITERAL = re.compile(r"literal\s+", re.IGNORECASE)
_SPELL = re.compile(r"spell\s+(?:(?:out|that|it|this)\s+)?", re.IGNORECASE)


def ends(text: str) -> bool:
    """Whether words, said while dictation is on, switch it off and are nothing else."""
    return _plain(text) in (*mode_words()["end"], *mode_words()["commands"])


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower().replace("-", " ")))


@functools.cache
def _ending() -> re.Pattern[str]:
    phrases = "|".join(re.escape(phrase) for phrase in mode_words()["last"])
    return re.compile(rf"(?<=\S)[,.;!?]*\s+(?:{phrases})[.!?]*$", re.IGNORECASE)


def plan_dictated(instructions: Sequence[str], task: int) -> Plan:
    """What comes of words that were said while dictation was on."""
    text, said = instructions[task].strip(), _plain(instructions[task])
    if ends(text):
        return Plan((_switch_off(text),))
    if act := _change(said):
        return Plan((_changing(act, last_dictated(instructions, task), text),))
    if key := _keys(text):
        return Plan((key,))
    words, off = _without_ending(text)
    before = _Typed(instructions[:task])
    glued = {"glued": "yes"} if before.glued else {}
    typing = Command("dictate", {"text": _written(words, before.style)[0], **glued}, words)
    return Plan((typing, _switch_off(text)) if off else (typing,))


def last_dictated(instructions: Sequence[str], task: int) -> str:
    """What was typed last before an instruction, and was not taken back; or nothing."""
    stack = _Typed(instructions[:task]).stack
    return stack[-1] if stack else ""


def _switch_off(text: str) -> Command:
    return Command("dictation", {"switch": "off"}, text)


def _changing(act: str, dictated: str, text: str) -> Command:
    if not dictated:
        return Command("dictation", {"switch": "nothing"}, text)
    return Command("text", {"act": act, "that": "yes", "dictated": dictated}, text)


def _change(said: str) -> str:
    """What a phrase does to what was dictated last; nothing if it is to be typed."""
    known = mode_words()
    return "delete" if said in known["scratch"] else str(known["change"].get(said, ""))


def _keys(text: str) -> Command | None:
    """The command of "press enter" and its like."""
    verb, _, rest = text.partition(" ")
    if verb.lower() not in mode_words()["press"] or not parse_keys(rest.strip(" .!?")):
        return None
    plan = parse(text)
    only = plan.commands[0] if len(plan.commands) == 1 else None
    return only if only is not None and only.intent == "keys" else None


def _without_ending(text: str) -> tuple[str, bool]:
    """Words without a "stop dictation" at their end, and whether there was one."""
    cut = None if _LITERAL.match(text) else _ending().search(text)
    return (text[: cut.start()], True) if cut else (text, False)


@functools.lru_cache(maxsize=1024)
def _written(text: str, style: str) -> tuple[str, str]:
    """Words as they are to be typed, and the style that holds after them."""
    said, spelling_words = _plain(text), mode_words()["spelling"]
    if said in spelling_words["on"]:
        return "", f"{style} {_SPELLED}".strip()
    spells_on = _SPELLED in style.split()
    if spells_on and said in spelling_words["off"]:
        return "", " ".join(part for part in style.split() if part != _SPELLED)
    if literal := _LITERAL.match(text):
        return text[literal.end() :], style
    if spells_on:
        return spelled(text), style
    spelling = _SPELL.match(text)
    if spelling and spells(text[spelling.end() :]):
        return spelled(text[spelling.end() :]), style
    return continued(text, style)


class _Typed:
    """What instructions typed, and did not take back; the last is on top."""

    def __init__(self, instructions: Sequence[str]) -> None:
        self.stack: list[str] = []
        self.style = ""
        """What "caps on" and its like left on, since dictation began."""

        self.glued = False
        """Whether the last words were letters of a word that may go on."""

        for text in instructions:
            if isinstance(text, Dictated):
                self._dictated(text.strip())
            else:
                self._command(text)

    def _dictated(self, text: str) -> None:
        said = _plain(text)
        if said in mode_words()["scratch"]:
            del self.stack[-1:]
        elif ends(text):
            self.style, self.glued = "", False
        elif not _change(said) and _keys(text) is None:
            words, self.style = _written(_without_ending(text)[0], self.style)
            self.glued = bool(words) and _SPELLED in self.style.split()
            if words:
                self.stack.append(words)

    def _command(self, text: str) -> None:
        self.style, self.glued = "", False
        if _plain(text) in mode_words()["scratch"]:
            del self.stack[-1:]
            return
        commands = parse(text).commands
        if commands and commands[-1].intent == "dictation":
            self.style = commands[-1].slot("style")
        if commands and commands[-1].intent == "type":
            self.stack.append(commands[-1].slot("text"))
        else:
            self.stack.clear()


# What is done -------------------------------------------------------------------------


async def switch(at: Moment) -> Step:
    """Dictation on, or off."""
    on = at.slot("switch") == "on"
    if at.slot("switch") == "nothing":
        return Fail(_NOTHING)
    started = SPELLING if at.slot("style") == _SPELLED else STARTED
    return Done(started if on else STOPPED, dictating=on)


_AS_SAID, _CAPITAL = "s", "c"


async def dictate(at: Moment) -> Step:
    """Type words as they fit where the cursor is, and read them back."""
    text = at.slot("text")
    if not text:
        return Done("That holds for the words that follow.")
    if at.memo:
        before, _, how = at.memo.rpartition("x")
        return await type_(replace(at.having(text=_as(text, how), style="joined"), memo=before))
    await at.until(lambda v: v.field, 2.0)
    words = await _fitted(at, text)
    step = await type_(at.having(text=words, style="joined"))
    if isinstance(step, Fail):
        return Fail(f"{step.say} {_WAY_OUT}")
    if isinstance(step, Act) and step.memo:
        how = _CAPITAL if words.strip()[:1] != text.strip()[:1] else _AS_SAID
        return replace(step, memo=f"{step.memo}x{how}")
    return step


def _as(text: str, how: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if how == _CAPITAL else text


async def _fitted(at: Moment, text: str) -> str:
    """Words with the spaces and the capital that the text around the cursor asks for."""
    field = at.view.field
    if field is None or field.role == "password text" or at.slot("glued"):
        return text
    caret = await at.desktop.caret_of(field)
    if caret < 0:
        return text
    content = await at.desktop.text_of(field)
    if field.role == "terminal":
        return on_line(text, content[:caret].rpartition("\n")[2])
    chosen = await at.desktop.selection_of(field)
    begin = end = caret
    if chosen and content[caret - len(chosen) : caret] == chosen:
        begin = caret - len(chosen)
    elif chosen and content[caret : caret + len(chosen)] == chosen:
        end = caret + len(chosen)
    return fitted(text, content[:begin], content[end:], sentences=_of_sentences(at.view))


def _of_sentences(view: View) -> bool:
    """Whether the field is for running text, not for a name, an address or a number."""
    return view.field is not None and view.field.role != "entry"
