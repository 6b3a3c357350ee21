"""Bounds on what a whole desktop takes of the machine, by control groups.

Version 1 where this process may make groups, as root; version 2 through systemd, which makes a
scope for an ordinary user. Where there is neither, each process has bounds of its own
(``sandbox.LIMITS``), all of them together have none, and people are told.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

PROCESSES = 1024
"""Processes and threads of a desktop."""

WEIGHT = 2048
"""Of all processes of a desktop together, where each process outside has 1024: however many they
are, they take no more from the server than two would. With less, a desktop starves on a busy
machine and what it is asked comes too late."""

SHARE = 0.5
"""Of the machine's memory, that one desktop may take at most."""

MOST = 4 << 30
"""Bytes of memory that one desktop may take, however much there is."""

_TRIAL = 10.0
"""Seconds that systemd has to make a scope."""

_TRIES, _PAUSE = 40, 0.05
"""How often, and how many seconds apart, a group is tried to be removed."""

_NONE = "this machine has no control groups that may be used"
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
    """Nothing bounds the desktop as a whole."""

    why_not: str = _NONE

    def around(self, argv: Sequence[str]) -> list[str]:
        return list(argv)

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


def _old_groups() -> OldGroups | None:
    bounds: dict[str, Callable[[Path], None]] = {
        "memory": _bound_memory,
        "pids": lambda folder: _write(folder / "pids.max", PROCESSES),
        "cpu": lambda folder: _write(folder / "cpu.shares", WEIGHT),
    }
    made: list[Path] = []
    name = f"sayso-{os.getpid()}-{next(_numbers)}"
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


def _bound_memory(folder: Path) -> None:
    _write(folder / "memory.limit_in_bytes", memory())
    with contextlib.suppress(OSError):  # where swapping is counted
        _write(folder / "memory.memsw.limit_in_bytes", memory())


def _write(path: Path, value: int) -> None:
    path.write_text(str(value))


def _own_group(controller: str) -> Path:
    """This process's own group.

    Raises:
        FileNotFoundError: there is no such controller.
    """
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            if controller in names.split(","):
                return Path("/sys/fs/cgroup") / controller / path.lstrip("/")
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
