"""The voice widget: microphone, loudspeaker and the line to the voice service, in the browser.

Sound never passes through Python. The browser talks the EVI protocol to the address that a ticket
names, and tells Python what was said, what is being played and how much of it was heard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Literal

import param
from panel.custom import JSComponent

Event = dict[str, Any]
Command = Literal["start", "close", "mute", "unmute", "flush", "sleep", "wake", "chime"]

_FRESH = 20.0  # seconds after which a message that the page never took is no longer worth sending


class VoiceWidget(JSComponent):
    """The bar with Start, level, devices and state; the Python end of the voice.

    Args:
        on_event: Called on the server's loop with each event of the page in order: EVI messages as
            they came (expression scores cut to three) and `local.*` events; each has `n` (1, 2, …
            for this widget) and `t` (milliseconds since the page was loaded).
    """

    push_to_talk = param.Boolean(False, doc="The microphone is open only while Space is held.")
    handover_after = param.Number(
        1680, bounds=(1, 1790), doc="Seconds after which a chat is handed over to a new one."
    )
    echo_cancellation = param.Boolean(True, doc="Remove our own sound from the microphone's.")
    noise_suppression = param.Boolean(True, doc="Let the browser lower steady noise.")
    auto_gain = param.Boolean(True, doc="Let the browser even out loudness.")

    _bundle = "widget.bundle.js"

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        params.setdefault("sizing_mode", "stretch_width")
        super().__init__(**params)
        self.__on_event = on_event
        self.__ids = count(1)
        self.__pending: dict[int, tuple[float, dict[str, Any]]] = {}
        self.__last = 0

    def send(self, message: Mapping[str, Any]) -> int:
        """Sends an EVI client message over the page's line; it waits for the line if that is down.

        Returns:
            The id under which the page acknowledges it (`local.ack`).
        """
        return self.__post({"type": "evi", "message": dict(message)})

    def give_ticket(
        self,
        url: str,
        query: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
        provider: Literal["offline", "hume"] = "offline",
    ) -> int:
        """Answers `local.need_ticket`: where to connect, with which short-lived credentials.

        Args:
            url: The chat socket; absolute (`wss://…`) or a path on the page's own server.
            query: Query parameters: `access_token`, `config_id`, …
            settings: EVI session settings, told to each new chat as its first message.
            provider: Whose voice it is, for display.
        """
        ticket = {"url": url, "query": dict(query), "settings": dict(settings or {})}
        return self.__post({"type": "ticket", "provider": provider, **ticket})

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        error = {"code": code, "message": message, "advice": advice}
        return self.__post({"type": "ticket", "error": error})

    def command(self, name: Command, **more: Any) -> int:
        """Presses one of the widget's own buttons; `chime` takes `kind` ("question" rises)."""
        return self.__post({"type": "command", "name": name, **more})

    def __post(self, message: dict[str, Any]) -> int:
        number = next(self.__ids)
        message = {"id": number, **message}
        self.__pending[number] = (time.monotonic(), message)
        self._send_msg(message)
        return number

    def _handle_msg(self, data: Any) -> None:
        events = data.get("events") if isinstance(data, dict) else None
        for event in events if isinstance(events, list) else []:
            if isinstance(event, dict) and isinstance(event.get("type"), str):
                self.__take(event)

    def __take(self, event: Event) -> None:
        if event["type"] == "local.ack":
            self.__pending.pop(event.get("id", 0), None)
        if self.__fresh_page(event):
            self.__resend()
        if self.__on_event is not None:
            self.__on_event(event)

    def __fresh_page(self, event: Event) -> bool:
        """A page numbers from 1: a lower number than before means that it was rendered anew."""
        last, self.__last = self.__last, int(event.get("n", 0))
        return self.__last <= last or last == 0

    def __resend(self) -> None:
        """What was sent before the page could take it is sent again; the page knows what it has."""
        oldest = time.monotonic() - _FRESH
        self.__pending = {n: kept for n, kept in self.__pending.items() if kept[0] > oldest}
        for _, message in self.__pending.values():
            self._send_msg(message)
