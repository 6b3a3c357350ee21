"""How a session is talked to: tool or relay mode, when is spoken, what is kept of a voice.

Each switch is declared here, once, as settings are. Defaults come from ``SAYSO_VOICE_…``; a
switch that is set later is a ``SettingChanged`` in the session's log, so that a resumed session
has it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.errors import BadInput
from agent.record.events import Event, SettingChanged
from agent.setting_kinds import Choice, SettingKind, settings_of
from dashboard.voice.addressee_detection import Attention
from dashboard.voice.phrases import Language, languages, phrases

Mode = Literal["tool", "relay"]
Policy = Literal["announce-then-act", "act-while-speaking", "report-after"]

VOICE = "voice."
"""Before the switches' names, in the log and in what is kept."""


def _languages() -> tuple[Choice, ...]:
    return tuple(Choice(each, phrases(each)["name"]) for each in languages())


class VoiceSettings(BaseSettings):
    """The voice's switches."""

    model_config = SettingsConfigDict(
        env_prefix="SAYSO_VOICE_",
        env_file=".env",
        enable_decoding=False,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )

    narration: Annotated[
        Policy,
        SettingKind(
            "Narration",
            "voice",
            choices=(
                Choice(
                    "announce-then-act",
                    "Announce, then act",
                    "Acts once you have heard what it will do.",
                ),
                Choice(
                    "act-while-speaking",
                    "Act while speaking",
                    "Quickest; you hear it as it happens.",
                ),
                Choice(
                    "report-after",
                    "Report afterwards",
                    "Silent until it is done or has a question.",
                ),
            ),
            personal=True,
            live=True,
        ),
    ] = "act-while-speaking"
    """When the agent speaks about what it does."""

    mode: Annotated[
        Mode,
        SettingKind(
            "Mode",
            "voice",
            choices=(
                Choice("tool", "Conversation", "The voice answers small talk and passes work on."),
                Choice("relay", "Relay", "Every word goes straight to the agent."),
            ),
            personal=True,
            live=True,
        ),
    ] = "tool"
    """Who hears your words first."""

    attention: Annotated[
        Attention,
        SettingKind(
            "Attention",
            "voice",
            choices=(
                Choice(
                    "addressed",
                    "What is said to it",
                    "Passes over nods, and what is meant for others in the room.",
                ),
                Choice(
                    "named",
                    "What begins with its name",
                    "Begin with “computer” or “Sayso”. Stop, wait and answers need no name.",
                ),
                Choice(
                    "everything",
                    "Everything",
                    "Any voice interrupts it, and every word is for it.",
                ),
            ),
            personal=True,
            live=True,
        ),
    ] = "addressed"
    """To what of all that it hears the voice pays attention."""

    languages: Annotated[
        tuple[Language, ...],
        SettingKind(
            "Languages",
            "voice",
            choices=_languages,
            personal=True,
            live=True,
            usual="as heard",
        ),
    ] = ()
    """In which you say wait, go on, yes and no; none chosen: in each, as it is heard. Stop counts
    in all. The voice on this machine hears English."""

    keep_expressions: Annotated[
        bool, SettingKind("Keep expressions", "voice", personal=True, live=True)
    ] = False
    """Write the three strongest measures of how you sounded into the session's log."""

    tell_expressions: Annotated[
        bool, SettingKind("Tell the agent how you sounded", "voice", personal=True, live=True)
    ] = False
    """Adds them to what the agent reads; Hume's voice only."""

    @field_validator("languages", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """A list as the environment spells it: what stands between commas."""
        if not isinstance(value, str):
            return value
        return [word for part in value.split(",") if (word := part.strip().lower())]


SWITCHES = settings_of(VoiceSettings, VOICE)
"""Every switch by its name among the settings."""


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
        if isinstance(event, SettingChanged) and event.name.startswith(VOICE):
            with suppress(BadInput):  # stored by a version with other switches
                voice_settings = changed(
                    voice_settings, event.name.removeprefix(VOICE), event.value
                )
    return voice_settings
