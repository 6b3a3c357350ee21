"""EVI's two clocks: the person's silence, and the chat's length."""

from __future__ import annotations

from typing import Final, Literal

from dashboard.voice.server.config import ChatConfig

GRACE: Final = 15.0
"""Seconds between a spoken warning and the end."""
_CAP: Final = 1_800.0
"""No chat is longer, whatever its config says."""

Due = Literal["inactivity", "max_duration", "closing"]


class Deadlines:
    """Deadlines of one chat, in seconds of the caller's clock times ``scale``."""

    def __init__(self, config: ChatConfig, now: float, scale: float) -> None:
        self._scale = scale
        quiet, length = config.timeouts.inactivity, config.timeouts.max_duration
        self._quiet = (quiet.duration_secs or 120) * scale if quiet.enabled else None
        longest = float(length.duration_secs or _CAP) if length.enabled else _CAP
        self._active_at = now
        self._ends_at = now + min(longest, _CAP) * scale
        self._closing_at: float | None = None
        self._ending = False
        self.reason: Due = "inactivity"

    def user_active(self, now: float) -> None:
        """The person did something: the silence is counted again from here, a warning is void."""
        self._active_at = now
        if not self._ending:
            self._closing_at = None

    def deadline(self) -> float:
        """When `due` will next say something."""
        if self._closing_at is not None:
            return self._closing_at
        quiet = self._ends_at if self._quiet is None else self._active_at + self._quiet
        return min(quiet, self._ends_at)

    def due(self, now: float) -> Due | None:
        """What has run out, once."""
        if now < self.deadline():
            return None
        if self._closing_at is not None:
            return "closing"
        self._ending = now >= self._ends_at
        self.reason = "max_duration" if self._ending else "inactivity"
        self._closing_at = now
        return self.reason

    def warn(self, now: float) -> None:
        """A warning is being spoken: wait for `GRACE`."""
        self._closing_at = now + GRACE * self._scale
