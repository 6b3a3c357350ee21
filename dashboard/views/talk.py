"""The default view: desktop large, conversation beside it, one bar to act with."""

from __future__ import annotations

from pathlib import Path

import param
from panel.viewable import Child

from dashboard.js.component import View
from dashboard.state import PageState

_HERE = Path(__file__).parent


class TalkView(View):
    """The page's frame. Its buttons and text box are sent to ``act`` as small messages.

    Messages: ``{"type": "say", "text"}``, ``{"type": "stop", "source"}``, ``{"type": "hold"}``,
    ``{"type": "release"}``, ``{"type": "take"}`` and ``{"type": "give"}``.
    """

    desktop = Child()
    conversation = Child()
    files = Child()
    voice = Child()
    voice_settings = Child()
    who = param.String("idle")
    running = param.Boolean(False)
    held = param.Boolean(False, doc="Whether no further action begins until the person says so.")
    pending = param.String("")
    model = param.String("", doc="What decides, as a person calls it.")
    dictating = param.Boolean(False, doc="Whether what is said is typed as it is said.")
    trouble = param.String("", doc="Why nothing can be written down, and what to do.")
    desktop_state = param.String("starting")
    desktop_detail = param.String("")

    _esm = _HERE / "talk.bundle.js"
    _stylesheets = [_HERE / "talk.css"]  # noqa: RUF012 - as Panel declares it

    def follow(self, state: PageState) -> None:
        """Keep up with the page's state."""
        self.mirror(state.status, "who", "running", "held", "pending", "model", "dictating")
        self.mirror(state.desktop, desktop_state="state", desktop_detail="detail")
