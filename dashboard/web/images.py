"""Screenshots of a session by content hash, for the browser that owns it."""

from __future__ import annotations

import asyncio

from agent.journal import SUFFIX, SqliteJournal
from dashboard.web.guard import OwnedHandler

_TYPES = {f".{suffix}": media_type for media_type, suffix in SUFFIX.items()}


class SessionImage(OwnedHandler):
    """``/sessions/ID/images/SHA``: bytes never change, so they may be cached for good."""

    async def get(self, session_id: str, sha256: str) -> None:
        journal = self.entry.session.journal
        path = journal.image_path(sha256) if isinstance(journal, SqliteJournal) else None
        if path is None:
            self.send_error(404, reason="No such picture.")
            return
        self.set_header("Content-Type", _TYPES[path.suffix])
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.write(await asyncio.to_thread(path.read_bytes))
