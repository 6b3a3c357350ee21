"""The session settings that are in force in one chat."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, get_args

from dashboard.voice.addressee_detection import Attention
from dashboard.voice.server.messages import Context, Message, SessionSettings, Tool
from dashboard.voice.speech.vocabulary import cleaned

_ATTENTIONS: Final = frozenset(get_args(Attention))


class Applied:
    """``session_settings`` messages, each laid over those before."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self.context: Context | None = None
        self.variables: dict[str, str | float | bool] = {}
        self.voice_id: str | None = None
        self.vocabulary: tuple[str, ...] = ()
        self.custom_session_id: str | None = None
        self.attention: Attention | None = None
        """Unless the client says, ``addressed`` is meant, and only what says itself that it is for
        somebody else goes without an answer."""
        self.answers = True
        """Whether free questions can be answered."""

    def apply(self, message: SessionSettings) -> Message:
        """Take ``message``; its echo, which never repeats a key."""
        given = message.model_fields_set
        if "context" in given:
            self.context = message.context
        if message.tools is not None:
            self.tools = {tool.name: tool for tool in message.tools}
        self.variables |= message.variables or {}
        self.voice_id = message.voice_id or self.voice_id
        self.custom_session_id = message.custom_session_id or self.custom_session_id
        self._learn(message)
        return message.model_dump(exclude_unset=True, exclude={"language_model_api_key"}) | {
            "type": "session_settings"
        }

    def used_context(self) -> None:
        """A turn has been answered: a temporary context is spent."""
        if self.context is not None and self.context.type == "temporary":
            self.context = None

    def _learn(self, message: SessionSettings) -> None:
        """``metadata.vocabulary`` (list) or the variable ``vocabulary`` (one per line or ;).

        Also ``metadata.attention`` (`Attention`) and ``metadata.answers`` (whether free questions
        can be answered).
        """
        metadata = message.metadata or {}
        wanted = metadata.get("attention")
        if isinstance(wanted, str) and wanted in _ATTENTIONS:
            self.attention = wanted
        self.answers = bool(metadata.get("answers", self.answers))
        given = metadata.get("vocabulary")
        spelled = (message.variables or {}).get("vocabulary")
        if isinstance(given, list):
            self.vocabulary = cleaned(given)
        elif isinstance(spelled, str):
            self.vocabulary = cleaned(re.split(r"[;\n]", spelled))


def from_query(query: dict[str, list[str]]) -> SessionSettings | None:
    """``session_settings[audio][rate]=…`` of the chat's address; None if there is none.

    Raises:
        ValueError: a value of the wrong kind, or a name that stands for two kinds.
    """
    nested: dict[str, Any] = {}
    for key, values in query.items():
        path = re.findall(r"\[([^\]]*)\]", key)
        if not key.startswith("session_settings[") or not path:
            continue
        place = nested
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ValueError(f"{key[:100]}: {part[:100]} has a value of its own")
        place[path[-1]] = values[-1]
    if not nested:
        return None
    nested.pop("event_limit", None)
    return SessionSettings.model_validate(nested)
