"""The voice widget: microphone, loudspeaker and the line to the voice service, in the browser.

Sound never passes through Python. The browser talks the EVI protocol to the address that a ticket
names, and tells Python what was said, what is being played and how much of it was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param

from dashboard.js.component import Event, RelayComponent
from dashboard.voice.client.posts import VoicePosts


class VoiceWidget(RelayComponent, VoicePosts):
    """The bar with Start, level, devices and state; the Python end of the voice.

    Args:
        on_event: Called on the server's loop with each event in order: EVI messages as they came
            (expression scores cut to the three strongest) and the widget's own `local.*` events.
    """

    push_to_talk = param.Boolean(False, doc="The microphone is open only while Space is held.")
    handover_after = param.Number(
        1680, bounds=(0, 1790), doc="Seconds after which a chat is handed over to a new one."
    )
    echo_cancellation = param.Boolean(True, doc="Remove our own sound from the microphone's.")
    noise_suppression = param.Boolean(True, doc="Let the browser lower steady noise.")
    auto_gain = param.Boolean(True, doc="Let the browser even out loudness.")

    _bundle = "widget.bundle.js"
    _stylesheets = [Path(__file__).parent / "js" / "bar.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(on_event, **{"sizing_mode": "stretch_width", **params})
