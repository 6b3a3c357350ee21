"""A desktop in a notebook: the page's view, fed over Jupyter's own messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets

from agent.errors import DesktopError
from dashboard.desktop.channel import Channel
from dashboard.notebook.relay import HERE, Later, RelayWidget

if TYPE_CHECKING:
    from agent.desktop.base import Desktop

Message = dict[str, Any]


class DesktopWidget(RelayWidget):
    """Shows a desktop live, or in pictures where it has no RFB.

    Args:
        desktop: What to show.
        later: Has a function called on the desktop's loop.
        may_control: Whether the person's mouse and keys may pass; asked for each of them.
        on_release: The person pressed Shift+Escape.
    """

    _esm = HERE.parent / "desktop" / "view.bundle.js"

    socket_path = traitlets.Unicode("").tag(sync=True)
    control = traitlets.Bool(False).tag(sync=True)
    marks = traitlets.Dict().tag(sync=True)
    labels = traitlets.List().tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    frame = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self,
        desktop: Desktop,
        later: Later,
        may_control: Callable[[], bool],
        on_release: Callable[[], None] = lambda: None,
        **traits: Any,
    ) -> None:
        self._on_release = on_release
        self._channel = Channel(desktop, self._send_bytes, self._show, may_control)
        super().__init__(later, self._on_event, **traits)
        self.add_class("sayso-pane")

    def release(self) -> None:
        """Let go of every key and button that the person holds on the desktop."""
        self._channel.release()

    def stop(self) -> None:
        """Show nothing new. On the desktop's loop."""
        self._channel.stop()

    def _on_event(self, event: Message) -> None:
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
            self.post({"type": "ticket", "channel": number})

    def _take(self, content: Any, buffers: list[Any]) -> None:
        number = content.get("rfb") if isinstance(content, dict) else None
        if number is None:
            super()._take(content, buffers)
        else:
            self._channel.take(number, content, buffers)

    def _send_bytes(self, message: Message, data: bytes) -> None:
        self.send(message, [data] if data else None)

    def _show(self, picture: bytes) -> None:
        self.frame = picture
