"""The seam between the loop and whatever thinks: Claude, voice commands, a cassette.

A model is asked for one turn at a time and answers with a stream of parts in the shape
of the Messages API. It never acts, never touches the log and keeps no state that the
messages do not hold.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from agent.record.events import ScreenLabel, Usage

Block = dict[str, Any]
"""A content block as the Messages API has it."""

Message = dict[str, Any]
"""``{"role": "user" | "assistant", "content": [Block, …]}``; ``system`` too, for a model that
takes system messages (`takes_system_messages`)."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model's adapter declares it, in whichever dialect it speaks.

    ``hosted`` is the first-party type (``computer_toolset_20260801`` …) where there is one;
    ``members`` maps each callable name to its JSON schema for plain dialects.
    """

    name: str
    description: str
    members: dict[str, dict[str, Any]]
    hosted: str | None = None
    toolset: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens that were not in the cache, read and written.

    ``total``: for the whole session; ``left``: of these, when this conversation began.
    """

    total: int
    left: int


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """All that one turn depends on."""

    system: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    display: tuple[int, int]
    max_tokens: int = 16_000
    effort: str | None = None
    first_effort: str | None = None
    """What the conversation's first turn asked for (empty: nothing); None in that turn itself.
    Some models keep it for good."""

    pauses: bool = False
    """Whether minutes may pass until the next request, because a person talks in between."""

    fast: bool = False
    """Whether a quicker and dearer answer is wanted, where the model has one."""

    fallbacks: bool = False
    """Whether another model may answer what this one declines, where the service has one."""

    budget: Budget | None = None
    """Tokens that the work may take; None: the model is told of no bound."""


@dataclass(frozen=True, slots=True)
class Text:
    """More of the answer's text, thinking or progress line."""

    text: str
    role: Literal["text", "thinking", "progress"] = "text"


@dataclass(frozen=True, slots=True)
class BlockDone:
    """A finished block; a ``tool_use`` may be acted upon at once."""

    index: int
    block: Block


@dataclass(frozen=True, slots=True)
class Waiting:
    """The service wants a pause before the request is tried again."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """Numbers that are to be drawn over the screen for the person to speak of; none: no more."""

    labels: tuple[ScreenLabel, ...]
    grid: bool = False


@dataclass(frozen=True, slots=True)
class Dictating:
    """What the person says from now on is to be typed, or is to be done again."""

    on: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What the turn costs at least, told when its answer begins.

    `TurnDone` brings the whole usage, this included; a turn that is cut or breaks off has
    no `TurnDone`, but its prompt is paid for all the same.
    """

    usage: Usage


@dataclass(frozen=True, slots=True)
class TurnDone:
    """The answer is complete."""

    stop_reason: str
    usage: Usage = field(default_factory=Usage)
    achieved: bool = True
    """False if the model checked its work and says that something was not done."""

    understood: bool = True
    """False if it says that it did not know what was meant, and did nothing."""

    told: str = ""
    """What the model has to hear of its answer: a call in it that could not be read."""


@dataclass(frozen=True, slots=True)
class Warned:
    """The service itself says something about safety that the person has to see."""

    text: str


LearnedAbout = Literal["answer", "pictures", "tools", "thinking", "option"]


@dataclass(frozen=True, slots=True)
class Learned:
    """What turned out about the server, and is heeded from now on; ``text`` says it."""

    what: LearnedAbout
    value: int
    text: str


ModelPart = (
    Text | BlockDone | Labelled | Dictating | Waiting | Counted | Warned | Learned | TurnDone
)


Readable = Literal["picture", "pdf", "text"]
"""Kinds of attached files that a model may be given as content."""

ALL_READABLE: frozenset[Readable] = frozenset({"picture", "pdf", "text"})


@runtime_checkable
class ReadsSome(Protocol):
    """A model that cannot be given every kind of attached file."""

    @property
    def reads(self) -> frozenset[Readable]: ...


def readable_by(model: object) -> frozenset[Readable]:
    """Which kinds of attached files a model can be given."""
    return model.reads if isinstance(model, ReadsSome) else ALL_READABLE


@runtime_checkable
class TakesSystemMessages(Protocol):
    """A model that can be told something by Sayso itself in the middle of a conversation."""

    @property
    def takes_system_messages(self) -> bool:
        """Whether messages of the role ``system`` may stand after a user's message."""
        ...


def takes_system_messages(model: object) -> bool:
    """Whether a model takes messages of the role ``system``; others are told in the user's."""
    return isinstance(model, TakesSystemMessages) and model.takes_system_messages


@runtime_checkable
class Checked(Protocol):
    """A model that can find out, before anything begins, whether it can be used."""

    async def check(self) -> None:
        """Ask its service, briefly.

        Raises:
            ModelUnavailable: key, name, address or package is wrong, or nobody answers there.
        """
        ...


async def check_model(model: object) -> None:
    """Find out whether a model can be used, if it can tell.

    Raises:
        ModelUnavailable: it cannot; the text says what is wrong and what to do.
    """
    if isinstance(model, Checked):
        await model.check()


@runtime_checkable
class Prepared(Protocol):
    """A model that asks its server what it takes, before the first conversation with it."""

    async def prepare(self) -> None:
        """Ask, once; what cannot be asked is not known. Never fails."""
        ...


async def prepare_model(model: object) -> None:
    """Let a model ask its server what it takes, if it does so."""
    if isinstance(model, Prepared):
        await model.prepare()


@runtime_checkable
class Warms(Protocol):
    """A model whose service can read a prompt ahead, so that the first answer comes sooner."""

    async def warm(self, request: ModelRequest) -> Usage | None:
        """Have it read what ``request`` begins with; returns what that cost.

        None where nothing was done. Never fails.
        """
        ...


async def warm_model(model: object, request: ModelRequest) -> Usage | None:
    """Have a model's service read ahead, if it can; returns what that cost."""
    return await model.warm(request) if isinstance(model, Warms) else None


class Model(Protocol):
    """One brain.

    ``stream`` raises a ``ModelError`` when the turn fails; closing or cancelling the
    generator closes the connection at once.
    """

    @property
    def name(self) -> str: ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]: ...

    async def close(self) -> None: ...
