"""Rules over what is about to happen, and the words in which the person is asked.

A rule sees an `Intent`: what lies under the pointer or has the keyboard, the text, key,
command or path. The first rule that fits decides. These rules reduce accidents inside the
sandboxed desktop; the sandbox is the boundary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.tools.base import Intent

Decision = Literal["allow", "ask", "deny", "alternative"]

TERMINALS = re.compile(
    r"terminal|xterm|konsole|rxvt|urxvt|kitty|alacritty|tilix|terminator|\bst\b|appfinder|xfrun",
    re.IGNORECASE,
)
"""Window classes where Enter runs a command; the run dialogs of the desktop among them."""

_ENTER = re.compile(r"(^|\+)(return|kp_enter|enter|linefeed)$|^ctrl\+[jmo]$", re.IGNORECASE)
_PASTE = re.compile(r"^(ctrl\+(shift\+)?v|shift\+insert|shift\+ctrl\+v)$", re.IGNORECASE)
_PRESS = re.compile(r"(^|\+)(return|kp_enter|enter|space)$", re.IGNORECASE)
_DELETE_KEY = re.compile(r"(^|\+)(delete|kp_delete)$", re.IGNORECASE)
_FILE_MANAGERS = re.compile(r"thunar|nautilus|pcmanfm|xfdesktop|dolphin|nemo|caja", re.IGNORECASE)
_WEIGHTY = re.compile(
    r"^\W*(pay|buy|order|purchase|check ?out|place order|donate|subscribe|transfer|send|submit|"
    r"post|publish|reply|forward|delete|remove|erase|discard|empty (the )?(trash|wastebasket|bin)|"
    r"move to (the )?(trash|wastebasket|bin)|format|overwrite|replace|uninstall|install|confirm|"
    r"sign|authori[sz]e|shut ?down|log ?out|restart)\b",
    re.IGNORECASE,
)
_WRITTEN = ("text", "entry", "document", "terminal", "password text", "paragraph")
_CLICKS = re.compile(r"click|mouse_down|mouse_up|drag")
_HIDDEN = re.compile(r"(^|/)\.[^/.]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one action, and the words for the person or the model."""

    decision: Decision
    rule: str = ""
    question: str = ""
    phrase: str = ""
    """What to say to allow it: longer than "yes", so that a stray word cannot."""

    advice: str = ""
    """For the model, when the answer is no; empty when it is yes."""

    beforehand: bool = False
    """Whether the person allowed it before it was asked."""

    @property
    def noted(self) -> bool:
        """Whether the decision goes on record; what needs no permission does not."""
        return self.decision != "allow" or self.beforehand


@dataclass(frozen=True, slots=True)
class Rule:
    """``fits`` decides whether the rule speaks; ``question`` words what will happen."""

    name: str
    decision: Decision
    fits: Callable[[Intent], bool]
    question: Callable[[Intent], str] = lambda intent: f"{intent.action}?"
    phrase: str = "yes, do it"
    advice: str = ""


def shown(text: str, limit: int = 400) -> str:
    """Text as it may be shown and read out: control characters visible, length bounded."""
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return printable if len(printable) <= limit else f"{printable[:limit]}… (cut)"


def _target(intent: Intent, name: str) -> str:
    return intent.target.get(name, "")


def _in_terminal(intent: Intent) -> bool:
    return bool(TERMINALS.search(_target(intent, "wm_class")))


def _runs_line(intent: Intent) -> bool:
    """Whether keystrokes end a line in a terminal; typing without Enter runs nothing."""
    ends = bool(re.search(r"[\r\n]", _target(intent, "text")))
    return _in_terminal(intent) and (ends or bool(_ENTER.search(_target(intent, "key"))))


def _pastes(intent: Intent) -> bool:
    clicked = intent.action == "middle_click"
    return _in_terminal(intent) and (clicked or bool(_PASTE.search(_target(intent, "key"))))


def _weighty(intent: Intent) -> bool:
    if _target(intent, "role") in _WRITTEN or not _WEIGHTY.search(_target(intent, "name")):
        return False
    return bool(_CLICKS.search(intent.action) or _PRESS.search(_target(intent, "key")))


