"""Routes by which exported sessions leave and come in."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import RequestHandler, stream_request_body

from agent.disk import on_thread
from agent.errors import DISK_FULL, JournalError, SaysoError
from agent.replay.bundle import MOST_BYTES, no_room, unpack_export
from agent.room import has_room, spare_beside
from dashboard.web.bodies import Patience
from dashboard.web.disk import from_disk, let_go, send_pieces
from dashboard.web.lock import by_address
from dashboard.web.workbench import workbench

if TYPE_CHECKING:
    from agent.record.rows import Damage

_CHUNK = 1 << 20
_WHAT = "the server's temporary files"


@by_address  # of a token that the page was told
class Download(AuthRequestHandler, RequestHandler):
    """``/exports/TOKEN/NAME``: a made export, for the browser that asked for it."""

    async def get(self, token: str, filename: str) -> None:
        bench = workbench()
        exported = bench.exports.find(token, bench.identity.known(self.request))
        if self.current_user is None or exported is None:
            self.send_error(404, reason="That export is gone: export the session again.")
            return
        try:
            file = await from_disk(lambda: exported.path.open("rb"), _WHAT)
        except JournalError as error:
            self.send_error(503, reason=str(error))
            return
        try:
            self.set_header("Content-Type", "application/octet-stream")
            named = f'attachment; filename="{exported.filename}"'
            self.set_header("Content-Disposition", named)
            self.set_header("Cache-Control", "no-store")
            self.set_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            await send_pieces(self, iter(lambda: file.read(_CHUNK), b""), _WHAT)
        finally:
            on_thread(file.close)


@stream_request_body
class Upload(AuthRequestHandler, RequestHandler):
    """``POST /recordings/import``: an exported session's zip becomes the browser's own session."""

    _room: Path | None = None
    _file: RawIOBase | None = None
    _trouble = ""
    _owner: str | None = None

    async def prepare(self) -> None:
        self._patience = Patience(self.request.connection)
        await super().prepare()
        self._owner = workbench().identity.known(self.request)
        if self.current_user is None or self._owner is None:
            self.send_error(403, reason="Load the page first.")
            return
        connection: Any = self.request.connection
        connection.set_max_body_size(MOST_BYTES)
        try:
            self._room = Path(tempfile.mkdtemp(prefix="sayso-import-"))
            self._file = (self._room / "archive.zip").open("wb", buffering=0)
            self._check_room(int(self.request.headers.get("Content-Length", "0")))
        except OSError as error:
            self._full(error)
        self._patience.begin()

    async def data_received(self, chunk: bytes) -> None:
        self._patience.end()
        if not self._trouble:
            try:
                await from_disk(lambda: self._keep(chunk), _WHAT)
            except OSError as error:
                self._full(error)
            except JournalError as error:
                self._trouble = str(error)
                self._tidy()
        self._patience.begin()

    async def post(self) -> None:
        self._patience.end()
        if self._trouble:
            self.set_status(507)
            self.write({"error": self._trouble})
            return
        try:
            session_id, damage = await from_disk(self._take_in, "your sessions", longer=60)
        except SaysoError as error:
            self.set_status(422)
            answer = {"error": str(error)}
        else:
            answer = {"id": session_id, "damage": str(damage)}
        self._tidy()
        self.write(answer)

    def on_finish(self) -> None:
        """The answer is out: nothing of the upload stays."""
        super().on_finish()
        self._patience.end()
        self._tidy()

    def on_connection_close(self) -> None:
        """Whoever sent it has gone."""
        super().on_connection_close()
        self._patience.end()
        self._tidy()

    def _check_room(self, more: int) -> None:
        """Raise as a full disk does, before it is: sessions must be written down."""
        if self._room is not None and not has_room(self._room, more, spare=self._spare()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _spare(self) -> int:
        return spare_beside(Path(tempfile.gettempdir()), workbench().settings.data_dir)

    def _keep(self, chunk: bytes) -> None:
        """Write what came; a disk that is nearly full takes a part of it."""
        self._check_room(len(chunk))
        left = memoryview(chunk)
        while left and self._file is not None:
            left = left[self._file.write(left) :]

    def _full(self, error: OSError) -> None:
        """Nothing more is kept. What still comes is read: a browser hears no answer before."""
        self._tidy()
        folder = Path(tempfile.gettempdir())
        self._trouble = (
            str(no_room(folder))
            if error.errno in DISK_FULL
            else f"The server cannot write to {folder} ({error.strerror}): nothing was imported. "
            "Fix that, or start the server with TMPDIR set to a folder elsewhere."
        )

    def _take_in(self) -> tuple[str, Damage]:
        if self._owner is None or self._room is None:
            raise JournalError("Load the page first.")
        folder = unpack_export(
            self._room / "archive.zip", self._room / "session", spare=self._spare()
        )
        return workbench().sessions.adopt(folder, self._owner)

    def _tidy(self) -> None:
        file, room, self._file, self._room = self._file, self._room, None, None
        if room is not None:
            let_go(lambda: _removed(file, room))


def _removed(file: RawIOBase | None, room: Path) -> None:
    if file is not None:
        file.close()
    shutil.rmtree(room, ignore_errors=True)
