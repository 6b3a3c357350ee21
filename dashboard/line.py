"""A page's voice widget as the conductor's line."""

from __future__ import annotations

from typing import Any

from dashboard.voice.posts import VoicePosts


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
            advice = "Mend that, then press Start again. Typing works meanwhile."
            self._widget.refuse_ticket(code, str(message["message"]), advice)
        elif kind == "command":
            self._command(message)

    def _command(self, message: dict[str, Any]) -> None:
        more = {key: message[key] for key in message.keys() - {"id", "type", "name", "sound"}}
        if "sound" in message:
            more["kind"] = message["sound"]
        self._widget.command(message["name"], **more)
