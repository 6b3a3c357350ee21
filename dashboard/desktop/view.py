"""The live desktop in the page: noVNC over the page's own authenticated socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import param

from dashboard.js.component import Event, RelayComponent


class DesktopView(RelayComponent):
    """Shows a desktop live, with marks for what the agent does; hands over mouse and keyboard.

    The page's lock (`control`) is for comfort; the socket behind `socket_path` must enforce it.

    Args:
        on_event: Called on the server's loop with `local.state` (connecting | live | frames),
            `local.need_ticket`, `local.clipboard` ({text} copied on the desktop), `local.release`
            (the person pressed Shift+Escape), `local.size` ({width, height}), `local.log`.
    """

    socket_path = param.String("desktop/rfb", doc="The RFB socket, as seen from the page.")
    control = param.Boolean(False, doc="The person has mouse and keyboard; else it is view-only.")
    paused = param.Boolean(False, doc="Nobody looks: the socket is closed, the last picture kept.")
    marks = param.Dict(
        {},
        doc="What the agent does now, in desktop pixels: {kind, x, y, to: [x, y],"
        " box: [x, y, w, h], label}, all optional but one of x/y and box.",
    )
    labels = param.List(
        [],
        doc="Numbers over the screen until they are taken away, in desktop pixels: {text,"
        " box: [x, y, w, h], square: whether it is outlined, as one of a grid}.",
    )
    caption = param.String("", doc="What is being said, shown over the lower edge.")
    frame = param.Bytes(b"", doc="A picture to show while there is no live one.")

    _bundle = "view.bundle.js"
    _stylesheets = [Path(__file__).parent / "js" / "desktop.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(on_event, **{"sizing_mode": "stretch_both", **params})

    def give_ticket(self, query: Mapping[str, str]) -> int:
        """Answers `local.need_ticket` with the query parameters that open the socket."""
        return self.post({"type": "ticket", "query": dict(query)})

    def reconnect(self) -> int:
        """Opens the socket again: the desktop behind it was restarted."""
        return self.post({"type": "reconnect"})
