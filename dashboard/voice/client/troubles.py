"""EVI's error messages in words, each with a way out."""

from __future__ import annotations

from typing import Any

from agent.record.events import Failed

_ADVICE = {
    "E0300": (
        "The voice service's allowance is used up.",
        "Add credits at Hume, or unset HUME_API_KEY to use the offline voice. Typing works.",
    ),
    "E0708": (
        "The earlier voice conversation is no longer there.",
        "A new one begins by itself; the agent remembers.",
    ),
    "E0710": (
        "The earlier conversation could not be taken up again.",
        "A new one begins by itself; the agent remembers.",
    ),
    "I0116": (
        "The sound from the microphone could not be decoded.",
        "Choose another microphone in the voice settings, or type.",
    ),
    "I0100": (
        "Hearing and speaking broke off.",
        "They start again by themselves; type meanwhile.",
    ),
    "I0101": (
        "Another engine hears or speaks than was chosen.",
        "You may be understood less well. Once the reason is gone, start the server again.",
    ),
}


def hears_english() -> Failed:
    """The event that says what the recognisers of this machine do not hear."""
    return Failed(
        where="voice",
        error="The voice on this machine hears English only, unless a recogniser was added to it.",
        advice="Speak English, type in any language, or choose Hume's voice.",
    )


def trouble(message: dict[str, Any]) -> Failed:
    """The event that shows an ``error`` message of EVI."""
    words, advice = _ADVICE.get(
        str(message.get("code")), ("The voice service reports an error.", "Typing works meanwhile.")
    )
    detail = f"{message.get('slug')}: {message.get('message')}"
    return Failed(where="voice", error=f"{words} ({detail})", advice=advice)
