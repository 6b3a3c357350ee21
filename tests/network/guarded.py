"""A desktop in memory whose connections somebody answers for."""

from __future__ import annotations

from agent.network.gate import Guard
from agent.testing.fake_desktop import FakeDesktop


class GuardedDesktop(FakeDesktop):
    """What its programs reach is asked of ``guard``."""

    guard: Guard
    cuts = 0

    def guard_network(self, guard: Guard) -> None:
        self.guard = guard

    def cut_network(self) -> None:
        self.cuts += 1
