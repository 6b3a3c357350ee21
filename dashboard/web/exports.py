"""Exports that were asked for on a page: made off the event loop, fetched by who asked."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.errors import JournalError, SaysoError
from agent.files import bounded
from agent.replay.bundle import SUFFIXES, Format, archived_left_out, export_recording
from dashboard.web.disk import Steps, from_disk, let_go

_AT_ONCE = 2
_STEP = 30
"""How many times as long as other files a step of an export may take: a home is one of them."""

_WHAT = "this session or the server's temporary files"
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
    _making_room: threading.Lock = field(default_factory=threading.Lock)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

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
        token, steps = secrets.token_urlsafe(18), Steps()

        def tell(share: float) -> None:
            if given_up.is_set():
                raise GaveUpError("The export was given up.")
            steps.one()
            loop.call_soon_threadsafe(progress, share)

        def written() -> Exported:
            try:
                room = self._room()
            except OSError as error:
                raise JournalError(
                    f"The export failed ({error.strerror}); free some disk space and try again."
                ) from error
            path = room / f"{token}{SUFFIXES[kind]}"
            exported = Exported(token, owner, path, f"{_plain(title)}{SUFFIXES[kind]}")
            try:
                made = _written(folder, exported, kind, tell)
                tell(1.0)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            return made

        try:
            async with self._turns:
                steps.one()
                made = await from_disk(written, _WHAT, longer=_STEP, steps=steps)
        finally:
            given_up.set()
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
                _remove(each)

    def close(self) -> None:
        """Forget and remove everything that was made."""
        self._made.clear()
        if (folder := self._folder) is not None:
            let_go(lambda: shutil.rmtree(folder, ignore_errors=True))
            self._folder = None

    def _keep(self, exported: Exported) -> None:
        self._made[exported.token] = exported
        own = [each for each in self._made.values() if each.owner == exported.owner]
        for old in own[:-_KEPT]:
            del self._made[old.token]
            _remove(old)

    def _room(self) -> Path:
        with self._making_room:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="sayso-exports-"))
            return self._folder


def _remove(exported: Exported) -> None:
    let_go(lambda: exported.path.unlink(missing_ok=True))


def _written(folder: Path, to: Exported, kind: Format, tell: Callable[[float], None]) -> Exported:
    export_recording(folder, to.path, kind, tell)
    left_out = archived_left_out(to.path) if kind == "folder" else ()
    return replace(to, bytes=to.path.stat().st_size, left_out=left_out)


def _plain(title: str) -> str:
    """A file's name from a session's: letters and digits of ASCII, dashes between."""
    words = re.findall(r"[A-Za-z0-9]+", title)
    return "-".join(words)[:60] or "session"
