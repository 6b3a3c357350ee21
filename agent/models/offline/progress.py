"""Where a conversation stands, read from its messages alone.

Each tool call's id says which instruction, command and phase it belongs to, so that the
planner keeps no state: cut, redirected or resumed after a restart, the messages tell all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.models.base import Block, Message

NOT_RUN = "Not executed: the user interrupted."
_INTERRUPTIONS = (NOT_RUN, "The user interrupted")
_SESSION_NOTES = re.compile(
    r"^(?:The user interrupted you here|The person (?:heard|did not hear)|The screen now|"
    r"I used the mouse and keyboard myself|\(This picture is no longer|Your answer |Go on from|"
    r"\[|<|The (?:current )?(?:date|time|screen|desktop)\b|Today is|It is now|Date:|Now:)"
)
"""Words that the session itself adds to the history; they are no instructions."""

_ID = re.compile(r"^sayso_(\d+)_(\d+)_(\d+)_(\d+)_(\w*)$")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a tool call's id carries.

    ``task`` counts the instructions of the conversation, ``command`` those of its plan;
    ``phase`` is the one to enter with the results; ``memo`` is the handler's own note.
    """

    task: int
    command: int
    phase: int
    memo: str = ""

    def id(self, serial: int) -> str:
        return f"sayso_{self.task}_{self.command}_{self.phase}_{serial}_{self.memo}"

    @classmethod
    def of(cls, block: Block) -> Mark | None:
        found = _ID.match(str(block.get("id", "")))
        if not found:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]), found[5])


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

    ``fresh`` is the index of the instruction to begin with, or None when the marked call's
    plan goes on. ``queued`` are instructions that wait for it to end.
    """

    instructions: tuple[str, ...]
    fresh: int | None
    mark: Mark | None = None
    results: tuple[Result, ...] = ()
    serial: int = 0

    @property
    def resumable(self) -> Mark | None:
        """Where the plan was cut that "go on" takes up again."""
        return self.mark


def read(messages: Sequence[Message]) -> Progress:
    """Where the conversation stands after these messages."""
    instructions: list[str] = []
    last: Mark | None = None
    results: list[Result] = []
    serial, since, cut, called = 0, 0, False, False
    for message in messages:
        if message["role"] == "assistant":
            calls = [b for b in _blocks(message) if b["type"] == "tool_use"]
            serial += len(calls)
            since, cut, called, results = len(instructions), False, bool(calls), []
            last = next((m for m in map(Mark.of, reversed(calls)) if m), last)
            continue
        for block in _blocks(message):
            if block["type"] == "tool_result":
                result = Result(_words(block), bool(block.get("is_error")))
                results.append(result)
                cut = cut or result.interrupted
            elif block["type"] == "text":
                cut = cut or block["text"].startswith(_INTERRUPTIONS)
                if not _SESSION_NOTES.match(block["text"]):
                    instructions.append(block["text"])
    going_on = called and last is not None and not (cut and len(instructions) > since)
    fresh = None if going_on else min(since, len(instructions) - 1)
    return Progress(tuple(instructions), fresh, last, tuple(results), serial)


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
