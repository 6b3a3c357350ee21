"""What a shell's commands left running: lists it, or ends it.

A program of its own (standard library only, ``python3 -I -S -c SOURCE MARK list|end [PID …]``),
because it runs inside the sandbox. Programs that a command started carry ``SAYSO_SHELL=MARK``
in their environment. ``list`` writes one line of JSON a job, without those that another job
started. ``end`` kills all, but spares the process ids that are named, and what they started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time

_LONGEST = 160
_PATIENCE = 5.0


def marked(mark: str) -> dict[int, int]:
    """Process id → parent of all living programs that a shell's commands started."""
    wanted = f"SAYSO_SHELL={mark}".encode()
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/environ", "rb") as file:
                    own = file.read().split(b"\0")
                if wanted in own and (fields := _stat(int(name)))[0] not in "ZX":
                    found[int(name)] = int(fields[1])
    return found


def listed(mark: str) -> list[dict[str, object]]:
    """Jobs by age: ``pid``, ``seconds`` since it began, ``command``."""
    found = marked(mark)
    asking = _ancestors(os.getpid())
    jobs = []
    for pid in found:
        if pid in asking or (found[pid] in found and found[pid] not in asking):
            continue
        with contextlib.suppress(OSError, IndexError):
            began = int(_stat(pid)[19]) / os.sysconf("SC_CLK_TCK")
            seconds = max(0, round(time.clock_gettime(time.CLOCK_BOOTTIME) - began))
            jobs.append({"pid": pid, "seconds": seconds, "command": _command(pid)})
    return sorted(jobs, key=lambda job: (-int(str(job["seconds"])), int(str(job["pid"]))))


def end(mark: str, spared: frozenset[int]) -> None:
    """Kill what was left running, also what it starts meanwhile."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = marked(mark)
        doomed = [pid for pid in found if not spared & {pid, *_ancestors(pid)}]
        if not doomed:
            return
        for pid in doomed:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(OSError):
        while pid > 1 and pid not in found:
            found.add(pid)
            pid = int(_stat(pid)[1])
    return found


def _stat(pid: int) -> list[str]:
    """Fields of ``/proc/PID/stat`` from the state on."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].decode("ascii", "replace").split()


def _command(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read(4 * _LONGEST).rstrip(b"\0").replace(b"\0", b" ")
    line = " ".join(words.decode("utf-8", "backslashreplace").split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def main() -> None:
    """Do what the command line says; see the module."""
    mark, action, *pids = sys.argv[1:]
    if action == "end":
        end(mark, frozenset(map(int, pids)))
    for job in listed(mark):
        if action == "show":
            print(f"{job['pid']}  {job['seconds']} s  {job['command']}")
        else:
            print(json.dumps(job))


if __name__ == "__main__":
    main()
