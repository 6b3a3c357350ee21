"""Which starts of programs are to be asked about: plain data, and rules over a process's line.

A start is judged by what it descends from. A *tool* or an allowed start covers everything
below it. A *shell* is whatever reads its lines from a terminal: what it starts must be allowed,
line by line. Anything else is a *program* of the desktop, free to start what is installed on
the system for itself; launchers among them may start what a system's ``.desktop`` or service file
names, and the file of a home is asked about whoever starts it. This guards against accident:
who wants to deceive it can change what was looked at before it runs.
"""

from __future__ import annotations

import os
import re
import shlex
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agent.desktop.server.installed import Installed

Kind = Literal["program", "shell", "covered"]
How = Literal["desktop", "tool", "line", "launcher", "file", "covered", "person"]
"""Why a start is what it is: of the desktop's own, by a tool, by a shell's line in a terminal, by
a launcher, of a file outside the system, below something that was allowed, or by the person."""

MOST_WORDS = 300
"""Characters of a command line that are kept."""

_KEPT = 4096
"""Processes that are remembered, ended ones included: their children may outlive them."""

SHELLS = re.compile(r"^-?(ba|da|z|k|mk|c|tc|fi|a)?sh$")
_INTERPRETERS = re.compile(
    r"^-?((ba|da|z|k|mk|c|tc|fi|a)?sh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|lua[\d.]*|"
    r"php[\d.]*|tclsh[\d.]*|wish[\d.]*|expect|gjs|java|[gmn]?awk|ld(-linux.*)?\.so.*|make|ed)$"
)
_LAUNCHERS = re.compile(
    r"^(xfdesktop|thunar|nautilus|pcmanfm|dolphin|nemo|caja|xfce4-.*|xfrun4|wrapper-[\d.]+|exo-.*|"
    r"gio|gio-launch-desktop|gtk4?-launch|xdg-.*|kde-open\d*|dex|rofi|dmenu.*|dbus-daemon|"
    r"xfsettingsd|xfwm4|openbox|fluxbox)$",
    re.IGNORECASE,
)
_TERMINALS = re.compile(
    r"^(xterm|uxterm|.*-terminal(\.\w+)?|konsole|u?rxvt.*|kitty|alacritty|tilix|st|foot)$"
)
_HELPERS = re.compile(
    r"^(tumblerd|gvfs.*|at-spi.*|dbus-daemon|dbus-launch|xfconfd|dconf-service|gdk-pixbuf.*|"
    r"glib-.*|ibus-.*|xprop|xdg-mime|xdg-settings|"
    r"\[|test|sed|[ef]?grep|cut|head|tail|tr|cat|which|basename|dirname|uname|id|file|mimetype|"
    r"readlink|realpath|sort|ls|true|false|printf|echo|dbus-send|tty|locale|stat|expr)$"
)
"""What desktop programs start for themselves; none of it starts what it is told to."""

_GIO_SHELL = re.compile(r"^export GIO_LAUNCHED_DESKTOP_FILE_PID=\$\$; exec \"\$@\"$")
_SYSTEM = re.compile(r"^/(usr|bin|sbin|lib\w*|opt|etc|app)/")
_CODE = re.compile(r"^-\w*[ceE]$|^--(command|eval|execute|print)\b|^-[eEr].|^-c.")


