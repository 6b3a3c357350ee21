"""A live desktop in any Panel page: RFB within Panel's own messages, so without a route of ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from agent.errors import DesktopError
from dashboard.desktop.channel import Channel
from dashboard.desktop.view import DesktopView
from dashboard.js.component import Event

if TYPE_CHECKING:
    from agent.desktop.base import Desktop


class TunnelledView(DesktopView):
    """Shows a desktop live, or in pictures where it has no RFB.

    Args:
        desktop: What to show.
        later: Has a function called on the desktop's loop.
        may_control: Whether the person's mouse and keys may pass; asked for each of them.
        on_release: The person pressed Shift+Escape.
        within: Context in which the page may be changed from the desktop's loop.
    """

    def __init__(
        self,
        desktop: Desktop,
        later: Callable[..., None],
        may_control: Callable[[], bool],
        on_release: Callable[[], None],
        within: Callable[[], AbstractContextManager[Any]],
        **params: Any,
    ) -> None:
        self._later, self._within, self._on_release = later, within, on_release
        self._channel = Channel(desktop, self._send_bytes, self._show, may_control)
        super().__init__(self._take, **params)

    def release(self) -> None:
        """Let go of every key and button that the person holds on the desktop."""
        self._channel.release()

    def stop(self) -> None:
        """Show nothing new. On the desktop's loop."""
        self._channel.stop()

    def _heard(self, data: Any) -> None:
        if isinstance(data, dict) and "rfb" in data:
            self._later(self._bytes, data)
        else:
            self._later(super()._heard, data)

    def _bytes(self, data: dict[str, Any]) -> None:
        given = data.get("bytes")
        self._channel.take(data["rfb"], data, [given] if isinstance(given, bytes) else [])

    def _take(self, event: Event) -> None:
        if event["type"] == "local.need_ticket":
            self._give_channel()
        elif event["type"] == "local.release":
            self._on_release()

    def _give_channel(self) -> None:
        """The browser wants a picture: a channel of its own, or the pictures that there are."""
        try:
            number = self._channel.open()
        except DesktopError:
            self.refuse_ticket("no_desktop", "The desktop is not running.", "")
            return
        if number is not None:
            self.post({"type": "ticket", "channel": number, "inline": True})

    def _send_bytes(self, message: dict[str, Any], data: bytes) -> None:
        with self._within():
            self._send_msg({**message, "bytes": data} if data else message)  # type: ignore[no-untyped-call]

    def _show(self, picture: bytes) -> None:
        with self._within():
            self.frame = picture
