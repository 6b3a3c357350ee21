"""Rules over what is about to happen, and the words in which the person is asked.

A rule sees an `Intent`: what lies under the pointer or has the keyboard, the text, key,
command or path. The first rule that fits decides. These rules reduce accidents inside the
sandboxed desktop; the sandbox is the boundary.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.kinds import ALL_TOOLS, MEMORY, OUR_TOOLS, has_hands, kind_of
from agent.record.events import ControlReturned, Event, Grant
from agent.session.grants import Grants, call_grant, command_grant, line_grant, program_grant
from agent.session.refused import FORBIDDEN
from agent.tools.base import Intent
from agent.tools.choosers import BROWSERS
from agent.tools.keynames import ENTER, combinations, ends_line
from agent.tools.vault import PLACEHOLDER

_log = logging.getLogger(__name__)
Decision = Literal["allow", "ask", "deny", "alternative"]

TERMINALS = re.compile(
    r"term|konsole|rxvt|kitty|alacritty|tilix|guake|yakuake|tilda|ghostty|\bfoot\b|\bst\b|"
    r"appfinder|xfrun|dmenu|rofi|gmrun|krunner",
    re.IGNORECASE,
)
"""Window classes where Enter runs a command; the run dialogs of desktops among them."""

_PRESS = ENTER | {"space", "kp_space"}
_DELETE_KEY = frozenset({"delete", "kp_delete"})
_INSERT = frozenset({"insert", "kp_insert", "kp_0"})
_MENU_KEYS = frozenset({"f10", "menu"})
_MOVES = frozenset({"escape", "up", "down", "left", "right", "home", "end", "tab", "shift"})
"""What goes about in a menu, or leaves it, and chooses nothing."""

_FILE_MANAGERS = re.compile(r"thunar|nautilus|pcmanfm|xfdesktop|dolphin|nemo|caja", re.IGNORECASE)
_WEIGHTY = re.compile(
    r"^\W*((yes|ok|okay|permanently|really|force)\W+)*"
    r"(pay|buy|order|purchase|check ?out|place order|donate|subscribe|transfer|send|submit|"
    r"post|publish|reply|forward|delete|remove|erase|discard|empty (the )?(trash|wastebasket|bin)|"
    r"move to (the )?(trash|wastebasket|bin)|format|overwrite|replace|uninstall|install|confirm|"
    r"sign|authori[sz]e|shut ?down|log ?out|restart|"
    r"proceed to \S+ \(unsafe|accept the risk)\b",  # browsers, before a wrong certificate
    re.IGNORECASE,
)
_PASTE = re.compile(r"\W*paste", re.IGNORECASE)
_WRITTEN = ("text", "entry", "document", "terminal", "password text", "paragraph")
_CLICKS = re.compile(r"click|mouse_down|mouse_up|drag")
_OF_LINES = frozenset({"terminal", "paste into terminal"})
"""Rules whose yes is for what a terminal's shell then starts."""

PROGRAM = "program"
"""The ``tool`` of an intent that is a start."""

_HIDDEN = re.compile(r"(^|/)\.(?!\.?(/|$))")
_TRASH = re.compile(r"^\W*(trash|wastebasket|rubbish|recycle)", re.IGNORECASE)


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

    grant: Grant | None = None
    """What may be allowed for the session, or was when it is allowed ``beforehand``."""

    @property
    def noted(self) -> bool:
        """Whether the decision goes on record; what needs no permission does not."""
        return self.decision != "allow" or self.beforehand


@dataclass(frozen=True, slots=True)
class Rule:
    """``fits`` decides whether the rule speaks; ``question`` words what will happen.

    ``grant`` tells what could be allowed for the session instead of this once, if anything.
    """

    name: str
    decision: Decision
    fits: Callable[[Intent], bool]
    question: Callable[[Intent], str] = lambda intent: f"{intent.action}?"
    phrase: str = "yes, do it"
    advice: str = ""
    grant: Callable[[Intent], Grant | None] = lambda intent: None
    label: str = ""
    """What settings call that which it asks about; the name if empty."""


def shown(text: str, limit: int = 400) -> str:
    """Text as it may be shown and read out: control characters visible, length bounded."""
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: limit + 1])
    return printable if len(printable) <= limit else f"{printable[:limit]}… (cut)"


def _target(intent: Intent, name: str) -> str:
    return intent.target.get(name, "")


def _combos(intent: Intent) -> list[frozenset[str]]:
    return combinations(_target(intent, "key"))


