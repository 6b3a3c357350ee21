"""What a page without a route of ours shows of a desktop: RFB in its messages, or pictures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from agent.errors import DesktopError
from dashboard.desktop.frames import Frames
from dashboard.desktop.tunnel import Post, Tunnel

if TYPE_CHECKING:
    from agent.desktop.base import Desktop


def has_rfb(desktop: Desktop) -> bool:
    """Whether a desktop runs and can be shown live."""
    try:
        return desktop.rfb_socket is not None
    except DesktopError:
        return False


class Channel:
    """One page's look at a desktop; on the desktop's loop.

    Args:
        desktop: What to show.
        post: Sends a message, with bytes, to the browser.
        show: Takes a picture where the desktop has no RFB.
        may_control: Whether the person's mouse and keys may pass; asked for each of them.
    """

    def __init__(
        self,
        desktop: Desktop,
        post: Post,
        show: Callable[[bytes], None],
        may_control: Callable[[], bool],
    ) -> None:
        self._desktop, self._post, self._may_control = desktop, post, may_control
        self._numbers = count(1)
        self._tunnel: Tunnel | None = None
        self._frames = Frames(desktop, show)

    def open(self) -> int | None:
        """The number of a new tunnel; None where pictures come instead.

        Raises:
            DesktopError: the desktop is not running.
        """
        self.stop()
        path = self._desktop.rfb_socket
        if path is None:
            self._frames.run(True)
            return None
        number = next(self._numbers)
        self._tunnel = Tunnel(number, path, self._post, self._may_control)
        return number

    def take(self, number: int, message: dict[str, Any], buffers: list[Any]) -> None:
        """A message of the browser about a tunnel; about an older one it means nothing."""
        if self._tunnel is not None and number == self._tunnel.number:
            self._tunnel.take(message, buffers)

    def release(self) -> None:
        """Let go of every key and button that the person holds on the desktop."""
        if self._tunnel is not None:
            self._tunnel.release()

    def stop(self) -> None:
        """Show nothing new."""
        self._frames.run(False)
        if self._tunnel is not None:
            self._tunnel.close()
            self._tunnel = None
