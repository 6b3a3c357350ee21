"""Base class of our own sockets: signed-in user, owning browser, ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.websocket import WebSocketHandler

from dashboard.web.voice import PURPOSE as VOICE
from dashboard.web.workbench import workbench

if TYPE_CHECKING:
    from dashboard.web.registry import Entry


class TicketSocket(AuthRequestHandler, WebSocketHandler):
    """A WebSocket opened with a ticket by the browser that owns the ticket's session."""

    purpose: ClassVar[str]
    argument: ClassVar[str] = "ticket"
    entry: Entry

    async def prepare(self) -> None:
        await super().prepare()
        entry = self._admitted()
        if entry is None:
            self.send_error(403, reason="This ticket is not valid, or has expired.")
        else:
            self.entry = entry

    def _admitted(self) -> Entry | None:
        if self.current_user is None:
            return None
        bench = workbench()
        session_id = bench.tickets.check(self.get_query_argument(self.argument, ""), self.purpose)
        if session_id is None:
            return None
        return bench.sessions.find(session_id, bench.identity.known(self.request))

    def open(self, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)

    def get_compression_options(self) -> None:
        return None


class OwnedVoice(AuthRequestHandler):
    """Before the offline EVI's own check: the ticket's session must be this browser's."""

    async def prepare(self) -> None:
        await super().prepare()
        bench = workbench()
        ticket = self.get_query_argument("access_token", "")
        session_id = bench.tickets.check(ticket, VOICE)
        owner = bench.identity.known(self.request)
        if self.current_user is None or bench.sessions.find(session_id or "", owner) is None:
            self.set_status(403)
            self.finish(
                {
                    "error": "forbidden",
                    "message": "This ticket has expired, or belongs to somebody else.",
                }
            )
            return
        super(AuthRequestHandler, self).prepare()