def _deletes_file(intent: Intent) -> bool:
    there = _FILE_MANAGERS.search(_target(intent, "wm_class"))
    return bool(there and _DELETE_KEY.search(_target(intent, "key")))


def _hidden_file(intent: Intent) -> bool:
    return intent.tool != "computer" and bool(_HIDDEN.search(_target(intent, "path")))


def _command_question(intent: Intent) -> str:
    return f"Run the command “{shown(_target(intent, 'command'))}”?"


def _line_question(intent: Intent) -> str:
    line = shown(_target(intent, "line") or _target(intent, "text")).strip()
    window = shown(_target(intent, "title") or _target(intent, "wm_class"), 60)
    return f"Run “{line}” in the window “{window}”?" if line else f"Press Enter in “{window}”?"


def _button_question(intent: Intent) -> str:
    window = shown(_target(intent, "title"), 60)
    where = f" in “{window}”" if window else ""
    return f"Press “{shown(_target(intent, 'name'), 80)}”{where}?"


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("harmless", "allow", lambda intent: intent.harmless),
    Rule(
        "shell",
        "ask",
        lambda intent: bool(_target(intent, "command")),
        _command_question,
        "yes, run it",
        "The person declined this command. Ask what they would like instead.",
    ),
    Rule("terminal", "ask", _runs_line, _line_question, "yes, run it"),
    Rule(
        "paste into terminal",
        "ask",
        _pastes,
        lambda intent: f"Paste the clipboard into “{shown(_target(intent, 'title'), 60)}”?",
        "yes, paste it",
    ),
    Rule("weighty button", "ask", _weighty, _button_question, "yes, press it"),
    Rule(
        "delete files",
        "ask",
        _deletes_file,
        lambda intent: f"Delete what is selected in “{shown(_target(intent, 'title'), 60)}”?",
        "yes, delete it",
    ),
    Rule(
        "hidden file",
        "ask",
        _hidden_file,
        lambda intent: f"Change the hidden file “{shown(_target(intent, 'path'), 120)}”?",
        "yes, change it",
    ),
)
"""Shell commands always ask: there is no list of commands that are safe with any argument."""


class Approvals:
    """The rules of one session, with what was typed so far into a terminal's open line.

    ``allowed`` names rules whose questions the person has answered beforehand.
    """

    def __init__(
        self, rules: Sequence[Rule] = DEFAULT_RULES, *, allowed: frozenset[str] = frozenset()
    ) -> None:
        self._rules = tuple(rules)
        self._allowed = allowed
        self._line = ""

    def allow(self, allowed: frozenset[str]) -> None:
        """Take these rules' questions as answered with yes from now on, and no others'."""
        self._allowed = allowed

    def judge(self, intent: Intent) -> Verdict:
        """What the rules say. The first that fits decides; without one it is allowed."""
        intent = self._with_line(intent)
        rule = next((rule for rule in self._rules if rule.fits(intent)), None)
        if rule is None or rule.decision == "allow":
            return Verdict("allow")
        if rule.decision == "ask" and rule.name in self._allowed:
            return Verdict("allow", rule.name, beforehand=True)
        question = f"{rule.question(intent)} Say “{rule.phrase}” to allow it."
        advice = rule.advice or "The person's rules do not allow this."
        return Verdict(rule.decision, rule.name, question, rule.phrase, advice)

    def done(self, intent: Intent) -> None:
        """Note an action that ran: keystrokes add to a terminal's line, or end it."""
        if not _in_terminal(intent) or not (_target(intent, "text") or _target(intent, "key")):
            return
        if _runs_line(intent) or re.fullmatch(r"ctrl\+[cu]", _target(intent, "key")):
            self._line = ""
        else:
            self._line += _target(intent, "text")

    def _with_line(self, intent: Intent) -> Intent:
        if not _runs_line(intent):
            return intent
        target = {**intent.target, "line": self._line + _target(intent, "text")}
        return Intent(intent.tool, intent.action, target, intent.harmless)
