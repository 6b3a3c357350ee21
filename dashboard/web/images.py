"""Screenshots of a session by content hash, for the browser that owns it."""

from __future__ import annotations

from dashboard.web.recordings import RecordingImage


class SessionImage(RecordingImage):
    """``/sessions/ID/images/SHA``: of a running session or a journaled one."""

    @property
    def name(self) -> str:
        """The recording's name."""
        return f"session/{self.path_args[0]}"