@dataclass(frozen=True, slots=True)
class Notice:
    """A start that waits in the kernel."""

    id: int
    thread: int
    """Of the process that wants to become another program."""

    path: int = 0
    argv: int = 0
    """Addresses in its memory."""

    folder: int = -100
    """Descriptor that the path counts from."""

    word: int = 8
    """Bytes of its addresses."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a process wants to become."""

    named: str
    """As it was given."""

    path: str
    """The file itself, links followed; empty where that cannot be told."""

    argv: tuple[str, ...] = ()
    cwd: str = ""
    exists: bool = True

    @property
    def name(self) -> str:
        return os.path.basename(self.named) or "?"


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it stands."""

    pid: int
    parent: int
    session: int
    terminal: bool
    """Whether its session has a terminal."""

    born: int
    """Clock ticks, to tell it from another of the same number."""


class Kernel(Protocol):
    """Where notices come from and answers go. All but `wake` is called by one thread."""

    def next(self, seconds: float | None) -> Notice | None:
        """The next notice; None after so many seconds, or when woken.

        Raises:
            OSError: there will be none any more.
        """
        ...

    def wake(self) -> None: ...

    def program(self, notice: Notice) -> Program:
        """What is about to start.

        Raises:
            OSError: its memory cannot be read.
        """
        ...

    def process(self, pid: int) -> Process | None: ...

    def leader(self, thread: int) -> int:
        """The process that a thread belongs to."""
        ...

    def command_line(self, pid: int) -> bytes: ...

    def reads_terminal(self, pid: int) -> bool:
        """Whether its standard input is a terminal."""
        ...

    def waiting(self, notice: Notice) -> bool:
        """Whether the start still waits."""
        ...

    def allow(self, notice: Notice) -> None: ...

    def refuse(self, notice: Notice) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Start:
    """A program that begins, as it is told and logged: scrubbed, bounded."""

    program: str
    line: str
    cwd: str
    by: tuple[str, ...]
    """Names of what it descends from, nearest first."""

    how: How
    exact: str = ""
    """What must be equal for it to be the same start again; never logged."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the agent's hands do, as far as it matters here."""

    act: int = 0
    """Number of the last act on the desktop."""

    line: int = 0
    """Number of the last act that may have reached a terminal."""

    allowed: bool = False
    """Whether that was a line which a rule or the person had allowed."""

    person: bool = False
    """Whether the person has the mouse."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to become of a start. ``key`` is equal for all that one yes is for."""

    verdict: Literal["free", "ask", "refuse", "pass"]
    start: Start
    key: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a process."""

    born: int
    name: str
    kind: Kind
    launches: bool = False
    code: bytes = b""


@dataclass(slots=True)
class _Line:
    """From a process up to the guardian."""

    processes: list[Process] = field(default_factory=list)
    known: list[tuple[Process, _Known]] = field(default_factory=list)
    orphan: bool = False
    names: list[str] = field(default_factory=list)


class Judge:
    """Rules over one desktop's starts. Used by one thread; ``hands`` may be set by another.

    Args:
        kernel: tells of processes.
        guardian: process number of what everything descends from.
        installed: what the system's launchers and services start.
    """

    def __init__(self, kernel: Kernel, guardian: int, installed: Installed) -> None:
        self.hands = Hands()
        self._kernel = kernel
        self._guardian = guardian
        self._guardian_code = kernel.command_line(guardian)
        self._installed = installed
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._expected: list[tuple[tuple[str, ...], bool]] = []
        self._decided: OrderedDict[tuple[int, ...], bool] = OrderedDict()
        self._bound = 0

    def expect(self, argv: tuple[str, ...], covers: bool) -> None:
        """A program that is started from outside; with ``covers`` all below it is allowed."""
        self._expected.append((argv, covers))
        del self._expected[:-64]

    def judge(self, notice: Notice) -> Ruling:
        """What is to become of a start, and remember it as if it were allowed to.

        Raises:
            OSError: the process cannot be looked at.
        """
        program = self._kernel.program(notice)
        pid = self._kernel.leader(notice.thread)
        line = self._line(pid)
        if not program.exists or not line.processes:
            return Ruling("pass", _start(program, line, "desktop"))
        ruling = self._rule(program, line)
        if ruling.verdict == "free":
            self._remember(program, line, ruling.start.how)
        return ruling

    def decided(self, notice: Notice, ruling: Ruling, *, allowed: bool) -> None:
        """Note the answer about a start that was asked about."""
        self._decide(ruling.key, allowed)
        if allowed:
            line = self._line(self._kernel.leader(notice.thread))
            if line.processes:
                self._remember(self._kernel.program(notice), line, "covered")

    # Inside -----------------------------------------------------------------------------

    def _rule(self, program: Program, line: _Line) -> Ruling:
        how, free = self._why(program, line)
        own = line.processes[0]
        start = _start(program, line, how)
        if free:
            return Ruling("free", start)
        if self.hands.person:
            return Ruling("free", _start(program, line, "person"))
        if how != "line":
            key = (0, own.pid, own.born)
            return Ruling("refuse" if self._decided.get(key) is False else "ask", start, key)
        about, answer = self._line_answer(line)
        if answer is None:
            return Ruling("ask", start, about)
        return Ruling("free" if answer else "refuse", start, about)

    def _line_answer(self, line: _Line) -> tuple[tuple[int, ...], bool | None]:
        """Whether what a shell does now was allowed, and what the answer is for."""
        hands = self.hands
        shell = line.known[0][0] if line.known else line.processes[-1]
        key = (hands.line, shell.pid, shell.born)
        if key not in self._decided and hands.allowed and hands.act == hands.line != self._bound:
            self._bound = hands.line
            self._decide(key, True)
        return key, self._decided.get(key)

    @property
    def bound(self) -> int:
        """The last allowed line that started something."""
        return self._bound

    def _decide(self, key: tuple[int, ...], allowed: bool) -> None:
        self._decided[key] = allowed
        while len(self._decided) > _KEPT:
            self._decided.popitem(last=False)

    def _why(self, program: Program, line: _Line) -> tuple[How, bool]:
        """Why it starts, and whether it may."""
        if not line.known:
            return self._without_ancestors(program, line)
        starter = line.known[0][1]
        if starter.kind == "covered":
            return "covered", True
        if starter.kind == "shell":
            return "line", False
        return self._by_program(program, line, starter)

    def _without_ancestors(self, program: Program, line: _Line) -> tuple[How, bool]:
        if line.orphan:
            return "line", False
        for number, (argv, covers) in enumerate(self._expected):
            if _alike(argv, program.argv):
                del self._expected[number]
                return ("tool" if covers else "desktop"), True
        return "desktop", True

    def _by_program(self, program: Program, line: _Line, starter: _Known) -> tuple[How, bool]:
        own = line.processes[0]
        if not _of_system(program):
            return "file", False
        if own.terminal and own.pid == own.session:
            if SHELLS.match(program.name) and interactive(program.argv):
                return "desktop", True
            return "launcher", self._installed.names(program.named, program.argv)
        if starter.launches:
            return "launcher", self._launched(program)
        if _interprets(program) and not _system_code(program):
            return "file", False
        return "desktop", True

    def _launched(self, program: Program) -> bool:
        if self._installed.names(program.named, program.argv):
            return True
        if any(rule.match(program.name) for rule in (_HELPERS, _LAUNCHERS, _TERMINALS)):
            return True
        return _is_gio_shell(program)

    def _remember(self, program: Program, line: _Line, how: How) -> None:
        own = line.processes[0]
        kind: Kind = "program"
        if how in ("tool", "covered", "line", "file", "person"):
            kind = "covered"
        if how == "launcher" and not own.terminal and line.known and line.known[0][1].launches:
            kind = "program"
        if self._is_shell(program, own, kind):
            kind = "shell"
        launches = bool(_LAUNCHERS.match(program.name)) or _is_gio_shell(program)
        code = b"\0".join(word.encode(errors="surrogateescape") for word in program.argv)
        self._keep(own.pid, _Known(own.born, program.name, kind, launches, code[:MOST_WORDS]))
        if kind == "covered":
            self._cover_between(line)

    def _is_shell(self, program: Program, own: Process, kind: Kind) -> bool:
        """Whether it reads lines from a terminal: what it starts is asked about."""
        if not own.terminal:
            return False
        if own.pid == own.session and kind == "program":
            return True
        shell = SHELLS.match(program.name) and interactive(program.argv)
        return bool(shell and self._kernel.reads_terminal(own.pid))

    def _cover_between(self, line: _Line) -> None:
        """Forks between a shell and what it started belong to the line that was allowed."""
        known = {process.pid for process, _ in line.known}
        for process in line.processes[1:]:
            if process.pid in known:
                return
            self._keep(process.pid, _Known(process.born, "", "covered"))

    def _keep(self, pid: int, known: _Known) -> None:
        self._known[pid] = known
        self._known.move_to_end(pid)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def _line(self, pid: int) -> _Line:
        """What a process descends from, nearest first; without the guardian."""
        line, number = _Line(), pid
        while number > 1 and number != self._guardian and len(line.processes) < 64:
            process = self._kernel.process(number)
            if process is None:
                break
            line.processes.append(process)
            known = self._known.get(number)
            if known is not None and known.born == process.born:
                line.known.append((process, known))
                line.names += [known.name] if known.name else []
            number = process.parent
        if line.processes and not line.known:
            self._adopt(line)
        return line

    def _adopt(self, line: _Line) -> None:
        """Find what an orphan was forked from: its session's leader, or the same image."""
        top = line.processes[-1]
        code = self._kernel.command_line(top.pid)
        if code == self._guardian_code and top.parent == self._guardian:
            return
        line.orphan = True
        found = self._known.get(top.session)
        if found is None:
            wanted = code.rstrip(b"\0")[:MOST_WORDS]
            alike = (k for k in reversed(self._known.values()) if wanted and k.code == wanted)
            found = next(alike, None)
        if found is not None:
            line.known.append((top, found))
            line.names += [found.name] if found.name else []