def _presses(intent: Intent, wanted: frozenset[str]) -> bool:
    """Whether one of these keys is among those that are pressed."""
    return any(keys & wanted for keys in _combos(intent))


def _in_terminal(intent: Intent) -> bool:
    """Whether keys reach a terminal, for all that is known: an unknown window may be one."""
    known = intent.target.get("wm_class")
    if known is None:
        return has_hands(intent.tool)
    return bool(TERMINALS.search(known)) or _target(intent, "role") == "terminal"


def _runs_line(intent: Intent) -> bool:
    """Whether keystrokes end a line in a terminal; typing without Enter runs nothing."""
    pressed = any(map(ends_line, _combos(intent)))
    return _in_terminal(intent) and bool(pressed or re.search(r"[\r\n]", _target(intent, "text")))


def _opens_menu(keys: frozenset[str]) -> bool:
    """Whether a combination may open a menu of a terminal's window."""
    return bool(keys & _MENU_KEYS or ("alt" in keys and any(len(key) == 1 for key in keys)))


def _menu(intent: Intent) -> tuple[bool, bool]:
    """Of keys in a terminal's window: whether they may choose from a menu, and leave one open."""
    opened = bool(_target(intent, "menu")) and _target(intent, "role") != "terminal"
    chosen = opened and bool(_target(intent, "text"))
    opened = intent.action == "right_click" or (opened and not chosen)
    for keys in _combos(intent):
        chosen = chosen or (opened and not _opens_menu(keys) and bool(keys - _MOVES))
        stays = opened and not (keys - _MOVES) and "escape" not in keys
        opened = _opens_menu(keys) or stays
    return _in_terminal(intent) and chosen, _in_terminal(intent) and opened


def _pastes(intent: Intent) -> bool:
    if _menu(intent)[0]:
        return True
    if TERMINALS.search(_target(intent, "onto")):
        return True
    if "wm_class" not in intent.target or not _in_terminal(intent):
        return False
    combos = _combos(intent)
    pressed = any({"ctrl", "v"} <= keys or ("shift" in keys and keys & _INSERT) for keys in combos)
    chosen = _CLICKS.search(intent.action) and _PASTE.match(_target(intent, "name"))
    named = any("paste" in key for keys in combos for key in keys)
    return bool(pressed or named or chosen or intent.action == "middle_click")


def _submits(intent: Intent) -> bool:
    """Whether Enter in a field presses a weighty button of its form."""
    ends = _presses(intent, ENTER) or re.search(r"[\r\n]", _target(intent, "text"))
    return bool(ends and _WEIGHTY.search(_target(intent, "submits")))


def _weighty(intent: Intent) -> bool:
    if _submits(intent):
        return True
    if _target(intent, "role") in _WRITTEN or not _WEIGHTY.search(_target(intent, "name")):
        return False
    typed = re.search(r"[\r\n ]", _target(intent, "text"))
    return bool(_CLICKS.search(intent.action) or _presses(intent, _PRESS) or typed)


def _deletes_file(intent: Intent) -> bool:
    if _TRASH.match(_target(intent, "onto_name")):
        return True
    there = _FILE_MANAGERS.search(_target(intent, "wm_class"))
    return bool(there and _presses(intent, _DELETE_KEY))


def _hidden_file(intent: Intent) -> bool:
    return not has_hands(intent.tool) and bool(_HIDDEN.search(_target(intent, "path")))


def _command_question(intent: Intent) -> str:
    return f"Run the command “{shown(_target(intent, 'command'))}”?"


def _line_question(intent: Intent) -> str:
    if _target(intent, "unshown") and _ends_once(intent):
        return _answer_question(intent)
    line = shown(_target(intent, "line") or _target(intent, "text")).strip()
    window = _place(intent)
    if _target(intent, "changed"):
        typed = f", where “{line}” was typed and then changed" if line else ""
        return f"Run what stands in {window}{typed}?"
    return f"Run “{line}” in {window}?" if line else f"Press Enter in {window}?"


def _ends_once(intent: Intent) -> bool:
    """Whether one line is ended at most, and nothing goes to whatever reads the next."""
    ends = [n for n, keys in enumerate(_combos(intent)) if ends_line(keys)]
    last = not ends or ends == [len(_combos(intent)) - 1]
    return (
        last
        and not _target(intent, "repeat")
        and not re.search(r"[\r\n].", _target(intent, "text"), re.DOTALL)
    )


def _answer_question(intent: Intent) -> str:
    """Of what a program reads without showing it, as a password: no word of it is read out."""
    prompt = shown(_target(intent, "prompt"), 80)
    answered = (
        f"Answer “{prompt}” in {_place(intent)}" if prompt else f"Enter it in {_place(intent)}"
    )
    return f"{answered}? A program reads there without showing what is typed."


