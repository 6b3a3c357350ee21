"""`session.files`: the person's files of one session, recorded before each task and put back.

The log drives the records: a task's beginning and end are each followed by one. A task's
first action waits for the first (`SessionFiles.recorded`), whatever became of the follower.
Disk work has a thread of its own, one piece after another, so nothing here runs into itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Literal, TypeVar

from agent.desktop.server.guardian import used_bytes
from agent.errors import DesktopError, FilesError, SaysoError
from agent.face import Faced
from agent.files.changes import Change, Changes, compare
from agent.files.listing import Listing, list_files
from agent.files.names import cut_name, shown, to_bytes
from agent.files.packing import zipped
from agent.files.paths import Incoming, open_file, write_file
from agent.files.record import Record
from agent.files.restore import Failure, restore
from agent.files.store import Recorded, Store
from agent.files.telling import amount, no_room, told_model, told_person
from agent.record import events as ev
from agent.record.events.files import NAMED
from agent.record.log import EventLog
from agent.session.control import new_id
from agent.session.status import Status

_log = logging.getLogger(__name__)
T = TypeVar("T")
Choice = Iterable[str] | Literal["all"]

_PIECE = 1 << 20
LAST_RECORD = 20.0
"""Seconds that a session waits for its last record when it closes."""

NO_RECORD = "This session keeps no record of its files, so nothing can be put back."
NEVER = "There was no task yet whose changes could be put back."
BUSY = "Files are being put back already. Wait until that is done, then look again."
STALE = "The files changed after this was shown. Look at the list again, then choose."
RUNNING = "A task is running. Stop it or wait for its end, then put the files back."
ENDED = "The session is closed. Resume it to work with its files."
CLOSED = "The session is closed. Resume it, then put the files back."
CUT_OFF = (
    "Putting files back was cut off by a restart: some may be as before the task, others not. "
    "Put them back again, or undo it."
)
CUT_OFF_MODEL = (
    "The person was putting files back when a restart cut it off: some files may be as before "
    "the last task, others not. Look at a file before you rely on what is in it."
)
BY_HAND = "A tool is running. Wait for its end, then put the files back."


@dataclass(frozen=True, slots=True)
class _Plan:
    """What putting back would do, and the record of the moment at which that was found."""

    changes: Changes
    now: Recorded
    keep: tuple[str, ...]
    """Records that must not go meanwhile."""


@dataclass(frozen=True, slots=True)
class PutBack(Faced):
    """What came of a put back, as looked up afterwards."""

    id: str
    """Names it, so that it can be put back itself."""

    task_id: str
    done: tuple[Change, ...]
    kept: tuple[Change, ...]
    """Conflicts that were not chosen."""

    failed: tuple[Failure, ...]
    text: str
    """The same in words."""


class SessionFiles(Faced):
    """The files of one session. All methods are to be called on the session's event loop.

    Args:
        log: the session's.
        home: where the home is, as soon as the desktop has started.
        status: the session's, at present.
        folder: where records are kept; None for none.
        most: bytes that they may take.
    """

    def __init__(
        self,
        log: EventLog,
        *,
        home: Callable[[], Path],
        status: Callable[[], Status],
        folder: Path | None,
        most: int,
    ) -> None:
        self._log = log
        self._home = home
        self._status = status
        self.store = Store(folder, most) if folder is not None and most else None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="files")
        self._records: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._putting_back: asyncio.Task[PutBack] | None = None
        self._open = self._closed = False
        self._unsubscribe = log.subscribe(self._follow)

    def __repr__(self) -> str:
        try:
            return f"<Files in {shown(self._home())}>"
        except DesktopError:
            return "<Files of a session whose desktop is not running>"

    # In and out ---------------------------------------------------------------------------

    async def list(self, below: str | PurePath = "", *, state: bool = False) -> Listing:
        """The person's files; programs' own with ``state``, or when asked for by name.

        Raises:
            FilesError: the home or the folder is not there.
        """
        return await self._run(lambda: list_files(self._home(), below=below, state=state))

    async def read(self, path: str | PurePath) -> bytes:
        """A file's bytes.

        Raises:
            FilesError: it is not there, is no plain file, or may not be read.
        """

        def read() -> bytes:
            with open_file(self._home(), path) as file:
                return file.read()

        return await self._run(read)

    async def write(self, path: str | PurePath, data: bytes | str) -> None:
        """Make or replace a file in one step; missing folders are made.

        Raises:
            FilesError: it cannot be written, or the home has no room for it; what was there
                before is untouched.
        """
        content = data.encode() if isinstance(data, str) else data

        def write() -> None:
            self._check_room(len(content))
            write_file(self._home(), path, content)

        await self._run(write)

    async def upload(self, source: str | PurePath, folder: str | PurePath = "") -> str:
        """Copy a file of yours in; returns its path there. A taken name is numbered.

        Raises:
            FilesError: it cannot be read, cannot be written there, or the home has no room.
        """

        def upload() -> str:
            try:
                with (
                    open(source, "rb") as file,
                    Incoming(self._home(), Path(source).name, folder) as coming,
                ):
                    self._check_room(os.fstat(file.fileno()).st_size)
                    while piece := file.read(_PIECE):
                        coming.write(piece)
                    return coming.finish()
            except OSError as error:
                raise FilesError(f"{source} cannot be read ({error.strerror}).") from error

        return await self._run(upload)

    async def download(self, path: str | PurePath, to: str | PurePath) -> Path:
        """Copy a file out, to a file or into a folder of yours; returns where it is.

        Raises:
            FilesError: it is not there, or a file is in the way, or it cannot be written;
                nothing of it is left then.
        """

        def download() -> Path:
            target = Path(to)
            if target.is_dir():
                target /= cut_name(shown(to_bytes(path).rpartition(b"/")[2]))
            with open_file(self._home(), path) as file, _new_file(target) as copy:
                shutil.copyfileobj(file, copy, _PIECE)
            return target

        return await self._run(download)

    async def archive(self, paths: Sequence[str], to: str | PurePath) -> Path:
        """Copy files and folders out as one zip archive; returns where it is.

        Raises:
            FilesError: something is not there, or is a program's own, or ``to`` is there
                already or cannot be written; nothing of it is left then.
        """

        def archive() -> Path:
            target = Path(to)
            with _new_file(target) as file:
                file.writelines(zipped(self._home(), paths))
            return target

        return await self._run(archive)

    # Put it back --------------------------------------------------------------------------

    async def changes(self, task_id: str | None = None) -> Changes:
        """What putting a task back would do; nothing is done.

        Args:
            task_id: a task's or a put back's; the last task's if not given.

        Raises:
            FilesError: there is no record to go by; the text says why.
        """
        return (await self._planned(task_id or self._last_task())).changes

    async def put_back(
        self, task_id: str | None = None, *, choose: Choice = (), token: str | None = None
    ) -> PutBack:
        """Undo what a task did to the files.

        The files are recorded first, so this can be undone as well (`undo`).

        Args:
            task_id: a task's or a put back's; the last task's if not given.
            choose: conflicts that are put back as well, by path; or ``"all"``.
            token: of the `Changes` that were shown; refused when they are no longer so.

        Raises:
            FilesError: a task runs, somebody else is at it, or there is no record; nothing
                was changed.
        """
        if why := self.refusal():
            raise FilesError(why)
        task_id = task_id or self._last_task()
        work = asyncio.get_running_loop().create_task(self._put_back(task_id, choose, token))
        self._putting_back = work
        return await asyncio.shield(work)

    async def undo(self, *, choose: Choice = (), token: str | None = None) -> PutBack:
        """Undo the last put back.

        Raises:
            FilesError: there was none, or as for `put_back`.
        """
        return await self.put_back(self.last_put_back(), choose=choose, token=token)

    def refusal(self) -> str:
        """Why nothing can be put back now, in words for the person; empty when it can."""
        status = self._status()
        reasons = {
            NO_RECORD: self.store is None,
            CLOSED: status.closed or not self._open,
            RUNNING: status.task_id is not None,
            BY_HAND: bool(status.open_actions),
            BUSY: self._putting_back is not None and not self._putting_back.done(),
        }
        return next((words for words, true in reasons.items() if true), "")

    @property
    def just_put_back(self) -> bool:
        """Whether no task began since the last put back, so that "undo that" means it."""
        done = self._log.of(ev.PutBackFinished)
        began = self._log.of(ev.TaskStarted)
        return bool(done) and (not began or done[-1].seq > began[-1].seq)

    @property
    def use(self) -> str:
        """What is recorded, and how much room that takes, in words."""
        if self.store is None:
            return NO_RECORD
        recorded = [event for event in self._log.of(ev.FilesRecorded) if event.record]
        used = recorded[-1].used if recorded else 0
        return (
            "Files are recorded before and after each task; hidden ones and programs' settings "
            f"are not. The records take {amount(used)} of {amount(self.store.most)}, and the "
            "oldest go first."
        )

    def last_put_back(self) -> str:
        """The id of the last put back.

        Raises:
            FilesError: there was none.
        """
        if started := self._log.of(ev.PutBackStarted):
            return started[-1].put_back_id
        raise FilesError("Nothing was put back yet, so there is nothing to undo.")

    # What the session asks ------------------------------------------------------------------

    def opened(self) -> None:
        """The desktop has started: make the records that a killed process could not."""
        self._open = True
        if self.store is None:
            return
        for task_id in self._unended():
            self._begin(task_id, "after")
        finished = {event.put_back_id for event in self._log.of(ev.PutBackFinished)}
        for event in self._log.of(ev.PutBackStarted):
            if event.put_back_id not in finished:
                self._tell_cut(event)

    @property
    def recording(self) -> bool:
        """Whether the files are not recorded yet as they were before the task that runs."""
        task_id = self._status().task_id
        if task_id is None or self.store is None:
            return False
        return not self._begin(task_id, "before").done()

    async def recorded(self) -> None:
        """Return once the files are recorded as they were before the task that runs.

        Raises:
            JournalError: that could not be written down.
        """
        task_id = self._status().task_id
        if task_id is not None and self.store is not None:
            await asyncio.shield(self._begin(task_id, "before"))

    async def close(self) -> None:
        """Make the last record, and let go of the log and the thread."""
        self._unsubscribe()
        task_id = self._status().task_id
        if self._open and task_id is not None and (task_id, "before") in self._records:
            self._begin(task_id, "after")
        self._open = False
        under_way = {task for task in (*self._records.values(), self._putting_back) if task}
        if waited := {task for task in under_way if not task.done()}:
            await asyncio.wait(waited, timeout=LAST_RECORD)
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    # Records ----------------------------------------------------------------------------------

    def _follow(self, event: ev.Event) -> None:
        if not self._open or self.store is None:
            return
        if isinstance(event, ev.TaskStarted):
            self._begin(event.task_id, "before")
        elif isinstance(event, ev.TaskFinished) and (event.task_id, "before") in self._records:
            self._begin(event.task_id, "after")

    def _begin(self, task_id: str, moment: Literal["before", "after"]) -> asyncio.Future[None]:
        """Start a record, once; returns what to wait for."""
        key = (task_id, moment)
        if key not in self._records:
            loop = asyncio.get_running_loop()
            if self._homeless():
                self._records[key] = loop.create_future()
                self._records[key].set_result(None)
            else:
                work = self._record(task_id, moment)
                self._records[key] = loop.create_task(work, name=f"record {moment} {task_id}")
                self._records[key].add_done_callback(_noted)
        return self._records[key]

    def _homeless(self) -> bool:
        """Whether this desktop has no home, and never had one."""
        try:
            return not self._home().is_dir() and not self._log.of(ev.FilesRecorded)
        except DesktopError:
            return True

    async def _record(self, task_id: str, moment: Literal["before", "after"]) -> None:
        store, began = self._kept_store(), time.monotonic()
        if any(e.moment == moment for e in self._events_of(task_id)):
            return
        keep = [e.record for e in self._events_of(task_id) if e.record]
        try:
            home = self._home()
            made, changed = await self._run(lambda: _recorded(store, home, keep))
        except Exception as error:  # noqa: BLE001 - a task's border: it goes on without a record
            if not isinstance(error, SaysoError):
                _log.exception("The files could not be recorded")
            self._log.append(ev.FilesRecorded(task_id=task_id, moment=moment, error=_words(error)))
            return
        event = self._event(task_id, moment, made)
        seconds = time.monotonic() - began
        self._log.append(event.model_copy(update={"seconds": seconds, "changed": changed}))

    def _event(
        self, task_id: str, moment: Literal["before", "after"], made: Recorded
    ) -> ev.FilesRecorded:
        store = self._kept_store()
        return ev.FilesRecorded(
            task_id=task_id,
            moment=moment,
            record=made.record.id,
            files=made.record.files,
            bytes=made.record.bytes,
            fresh=made.fresh,
            used=made.used,
            most=store.most,
            dropped=made.dropped,
            notes=made.notes,
        )

    def _events_of(self, task_id: str) -> Sequence[ev.FilesRecorded]:
        return [e for e in self._log.of(ev.FilesRecorded) if e.task_id == task_id]

    def _unended(self) -> Sequence[str]:
        """Tasks and put backs that have a record from before, and none from after."""
        moments: dict[str, set[str]] = {}
        for event in self._log.of(ev.FilesRecorded):
            moments.setdefault(event.task_id, set()).add(event.moment)
        running = self._status().task_id
        return [key for key, seen in moments.items() if "after" not in seen and key != running]

    def _last_task(self) -> str:
        if started := self._log.of(ev.TaskStarted):
            return started[-1].task_id
        raise FilesError(NEVER)

    # Putting back -----------------------------------------------------------------------------

    async def _planned(self, task_id: str) -> _Plan:
        if self.store is None:
            raise FilesError(NO_RECORD)
        for moment in ("before", "after"):
            if (waited := self._records.get((task_id, moment))) is not None:
                await asyncio.shield(waited)
        events = {event.moment: event for event in self._events_of(task_id)}
        home = self._home()
        return await self._run(lambda: self._plan(task_id, events, home))

    def _plan(self, task_id: str, events: dict[Any, ev.FilesRecorded], home: Path) -> _Plan:
        """Compare three moments. Blocks."""
        store, first, last = self._kept_store(), events.get("before"), events.get("after")
        if first is None or not first.record:
            raise FilesError(_unrecorded(first))
        before = store.load(first.record)
        if before is None:
            raise FilesError(
                "The record from before this task is not here: older records make room for "
                "newer ones, and an exported session comes without any."
            )
        keep = tuple(event.record for event in events.values() if event.record)
        now = store.record(home, keep)
        after, notes = now.record, list(first.notes)
        if last is not None:
            kept = store.load(last.record) if last.record else None
            after = kept or after
            if kept is None:
                notes.append(
                    "What was changed since the task's end cannot be told from the task's."
                )
        changes = compare(
            task_id, before.rows, after.rows, now.record.rows, kept=store.has, notes=notes
        )
        return _Plan(changes, now, (*keep, now.record.id))

    async def _put_back(self, task_id: str, choose: Choice, token: str | None) -> PutBack:
        plan = await self._planned(task_id)
        if token is not None and plan.changes.token != token:
            raise FilesError(STALE)
        wanted = plan.changes.chosen(choose)
        if not wanted:
            raise FilesError(plan.changes.summary)
        if self._status().task_id is not None:
            raise FilesError(RUNNING)
        key, home = new_id("putback"), self._home()
        self._log.append(self._event(key, "before", plan.now))
        self._log.append(
            ev.PutBackStarted(
                put_back_id=key, task_id=task_id, count=len(wanted), names=_names(wanted)
            )
        )
        failed, made, error = await self._run(lambda: self._carry_out(home, plan, wanted))
        if made is not None:
            self._log.append(self._event(key, "after", made))
        else:
            self._log.append(ev.FilesRecorded(task_id=key, moment="after", error=error))
        return self._told(key, plan.changes, wanted, failed)

    def _carry_out(
        self, home: Path, plan: _Plan, wanted: Sequence[Change]
    ) -> tuple[tuple[Failure, ...], Recorded | None, str]:
        """Put back, and look what came of it, before anybody else may act. Blocks."""
        store = self._kept_store()
        failed = restore(home, store, plan.changes, wanted)
        try:
            made = store.record(home, plan.keep)
        except FilesError as error:
            unsure = "This could not be checked afterwards."
            known = {failure.change for failure in failed}
            rest = tuple(Failure(c, f"{c.shown}: {unsure}") for c in wanted if c not in known)
            return (*failed, *rest), None, str(error)
        return (*failed, *_not_so(plan.changes, wanted, failed, made.record)), made, ""

    def _told(
        self, key: str, plan: Changes, wanted: Sequence[Change], failed: Sequence[Failure]
    ) -> PutBack:
        """Write down what came of it; the model reads it with its next message."""
        undone = {failure.change for failure in failed}
        done = tuple(change for change in wanted if change not in undone)
        kept = tuple(change for change in plan.conflicts if change not in wanted)
        outcome: Literal["done", "partly", "failed"] = "done" if not failed else "partly"
        deleted = [c for c in done if c.what == "created"]
        restored = [c for c in done if c.what != "created"]
        text = told_person(deleted, restored, kept, failed)
        self._log.append(
            ev.PutBackFinished(
                put_back_id=key,
                task_id=plan.task_id,
                outcome=outcome if done else "failed",
                done=len(done),
                deleted=_names(deleted),
                restored=_names(restored),
                kept=_names(kept),
                failed=tuple(failure.why for failure in failed[:NAMED]),
                text=text,
            )
        )
        task = self._name_of(plan.task_id)
        told = told_model(task, deleted, restored, kept, failed)
        self._log.append(ev.UserMessage(text=told, source="button", origin="session"))
        return PutBack(key, plan.task_id, done, kept, tuple(failed), text)

    def _tell_cut(self, started: ev.PutBackStarted) -> None:
        """A put back was under way when the process ended."""
        self._log.append(
            ev.PutBackFinished(
                put_back_id=started.put_back_id,
                task_id=started.task_id,
                outcome="cut",
                text=CUT_OFF,
            )
        )
        self._log.append(
            ev.UserMessage(text=CUT_OFF_MODEL, origin="session", as_system=CUT_OFF_MODEL)
        )

    def _name_of(self, task_id: str) -> str:
        """The words of a task; empty for a put back that is itself undone."""
        tasks = [event for event in self._log.of(ev.TaskStarted) if event.task_id == task_id]
        return tasks[-1].text if tasks else ""

    def _check_room(self, more: int) -> None:
        """Raise when the home has no room for so many bytes. Blocks."""
        changes = self._log.of(ev.HomeChanged)
        limit = changes[-1].limit if changes else 0
        if limit and more > (left := limit - used_bytes(str(self._home()))):
            raise FilesError(no_room(limit, left))

    def _kept_store(self) -> Store:
        if self.store is None:
            raise FilesError(NO_RECORD)
        return self.store

    def _run(self, work: Callable[[], T]) -> Coroutine[Any, Any, T]:
        async def carried() -> T:
            if self._closed:
                raise FilesError(ENDED)
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

        return carried()


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    """A file of the person's to write; nothing of it is left if that fails.

    Raises:
        FilesError: it is there already or cannot be written.
    """
    try:
        with target.open("xb") as file:
            try:
                yield file
                file.flush()
            except BaseException:
                target.unlink()
                raise
    except FileExistsError:
        raise FilesError(f"{target} is there already; choose another name.") from None
    except OSError as error:
        raise FilesError(f"{target} cannot be written ({error.strerror}).") from error


def _noted(task: asyncio.Future[None]) -> None:
    """Whoever waits for a record gets its error; where nobody does, it is in the server's log."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("A record of the files could not be written down", exc_info=error)


