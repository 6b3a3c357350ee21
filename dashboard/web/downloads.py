"""Routes by which exported sessions leave and come in."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler, stream_request_body

from agent.errors import JournalError, SaysoError
from agent.replay.bundle import MOST_BYTES, unpack_export
from dashboard.web.bodies import Patience
from dashboard.web.lock import by_address
from dashboard.web.workbench import workbench

if TYPE_CHECKING:
    from agent.rows import Damage

_CHUNK = 1 << 20


@by_address  # of a token that the page was told
class Download(AuthRequestHandler, RequestHandler):
    """``/exports/TOKEN/NAME``: a made export, for the browser that asked for it."""

    async def get(self, token: str, filename: str) -> None:
        bench = workbench()
        exported = bench.exports.find(token, bench.identity.known(self.request))
        if self.current_user is None or exported is None:
            self.send_error(404, reason="No such export (any more): export it again.")
            return
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f'attachment; filename="{exported.filename}"')
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Length", str(exported.path.stat().st_size))
        with exported.path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:
                    return


@stream_request_body
class Upload(AuthRequestHandler, RequestHandler):
    """``POST /recordings/import``: an exported session's zip becomes the browser's own session."""

    async def prepare(self) -> None:
        await super().prepare()
        self._room = Path(tempfile.mkdtemp(prefix="sayso-import-"))
        self._file = (self._room / "archive.zip").open("wb")
        self._patience = Patience(self.request.connection)
        self._owner = workbench().identity.known(self.request)
        if self.current_user is None or self._owner is None:
            self.send_error(403, reason="Load the page first.")
            return
        connection: Any = self.request.connection
        connection.set_max_body_size(MOST_BYTES)
        self._patience.begin()

    async def data_received(self, chunk: bytes) -> None:
        self._patience.end()
        await asyncio.to_thread(self._file.write, chunk)
        self._patience.begin()

    async def post(self) -> None:
        self._patience.end()
        self._file.close()
        try:
            session_id, damage = await asyncio.to_thread(self._take_in)
        except SaysoError as error:
            self.set_status(422)
            self.write({"error": str(error)})
        else:
            self.write({"id": session_id, "damage": str(damage)})

    def on_finish(self) -> None:
        """The answer is out: nothing of the upload stays."""
        super().on_finish()
        self._tidy()

    def on_connection_close(self) -> None:
        """Whoever sent it has gone."""
        super().on_connection_close()
        self._tidy()

    def _take_in(self) -> tuple[str, Damage]:
        folder = unpack_export(self._room / "archive.zip", self._room / "session")
        if self._owner is None:
            raise JournalError("Load the page first.")
        return workbench().sessions.adopt(folder, self._owner)

    def _tidy(self) -> None:
        self._patience.end()
        self._file.close()
        shutil.rmtree(self._room, ignore_errors=True)
