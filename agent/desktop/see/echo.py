"""Whether terminals show what is typed into them, as the kernel knows: a password they do not."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from agent.desktop.base import Window
from agent.desktop.server.starts import SHELLS, interactive

if sys.platform != "win32":
    import termios

Echo = Literal["shown", "hidden", "unknown"]
"""``hidden``: a program reads lines there that are not shown."""

_SLAVES = range(136, 144)
"""Majors of pseudo terminals' ends for programs; 256 minors each."""


@runtime_checkable
class TellsEcho(Protocol):
    """A desktop that knows of its terminals whether they show what is typed."""

    async def echo(self, window: Window) -> Echo: ...


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    name: str
    parent: int
    terminal: str
    """As its name in ``/dev/pts``; empty without one."""

    front: int
    """The group of processes that the terminal's keys are for."""


def terminal_echo(root: Path, pid: int) -> Echo:
    """Of the terminals of a process's descendants, both as numbered below ``root``. Blocks.

    Unknown where one hides and another shows: which of them is in front cannot be told.
    """
    processes = list(_processes(root / "proc"))
    parents = {process.pid: process.parent for process in processes}
    terminals = {
        process.terminal: process.front
        for process in processes
        if process.terminal and _descends(process.pid, pid, parents)
    }
    asking = {name for process in processes for name in _asked_in(root / "proc", process)}
    found = {_echo_of(root / "dev/pts" / name, name in asking) for name in terminals}
    if len(found) != 1 or any(_runs_lines(root / "proc", front) for front in terminals.values()):
        return "unknown"
    return found.pop()


def _runs_lines(proc: Path, pid: int) -> bool:
    """Whether a shell without an editor of lines reads there: then a hidden line is a command."""
    try:
        argv = (proc / str(pid) / "cmdline").read_text("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:
        return False
    name = argv[0].rpartition("/")[2].lstrip("-")
    edits = name in ("bash", "zsh", "fish") and "--noediting" not in argv
    return bool(SHELLS.match(name)) and not edits and interactive(tuple(argv))


def _asked_in(proc: Path, process: _Process) -> Iterator[str]:
    """Where GnuPG asks for a passphrase: it draws a box of its own, in somebody else's terminal."""
    if not process.name.startswith("pinentry"):
        return
    with contextlib.suppress(OSError):
        for entry in os.scandir(proc / str(process.pid) / "fd"):
            opened = os.readlink(entry.path)
            if opened.startswith("/dev/pts/"):
                yield opened.removeprefix("/dev/pts/")


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    seen: set[int] = set()
    while pid in parents and pid not in seen:
        seen.add(pid)
        pid = parents[pid]
        if pid == ancestor:
            return True
    return False


def _processes(proc: Path) -> Iterator[_Process]:
    try:
        names = os.listdir(proc)
    except OSError:
        return
    for name in filter(str.isdecimal, names):
        try:
            before, _, after = (proc / name / "stat").read_text("latin-1").rpartition(")")
            fields = after.split()
            parent, device, front = int(fields[1]), int(fields[4]), int(fields[5])
        except (OSError, ValueError, IndexError):  # it has ended
            continue
        yield _Process(int(name), before.partition("(")[2], parent, _terminal(device), front)


def _terminal(device: int) -> str:
    major, minor = os.major(device), os.minor(device)
    return str((major - _SLAVES[0]) * 256 + minor) if major in _SLAVES else ""


def _echo_of(terminal: Path, asked: bool) -> Echo:
    if asked:
        return "hidden"
    try:
        descriptor = os.open(terminal, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return "unknown"
    try:
        flags = termios.tcgetattr(descriptor)[3]
    except termios.error:
        return "unknown"
    finally:
        os.close(descriptor)
    # Shells and full-screen programs switch both off and show by themselves what is typed.
    return "hidden" if flags & termios.ICANON and not flags & termios.ECHO else "shown"