def _place(intent: Intent) -> str:
    name = _target(intent, "onto_title") or _target(intent, "title") or _target(intent, "wm_class")
    return f"the window “{shown(name, 60)}”" if name else "a window that cannot be told"


def _paste_question(intent: Intent) -> str:
    if _menu(intent)[0]:
        key = shown(_target(intent, "key") or _target(intent, "text"), 60)
        return f"Press “{key}” in a menu of {_place(intent)}? It may paste the clipboard."
    what = "what is dragged" if _target(intent, "onto") else "the clipboard"
    return f"Paste {what} into {_place(intent)}?"


def _delete_question(intent: Intent) -> str:
    if _target(intent, "onto_name"):
        return f"Drop what is dragged on “{shown(_target(intent, 'onto_name'), 60)}”?"
    return f"Delete what is selected in {_place(intent)}?"


def _program_question(intent: Intent) -> str:
    by, line = shown(_target(intent, "by"), 60) or "A program", shown(_target(intent, "line"))
    match _target(intent, "how"):
        case "line":
            return f"In a terminal, {by} wants to start “{line}”. Allow it?"
        case "file":
            return f"{by} wants to start “{line}”, which did not come with the system. Allow it?"
        case _:
            return f"{by} wants to start “{line}”. Allow it?"


def _button_question(intent: Intent) -> str:
    window = shown(_target(intent, "title"), 60)
    where = f" in “{window}”" if window else ""
    name = _target(intent, "submits" if _submits(intent) else "name")
    return f"Press “{shown(name, 80)}”{where}?"


def _gives_file(intent: Intent) -> bool:
    """Whether a page is given a file: by the browser tool, in a browser's dialog, or dropped."""
    dropped = BROWSERS.search(_target(intent, "onto"))
    return bool(
        _target(intent, "upload")
        or _target(intent, "chooser") == "confirmed"
        or (dropped and _FILE_MANAGERS.search(_target(intent, "from") or _class(intent)))
    )


def _class(intent: Intent) -> str:
    return _target(intent, "wm_class")


def _upload_question(intent: Intent) -> str:
    if _target(intent, "onto"):
        name = shown(_target(intent, "from_name") or _target(intent, "name"), 120)
        what = f"“{name}”" if name else "what is dragged"
        return f"Give {what} to the page “{shown(_target(intent, 'onto_title'), 60)}”?"
    site = shown(_target(intent, "site"), 60)
    page = shown(_target(intent, "page" if _target(intent, "chooser") else "title"), 60)
    named = f"the page “{page}”" if page else "an untitled page"
    return f"Give {_given_file(intent)} to {named}{f' of {site}' if site else ''}?"


def _given_file(intent: Intent) -> str:
    if name := shown(_target(intent, "upload"), 120):
        return f"“{name}”"
    if typed := shown(_target(intent, "typed"), 120):
        return f"the file typed as “{typed}”"
    return f"the file chosen in “{shown(_target(intent, 'title'), 60)}”"


def _types_secret(intent: Intent) -> bool:
    return bool(PLACEHOLDER.search(_target(intent, "text")))


def _secret_question(intent: Intent) -> str:
    found = PLACEHOLDER.search(_target(intent, "text"))
    name = shown(found[1], 60) if found else ""
    return f"Type the secret “{name}” into {_place(intent)}?"


def _memory_question(intent: Intent) -> str:
    path, note = shown(_target(intent, "path"), 80), shown(_target(intent, "note"), 200)
    if intent.action in ("delete", "rename"):
        return f"{intent.action.capitalize()} “{path}” of its memory?"
    return f"Remember for later sessions, in “{path}”: “{note}”?"


_OURS = frozenset({kind.called for kind in OUR_TOOLS} | set(ALL_TOOLS) | {PROGRAM, MEMORY})
"""Tools that have rules of their own."""


def _tool_question(intent: Intent) -> str:
    """As the tool has it declared, if its target has what it names."""
    if server := _target(intent, "mcp_server"):
        tool, given = shown(_target(intent, "mcp_tool"), 60), shown(_target(intent, "mcp_given"))
        return f"Have the MCP server “{server}” do “{tool}” with {given}?"
    kind = kind_of(intent.tool)
    if kind is not None and kind.question:
        told = {name: shown(value, 60) for name, value in intent.target.items()}
        try:
            return kind.question.format_map(told)
        except (KeyError, ValueError, IndexError, AttributeError):
            _log.exception("The question of the tool “%s” cannot be filled in", kind.name)
    return f"Use the tool “{shown(intent.tool, 60)}” to {_done_by(intent)}?"


