"""The conversation pane: append-only, all text escaped by the browser itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.js.component import Act, Message, View
from dashboard.state import ConversationState
from dashboard.transcript import Operation

_HERE = Path(__file__).parent


class ConversationView(View):
    """Shows items as they come; sends back decisions and answers.

    The whole conversation is sent when the browser asks for it, so a view that reconnects
    (``again``) or comes late misses nothing. Each message carries the server's time, for what
    is counted down.
    """

    _esm = _HERE / "conversation.bundle.js"
    _stylesheets = [_HERE / "conversation.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, snapshot: Callable[[], list[Operation]], act: Act, **params: Any) -> None:
        super().__init__(act, **params)
        self._snapshot = snapshot
        self._ready = False

    def follow(self, state: ConversationState) -> None:
        """Send each frame's changes on."""
        state.param.watch(lambda change: self._forward(change.new), "operations", onlychanged=False)

    def _forward(self, operations: list[Operation]) -> None:
        if operations and self._ready:
            self.post({"operations": operations, "now": time.time()})

    def take(self, message: Message) -> None:
        """Sends everything when the browser is ready for it; the rest is the page's business."""
        if message["type"] == "ready":
            self._ready = True
            again = bool(message.get("again"))
            operations = self._snapshot()
            self.post({"reset": True, "again": again, "operations": operations, "now": time.time()})
        else:
            super().take(message)
