"""EVI's messages: what a client may send, checked; what the server sends, complete.

Field names and rules follow the published types of Hume's SDKs. Hume's Python SDK refuses a
server message that lacks a required field, so every one is built here.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.sanitize import NotJson, read_json

Message = dict[str, Any]


class ClientError(ValueError):
    """A client's message cannot be taken; it is answered by an ``error`` message."""

    def __init__(self, code: str, slug: str, text: str) -> None:
        super().__init__(text)
        self.code, self.slug = code, slug


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    custom_session_id: str | None = None


class Audio(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    encoding: Literal["linear16"] = "linear16"
    sample_rate: int
    channels: int
    codec: str | None = None


class Context(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str
    type: Literal["temporary", "persistent"] = "temporary"


class Tool(BaseModel):
    """A function that the client offers; ``parameters`` is a JSON schema as a string."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str = "function"
    name: str
    parameters: str
    description: str | None = None
    fallback_content: str | None = None


class AudioInput(_Model):
    type: Literal["audio_input"]
    data: str


class SessionSettings(_Model):
    type: Literal["session_settings"] = "session_settings"
    system_prompt: str | None = None
    context: Context | None = None
    variables: dict[str, str | float | bool] | None = None
    audio: Audio | None = None
    voice_id: str | None = None
    tools: list[Tool] | None = None
    builtin_tools: list[dict[str, Any]] | None = None
    language_model_api_key: str | None = None
    metadata: dict[str, Any] | None = None


class UserInput(_Model):
    type: Literal["user_input"]
    text: str


class AssistantInput(_Model):
    type: Literal["assistant_input"]
    text: str


class ToolResponse(_Model):
    type: Literal["tool_response"]
    tool_call_id: str
    content: str
    tool_name: str | None = None


class ToolError(_Model):
    type: Literal["tool_error"]
    tool_call_id: str
    error: str
    content: str | None = None
    code: str | None = None
    level: str | None = None


class Pause(_Model):
    type: Literal["pause_assistant_message"]


class Resume(_Model):
    type: Literal["resume_assistant_message"]


ClientMessage = (
    AudioInput
    | SessionSettings
    | UserInput
    | AssistantInput
    | ToolResponse
    | ToolError
    | Pause
    | Resume
)
_ADAPTER: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


def parse(text: str | bytes) -> ClientMessage:
    """A client's message.

    Raises:
        ClientError: E0100 (not JSON) or E0101 (wrong structure).
    """
    try:
        data = read_json(text)
    except NotJson as error:
        raise ClientError("E0100", "invalid_json", f"The message is not JSON. {error}") from error
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise ClientError("E0101", "invalid_request", text) from error


def chat_metadata(chat_id: str, group_id: str, request_id: str) -> Message:
    """The first message of a chat; only after it is the chat ready."""
    return {
        "type": "chat_metadata",
        "chat_id": chat_id,
        "chat_group_id": group_id,
        "request_id": request_id,
    }


def user_message(
    text: str,
    *,
    interim: bool,
    begin: int,
    end: int,
    from_text: bool,
    raw: str = "",
    alternatives: tuple[str, ...] = (),
) -> Message:
    """What the person said.

    Two fields beyond Hume's: ``raw_transcript``, what was recognised if it was corrected,
    and ``alternatives``, other readings of the same sound.
    """
    message: Message = {
        "type": "user_message",
        "message": {"role": "user", "content": text},
        "models": {},
        "time": {"begin": begin, "end": end},
        "from_text": from_text,
        "interim": interim,
        "language": "en",
    }
    if raw and raw != text:
        message["raw_transcript"] = raw
    if alternatives and not interim:
        message["alternatives"] = list(alternatives)
    return message


def assistant_message(line: str, text: str, *, from_text: bool) -> Message:
    """Words of one line, sent before its sound."""
    return {
        "type": "assistant_message",
        "id": line,
        "message": {"role": "assistant", "content": text},
        "models": {},
        "from_text": from_text,
        "is_quick_response": False,
        "language": "en",
    }


def audio_output(line: str, index: int, data: str) -> Message:
    """Piece ``index`` of a line's sound: a complete WAV in base64."""
    return {"type": "audio_output", "id": line, "index": index, "data": data}


def assistant_prosody(line: str) -> Message:
    """No scores: nothing here measures expression, and none are invented."""
    return {"type": "assistant_prosody", "id": line, "models": {}}


def assistant_end() -> Message:
    """Everything of this turn was sent; its sound may play on."""
    return {"type": "assistant_end"}


def user_interruption(unix_ms: int) -> Message:
    """The person spoke over the assistant: stop playing."""
    return {"type": "user_interruption", "time": unix_ms}


def tool_call(call_id: str, name: str, arguments: Message) -> Message:
    """The client is to run ``name`` and to answer under ``call_id``."""
    return {
        "type": "tool_call",
        "tool_call_id": call_id,
        "name": name,
        "parameters": json.dumps(arguments),
        "response_required": True,
        "tool_type": "function",
    }


def error(code: str, slug: str, text: str) -> Message:
    """Something failed; the chat may go on."""
    return {"type": "error", "code": code, "slug": slug, "message": text}