def _done_by(intent: Intent) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in intent.target.items())
    return shown(f"{intent.action} ({told})" if told else intent.action, 200)


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("harmless", "allow", lambda intent: intent.harmless),
    Rule(
        "secret",
        "ask",
        _types_secret,
        _secret_question,
        "yes, type it",
        label="Type secrets that you gave it",
    ),
    Rule(
        "shell",
        "ask",
        lambda intent: bool(_target(intent, "command")),
        _command_question,
        "yes, run it",
        "The person declined this command. Ask what they would like instead.",
        command_grant,
        label="Run shell commands",
    ),
    Rule(
        "terminal",
        "ask",
        _runs_line,
        _line_question,
        "yes, run it",
        grant=line_grant,
        label="Press Enter in a terminal",
    ),
    Rule(
        "paste into terminal",
        "ask",
        _pastes,
        _paste_question,
        "yes, paste it",
        label="Paste into a terminal",
    ),
    Rule(
        "weighty button",
        "ask",
        _weighty,
        _button_question,
        "yes, press it",
        label="Press buttons such as Send, Delete or Pay",
    ),
    Rule(
        "delete files",
        "ask",
        _deletes_file,
        _delete_question,
        "yes, delete it",
        label="Delete files in the file manager",
    ),
    Rule(
        "upload",
        "ask",
        _gives_file,
        _upload_question,
        "yes, give it",
        label="Give files to web pages",
    ),
    Rule(
        "hidden file",
        "ask",
        _hidden_file,
        lambda intent: f"Change the hidden file “{shown(_target(intent, 'path'), 120)}”?",
        "yes, change it",
        label="Change hidden files",
    ),
    Rule(
        "program",
        "ask",
        lambda intent: intent.tool == PROGRAM,
        _program_question,
        "yes, start it",
        grant=program_grant,
        label="Start programs from terminals, launchers and files of the home",
    ),
    Rule(
        "memory",
        "ask",
        lambda intent: intent.tool == MEMORY,
        _memory_question,
        "yes, save it",
        label="Change what it remembers beyond a session",
    ),
    Rule(
        "other tool",
        "ask",
        lambda intent: intent.tool not in _OURS,
        _tool_question,
        "yes, use it",
        grant=call_grant,
        label="Use tools that were added",
    ),
)
"""Shell commands always ask: there is no list of commands that are safe with any argument."""


@dataclass
class _Line:
    """What was typed into a terminal since its last Enter."""

    text: str = ""
    changed: bool = False
    """Whether something else than typing may have changed it."""


