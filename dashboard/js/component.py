"""What the page's browser components share on Python's side: numbered, acknowledged messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from panel.custom import JSComponent

from dashboard.js.relay import Event, Relay, refusal

__all__ = ["Event", "RelayComponent"]


class RelayComponent(JSComponent):
    """A component of the page that talks through a `Relay`.

    Args:
        on_event: Called on the server's loop with each event of the page, in order.
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._relay = Relay(self._send_msg, on_event)

    def post(self, message: Event) -> int:
        """Sends a message to the page; returns the id under which the page acknowledges it."""
        return self._relay.post(message)

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        return self.post(refusal(code, message, advice))

    def _handle_msg(self, data: Any) -> None:
        self._relay.receive(data)
