"""Routes by which the person's files come in and go out, of running sessions and ended ones.

Each request must come from the browser that owns the session, through the request guard, and with a
ticket that is good for a minute (``POST …/files/ticket``, which no other site can send).
What goes out is always a download of no type, never a page of ours. What comes in is
streamed to the disk under no name, and appears as a whole or not at all.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, runtime_checkable
from urllib.parse import quote

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import RequestHandler, stream_request_body

from agent.disk import on_thread
from agent.errors import DesktopError, FilesError, JournalError, SaysoError
from agent.files import Incoming, bounded, is_state, list_files, safe_name, shown
from agent.files.listing import MOST
from agent.files.names import from_key, portable_name, to_bytes, to_key
from agent.files.packing import contents_of, person_file, zipped
from agent.files.telling import no_room
from agent.files.tree import tree
from agent.record.events import Attachment, Event, HomeChanged, TaskStarted
from agent.room import SPARE
from agent.session.arrivals import Arrived, in_words
from agent.session.home import describe_use, home_in
from dashboard.web.bodies import Patience
from dashboard.web.disk import from_disk, let_go, send_pieces
from dashboard.web.lock import by_address
from dashboard.web.recordings import read_recording
from dashboard.web.workbench import workbench

if TYPE_CHECKING:
    from agent.session.session import Session

PURPOSE = "files"
_TICKET = 60.0
"""Seconds for which a ticket opens these routes; what was begun goes on."""

_MOST_CHOSEN = 200
"""Files and folders of one download: more do not fit into an address."""

_TOLD = 3
"""Things that one sentence names."""

_PIECE = 1 << 20
_LOOK_EVERY = 16 << 20
"""Bytes after which the free space of disk and home is looked at again."""

_DRAINED = 256 << 20
"""Bytes of a refused upload that are read and thrown away, since a browser that is cut off while
it sends does not read the reason."""

SOURCES: dict[str, Literal["button", "drop", "paste"]] = {
    "button": "button",
    "drop": "drop",
    "paste": "paste",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose files a request is about."""

    session_id: str
    home: Path
    session: Session | None
    """None for one that has ended."""


_WHAT = "these files"
_log = logging.getLogger(__name__)


