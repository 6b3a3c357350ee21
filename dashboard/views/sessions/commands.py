"""What a person can do with their sessions, wherever the list stands: answers to its messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from agent.errors import JournalError, SaysoError
from agent.record.measure import Measured, measure
from agent.replay.bundle import FORMATS
from agent.replay.film import can_mp4
from dashboard.js.component import Message
from dashboard.web.disk import from_disk
from dashboard.web.recordings import find_recording
from dashboard.words import marked, t

if TYPE_CHECKING:
    from pathlib import Path

    from dashboard.web.registry import Listed
    from dashboard.web.workbench import Workbench

_log = logging.getLogger(__name__)
_MOST = 500
"""Sessions in a list."""
_WHAT = "your sessions"
_GONE = marked("You have no such session; it may have been deleted.")


class SessionCommands:
    """Lists a person's sessions, and ends, renames, deletes, resumes and exports them.

    Args:
        bench: The server's.
        owner: Whose sessions.
        tell: Sends a message to the list in the browser.
    """

    def __init__(self, bench: Workbench, owner: str, tell: Callable[[Message], None]) -> None:
        self._bench, self._owner, self._send = bench, owner, tell
        self._sessions = bench.sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._sizes: dict[str, tuple[float, Measured]] = {}
        self._measuring: asyncio.Task[None] | None = None

    def take(self, message: Message) -> bool:
        """Carry out what is asked; false if it is nothing of a list of sessions."""
        handler = self._handlers.get(str(message.get("type")))
        if handler is not None:
            self._start(handler(self, message))
        return handler is not None

    def close(self) -> None:
        """The page is gone: give up whatever is under way."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()

    async def show(self, message: Message | None = None) -> None:
        """Tell what there is, then what each takes on disk."""
        rows = await self.rows()
        known = {key: asdict(size) for key, (_, size) in self._sizes.items()}
        told = [asdict(row) | {"size": known.get(row.id)} for row in rows]
        self._tell({"type": "sessions", "rows": told, "mp4": can_mp4()})
        if self._measuring is None or self._measuring.done():
            self._measuring = self._start(self._measure(rows))

    async def rows(self) -> list[Listed]:
        """The person's sessions: those that run, then the others, the last used first."""
        running = self._sessions.running(self._owner)
        kept = await from_disk(lambda: self._sessions.kept(self._owner, _MOST), _WHAT)
        here = {each.id for each in running}
        return [*running, *(each for each in kept if each.id not in here)]

    async def _measure(self, rows: list[Listed]) -> None:
        for row in rows:
            known = self._sizes.get(row.id)
            if known is not None and known[0] == row.used and not row.running:
                continue
            size = await self._size(row.id)
            if size is not None:
                self._sizes[row.id] = (row.used, size)
                self._tell({"type": "size", "id": row.id, "size": asdict(size)})

    async def _size(self, session_id: str) -> Measured | None:
        return await from_disk(lambda: self._measured(session_id), _WHAT)

    def _measured(self, session_id: str) -> Measured | None:
        folder = self._sessions.folder(session_id, self._owner)
        return measure(folder) if folder is not None else None

    # Answers -----------------------------------------------------------------------------

    async def _rename(self, message: Message) -> None:
        title = str(message.get("title", ""))
        await from_disk(lambda: self._sessions.rename(_id(message), self._owner, title), _WHAT)
        await self.show()

    async def _end(self, message: Message) -> None:
        session_id = _id(message)
        if self._sessions.find(session_id, self._owner) is not None:
            await self._sessions.close(session_id, "You ended it.")
            self._tell({"type": "ended", "id": session_id})
        await self.show()

    async def _count(self, message: Message) -> None:
        """Before it is asked whether to delete: what would go."""
        session_id = _id(message)
        size = await self._size(session_id)
        if size is None:
            self._told(t(_GONE))
        else:
            self._tell({"type": "counted", "id": session_id, "size": asdict(size)})

    async def _delete(self, message: Message) -> None:
        session_id = _id(message)
        try:
            await self._sessions.delete(session_id, self._owner)
        except SaysoError as error:
            self._told(str(error))
        else:
            self._tell({"type": "deleted", "id": session_id})
        await self.show()

    async def _resume(self, message: Message) -> None:
        session_id = _id(message)
        try:
            await self._sessions.wake(session_id, self._owner)
        except SaysoError as error:
            self._told(str(error))
            await self.show()
        else:
            self._tell({"type": "awake", "id": session_id})

    async def _export(self, message: Message) -> None:
        session_id, title = _id(message), str(message.get("title", ""))
        about: Message = {"type": "export", "id": session_id, "format": message.get("format")}
        kind = next((each for each in FORMATS if each == message.get("format")), None)
        name = f"session/{session_id}"
        folder: Path | None = await from_disk(lambda: find_recording(name, self._owner), _WHAT)
        if folder is None or kind is None:
            self._tell(about | {"error": t(_GONE)})
            return
        try:
            made = await self._bench.exports.make(self._owner, folder, kind, title)
        except SaysoError as error:
            self._tell(about | {"error": str(error)})
        except Exception as error:  # noqa: BLE001 - a task's border: told where it was asked for
            _log.exception("An export failed")
            text = t("The export failed ({error}).", error=f"{type(error).__name__}: {error}")
            more = t("The server's log has more.")
            self._tell(about | {"error": f"{text} {more}"})
        else:
            self._tell(about | made.told)

    _handlers: ClassVar[
        dict[str, Callable[[SessionCommands, Message], Coroutine[Any, Any, None]]]
    ] = {
        "list": show,
        "rename": _rename,
        "end": _end,
        "count": _count,
        "delete": _delete,
        "resume": _resume,
        "export": _export,
    }

    def _told(self, text: str) -> None:
        self._tell({"type": "told", "text": text})

    def _tell(self, message: Message) -> None:
        if not self._closed:
            self._send(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except JournalError as error:
            self._told(str(error))
        except Exception as error:  # noqa: BLE001 - a task's border: told where it was asked for
            _log.exception("A request about a session failed")
            told = f"{type(error).__name__}: {error}"
            text = t("That did not work ({error}). The server's log has the details.", error=told)
            self._told(text)


def _id(message: Message) -> str:
    return str(message.get("id"))
