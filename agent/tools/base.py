"""What a tool is: a specification for the model, and a coroutine that acts."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from agent.desktop.base import EncodedImage
from agent.errors import SaysoError, ToolError
from agent.models.base import Block, ToolSpec
from agent.sanitize import valid_text, valid_value

_log = logging.getLogger(__name__)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A request of the model for one action, as it came: a tool refuses what it cannot take."""

    id: str
    name: str
    input: dict[str, Any]
    toolset: str | None = None

    @classmethod
    def from_block(cls, block: Block) -> ToolCall:
        return cls(block["id"], block["name"], dict(block["input"]), block.get("toolset_name"))

    @property
    def hash(self) -> str:
        """What an approval is bound to: name and input, canonically written."""
        given = valid_value([self.name, self.input])
        text = json.dumps(given, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to happen, in terms that approval rules speak of.

    ``target`` has any of ``wm_class title role name`` (what a click would touch or keys
    would reach), ``text`` (typed), ``key``, ``command`` (shell), ``path`` (editor), and of a
    drag's end ``onto`` (window class), ``onto_title``, ``onto_name``. A window that cannot
    be told has no ``wm_class``.
    """

    tool: str
    action: str
    target: dict[str, str] = field(default_factory=dict)
    harmless: bool = False
    window: str = ""
    """Which window that is: compared, not shown, since several may have one title."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A PDF as it is, for a model that reads them; ``text`` stands before it."""

    path: str
    pdf: bytes
    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """An observation: words, made valid here, and a picture if there is one."""

    text: str = ""
    image: EncodedImage | None = None
    is_error: bool = False
    exit_code: int | None = None
    """Of a command that ended by itself."""

    shown: str | None = None
    """What people read instead, where ``text`` tells the model what to do."""

    broke: bool = False
    """Whether the tool itself is at fault, and not what it was given."""

    whole: Whole | None = None
    """What a model that reads PDFs is given in place of ``text`` and ``image``."""

    state: dict[str, Any] | None = None
    """A block of its own that the service wants beside the words: how a browser's tabs stand."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", valid_text(self.text).replace("\0", "␀"))
        if self.shown is not None:
            object.__setattr__(self, "shown", valid_text(self.shown).replace("\0", "␀"))

    @classmethod
    def of(cls, error: SaysoError) -> Self:
        """The observation of an action that failed."""
        return cls(str(error), is_error=True, shown=getattr(error, "shown", None))


class Tool(Protocol):
    """One tool. ``run`` never raises but for cancellation: failures are error results."""

    @property
    def spec(self) -> ToolSpec: ...

    async def intent(self, call: ToolCall) -> Intent: ...

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """Act. ``output`` takes pieces of text as they come."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Prepares(Protocol):
    """A tool that needs something of its desktop before it is used for the first time."""

    def prepare(self) -> None:
        """See to that, as soon as it is known that the tool is wanted. Never raises."""
        ...


@runtime_checkable
class Connects(Protocol):
    """A tool that learns what it can do from somebody else, when the session opens."""

    async def connect(self) -> str:
        """Learn it, within a time; returns why that is not possible, or nothing. Never raises."""
        ...


def prepare(tools: Iterable[Tool], wanted: Collection[str]) -> None:
    """Have the tools prepared whose specifications have these names."""
    for tool in tools:
        if isinstance(tool, Prepares) and tool.spec.name in wanted:
            tool.prepare()


@runtime_checkable
class Stoppable(Protocol):
    """A tool that leaves something running between actions."""

    def stop(self) -> None:
        """Begin to end that, and return at once. Never raises."""
        ...


async def intent_of(tool: Tool, call: ToolCall) -> Intent:
    """What a call is about to do, whatever the tool does.

    Raises:
        ToolError: the call is refused, or the tool is broken; the text tells the model.
    """
    try:
        return _of_kind(Intent, await tool.intent(call))
    except SaysoError:
        raise
    except Exception as error:
        _log.exception("%s failed before it acted", call.name)
        raise ToolError(f"{call.name} failed inside the tool: {error!r}.") from error


async def result_of(tool: Tool, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
    """What a call led to: an error result for the model where the tool is broken.

    Raises:
        SaysoError: the desktop is gone, or nothing can be written down.
    """
    try:
        return _of_kind(ToolResult, await tool.run(call, output))
    except ToolError as error:
        return ToolResult.of(error)
    except SaysoError:
        raise
    except Exception as error:  # noqa: BLE001 - the border: a tool's fault must not end the run
        _log.exception("%s failed", call.name)
        told = f"{call.name} failed inside the tool: {error!r}."
        return ToolResult(told, is_error=True, broke=True)


def _of_kind(kind: type[K], found: object) -> K:
    if not isinstance(found, kind):
        raise TypeError(f"a {kind.__name__} was due, not {found!r:.80}")
    return found
