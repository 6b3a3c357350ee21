"""The desktop's RFB bytes between its unix socket and the page's WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from tornado.websocket import WebSocketClosedError

from agent.errors import DesktopError, SaysoError
from agent.record.events import ControlReturned, ControlTaken, SessionClosed, Stopped
from dashboard.desktop.rfb import ClientFilter, ProtocolBroken
from dashboard.web.guard import TicketSocket

if TYPE_CHECKING:
    from agent.record.events import Event
    from agent.session.session import Session

PURPOSE = "desktop"
_CHUNK = 65_536
_log = logging.getLogger(__name__)


@runtime_checkable
class SharesClipboard(Protocol):
    """A desktop that can tell its viewers what is copied on it."""

    async def share_clipboard(self, on: bool) -> None: ...


def person_has_control(session: Session) -> bool:
    """Whether the log says that the person, not the agent, has the mouse."""
    return session.status.who == "yours"


class DesktopSocket(TicketSocket):
    """``/desktop/rfb?ticket=…``: view-only unless the person has taken the mouse."""

    purpose: ClassVar[str] = PURPOSE
    _pump: asyncio.Task[None] | None = None
    _writer: asyncio.StreamWriter | None = None
    _unsubscribe: Callable[[], None] | None = None
    _sharing: asyncio.Task[None] | None = None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return "binary" if "binary" in subprotocols else None

    async def open(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        super().open(*args, **kwargs)
        session = self.entry.session
        self._filter = ClientFilter(lambda: person_has_control(session))
        self._unsubscribe = session.log.subscribe(self._on_event)
        try:
            path = session.desktop.rfb_socket
            if path is None:
                raise FileNotFoundError("This desktop has no RFB.")
            reader, self._writer = await asyncio.open_unix_connection(path)
        except (OSError, DesktopError) as error:
            _log.info("No live desktop: %s", error)
            self.close(1013, "The desktop is not running.")
            return
        self._pump = asyncio.get_running_loop().create_task(self._to_browser(reader))
        if person_has_control(session):
            self._share(True)

    async def on_message(self, message: str | bytes) -> None:
        if self._writer is None or isinstance(message, str):
            self.close(1003, "RFB is binary.")
            return
        try:
            self._writer.write(self._filter.feed(message))
            # Tornado reads the next message when this returns: that is the back-pressure.
            await self._writer.drain()
        except ProtocolBroken as error:
            self.close(1002, str(error))
        except ConnectionError:
            self.close(1011, "The desktop ended.")

    def on_close(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._pump is not None:
            self._pump.cancel()
        if self._writer is not None:
            self._release()
            self._writer.close()

    async def _to_browser(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(WebSocketClosedError, ConnectionError):
            while data := await reader.read(_CHUNK):
                await self.write_message(data, binary=True)
        self.close(1011, "The desktop ended.")

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ControlReturned | ControlTaken | Stopped):
            self._release()
            self._share(person_has_control(self.entry.session))
        elif isinstance(event, SessionClosed):
            self.close(1001, "The session was closed.")

    def _share(self, on: bool) -> None:
        """The desktop's clipboard is the browser's too while the person has the mouse."""
        desktop = self.entry.session.desktop
        if isinstance(desktop, SharesClipboard):
            self._sharing = asyncio.get_running_loop().create_task(_set_sharing(desktop, on))

    def _release(self) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(self._filter.release())


async def _set_sharing(desktop: SharesClipboard, on: bool) -> None:
    try:
        await desktop.share_clipboard(on)
    except SaysoError as error:
        _log.info("The clipboard is not shared: %s", error)
