"""Where a conversation stands, read from its messages alone.

Each tool call's id says which instruction, command and phase it belongs to, so that the
planner keeps no state: cut, redirected or resumed after a restart, the messages tell all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.models.base import Block, Message
from agent.session.fate import DICTATED

NOT_RUN = "Not executed: the user interrupted."
_INTERRUPTIONS = (
    NOT_RUN,
    "The user interrupted",
    "The task before ended here",
    "Not executed: Sayso was restarted.",
    "Sayso was restarted ",
    "Not executed: the session was closed.",
    "The session was closed ",
)
_SESSION_NOTES = re.compile(
    r"^(?:The user interrupted you here|Sayso was restarted|The session was closed|Your home "
    r"|The disk of your home |The task before ended here|The screen now|"
    r"The person (?:heard|did not hear|undid|tried to undo|was putting files back)|"
    r"I did this myself meanwhile|"
    r"Files came in from the person|Secrets you may type: |"
    r"Attached by the person|\(Its content is no longer|"
    r"I used the mouse and keyboard myself|This conversation (?:begins anew|starts over)|"
    r"\(This picture is no longer|\(The beginning of this conversation|Your answer |Go on from|"
    r"The (?:current )?(?:date|time|screen|desktop)\b|Today is|It is now|Date:|Now:)"
)
"""Words that the session itself adds to the history; they are no instructions."""

_ID = re.compile(r"^sayso_(\d+)_(\d+)_(\d+)_(\d+)_(\d+)_(\w*)$")


class Dictated(str):
    """An instruction that was said while dictation was on: its words are to be typed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """What a tool call's id carries.

    ``task`` counts the instructions of the conversation; those before ``upto`` are dealt with
    by this plan; ``command`` counts the plan's commands; ``phase`` is the one to enter with
    the results; ``memo`` is the handler's own note.
    """

    task: int
    upto: int
    command: int
    phase: int
    memo: str = ""

    def id(self, serial: int) -> str:
        """A call's identifier; ``serial`` makes it unique in the conversation."""
        place = f"{self.task}_{self.upto}_{self.command}_{self.phase}"
        return f"sayso_{place}_{serial}_{self.memo}"

    @classmethod
    def of(cls, block: Block) -> Mark | None:
        """The mark of a tool call that this planner made; None for others."""
        found = _ID.match(str(block.get("id", "")))
        if not found:
            return None
        task, upto, command, phase = (int(found[i]) for i in range(1, 5))
        return cls(task, upto, command, phase, found[6])


@dataclass(frozen=True, slots=True)
class Result:
    """One tool result: its words, and whether it failed or never ran."""

    text: str
    is_error: bool = False

    @property
    def interrupted(self) -> bool:
        return self.is_error and self.text.startswith(_INTERRUPTIONS)


@dataclass(frozen=True, slots=True)
class Progress:
    """The instructions so far, the place to go on from, and what came back last.

    ``fresh`` is the index of the instruction to begin with, or None when the plan of the
    marked call goes on. ``cut`` is where the last interrupted plan stood, for "go on".
    """

    instructions: tuple[str, ...] = ()
    fresh: int | None = None
    mark: Mark | None = None
    cut: Mark | None = None
    results: tuple[Result, ...] = ()
    serial: int = 0
    answers: Mapping[int, str] = field(default_factory=dict)
    """What the planner said to an instruction, by its index."""


@dataclass
class _Reader:
    """A fold over the messages."""

    instructions: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    mark: Mark | None = None
    cut: Mark | None = None
    serial: int = 0
    since: int = 0
    """Index of the first instruction that no answer has dealt with."""

    void: int = 0
    """Index of the first instruction after the last interruption."""

    interrupted: bool = False
    answers: dict[int, str] = field(default_factory=dict)

    def assistant(self, message: Message) -> None:
        calls = [b for b in _blocks(message) if b["type"] == "tool_use"]
        said = " ".join(b["text"] for b in _blocks(message) if b["type"] == "text")
        task = len(self.instructions) - 1
        self.answers[task] = f"{self.answers.get(task, '')} {said}".strip()
        self.serial += len(calls)
        self.since, self.interrupted, self.results = len(self.instructions), False, []
        self.mark = next((m for m in map(Mark.of, reversed(calls)) if m), None)
        if self.mark is not None:
            self.cut = None

    def user(self, block: Block) -> None:
        if block["type"] == "tool_result":
            result = Result(_words(block), bool(block.get("is_error")))
            self.results.append(result)
            self._interrupt(result.interrupted)
        elif block["type"] == "text":
            self._interrupt(block["text"].startswith(_INTERRUPTIONS))
            if not _SESSION_NOTES.match(block["text"]):
                self.instructions.append(_instruction(block["text"]))

    def _interrupt(self, interrupted: bool) -> None:
        if interrupted:
            self.interrupted, self.void = True, len(self.instructions)
            self.cut = self.mark or self.cut


def _instruction(text: str) -> str:
    return Dictated(text.removeprefix(DICTATED)) if text.startswith(DICTATED) else text


def read(messages: Sequence[Message]) -> Progress:
    """Where the conversation stands after these messages."""
    reader = _Reader()
    for message in messages:
        if message["role"] == "assistant":
            reader.assistant(message)
            continue
        for block in _blocks(message):
            reader.user(block)
    said = len(reader.instructions)
    # New words after an interruption replace what was not even begun; without any, it goes on.
    first = max(reader.since, reader.void) if said > reader.void else reader.since
    new = said > first
    going_on = reader.mark is not None and not (reader.interrupted and new)
    fresh = None if going_on or not new else first
    return Progress(
        tuple(reader.instructions),
        fresh,
        reader.mark if going_on else None,
        reader.cut,
        tuple(reader.results),
        reader.serial,
        reader.answers,
    )


def _blocks(message: Message) -> Iterator[Block]:
    content = message["content"]
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    else:
        yield from content


def _words(block: Block) -> str:
    content = block.get("content", "")
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
