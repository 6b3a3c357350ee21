"""What the widgets of a notebook share: the page's own messages, carried by Jupyter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from dashboard.js.relay import Event, Relay, refusal

HERE = Path(__file__).parent
Later = Callable[..., None]
"""Has a function called on the loop of what is shown. Jupyter may bring a message on any
thread: the main one, which a blocking cell keeps busy, or one of its own for widgets."""

THEME = """
.sayso {
  --mui-palette-text-primary: var(--jp-content-font-color1, #1d2430);
  --mui-palette-text-secondary: var(--jp-content-font-color2, #566070);
  --mui-palette-background-paper: var(--jp-layout-color1, #fff);
  --mui-palette-divider: var(--jp-border-color2, rgba(0, 0, 0, .16));
  --mui-font-family: var(--jp-ui-font-family, system-ui, sans-serif);
}
body[data-jp-theme-light="false"] .sayso {
  --mui-palette-primary-main: #8fbdec; --mui-palette-primary-contrastText: #0d2238;
  --mui-palette-secondary-main: #c8b0f5; --mui-palette-success-main: #85d3a0;
  --mui-palette-warning-main: #efbd6d; --mui-palette-error-main: #ff9d94;
  --mui-palette-error-contrastText: #3b0a06;
}
.sayso-pane > * { height: 100%; width: 100%; box-sizing: border-box; overflow: hidden; }
"""
"""Jupyter's colours under the names that the page's views use."""


class NotebookWidget(anywidget.AnyWidget):
    """A widget whose messages are taken on the loop of what it shows."""

    _css = THEME

    def __init__(self, later: Later, take: Callable[[Any, list[Any]], None], **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("sayso")
        self.on_msg(lambda _, content, buffers: later(take, content, buffers))
        # ipykernel leads what a browser says to the shell that spoke last. That one may be busy
        # with a cell that blocks; the browser's own choice never is.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda data, chosen: chosen  # noqa: SLF001


class RelayWidget(NotebookWidget):
    """A widget with the page's numbered, acknowledged messages.

    Args:
        later: Has a function called on the right loop.
        on_event: Called there with each event of the browser, in order.
    """

    def __init__(self, later: Later, on_event: Callable[[Event], None], **traits: Any) -> None:
        self._relay = Relay(self.send, on_event)
        super().__init__(later, self._take, **traits)

    def post(self, message: Event) -> int:
        """Sends a message to the browser; returns the id under which it is acknowledged."""
        return self._relay.post(message)

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        return self.post(refusal(code, message, advice))

    def _take(self, content: Any, buffers: list[Any]) -> None:
        self._relay.receive(content)
