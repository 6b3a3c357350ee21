"""The line at the top: who has the mouse, what it costs, what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param

from dashboard import words
from dashboard.js.component import View
from dashboard.state import PageState

_HERE = Path(__file__).parent


class StatusBar(View):
    """Badge, meters and notices. Also sets the tab's title to what waits for the person."""

    session = param.String("", doc="Name of the session.")
    session_id = param.String("")
    person = param.String("", doc="The name that signed in.")
    gone = param.String("", doc="Where the page goes because its session has ended.")
    who = param.String("idle")
    detail = param.String("")
    pending = param.String("")
    tokens = param.Integer(0)
    dollars = param.Number(0.0)
    since = param.Number(0.0)
    allowed = param.Dict({})
    warning = param.String("")
    languages = param.Dict({}, doc="What the page can be read in: each language's code and name.")
    notices = param.List([], doc="Notices, and what to do about them: id, label, text.")

    _esm = _HERE / "statusbar.bundle.js"
    _stylesheets = [_HERE / "sessions" / "sessions.css", _HERE / "statusbar.css"]  # noqa: RUF012 - as Panel declares it

    @classmethod
    def of(
        cls, state: PageState, act: Callable[[dict[str, Any]], None], **params: Any
    ) -> StatusBar:
        """A bar that follows the page's state and sends what is pressed to ``act``.

        Messages: those of `dashboard.views.sessions.commands`, ``{"type": "replay", "id"}``, and
        ``{"type": "go", "view", "place"}``.
        """
        bar = cls(act, languages=words.languages(), **params)
        bar.mirror(state.status, "who", "detail", "pending")
        bar.mirror(state.limits, "tokens", "dollars", "since", "warning", "allowed")
        return bar
