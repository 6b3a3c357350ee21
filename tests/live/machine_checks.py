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
        if os.geteuid() == 0 or not await asyncio.to_thread(takes_scopes, runtime):
            return skipped("it needs an ordinary user with a systemd that makes scopes.")
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
        found = {name: (folder / name).read_text().strip() for name in names}
        program.communicate("\n", timeout=30)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return {**found, "after": "there" if folder.exists() else "gone"}