def _alike(announced: tuple[str, ...], seen: tuple[str, ...]) -> bool:
    """Whether these are the same words, as far as those of a long line are read."""
    return [word[:200] for word in announced[:8]] == [word[:200] for word in seen[:8]]


def _start(program: Program, line: _Line, how: How) -> Start:
    names = line.names or ["the desktop"]
    words = shlex.join(_scrubbed(program.argv)) if program.argv else program.named
    exact = "\0".join((program.path, program.cwd, *program.argv))
    return Start(
        program=_bounded(program.path or program.named),
        line=_bounded(words),
        cwd=_bounded(program.cwd),
        by=tuple(_bounded(name, 60) for name in names[:6]),
        how=how,
        exact=exact,
    )


def _bounded(text: str, most: int = MOST_WORDS) -> str:
    clean = text.encode(errors="replace").decode()
    return clean if len(clean) <= most else f"{clean[:most]}…"


_SECRET_NAME = re.compile(
    r"(?i)((?:^|[\W_])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|auth(?:orization)?|"
    r"credential|private[-_]?key|access[-_]?key)[\w-]*\s*[=:]\s*)(.+)"
)
_SECRET_OPTION = re.compile(
    r"(?i)^--?(?:[\w-]*(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|credential)[\w-]*)$"
)
_SECRET_VALUE = re.compile(
    r"\b(?:sk|pk|ghp|gho|xox[abp]|AKIA|eyJ|glpat|hf)[-_A-Za-z0-9.]{12,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|"
    r"(?i:\bbearer\s+)\S+"
)
_HIDDEN = "•••"