class Approvals:
    """The rules of one session, with what was typed so far into terminals' open lines.

    ``allowed`` names rules whose questions the person has answered beforehand.
    """

    def __init__(
        self, rules: Sequence[Rule] = DEFAULT_RULES, *, allowed: frozenset[str] = frozenset()
    ) -> None:
        self._rules = tuple(rules)
        self._allowed = allowed
        self.grants = Grants()
        self._lines: dict[str, _Line] = {}
        self._begun: Intent | None = None
        self._pressed: Intent | None = None
        """Where the left button was put down last."""

        self._typed: tuple[str, str] = ("", "")
        """The browser's dialog for files into which was typed last, and the text."""

        self._menu_of: str | None = None
        """The terminal window in which a menu may be open."""

        self.on_begin: Callable[[Intent, bool, bool], None] = lambda intent, reaches, line: None
        """Called before an action of the hands begins: with whether it may reach a terminal, and
        whether it is a line or a paste that was allowed.
        """

    def allow(self, allowed: frozenset[str]) -> None:
        """Take these rules' questions as answered with yes from now on, and no others'."""
        self._allowed = allowed

    def add(self, event: Event) -> None:
        """Take in the next event: what the person does to a terminal's line is not known."""
        self.grants.add(event)
        if isinstance(event, ControlReturned):
            self._doubt()

    def judge(self, intent: Intent) -> Verdict:
        """What the rules say. The first that fits decides; without one it is allowed."""
        self._doubt_unfinished()
        return self._judge(self._known_of(intent))

    def judge_start(self, intent: Intent) -> Verdict:
        """What the rules say of a program that is about to start, while other things go on."""
        return self._judge(intent)

    def may_reach(self, intent: Intent) -> bool:
        """Whether an action of the hands may have an effect in a terminal."""
        if intent.harmless or not has_hands(intent.tool):
            return False
        onto = _target(self._known_of(intent), "onto")
        return _in_terminal(intent) or bool(TERMINALS.search(onto))

    def _judge(self, intent: Intent) -> Verdict:
        rule = self._first(intent)
        if rule is None or rule.decision == "allow":
            return Verdict("allow")
        if rule.decision == "ask" and rule.name in self._allowed:
            return Verdict("allow", rule.name, beforehand=True)
        grant = rule.grant(intent) if rule.decision == "ask" else None
        if self.grants.covers(grant):
            return Verdict("allow", rule.name, beforehand=True, grant=grant)
        question = f"{rule.question(intent)} Say “{rule.phrase}” to allow it."
        advice = rule.advice or FORBIDDEN
        return Verdict(rule.decision, rule.name, question, rule.phrase, advice, grant=grant)

    def _first(self, intent: Intent) -> Rule | None:
        return next((rule for rule in self._rules if rule.fits(intent)), None)

    def begins(self, intent: Intent) -> None:
        """Note an action that starts; until it is `done`, nobody knows how far it came."""
        if has_hands(intent.tool) and not intent.harmless:
            rule = self._first(self._known_of(intent))
            line = rule is not None and rule.decision == "ask" and rule.name in _OF_LINES
            self.on_begin(intent, self.may_reach(intent), line)
        self._begun = intent

    def done(self, intent: Intent) -> None:
        """Note an action that ran: keystrokes add to a terminal's line, or end it."""
        self._begun = None
        if intent.action == "left_mouse_down":
            self._pressed = intent
        self._typed = self._typed_into(intent)
        if _target(intent, "onto"):
            self._doubt()
        if not _in_terminal(intent):
            return
        self._menu_of = intent.window if _menu(self._known_of(intent))[1] else None
        line = self._lines.setdefault(intent.window, _Line())
        text, key = _target(intent, "text"), _target(intent, "key")
        if text or _runs_line(intent):
            start = 0 if not _runs_line(intent) else max(map(text.rfind, "\r\n")) + 1
            if start or not text:
                line.text, line.changed = "", " " in key
            line.text += text[start:]
        elif key == "ctrl+c" or (key == "ctrl+u" and not line.changed):
            line.text, line.changed = "", False
        elif intent.action == "key" and (key == "space" or len(key) == 1):
            line.text += key.replace("space", " ") * int(_target(intent, "repeat") or 1)
        elif key or _pastes(intent):
            line.changed = True

    def _typed_into(self, intent: Intent) -> tuple[str, str]:
        """What stands in a browser's dialog for files, if it was typed and nothing else done."""
        if intent.harmless:
            return self._typed
        if not _target(intent, "chooser") or intent.action != "type":
            return "", ""
        return intent.window, self._typed_in(intent.window) + _target(intent, "text")

    def _typed_in(self, window: str) -> str:
        return self._typed[1] if self._typed[0] == window else ""

    def _doubt(self) -> None:
        self._typed = "", ""
        for line in self._lines.values():
            line.changed = True

    def _doubt_unfinished(self) -> None:
        """An action that was cut, or failed, may have had part of its effect."""
        begun, self._begun = self._begun, None
        if begun is not None and not begun.harmless:
            self._typed = "", ""
        if begun is not None and _in_terminal(begun):
            self._lines.setdefault(begun.window, _Line()).changed = True

    def _known_of(self, intent: Intent) -> Intent:
        """With the line that would run, and the terminal that a drag would end in."""
        more: dict[str, str] = {}
        if self._menu_of == intent.window and _in_terminal(intent):
            more["menu"] = "open"
        if _runs_line(intent):
            line = self._lines.get(intent.window, _Line())
            more |= {"line": line.text + _target(intent, "text")}
            more |= {"changed": "yes"} if line.changed else {}
        elif _target(intent, "chooser") == "confirmed":
            more |= {"typed": (self._typed_in(intent.window) + _target(intent, "text")).strip()}
        elif (pressed := self._pressed) and intent.action == "left_mouse_up":
            more |= _dropped(pressed, intent) if pressed.window != intent.window else {}
        return replace(intent, target={**intent.target, **more})


def _dropped(pressed: Intent, released: Intent) -> dict[str, str]:
    """Of a drag by hand: where it ends, and where it began."""
    ends = {"onto": "wm_class", "onto_title": "title", "onto_name": "name"}
    onto = {name: _target(released, part) for name, part in ends.items()}
    return onto | {"from": _class(pressed), "from_name": _target(pressed, "name")}
