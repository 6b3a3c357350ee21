"""Exports that were asked for on a page: made off the event loop, fetched by who asked."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.errors import JournalError, SaysoError
from agent.files import bounded
from agent.replay.bundle import SUFFIXES, Format, archived_left_out, export_recording

_AT_ONCE = 2
_KEPT = 6
_TOLD = 3


class GaveUpError(SaysoError):
    """Whoever asked for the export does not wait for it any more."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that waits to be fetched."""

    token: str
    owner: str
    path: Path
    filename: str
    bytes: int = 0
    left_out: tuple[str, ...] = ()
    """What of the home is not in it, and why."""

    @property
    def url(self) -> str:
        """Relative to the server's root."""
        return f"exports/{self.token}/{self.filename}"

    @property
    def told(self) -> dict[str, Any]:
        """What the page is told."""
        named = "; ".join(bounded(self.left_out, _TOLD))
        note = f"Not in it: {named}. The session.json in it has the whole list." if named else ""
        return {"url": self.url, "filename": self.filename, "bytes": self.bytes, "note": note}


@dataclass(slots=True)
class Exports:
    """Exports of this process, the last few of each owner."""

    _made: dict[str, Exported] = field(default_factory=dict)
    _folder: Path | None = None
    _threads: ThreadPoolExecutor | None = None

    async def make(
        self,
        owner: str,
        folder: Path,
        kind: Format,
        title: str,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Exported:
        """Write a recording as a file; cancelling the task gives up soon after.

        ``progress`` is called on the event loop with the share that is done.

        Raises:
            SaysoError: it cannot be written; the text says what to do.
        """
        loop, given_up = asyncio.get_running_loop(), threading.Event()
        token = secrets.token_urlsafe(18)
        try:
            path = self._room() / f"{token}{SUFFIXES[kind]}"
        except OSError as error:
            raise JournalError(
                f"The export failed ({error.strerror}); free some disk space and try again."
            ) from error
        exported = Exported(token, owner, path, f"{_plain(title)}{SUFFIXES[kind]}")

        def tell(share: float) -> None:
            if given_up.is_set():
                raise GaveUpError("The export was given up.")
            loop.call_soon_threadsafe(progress, share)

        try:
            made = await loop.run_in_executor(self._pool(), _written, folder, exported, kind, tell)
        except BaseException:
            given_up.set()
            exported.path.unlink(missing_ok=True)
            raise
        self._keep(made)
        return made

    def find(self, token: str, owner: str | None) -> Exported | None:
        """The export of that token if ``owner`` asked for it; others' look like none at all."""
        exported = self._made.get(token)
        mine = exported is not None and owner is not None and exported.owner == owner
        return exported if mine else None

    def of(self, owner: str) -> list[Exported]:
        """What the owner can still fetch, the newest first."""
        return [each for each in reversed(self._made.values()) if each.owner == owner]

    def discard(self, url: str, owner: str) -> None:
        """Remove one that the owner does not want any more."""
        for each in self.of(owner):
            if each.url == url:
                del self._made[each.token]
                each.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Forget and remove everything that was made."""
        self._made.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _keep(self, exported: Exported) -> None:
        self._made[exported.token] = exported
        own = [each for each in self._made.values() if each.owner == exported.owner]
        for old in own[:-_KEPT]:
            del self._made[old.token]
            old.path.unlink(missing_ok=True)

    def _room(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sayso-exports-"))
        return self._folder

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AT_ONCE, "export")
        return self._threads


def _written(folder: Path, to: Exported, kind: Format, tell: Callable[[float], None]) -> Exported:
    export_recording(folder, to.path, kind, tell)
    left_out = archived_left_out(to.path) if kind == "folder" else ()
    return replace(to, bytes=to.path.stat().st_size, left_out=left_out)


def _plain(title: str) -> str:
    """A file's name from a session's: letters and digits of ASCII, dashes between."""
    words = re.findall(r"[A-Za-z0-9]+", title)
    return "-".join(words)[:60] or "session"