def _recorded(store: Store, home: Path, keep: Sequence[str]) -> tuple[Recorded, int]:
    """A new record, and how many changes lie between the first of ``keep`` and it. Blocks."""
    made = store.record(home, keep)
    before = store.load(keep[0]) if keep else None
    if before is None or before.id == made.record.id:
        return made, 0
    after = made.record
    return made, len(compare("", before.rows, after.rows, after.rows, kept=store.has).changes)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, SaysoError) else f"Internal error: {error!r}"


def _unrecorded(event: ev.FilesRecorded | None) -> str:
    if event is None:
        return "The files were not recorded before this task, so it cannot be put back."
    return f"The files could not be recorded before this task: {event.error}"


def _names(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(change.shown for change in changes[:NAMED])


def _not_so(
    plan: Changes, wanted: Sequence[Change], failed: Sequence[Failure], record: Record
) -> Sequence[Failure]:
    """Changes that were put back, and still are not as before."""
    known = {failure.change for failure in failed}
    found = []
    for change in wanted:
        pairs = [(plan.before.get(path), record.rows.get(path)) for path in change.paths]
        if change not in known and any((a and a.whole) != (b and b.whole) for a, b in pairs):
            found.append(Failure(change, f"{change.shown} was changed again meanwhile."))
    return found
