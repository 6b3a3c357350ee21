"""The voice widget: microphone, loudspeaker and the line to the voice service, in the browser.

Sound never passes through Python. The browser talks the EVI protocol to the address that a ticket
names, and tells Python what was said, what is being played and how much of it was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import param

from dashboard.js.component import Event, RelayComponent

Command = Literal["start", "close", "mute", "unmute", "flush", "sleep", "wake", "chime"]


class VoiceWidget(RelayComponent):
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

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(on_event, **{"sizing_mode": "stretch_width", **params})

    def send(self, message: Mapping[str, Any]) -> int:
        """Sends an EVI client message over the page's line; it waits for the line if that is down.

        Returns:
            The id under which the page acknowledges it (`local.ack`).
        """
        return self.post({"type": "evi", "message": dict(message)})

    def give_ticket(
        self,
        url: str,
        query: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
        provider: Literal["offline", "hume"] = "offline",
    ) -> int:
        """Answers `local.need_ticket`: where to connect, with which short-lived credentials.

        Args:
            url: The chat socket: absolute (`wss://…`) or a path on the page's own server.
            query: Query parameters: `access_token`, `config_id`, …
            settings: EVI session settings, told to each new chat as its first message.
            provider: Whose voice it is, for display.
        """
        ticket = {"url": url, "query": dict(query), "settings": dict(settings or {})}
        return self.post({"type": "ticket", "provider": provider, **ticket})

    def command(self, name: Command, **more: Any) -> int:
        """Presses one of the widget's own buttons; `chime` takes `kind` ("question" rises)."""
        return self.post({"type": "command", "name": name, **more})
