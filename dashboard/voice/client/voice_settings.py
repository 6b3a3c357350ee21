"""How a session is talked to: tool or relay mode, when is spoken, what is kept of a voice.

Defaults come from ``SAYSO_VOICE_…``; a switch that is set later is a ``SettingChanged`` in the
session's log, so that a resumed session has it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.errors import BadInput
from agent.record.events import Event, SettingChanged

Mode = Literal["tool", "relay"]
Policy = Literal["announce-then-act", "act-while-speaking", "report-after"]


class VoiceSettings(BaseSettings):
    """The voice's switches."""

    model_config = SettingsConfigDict(
        env_prefix="SAYSO_VOICE_", env_file=".env", extra="ignore", frozen=True
    )

    mode: Mode = "tool"
    """``tool``: EVI's model passes work on; ``relay``: it is paused, words go to the agent."""
    narration: Policy = "act-while-speaking"
    """Whether an action waits for the line that announces it, or nothing is said before the end."""
    keep_expressions: bool = False
    """Whether the three strongest expression scores of an utterance are written down."""
    tell_expressions: bool = False
    """Whether the agent's prompt says how the person sounded; implies keeping it."""


def changed(voice_settings: VoiceSettings, name: str, value: Any) -> VoiceSettings:
    """``voice_settings`` with one switch set.

    Raises:
        BadInput: there is no such switch, or no such position.
    """
    if name not in VoiceSettings.model_fields:
        raise BadInput(f"There is no switch “{name}”: {', '.join(VoiceSettings.model_fields)}.")
    try:
        return VoiceSettings.model_validate({**voice_settings.model_dump(), name: value})
    except ValidationError as error:
        raise BadInput(f"{name} cannot be {value!r}: {error.errors()[0]['msg']}.") from error


def voice_settings_of(
    events: Iterable[Event], default: VoiceSettings | None = None
) -> VoiceSettings:
    """The switches after all of ``events``; settings that are not the voice's are passed over."""
    voice_settings = default or VoiceSettings()
    for event in events:
        if isinstance(event, SettingChanged) and event.name.startswith("voice."):
            with suppress(BadInput):  # stored by a version with other switches
                voice_settings = changed(
                    voice_settings, event.name.removeprefix("voice."), event.value
                )
    return voice_settings