def _scrubbed(argv: tuple[str, ...]) -> list[str]:
    """Words of a command line without what looks like a secret."""
    found, hide = [], False
    for word in argv:
        shown = _HIDDEN if hide else _SECRET_NAME.sub(rf"\1{_HIDDEN}", word)
        found.append(_SECRET_VALUE.sub(_HIDDEN, shown))
        hide = bool(_SECRET_OPTION.match(word))
    return found


def _of_system(program: Program) -> bool:
    """Whether a program is a file of the system, and called by a name of the system."""
    named = os.path.normpath(os.path.join(program.cwd or "/", program.named))
    return bool(_SYSTEM.match(program.path) and _SYSTEM.match(named))


def _interprets(program: Program) -> bool:
    names = (program.name, os.path.basename(program.path))
    return any(map(_INTERPRETERS.match, names))


def interactive(argv: tuple[str, ...]) -> bool:
    """Whether a shell with these words reads its lines from its input."""
    return all(word.startswith("-") and not _CODE.match(word) for word in argv[1:])


def _system_code(program: Program) -> bool:
    """Whether an interpreter runs a script of the system."""
    for word in program.argv[1:]:
        if _CODE.match(word):
            return False
        if not word.startswith("-"):
            path = os.path.normpath(os.path.join(program.cwd or "/", word))
            return bool(_SYSTEM.match(path))
    return False


def _is_gio_shell(program: Program) -> bool:
    """How GLib starts what a ``.desktop`` file names: the shell only becomes that."""
    words = program.argv
    return bool(SHELLS.match(program.name) and "-c" in words and any(map(_GIO_SHELL.match, words)))
