"""What all events share: words, pictures, costs, and the fields of every record."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from agent.sanitize import valid_text, valid_value

Source = Literal["voice", "typed", "terminal", "api", "button", "mcp"]
"""Where an instruction came from."""

WARMED = "warmed"
"""`TurnFinished.stop_reason` of a request that only filled the service's cache."""

Outcome = Literal["done", "ended", "stopped", "failed", "limit", "refused"]
"""How a task ended. ``done``: by itself, and its last action was carried out well (or there was
none). ``ended``: by itself as well, but its last action failed or was not allowed, or the model
saw that it had not done what was asked. ``failed``: it could not be worked on."""


class Image(BaseModel):
    """A picture that lies in the journal's image store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    width: int
    height: int


class Attachment(BaseModel):
    """A file that came with the person's words, and how much of it the model is given.

    What the model reads lies beside the pictures, under ``sha256``; a ``file`` is one whose
    content it is not given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    path: str
    """Where programs on the desktop find the whole file."""

    size: int
    """Bytes of the file as it came."""

    kind: Literal["picture", "pdf", "text", "file"] = "file"
    sha256: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    note: str = ""
    """What the model is not given of it, and why, in a sentence; empty when it has all."""


class Usage(BaseModel):
    """Tokens of one turn, as the Messages API counts them, and their price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    hour_input_tokens: int = 0
    """Of those that were put into the cache, the ones that stay there for an hour."""

    fast: bool = False
    """Whether the answer came in fast mode."""

    dollars: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Both together; fast if either was."""
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in Usage.model_fields
            if name != "fast"
        }
        return Usage(**sums, fast=self.fast or other.fast)

    @property
    def fresh(self) -> int:
        """Tokens that were read or written; what the cache gave back is not counted."""
        return self.input_tokens + self.output_tokens + self.cache_creation_input_tokens


class BaseEvent(BaseModel):
    """Fields that every event has; ``seq`` and ``at`` are set by the log on append.

    Whatever an event is given, it can be written down and read again: see `agent.sanitize`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seq: int = -1
    at: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _writable(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: _valid(value) for name, value in given.items()}


def _valid(value: Any) -> Any:
    match value:
        case str():
            return valid_text(value)
        case dict():
            return valid_value(value)
        case list() if not any(isinstance(item, BaseModel) for item in value):
            return valid_value(value)
        case tuple() if any(isinstance(item, str) for item in value):
            return tuple(valid_text(item) if isinstance(item, str) else item for item in value)
        case _:
            return value
