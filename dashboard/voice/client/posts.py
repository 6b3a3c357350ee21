"""What Python says to the voice widget, on the page or in a notebook; and the conductor's line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from dashboard.js.relay import Event, refusal

Command = Literal["start", "close", "mute", "unmute", "flush", "restore", "sleep", "wake", "chime"]


class VoicePosts:
    """The messages of the widget's protocol, for whatever can `post`."""

    post: Callable[[Event], int]

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

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        return self.post(refusal(code, message, advice))


class WidgetLine:
    """Passes the conductor's messages to the widget, which numbers and repeats them itself."""

    def __init__(self, widget: VoicePosts) -> None:
        self._widget = widget

    def post(self, message: dict[str, Any]) -> None:
        """Send one message of the widget's protocol."""
        kind = message.get("type")
        if kind == "evi":
            self._widget.send(message["message"])
        elif kind == "ticket":
            fields = ("url", "query", "settings", "provider")
            self._widget.give_ticket(**{name: message[name] for name in fields})
        elif kind == "ticket_refused":
            code = "unreachable" if message.get("passing") else "no_ticket"
            advice = "Fix that, then press Start again. Typing works meanwhile."
            self._widget.refuse_ticket(code, str(message["message"]), advice)
        elif kind == "command":
            self._command(message)

    def _command(self, message: dict[str, Any]) -> None:
        more = {key: message[key] for key in message.keys() - {"id", "type", "name", "sound"}}
        if "sound" in message:
            more["kind"] = message["sound"]
        self._widget.command(message["name"], **more)
