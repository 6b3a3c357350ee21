"""The default view: desktop large, conversation beside it, one bar to act with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent
from panel.viewable import Child

from dashboard.state import PageState

_HERE = Path(__file__).parent


class TalkView(JSComponent):
    """The page's frame. Its buttons and text box are sent to ``act`` as small messages.

    Messages: ``{"type": "say", "text"}``, ``{"type": "stop", "source"}``, ``{"type":
    "take"}`` and ``{"type": "give"}``.
    """

    desktop = Child()
    conversation = Child()
    voice = Child()
    manner = Child()
    who = param.String("idle")
    running = param.Boolean(False)
    pending = param.String("")
    desktop_state = param.String("starting")
    desktop_detail = param.String("")

    _esm = _HERE / "talk.bundle.js"
    _stylesheets = [_HERE / "talk.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, act: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._act = act

    def follow(self, state: PageState) -> None:
        """Keep up with the page's state."""
        names = ["who", "running", "pending"]
        state.status.param.watch(
            lambda *_: self.param.update(**{name: getattr(state.status, name) for name in names}),
            names,
        )
        state.desktop.param.watch(
            lambda *_: self.param.update(
                desktop_state=state.desktop.state, desktop_detail=state.desktop.detail
            ),
            ["state", "detail"],
        )

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._act(data)
