"""Bounds on what a whole desktop takes of the machine, by control groups.

The server itself has a group as well, so that its loop gets a processor before what it waits for.

Version 1 where this process may make groups, as root; version 2 through systemd, which makes a
scope for an ordinary user. Where there is neither, each process has bounds of its own
(``sandbox.LIMITS``), all of them together have none, and people are told.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agent.threads import set_aside

PROCESSES = 1024
"""Processes and threads of a desktop."""

WEIGHT = 2048
"""Of all processes of a desktop together, where each process outside has 1024: however many they
are, they take no more from the server than two would. With less, a desktop starves on a busy
machine and what it is asked comes too late."""

FIRST = 262144
"""Of the server itself, by the same measure as `WEIGHT`: it wants little, but at once, however many
desktops work beside it. More cannot be given."""

ASIDE = 131072
"""Of the server's threads that do much in Python (`agent.threads.step_back`). They hold what the
loop needs, Python's lock: one that waits for a processor with it has the loop wait, too."""

COMPUTING = 4096
"""Of those that compute outside of Python (`agent.threads.step_far_back`)."""

BESIDE = 4096
"""Of each program beside the desktops that people wait for, for instance the speech process."""

BEHIND = 5
"""Niceness of a desktop, or of what is beside it, that has no such group."""

SHARE = 0.5
"""Of the machine's memory, that one desktop may take at most."""

MOST = 4 << 30
"""Bytes of memory that one desktop may take, however much there is."""

_TRIAL = 10.0
"""Seconds that systemd has to make a scope."""

_TRIES, _PAUSE = 40, 0.05
"""How often, and how many seconds apart, a group is tried to be removed."""

_NONE = "this machine has no control groups that may be used"
_OWN = {"first": FIRST, "aside": ASIDE, "computing": COMPUTING}
"""The server's own groups: of the process, and of the threads of it that step back. With all in
one, what these have used would be held against the loop."""

_IS_OWN = re.compile(rf"sayso-\d+-({'|'.join(_OWN)})")
_numbers = itertools.count()


def memory() -> int:
    """Bytes of memory that a desktop may take, what it writes to folders in memory included."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(MOST, int(pages * SHARE))


class Groups(Protocol):
    """The groups of one desktop."""

    why_not: str
    """Why the desktop is not bounded as a whole; empty if it is."""

    def around(self, argv: Sequence[str]) -> list[str]:
        """The command line that has a program begin in the groups."""
        ...

    def remove(self) -> None:
        """Remove the groups, once nothing runs in them any more."""
        ...


@dataclass(slots=True)
class NoGroups:
    """Nothing bounds the desktop as a whole; only the server's own threads come before it."""

    why_not: str = _NONE

    def around(self, argv: Sequence[str]) -> list[str]:
        return ["nice", "-n", str(BEHIND), *argv]

    def remove(self) -> None:
        """There is nothing."""


@dataclass(slots=True)
class OldGroups:
    """Version 1: one folder for each of memory, processes and processor time."""

    folders: list[Path]
    why_not: str = field(default="", init=False)

    def around(self, argv: Sequence[str]) -> list[str]:
        files = [str(folder / "cgroup.procs") for folder in self.folders]
        program = str(Path(__file__).with_name("enter.py"))
        return [sys.executable, "-I", "-S", program, *files, "--", *argv]

    def remove(self) -> None:
        left = list(self.folders)
        for _ in range(_TRIES):
            left = [folder for folder in left if not _removed(folder)]
            if not left:
                return
            time.sleep(_PAUSE)


@dataclass(slots=True)
class Scope:
    """Version 2: systemd makes a group of its own for the desktop, and removes it."""

    runtime: str
    """The folder by which the person's systemd is found."""

    why_not: str = field(default="", init=False)

    def around(self, argv: Sequence[str]) -> list[str]:
        words = ["env", f"XDG_RUNTIME_DIR={self.runtime}"]
        words += ["systemd-run", "--user", "--scope", "--quiet", "--collect"]
        words += ["-p", f"MemoryMax={memory()}", "-p", "MemorySwapMax=0"]
        words += ["-p", f"TasksMax={PROCESSES}", "-p", "CPUWeight=100"]
        return [*words, "--", "env", "-u", "XDG_RUNTIME_DIR", *argv]

    def remove(self) -> None:
        """It goes with its last process."""


