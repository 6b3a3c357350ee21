"""The line at the top: who has the mouse, what it costs, what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.state import PageState

_HERE = Path(__file__).parent


class StatusBar(JSComponent):
    """Badge, meters and notices. Also sets the tab's title to what waits for the person."""

    session = param.String("", doc="Name of the session.")
    session_id = param.String("")
    sessions = param.List([], doc="The browser's sessions: id, name, state, running.")
    told = param.String("", doc="Why the last wish about a session was not carried out.")
    gone = param.Boolean(False, doc="The page's session was deleted.")
    who = param.String("idle")
    detail = param.String("")
    pending = param.String("")
    tokens = param.Integer(0)
    dollars = param.Number(0.0)
    since = param.Number(0.0)
    allowed = param.Dict({})
    warning = param.String("")
    notices = param.List([], doc="Things to know, with how to change them: id, label, text.")

    dark = param.Boolean(False, doc="The theme; the browser remembers the person's choice.")

    _esm = _HERE / "statusbar.js"
    _stylesheets = [_HERE / "statusbar.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, act: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._act = act

    @classmethod
    def of(
        cls, state: PageState, act: Callable[[dict[str, Any]], None], **params: Any
    ) -> StatusBar:
        """A bar that follows the page's state and sends what is pressed to ``act``.

        Messages: ``{"type": "list"}`` when the list of sessions is opened, ``{"type": "end" |
        "replay" | "delete", "id"}``, and ``{"type": "rename", "id", "title"}``.
        """
        bar = cls(act, allowed=state.limits.allowed, **params)
        state.status.param.watch(
            lambda *_: bar.param.update(
                who=state.status.who, detail=state.status.detail, pending=state.status.pending
            ),
            ["who", "detail", "pending"],
        )
        limits = ["tokens", "dollars", "since", "warning", "allowed"]
        state.limits.param.watch(
            lambda *_: bar.param.update(**{name: getattr(state.limits, name) for name in limits}),
            limits,
        )
        return bar

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict):
            self._act(data)