class Refusal(Exception):
    """What was asked for is not done; the text says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@runtime_checkable
class NamesPaths(Protocol):
    """A desktop whose programs call its home by another name than the server does."""

    def inside(self, path: Path) -> str: ...


class FilesHandler(AuthRequestHandler, RequestHandler):
    """A route under ``/sessions/ID/files`` for the session's owner."""

    place: Place

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:
        await super().prepare()  # type: ignore[no-untyped-call]
        try:
            self.place = await self._admitted()
        except Refusal as refusal:
            self.refuse(refusal.status, str(refusal))
        except JournalError as error:
            self.refuse(503, str(error))

    async def _admitted(self) -> Place:
        bench, session_id = workbench(), self.path_args[0]
        owner = bench.identity.known(self.request)
        if self.current_user is None or owner is None:
            raise Refusal(403, "Load the page first.")
        if not await from_disk(lambda: bench.sessions.owns(owner, session_id), _WHAT):
            raise Refusal(404, "There is no such session; it may have been deleted.")
        if bench.tickets.check(self.ticket, PURPOSE) != session_id:
            raise Refusal(403, "The page waited too long. Try again.")
        entry = bench.sessions.find(session_id, owner)
        session = entry.session if entry is not None else None
        home = await from_disk(
            lambda: _home(session, bench.sessions.folder(session_id, owner)), _WHAT
        )
        return Place(session_id, home, session)

    @property
    def ticket(self) -> str:
        """The ticket that the request brings."""
        return self.get_query_argument("ticket", "")

    def chosen(self) -> list[str]:
        """The paths that the request names."""
        return [from_key(key) for key in self.get_query_arguments("path", strip=False)]

    def refuse(self, status: int, text: str) -> None:
        """Answer with the reason why not."""
        self.answer({"error": text}, status)

    def answer(self, data: dict[str, Any], status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(data))

    def name_download(self, name: str) -> None:
        """Say that what follows is to be saved under a name, and is never a page of ours."""
        plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in name)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header(
            "Content-Disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        )
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")


class FilesTicket(FilesHandler):
    """``POST /sessions/ID/files/ticket``: what opens the others for a minute."""

    @property
    def ticket(self) -> str:
        return workbench().tickets.issue(self.path_args[0], PURPOSE, _TICKET)

    async def post(self, session_id: str) -> None:
        self.answer({"ticket": self.ticket, "seconds": _TICKET})


class FilesList(FilesHandler):
    """``GET /sessions/ID/files/list``: the tree, with the folders named by ``open`` unfolded."""

    async def get(self, session_id: str) -> None:
        opened = frozenset(self.get_query_arguments("open", strip=False)[:1000])
        session = self.place.session
        attached = _waiting(session) if session is not None else []
        try:
            data = await from_disk(lambda: _listed(self.place, opened, attached), _WHAT)
        except FilesError as error:
            self.refuse(409, str(error))
        except JournalError as error:
            self.refuse(503, str(error))
        else:
            self.set_header("Cache-Control", "no-cache")  # kept, but asked after: see ETag
            self.answer(data)


@by_address  # with a ticket
class FilesGet(FilesHandler):
    """``GET /sessions/ID/files/get``: one file, or several and folders as a zip archive.

    With ``check`` it is only said what would come, or why nothing does.
    """

    async def get(self, session_id: str) -> None:
        paths, whole = self.chosen(), self.get_query_argument("zip", "")
        try:
            if not 0 < len(paths) <= _MOST_CHOSEN:
                raise FilesError(
                    f"Choose 1 to {_MOST_CHOSEN} files or folders; a folder counts as one."
                )
            if whole or len(paths) > 1:
                await self._archive(paths)
            else:
                await self._single(paths[0])
        except FilesError as error:
            self.refuse(409, str(error))
        except JournalError as error:
            self.refuse(503, str(error))

    async def _archive(self, paths: list[str]) -> None:
        home, most = self.place.home, workbench().settings.most_files
        contents = await from_disk(lambda: contents_of(home, paths, most), _WHAT, longer=6)
        name = f"{_name_of(paths[0]) if len(paths) == 1 else 'files'}.zip"
        if self._checking:
            note = _left_out(contents.left_out)
            about = {"name": name, "files": contents.files, "bytes": contents.bytes}
            self.answer(about | {"note": note})
            return
        self.name_download(name)
        pieces = zipped(home, paths)
        try:
            await send_pieces(self, pieces, _WHAT)
        finally:
            on_thread(pieces.close)

    async def _single(self, path: str) -> None:
        opened = person_file(self.place.home, path)
        file = await from_disk(opened.__enter__, _WHAT)
        try:
            size = os.fstat(file.fileno()).st_size
            if self._checking:
                self.answer({"name": _name_of(path), "files": 1, "bytes": size})
                return
            self.name_download(_name_of(path))
            self.set_header("Content-Length", str(size))
            await send_pieces(self, _pieces(file, size), _WHAT)
        finally:
            on_thread(file.close)

    @property
    def _checking(self) -> bool:
        return bool(self.get_query_argument("check", ""))


@stream_request_body
class FilesPut(FilesHandler):
    """``POST /sessions/ID/files/put``: the body becomes a file of the home.

    ``name`` is its name, or its path below ``folder`` (a key) for what came in folders;
    ``source`` says how it came; with ``attach`` it is made ready for the next words.
    ``upload`` is the page's id for it, the same when it is sent again: what still waits for the
    rest of the first is given up then.
    """

    _file: Incoming | None = None
    _refused: tuple[int, str] | None = None
    _counts = False
    _room = _limit = _received = _looked = 0

    async def prepare(self) -> None:
        self._buffer = bytearray()
        self._patience = Patience(self.request.connection)
        await super().prepare()
        if self._refused or self._finished:
            return
        try:
            await self._begin()
        except Refusal as refusal:
            self.refuse(refusal.status, str(refusal))
        except FilesError as error:
            self.refuse(409, str(error))
        except JournalError as error:
            self.refuse(503, str(error))
        else:
            self._accept(self._limit + 1)
            self._patience.begin()

    def refuse(self, status: int, text: str) -> None:
        """Answer why not, once the browser has sent what it is sending, if that is not much."""
        self._refused = self._refused or (status, text)
        self._drop()
        if self._declared <= _DRAINED:
            self._accept(_DRAINED)
            self._patience.begin()
        else:
            super().refuse(*self._refused)

    async def data_received(self, chunk: bytes) -> None:
        self._patience.end()
        if not self._refused:
            self._buffer += chunk
            self._received += len(chunk)
            if len(self._buffer) >= _PIECE:
                await self._store()
        self._patience.begin()

    async def post(self, session_id: str) -> None:
        self._patience.end()
        if self._counts and self.place.session is not None:
            workbench().intake.whole(self.place.session, self._upload)
        if not self._refused:
            await self._store()
        if self._finished:
            return
        if self._refused or self._file is None or self.place.session is None:
            super().refuse(*(self._refused or (500, "The file did not arrive.")))
            return
        session, file = self.place.session, self._file
        try:
            path = await from_disk(file.finish, _WHAT)
        except FilesError as error:
            super().refuse(507, str(error))
        except JournalError as error:
            super().refuse(503, str(error))
        else:
            await self._welcome(path, session)

    def on_finish(self) -> None:
        """The answer is out."""
        super().on_finish()
        self._drop()

    def on_connection_close(self) -> None:
        """Whoever sent it has gone: nothing of it stays."""
        super().on_connection_close()
        self._drop()

    # Inside ------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Open the file, or say why not.

        Raises:
            Refusal: it may not come in.
            FilesError: it cannot be written.
        """
        session, home = self.place.session, self.place.home
        if session is None:
            raise Refusal(409, "This session has ended. Resume it to put files into it.")
        bench = workbench()
        if not bench.intake.again(session, self._upload):
            raise Refusal(409, "This file has just arrived. Look for it in your files.")
        self._limit = bench.settings.most_file_bytes
        if self._declared > self._limit:
            raise Refusal(413, f"A file may have {in_words(self._limit)} at most.")
        name, folder = self._destination()
        files, used = await bench.intake.counted(session, home)
        if files >= bench.settings.most_files:
            raise Refusal(
                409, f"There are {files:,} files already. Delete some before you put more in."
            )
        quota = _quota(session)
        coming = bench.intake.reserved(session)
        self._room = max(0, quota - used - coming) if quota else self._limit
        if self._declared > self._room:
            raise Refusal(507, no_room(quota, self._room))
        if not bench.intake.begin(session):
            raise Refusal(429, "Too many files are coming in at once. Try again in a moment.")
        self._counts = True
        bench.intake.sends(session, self._upload, self._give_up)
        bench.intake.reserve(session, self, self._declared)
        self._file = await from_disk(lambda: _begun(home, name, folder, self._declared), _WHAT)

    def _destination(self) -> tuple[str, str]:
        """Name and folder, made safe; both come from outside."""
        given = self.get_query_argument("name", "", strip=False)
        folder = from_key(self.get_query_argument("folder", "", strip=False))
        if is_state(to_bytes(folder)):
            raise Refusal(409, "That folder is a program's own. Choose one of yours.")
        parts = given.replace("\\", "/").split("/")
        *way, name = [part for part in parts if part not in ("", ".", "..")] or [""]
        inner = [safe_name(part) for part in way]
        into = "/".join([folder, *inner] if folder else inner)
        if is_state(to_bytes(f"{into}/{safe_name(name)}")):
            raise Refusal(409, f"{given} would be a program's own there. Choose another name.")
        return name, into

    async def _store(self) -> None:
        """Write what has come to the disk."""
        data, self._buffer = self._buffer, bytearray()
        try:
            if self._received > self._limit:
                raise FilesError(f"A file may have {in_words(self._limit)} at most.")
            if self._received > self._room:
                session = self.place.session
                raise FilesError(no_room(_quota(session) if session else 0, 0))
            if self._counts and self.place.session is not None:
                most = max(self._declared, self._received)
                workbench().intake.reserve(self.place.session, self, most)
            if self._received - self._looked >= _LOOK_EVERY:
                self._looked = self._received
                await from_disk(lambda: _check_disk(self.place.home, 0), _WHAT)
                await self._check_home()
            if (file := self._file) is not None:
                await from_disk(lambda: file.write(bytes(data)), _WHAT)
        except FilesError as error:
            self.refuse(507, str(error))
        except JournalError as error:
            self.refuse(503, str(error))

    async def _check_home(self) -> None:
        """Raise when others have filled the home meanwhile; what has come of this counts, too."""
        session = self.place.session
        quota = _quota(session) if session is not None else 0
        if session is not None and quota:
            _, used = await workbench().intake.counted(session, self.place.home, fresh=True)
            if used > quota:
                raise FilesError(no_room(quota, 0))

    async def _welcome(self, path: str, session: Session) -> None:
        """Tell of a file that is in, and make it ready for the next words if that is wanted."""
        came = Arrived(shown(path), _inside(session, self.place.home / path), self._received)
        self._leave(came)
        data: dict[str, Any] = {
            "key": to_key(path),
            "name": _name_of(path),
            "path": came.path,
            "size": self._received,
        }
        if self.get_query_argument("attach", ""):
            data |= await self._attached(session, path, came)
        workbench().intake.came(session, self._upload, data)
        self.answer(data)

    async def _attached(self, session: Session, path: str, came: Arrived) -> dict[str, Any]:
        named = Arrived(_name_of(path), came.path, came.size)
        try:
            token, made = await workbench().intake.prepare(session, self.place.home, path, named)
        except SaysoError as error:
            return {"attached": "", "note": str(error)}
        return {"attached": token, "note": made.note, "kind": made.kind, "image": _image(made)}

    def _drop(self) -> None:
        self._patience.end()
        if self._file is not None:
            let_go(self._file.abort)
        self._leave(None)

    def _give_up(self) -> None:
        """It is sent again: what waits here for more will get none."""
        self._drop()
        self._patience.give_up()

    @property
    def _upload(self) -> str:
        return self.get_query_argument("upload", "")[:64]

    def _leave(self, came: Arrived | None) -> None:
        if self._counts and self.place.session is not None:
            self._counts = False
            source = SOURCES.get(self.get_query_argument("source", ""), "button")
            workbench().intake.release(self.place.session, self)
            if came is None:
                workbench().intake.gone(self.place.session, self._upload, self._give_up)
            workbench().intake.end(self.place.session, came, source)

    @property
    def _declared(self) -> int:
        given = self.request.headers.get("Content-Length", "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0

    def _accept(self, most: int) -> None:
        connection: Any = self.request.connection
        connection.set_max_body_size(most)


class FilesCame(FilesHandler):
    """``GET /sessions/ID/files/came``: what was answered to an ``upload``, null if it is not in."""

    async def get(self, session_id: str) -> None:
        upload, session = self.get_query_argument("upload", ""), self.place.session
        answer = workbench().intake.answer(session, upload) if session is not None else None
        self.answer({"came": answer})


class FilesUnattach(FilesHandler):
    """``POST /sessions/ID/files/unattach``: the next words come without that file."""

    async def post(self, session_id: str) -> None:
        if self.place.session is not None:
            workbench().intake.drop(self.place.session, self.get_query_argument("token", ""))
        self.answer({})


def routes() -> list[tuple[str, type[RequestHandler]]]:
    """All routes of this module."""
    base = r"/sessions/([\w.-]+)/files"
    return [
        (rf"{base}/ticket", FilesTicket),
        (rf"{base}/list", FilesList),
        (rf"{base}/get", FilesGet),
        (rf"{base}/put", FilesPut),
        (rf"{base}/came", FilesCame),
        (rf"{base}/unattach", FilesUnattach),
    ]


# What a session has -----------------------------------------------------------------------


def _home(session: Session | None, folder: Path | None) -> Path:
    """Where a session's files lie.

    Raises:
        Refusal: it has none yet, or they are gone.
    """
    if session is not None:
        try:
            return session.desktop.home
        except DesktopError:  # it has not started, or could not
            pass
    # Never a folder that the log names: an imported log could name any.
    home = home_in(folder) if folder is not None else None
    if home is not None and home.is_dir():
        return home
    if session is not None:
        raise Refusal(409, "The desktop is not running yet. Its files are here when it is.")
    raise Refusal(404, "This session has no files.")


def _waiting(session: Session) -> list[dict[str, Any]]:
    """What goes with the next words, for the page."""
    waiting = workbench().intake.waiting(session)
    return [
        {
            "token": token,
            "name": made.name,
            "size": made.size,
            "kind": made.kind,
            "note": made.note,
            "image": _image(made),
        }
        for token, made in waiting.items()
    ]


def _listed(place: Place, opened: frozenset[str], attached: list[dict[str, Any]]) -> dict[str, Any]:
    listing, since = list_files(place.home), _task_began(place)
    rows = tree(listing, opened, since)
    home = place.session.status.home if place.session is not None else None
    notes = []
    if listing.truncated:
        notes.append(f"There are more than {MOST:,} entries; only so many are listed.")
    if listing.reasons:
        notes.append(f"Not listed: {'; '.join(bounded(listing.reasons, _TOLD))}.")
    bench = workbench()
    return {
        "rows": rows,
        "files": listing.files,
        "bytes": listing.bytes,
        "since": since,
        "quota": home.limit if home is not None else 0,
        "used": home.used if home is not None else 0,
        "use": describe_use(home) if home is not None else "",
        "notes": notes,
        "running": place.session is not None,
        "most": bench.settings.most_file_bytes,
        "most_chosen": _MOST_CHOSEN,
        "attached": attached,
    }


def _task_began(place: Place) -> float:
    """When the newest task began, in Unix seconds; 0 if there was none."""
    events: tuple[Event, ...] | list[TaskStarted]
    if place.session is not None:
        events = place.session.log.of(TaskStarted)
    else:
        try:
            events = read_recording(place.home.parent).events
        except SaysoError:
            return 0.0
    return next((e.at for e in reversed(events) if isinstance(e, TaskStarted)), 0.0)


def _left_out(lines: Sequence[str]) -> str:
    """What an archive will not hold, in a sentence; empty if it holds all."""
    if not lines:
        return ""
    named = "; ".join(bounded(lines, _TOLD))
    return f"Not in the archive: {named}. A text in it has the whole list."


def _quota(session: Session) -> int:
    """Bytes that the home may hold; 0 for no limit."""
    changes = session.log.of(HomeChanged)
    return changes[-1].limit if changes else 0


def _inside(session: Session, path: Path) -> str:
    """A path as programs on the desktop call it, fit for an event."""
    desktop = session.desktop
    return shown(desktop.inside(path) if isinstance(desktop, NamesPaths) else path)


def _begun(home: Path, name: str, folder: str, size: int) -> Incoming:
    _check_disk(home, size)
    return Incoming(home, name, folder)


def _check_disk(home: Path, more: int) -> None:
    """Raise what a person reads when the disk has no room for that many bytes."""
    try:
        info = os.statvfs(home)
    except OSError:
        return
    free = info.f_bavail * info.f_frsize
    if free < more + SPARE:
        raise FilesError(
            f"The disk is full: {in_words(max(0, free - SPARE))} are left. Delete something first."
        )


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """So many bytes of a file and no more, whatever is added to it meanwhile."""
    left = size
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece


def _name_of(path: str) -> str:
    """The name that a path is downloaded under, fit for any system."""
    return portable_name(to_bytes(path.rpartition("/")[2])) if path else "files"


def _image(made: Attachment) -> str:
    return made.sha256 if made.kind == "picture" else ""