def make_groups() -> Groups:
    """Groups for one desktop, of whatever kind can be had here. Never fails."""
    if (found := _old_groups()) is not None:
        return found
    scope = Scope(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))
    return scope if takes_scopes(scope.runtime) else NoGroups()


@functools.cache
def takes_scopes(runtime: str) -> bool:
    """Whether a systemd is there that makes scopes for this person; tried once."""
    if not (Path(runtime) / "systemd" / "private").exists() or not shutil.which("systemd-run"):
        return False
    try:
        tried = subprocess.run(
            Scope(runtime).around(["true"]), capture_output=True, timeout=_TRIAL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def put_first() -> Callable[[], None]:
    """Have this process get a processor before its desktops; returns what takes that back.

    Where this process may not make groups, nothing comes of it. Never fails.
    """
    made = [_made(f"sayso-{os.getpid()}-{name}", {"cpu": _weighing(n)}) for name, n in _OWN.items()]
    found = OldGroups([folder for each in made if each for folder in each.folders])
    if len(found.folders) < len(_OWN) or not _joined(found.folders[0]):
        found.remove()
        return lambda: None
    first, aside, computing = found.folders
    set_aside(aside / "tasks", computing / "tasks")

    def leave() -> None:
        set_aside(None)
        if _joined(first.parent):
            found.remove()

    return leave


def make_beside() -> Groups:
    """A group for one program beside the desktops. Never fails."""
    return _made(_name(), {"cpu": _weighing(BESIDE)}) or NoGroups()


def _old_groups() -> OldGroups | None:
    bounds: dict[str, Callable[[Path], None]] = {
        "memory": _bound_memory,
        "pids": lambda folder: _write(folder / "pids.max", PROCESSES),
        "cpu": _weighing(WEIGHT),
    }
    return _made(_name(), bounds)


def _name() -> str:
    return f"sayso-{os.getpid()}-{next(_numbers)}"


def _made(name: str, bounds: Mapping[str, Callable[[Path], None]]) -> OldGroups | None:
    made: list[Path] = []
    try:
        for controller, bound in bounds.items():
            parent = _own_group(controller)
            _sweep(parent)
            folder = parent / name
            folder.mkdir()
            made.append(folder)
            bound(folder)
    except OSError:
        OldGroups(made).remove()
        return None
    return OldGroups(made)


def _weighing(weight: int) -> Callable[[Path], None]:
    return lambda folder: _write(folder / "cpu.shares", weight)


def _joined(folder: Path) -> bool:
    """Whether this process, with all its threads, is in the group now."""
    try:
        _write(folder / "cgroup.procs", os.getpid())
    except OSError:
        return False
    return True


def _bound_memory(folder: Path) -> None:
    _write(folder / "memory.limit_in_bytes", memory())
    with contextlib.suppress(OSError):  # where swapping is counted
        _write(folder / "memory.memsw.limit_in_bytes", memory())


def _write(path: Path, value: int) -> None:
    path.write_text(str(value))


def _own_group(controller: str) -> Path:
    """This process's own group, or the one around it where the server has put itself first.

    Raises:
        FileNotFoundError: there is no such controller.
    """
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            if controller in names.split(","):
                own = Path("/sys/fs/cgroup") / controller / path.lstrip("/")
                return own.parent if _IS_OWN.fullmatch(own.name) else own
    raise FileNotFoundError(controller)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # something in it is still about to end
        return False
    return True


def _sweep(parent: Path) -> None:
    """Remove groups of servers that were killed."""
    for folder in parent.glob("sayso-*-*"):
        number = folder.name.split("-")[1]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
