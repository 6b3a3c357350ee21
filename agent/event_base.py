"""What all events share: words, pictures, costs, and the fields of every record."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Source = Literal["voice", "typed", "terminal", "api", "button"]
"""Where an instruction came from."""

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
    dollars: float = 0.0


class BaseEvent(BaseModel):
    """Fields that every event has; ``seq`` and ``at`` are set by the log on append."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int = -1
    at: float = 0.0
