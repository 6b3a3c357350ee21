"""The Replay view of one page. Data comes to it over `/recordings/…`, requests go through here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from agent.errors import JournalError, SaysoError
from agent.record.measure import measure
from agent.replay.bundle import FORMATS
from agent.replay.film import can_mp4
from dashboard.js.component import View
from dashboard.view_registry import Message, RecordingContext, ViewContext
from dashboard.web.disk import from_disk
from dashboard.web.recordings import find_recording
from dashboard.words import marked, t

if TYPE_CHECKING:
    from dashboard.web.registry import Listed, Sessions

_log = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_WHAT = "your sessions"
_GONE = marked("There is no such session; it may have been deleted.")
_NEVER = marked("The connection was lost before the export began. Start it again.")
_MOST = 500
"""Sessions in the list."""
_FOLLOW = 1.0
_TICK = 0.2
"""Seconds between two tellings of an export's progress."""


class ReplayDesk(View):
    """The view in the browser."""

    _esm = _HERE / "replay.bundle.js"
    _stylesheets = [_HERE / "replay.css"]  # noqa: RUF012 - as Panel declares it


class ReplayView:
    """Sessions of the page's browser, and the replay of whichever is chosen."""

    def __init__(self, context: ViewContext | RecordingContext) -> None:
        self._context = context
        entry = context.entry if isinstance(context, ViewContext) else None
        self._log = entry.session.log if entry is not None else None
        self._here = (
            context.session_id if isinstance(context, RecordingContext) else context.entry.id
        )
        self._owner = (
            context.owner if isinstance(context, RecordingContext) else context.entry.owner
        )
        self._desk = ReplayDesk(self._receive, sizing_mode="stretch_both")
        self._wanted: Message = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._exports: dict[int, asyncio.Task[None]] = {}
        self._outcomes: dict[int, Message] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._due: asyncio.TimerHandle | None = None
        self.root = self._desk

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """``session`` or ``trial`` says what to show, ``against`` what to compare it with."""
        if session := wanted.get("session"):
            self._wanted = {"name": f"session/{session}"}
        elif trial := wanted.get("trial"):
            self._wanted = {"name": f"trial/{trial}"}
        if self._wanted and (against := wanted.get("against")):
            kind = self._wanted["name"].partition("/")[0]
            self._wanted["against"] = f"{kind}/{against}"
        if self._unsubscribe is None and self._log is not None:
            self._unsubscribe = self._log.subscribe(lambda _: self._follow())
        self._follow()
        self._start(self._list(self._wanted if wanted else {}))

    def leave(self) -> None:
        """Nothing has to be told any more; exports go on."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def close(self) -> None:
        """Give up whatever is under way."""
        self.leave()
        for task in tuple(self._tasks):
            task.cancel()

    # Requests --------------------------------------------------------------------------

    def _receive(self, message: Message) -> None:
        handler = self._wishes.get(str(message.get("type")))
        if handler is not None:
            self._start(handler(self, message))

    async def _hear_ready(self, message: Message) -> None:
        await self._list(self._wanted)

    async def _hear_list(self, message: Message) -> None:
        """``exports``: numbers of those whose end the page does not know, after a gap."""
        for number in message.get("exports") or ():
            if number not in self._exports:
                never = {"type": "export", "n": number, "error": t(_NEVER)}
                self._tell(self._outcomes.get(number, never))
        await self._list()
        self._follow()

    async def _opened(self, message: Message) -> None:
        """What is shown is shown again when the person comes back to the view."""
        self._wanted = {"name": str(message.get("name"))}

    async def _rename(self, message: Message) -> None:
        session_id, title = str(message.get("id")), str(message.get("title", ""))
        await from_disk(lambda: self._sessions.rename(session_id, self._owner, title), _WHAT)
        await self._changed()

    async def _end(self, message: Message) -> None:
        session_id = str(message.get("id"))
        if self._sessions.find(session_id, self._owner) is not None:
            await self._sessions.close(session_id, "You ended it.")
        await self._changed()

    async def _count(self, message: Message) -> None:
        """Before it is asked whether to delete: what would go."""
        session_id = str(message.get("id"))
        folder = await from_disk(lambda: self._sessions.folder(session_id, self._owner), _WHAT)
        if folder is None:
            self._tell({"type": "told", "text": t(_GONE)})
        else:
            size = asdict(await from_disk(lambda: measure(folder), _WHAT))
            self._tell({"type": "counted", "id": session_id, "size": size})

    async def _delete(self, message: Message) -> None:
        session_id = str(message.get("id"))
        try:
            await self._sessions.delete(session_id, self._owner)
        except SaysoError as error:
            self._tell({"type": "told", "text": str(error)})
        else:
            self._tell({"type": "deleted", "id": session_id})
        await self._changed()

    async def _export(self, message: Message) -> None:
        number = int(message.get("n", 0))
        name, title = str(message.get("name")), str(message.get("title", ""))
        task = asyncio.current_task()
        if task is not None:
            self._exports[number] = task
        try:
            await self._make(number, name, title, message)
        finally:
            self._exports.pop(number, None)

    async def _make(self, number: int, name: str, title: str, message: Message) -> None:
        folder = await from_disk(lambda: find_recording(name, self._owner), _WHAT)
        about = {"type": "export", "n": number}
        kind = next((each for each in FORMATS if each == message.get("format")), None)
        if folder is None or kind is None:
            self._outcome(about | {"error": t(_GONE)})
            return
        try:
            made = await self._context.bench.exports.make(
                self._owner, folder, kind, title, self._progress(about)
            )
        except SaysoError as error:
            self._outcome(about | {"error": str(error)})
        except Exception as error:  # noqa: BLE001 - a task's border: told where it was asked for
            _log.exception("An export failed")
            text = t("The export failed ({error}).", error=f"{type(error).__name__}: {error}")
            advice = t("Try another format; the server's log has more.")
            self._outcome(about | {"error": f"{text} {advice}"})
        else:
            self._outcome(about | made.told)

    def _outcome(self, message: Message) -> None:
        """Kept until the page is left: one that is told into a gap is asked for after it."""
        self._outcomes[message["n"]] = message
        self._tell(message)

    async def _discard(self, message: Message) -> None:
        url = str(message.get("url"))
        self._context.bench.exports.discard(url, self._owner)
        self._tell({"type": "discarded", "url": url})

    async def _cancel(self, message: Message) -> None:
        task = self._exports.get(int(message.get("n", 0)))
        if task is not None:
            task.cancel()

    _wishes: ClassVar[dict[str, Callable[[ReplayView, Message], Coroutine[Any, Any, None]]]] = {
        "ready": _hear_ready,
        "list": _hear_list,
        "opened": _opened,
        "rename": _rename,
        "end": _end,
        "count": _count,
        "delete": _delete,
        "export": _export,
        "cancel": _cancel,
        "discard": _discard,
    }

    # Telling -----------------------------------------------------------------------------

    async def _list(self, wanted: Message | None = None) -> None:
        """Tell what there is; ``wanted`` only to a page that has not chosen by itself since."""
        running = self._sessions.running(self._owner)
        kept = await from_disk(lambda: self._sessions.kept(self._owner, _MOST), _WHAT)
        here = {each.id for each in running}
        rows: list[Listed] = [*running, *(each for each in kept if each.id not in here)]
        self._tell(
            {
                "type": "sessions",
                "rows": [asdict(row) for row in rows],
                "here": self._here,
                "mp4": can_mp4(),
                "open": wanted or {},
                "exports": [made.told for made in self._context.bench.exports.of(self._owner)],
            }
        )

    async def _changed(self) -> None:
        """The list, here and in the page's header."""
        await self._list()
        self._context.act({"type": "list"})

    def _follow(self) -> None:
        """Tell, once a second at most, that the page's session has gone on."""
        if self._due is None and self._log is not None:
            self._due = asyncio.get_running_loop().call_later(_FOLLOW, self._grown)

    def _grown(self) -> None:
        self._due = None
        events = len(self._log) if self._log is not None else 0
        self._tell({"type": "grown", "name": f"session/{self._here}", "events": events})

    def _progress(self, about: Message) -> Callable[[float], None]:
        clock = asyncio.get_running_loop()
        told = -_TICK

        def tell(share: float) -> None:
            nonlocal told
            if clock.time() - told >= _TICK:
                told = clock.time()
                self._tell(about | {"share": share})

        return tell

    def _tell(self, message: Message) -> None:
        with self._context.within():
            self._desk.post(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except JournalError as error:  # the disk does not answer
            self._tell({"type": "told", "text": str(error)})

    @property
    def _sessions(self) -> Sessions:
        return self._context.bench.sessions


def build(context: ViewContext | RecordingContext) -> ReplayView:
    """The view for a page."""
    return ReplayView(context)
