"""What of an utterance is written into the log."""

from __future__ import annotations

from typing import Any

from agent.record.events import OWN_VOICE, Heard, Understood
from dashboard.voice.client.readings import Reading
from dashboard.voice.intents import Meaning

_SHOWN = 3
_LOGGED: dict[Meaning, str] = {
    "scratch": "stop",
    "start_over": "redirect",
    "put_back": "aside",
    "undo_put_back": "aside",
    "allow": "approval",
    "deny": "approval",
    "unclear_approval": "approval",
    "answer": "approval",
}
"""Meanings that the log knows by a wider name."""


def heard(reading: Reading, event: dict[str, Any], *, keep: bool) -> Heard:
    """A final ``user_message`` of EVI; expression scores only if they may be kept."""
    time = event.get("time") or {}
    return Heard(
        utterance_id=reading.utterance,
        text=reading.text,
        source=reading.source,
        begin_ms=time.get("begin"),
        end_ms=time.get("end"),
        expressions=strongest(event) if keep else {},
    )


def understood(reading: Reading, detail: str = "") -> Understood:
    """The verdict on an utterance, with what is to be said of it."""
    meaning = reading.meaning
    if meaning == "noise":
        detail = OWN_VOICE if reading.echo else "not said to the agent"
    verdict = {"utterance_id": reading.utterance, "meaning": _LOGGED.get(meaning, meaning)}
    return Understood.model_validate({**verdict, "detail": detail})


def strongest(event: dict[str, Any]) -> dict[str, float]:
    """The strongest expression scores of an utterance, by name, the strongest first."""
    scores = ((event.get("models") or {}).get("prosody") or {}).get("scores") or {}
    names = sorted(scores, key=lambda name: -float(scores[name]))[:_SHOWN]
    return {name: float(scores[name]) for name in names}
