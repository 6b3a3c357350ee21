"""How late the server's event loop runs what is due: measured only while somebody looks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

EVERY = 0.05
"""Seconds between two measurements."""
_REPORT = 1.0
_SECONDS = 120

Report = Callable[[list[float], dict[str, float]], None]
"""Takes the worst lag of each of the last seconds, and the figures of all, in milliseconds."""


class LagMeter:
    """A timer that notes by how much it comes late. Stopped, it costs nothing."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._timer: asyncio.TimerHandle | None = None
        self._all: deque[float] = deque(maxlen=round(_SECONDS / EVERY))
        self._worst: deque[float] = deque(maxlen=_SECONDS)
        self._second: list[float] = []

    def run(self, wanted: bool) -> None:
        """Start or stop; both may be said twice."""
        if wanted and self._timer is None:
            self._arm(asyncio.get_running_loop())
        elif not wanted and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + EVERY
        self._timer = loop.call_at(due, self._note, loop, due)

    def _note(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late = (loop.time() - due) * 1000
        self._all.append(late)
        self._second.append(late)
        if len(self._second) * EVERY >= _REPORT:
            self._worst.append(max(self._second))
            self._second.clear()
            self._report(list(self._worst), figures(self._all))
        self._arm(loop)


def figures(values: deque[float] | list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile, and the worst; empty without values."""
    if not values:
        return {}
    ordered = sorted(values)

    def share(part: float) -> float:
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]

    return {"p50": share(0.5), "p95": share(0.95), "p99": share(0.99), "max": ordered[-1]}
