"""What the faithful Messages server answers: replies, pace and faults, as data.

A reply's blocks are written once, in the shape of the computer toolset (`call` makes
them); the server puts them into whichever dialect the request declared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.errors import ConfigurationError
from agent.models.claude.dialects import TOOLSET_MEMBERS

FOREVER = 1e9
"""Seconds; for a `Reply.hang` that lasts until the client gives up."""


class Pace(BaseModel):
    """How fast an answer comes. ``first`` and ``event`` are seconds before the first and
    each further stream event; ``chunk`` is the length of a text delta in characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: float = Field(default=0.0, ge=0)
    event: float = Field(default=0.0, ge=0)
    chunk: int = Field(default=24, ge=1)


class Reply(BaseModel):
    """One answer, or one way of failing.

    ``status`` other than 200 answers with an error body (``error_type``, ``message``,
    ``error_code``) and ``headers``, such as ``retry-after``. ``hang`` seconds pass before
    the first byte. ``end`` says how the stream ends, after ``end_after`` events (None: as
    late as that end can come): ``complete``; ``cut`` (connection closed), ``error`` (error
    event), ``no_stop`` (ends well-formed but without ``message_stop``) or ``hang`` (silence
    until the client goes). With ``stop_reason="max_tokens"`` a last call's input is cut.
    ``raw``, where given, is sent in place of the stream's events (and of an error's body): pieces
    of bytes, as they are, with ``pace.event`` seconds before each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    blocks: tuple[dict[str, Any], ...] = ()
    stop_reason: str | None = None
    stop_details: dict[str, Any] | None = None
    output_tokens: int | None = None
    status: int = 200
    error_type: str | None = None
    error_code: str | None = None
    message: str = ""
    headers: dict[str, str] = {}
    hang: float = Field(default=0.0, ge=0)
    pace: Pace = Pace()
    end: Literal["complete", "cut", "error", "no_stop", "hang"] = "complete"
    end_after: int | None = Field(default=None, ge=0)
    raw: tuple[bytes, ...] = ()


class Incoming(BaseModel):
    """A request as it reached the server; credentials are left out of ``headers``."""

    model_config = ConfigDict(frozen=True)

    headers: dict[str, str]
    body: dict[str, Any]
    bytes: int
    number: int


Answerer = Callable[[Incoming], Reply]
"""Decides on a reply by looking at the request."""


def text(words: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": words}


def thinking(words: str = "") -> dict[str, Any]:
    """A thinking block; the server signs it and shows as much as the request asked for."""
    return {"type": "thinking", "thinking": words}


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """A tool call: a member of the computer toolset, or any other tool by its name."""
    block: dict[str, Any] = {"type": "tool_use", "name": name, "input": arguments}
    if name in TOOLSET_MEMBERS:
        block["toolset_name"] = "computer"
    return block


def browse(name: str, **arguments: Any) -> dict[str, Any]:
    """A call of a member of the browser toolset; ``ref="ref_3"`` is short for such a target."""
    if "ref" in arguments and name != "read_page":
        arguments["target"] = {"type": "ref", "ref": arguments.pop("ref")}
    return {"type": "tool_use", "name": name, "input": arguments, "toolset_name": "browser"}


def says(*blocks: dict[str, Any] | str, **options: Any) -> Reply:
    """A reply of these blocks; plain strings become text."""
    made = tuple(text(block) if isinstance(block, str) else block for block in blocks)
    return Reply(blocks=made, **options)


def fails(status: int, *, retry_after: float | None = None, **options: Any) -> Reply:
    """An error before the stream begins."""
    headers: Mapping[str, str] = options.pop("headers", {})
    waits = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
    return Reply(status=status, headers={**headers, **waits}, **options)


OVER = fails(
    500,
    message="The script of the test server is over.",
    headers={"x-should-retry": "false"},
)
"""What a server says when nothing is left to say."""


class Scripted:
    """Replies one after the other; then `OVER`, or from the start again with ``loop``."""

    def __init__(self, replies: Iterable[Reply], *, loop: bool = False) -> None:
        self._replies = tuple(replies)
        self._loop = loop
        self._next = 0

    def __call__(self, request: Incoming) -> Reply:
        if self._next >= len(self._replies):
            if not (self._loop and self._replies):
                return OVER
            self._next = 0
        self._next += 1
        return self._replies[self._next - 1]

    @property
    def left(self) -> int:
        """How many replies have not been given yet."""
        return len(self._replies) - self._next


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    replies: list[Reply]
    loop: bool = False


def load_script(path: Path) -> Scripted:
    """A script from a JSON file: ``{"replies": [Reply, …], "loop": false}``.

    Raises:
        ConfigurationError: the file is missing or is no script; the text says where.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        script = TypeAdapter(_File).validate_python(data)
    except OSError as error:
        raise ConfigurationError(f"The script {path} cannot be read: {error.strerror}.") from None
    except (ValidationError, ValueError) as error:
        raise ConfigurationError(f"The script {path} is not valid: {error}") from None
    return Scripted(script.replies, loop=script.loop)
