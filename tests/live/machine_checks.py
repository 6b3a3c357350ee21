"""What only a machine with version 2 of control groups and a systemd of the person's can tell."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from live_report import Check, Verdict, failed, judge, skipped

from agent.desktop import VirtualDesktop
from agent.desktop.server.groups import PROCESSES, Scope, memory, takes_scopes

SCOPE = "machine-scope"
_GROUPS = Path("/sys/fs/cgroup")
_LOOKS = "sed -n 's/^0:://p' /proc/self/cgroup"


class MachineChecks:
    """Checks of this machine; they need no key and cost nothing."""

    def all(self) -> Iterator[Check]:
        yield Check(SCOPE, self.scope)

    async def scope(self) -> Verdict:
        """A scope has the bounds that it was asked for, goes with its last process, and is used."""
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if lacking := await asyncio.to_thread(_lacking, runtime):
            return skipped(lacking)
        found = await asyncio.to_thread(_bounds, Scope(runtime))
        wanted = {"memory.max": str(memory()), "pids.max": str(PROCESSES), "memory.swap.max": "0"}
        if found != {**wanted, "after": "gone"}:
            return failed(f"the scope has {found}, not {wanted}, or is left behind.")
        desktop = VirtualDesktop()
        await desktop.start()
        try:
            why = desktop.status.unbounded
        finally:
            await desktop.stop()
        return judge(
            not why, "a desktop is bounded by a scope.", f"a desktop is not bounded: {why}."
        )


def _lacking(runtime: str) -> str:
    """What the check needs and does not have here; empty if it has all."""
    if os.geteuid() == 0:
        return "root has other groups: run it as an ordinary user."
    if not (_GROUPS / "cgroup.controllers").exists():
        return "this machine has no version 2 of control groups at /sys/fs/cgroup."
    if not runtime:
        return "XDG_RUNTIME_DIR is not set: run it in a login session, not by su or sudo."
    if not takes_scopes(runtime):
        return f"no systemd at {runtime} makes scopes (systemd-run --user --scope true)."
    return ""


def _bounds(scope: Scope) -> dict[str, str]:
    """What the kernel says of a scope while a program runs in it, and whether it then goes."""
    with subprocess.Popen(
        scope.around(["sh", "-c", f"{_LOOKS}; read end"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        folder = _GROUPS / program.stdout.readline().strip().lstrip("/")
        names = ("memory.max", "pids.max", "memory.swap.max")
        found = {name: _read(folder / name) for name in names}
        program.communicate("\n", timeout=30)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return {**found, "after": "there" if folder.exists() else "gone"}


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else "nothing"
