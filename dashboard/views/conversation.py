"""The conversation pane: append-only, all text escaped by the browser itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from panel.custom import JSComponent

from dashboard.state import ConversationState
from dashboard.views.transcript import Operation

_HERE = Path(__file__).parent


class ConversationView(JSComponent):
    """Shows items as they come; sends back decisions and answers.

    The whole conversation is sent when the browser asks for it, so a view that reconnects
    or comes late misses nothing.
    """

    _esm = _HERE / "conversation.js"
    _stylesheets = [_HERE / "conversation.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(
        self,
        snapshot: Callable[[], list[Operation]],
        act: Callable[[dict[str, Any]], None],
        **p: Any,
    ) -> None:
        super().__init__(**p)
        self._snapshot = snapshot
        self._act = act
        self._ready = False

    def follow(self, state: ConversationState) -> None:
        """Send each frame's changes on."""
        state.param.watch(lambda change: self._forward(change.new), "operations", onlychanged=False)

    def _forward(self, operations: list[Operation]) -> None:
        if operations and self._ready:
            self._send_msg({"operations": operations})

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, dict):
            return
        if data.get("type") == "ready":
            self._ready = True
            self._send_msg({"reset": True, "operations": self._snapshot()})
        else:
            self._act(data)
