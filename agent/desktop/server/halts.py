"""Whether a process is halted by a signal, as the kernel tells (proc(5))."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")

_STAT = 4_096
"""Bytes of a process's ``stat`` at most."""


def is_halted(pid: int) -> bool:
    """Whether a signal such as SIGSTOP has halted a process; false of one that is not there."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb", buffering=0) as file:
            after_name = file.read(_STAT).rpartition(b")")[2]
    except OSError:
        return False
    return after_name.split()[:1] == [b"T"]


def seen_from_outside(first: int, inner: int) -> int:
    """The number, out here, of a process of a namespace; 0 if there is none.

    Args:
        first: the number, out here, of the namespace's first process.
        inner: the process's number in the namespace.
    """
    depth = len(_numbers(first))
    return next((pid for pid in _below(first) if _numbers(pid)[depth - 1 :] == [inner]), 0)


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in (_PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return []
    return [int(number) for text in lists for number in text.split()]


def _numbers(pid: int) -> list[int]:
    """A process's numbers, from this namespace's to that of its innermost."""
    try:
        status = (_PROC / str(pid) / "status").read_text(errors="replace")
    except OSError:
        return []
    line = next((line for line in status.splitlines() if line.startswith("NSpid:")), "")
    return [int(number) for number in line.split()[1:]]
