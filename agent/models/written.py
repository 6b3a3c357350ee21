"""What a model writes into its text though it belongs elsewhere: thinking in tags, and calls.

Servers of other makers pass on what their models write. So thinking may come in the text, as
``<think>…</think>``, and a call as JSON, in tags or as ``Action: click(…)``. Thinking is told
apart while it streams in; a call is read where it cannot mean anything else, and what looks like
one but cannot be read is never guessed at: `Reading.told` says so to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.models.base import Block, BlockDone, ModelPart, Text, ToolSpec, TurnDone
from agent.models.written_calls import OPENINGS, Names, Reading, read_calls

_THINKING = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
"""Tags in which models think, and how each ends."""

_CLOSERS = tuple(_THINKING.values())
_MARKS = (*_THINKING, *OPENINGS)
_LONGEST = max(map(len, (*_MARKS, *_CLOSERS))) + 8
"""Characters of a mark at most, white space in it included."""

_FIRST = "".join(sorted({re.escape(mark[0]) for mark in (*_MARKS, *_CLOSERS)}))
_SIGNS = re.compile(rf"(?<![`'\"])[{_FIRST}]")
"""Where a mark may begin; one that is quoted is spoken of."""

_QUOTES = ("`", "'", '"')

_BLANK = re.compile(r"\s+")


class TextReader:
    """Reads one text block while it streams in.

    What is not known yet to be said, thought or the beginning of a call is held back. With
    ``thinking`` the block begins within thinking whose tag the server left out; ``calls`` are
    further ways in which a call may begin.
    """

    def __init__(self, *, thinking: bool = False, calls: Sequence[str] = ()) -> None:
        self._openings = (*OPENINGS, *calls)
        self.unopened = False
        """Whether thinking ended that no tag had begun."""

        self.held = ""
        """What may be a call, to the block's end."""

        self._pending = ""
        self._said = ""
        self._line = ""
        """What is said of the line that is being read."""

        self._presumed = "" if thinking else None
        """What was taken for thinking without a tag that says so."""

        self._until: tuple[str, ...] = _CLOSERS if thinking else ()

    @property
    def said(self) -> str:
        """What is said, without thinking and calls."""
        return self._said.strip()

    def feed(self, piece: str) -> Iterator[Text]:
        """What a piece of the text decides."""
        if self.held:
            self.held += piece
            return
        self._pending += piece
        while self._pending:
            before = len(self._pending)
            yield from self._think() if self._until else self._say()
            if len(self._pending) == before or self.held:
                break

    def end(self) -> Iterator[Text]:
        """What was still undecided, when the block is complete."""
        rest, self._pending = self._pending, ""
        if self.held:
            return
        if self._until and self._presumed is not None:  # no tag came: it was no thinking
            self._said += self._presumed + rest
            yield Text(self._presumed + rest)
        elif self._until and rest:
            yield Text(rest, "thinking")
        elif rest:
            self._said += rest
            yield Text(rest)

    def _think(self) -> Iterator[Text]:
        found = _first(self._pending, self._until)
        if found is None:
            text, self._pending = _split(self._pending, self._until)
        else:
            start, mark = found
            text, self._pending = self._pending[:start], self._pending[start + len(mark) :].lstrip()
            self.unopened = self.unopened or self._presumed is not None
            self._until, self._presumed, self._line = (), None, ""
        if self._presumed is not None:
            self._presumed += text
        if text:
            yield Text(text, "thinking")

    def _say(self) -> Iterator[Text]:
        at, mark = self._mark()
        if mark in self._openings:
            self.held, text, self._pending = self._pending[at:], self._pending[:at], ""
        elif mark in _THINKING:
            text, self._pending = self._pending[:at], self._pending[at + len(mark) :]
            self._until = (_THINKING[mark],)
        elif mark:  # an end without a beginning: all before it was thinking
            text, self._pending = "", self._pending[at + len(mark) :].lstrip()
            self._said, self._line, self.unopened = "", "", True
        else:
            text, self._pending = self._pending[:at], self._pending[at:]
        if text := (text if self._said.strip() or text.strip() else ""):
            self._said += text
            self._line = (self._line + text).rpartition("\n")[2]
            yield Text(text)

    def _mark(self) -> tuple[int, str]:
        """Where the text is no longer just said, and by which mark; else how far it is decided."""
        marks = (*_THINKING, *self._openings)
        for sign in _SIGNS.finditer(self._pending):
            at = sign.start()
            if at == 0 and self._line[-1:] in _QUOTES:
                continue
            rest, fresh = self._pending[at : at + 2 * _LONGEST], self._fresh(at)
            if found := next((mark for mark in _CLOSERS if rest.startswith(mark)), ""):
                return at, found
            if fresh and (found := next((m for m in marks if _begins(rest, m)), "")):
                return at, found
            if len(rest) <= _LONGEST and _undecided(rest, marks if fresh else _CLOSERS):
                return at, ""
        return len(self._pending), ""

    def _fresh(self, at: int) -> bool:
        """Whether only white space stands before it in its line."""
        start = self._pending.rfind("\n", max(0, at - _LONGEST), at) + 1
        if start:
            return not self._pending[start:at].strip()
        return at <= _LONGEST and not (self._line + self._pending[:at]).strip()


def _begins(text: str, mark: str) -> bool:
    """Whether a text begins with a mark, white space within JSON aside."""
    if not mark.startswith(("{", "[{")):
        return text.startswith(mark)
    return _BLANK.sub("", text[:_LONGEST]).startswith(mark)


def _undecided(text: str, marks: Sequence[str]) -> bool:
    """Whether a text is but the beginning of a mark, as far as it has come."""
    short = _BLANK.sub("", text)
    return any(m.startswith(text) or (m[0] in "{[" and m.startswith(short)) for m in marks)


def _first(text: str, marks: Sequence[str]) -> tuple[int, str] | None:
    found = [(text.find(mark), mark) for mark in marks if mark in text]
    return min(found, default=None)


def _split(text: str, marks: Sequence[str]) -> tuple[str, str]:
    """A text, and what at its end may be the beginning of a mark."""
    for at in range(max(0, len(text) - _LONGEST), len(text)):
        if any(mark.startswith(text[at:]) for mark in marks):
            return text[:at], text[at:]
    return text, ""


class AnswerReader:
    """Reads one answer: its text blocks, and calls in them when the whole of it is known.

    A call that the server passed on as such goes before any that is written: those are read
    only if there is none.
    """

    def __init__(self, tools: Sequence[ToolSpec], *, opens_thinking: bool) -> None:
        self.unopened = False
        """Whether thinking ended that no tag had begun: the next answer may be the same."""

        self._names = Names(tools)
        self._opens = opens_thinking
        self._text: TextReader | None = None
        self._seen = 0
        self._called = False
        self._held: list[str] = []
        self._next = 0

    def take(self, part: ModelPart) -> Iterator[ModelPart]:
        """One part as it came; the parts that it comes to."""
        if isinstance(part, Text) and part.role == "text":
            yield from self._feed(part.text)
        elif isinstance(part, BlockDone):
            self._next = max(self._next, part.index + 1)
            if part.block["type"] == "text":
                yield from self._end_text(part)
            else:
                self._called |= part.block["type"] == "tool_use"
                yield part
        else:
            yield part

    def finish(self, done: TurnDone) -> Iterator[ModelPart]:
        """The end of the answer, after the calls that are written in it."""
        held = "\n".join(self._held)
        reading = read_calls(held, self._names) if held and not self._called else Reading()
        if held:
            shown = reading.text and not reading.told
            yield Text(f"\n{reading.text}") if shown else Text(held, "thinking")
        yield from self._blocks(reading)
        if reading.calls:
            done = replace(done, stop_reason="tool_use")
        yield replace(done, told=reading.told)

    def _blocks(self, reading: Reading) -> Iterator[ModelPart]:
        words: list[Block] = [{"type": "text", "text": reading.text}] if reading.text else []
        for number, block in enumerate((*words, *reading.calls)):
            yield BlockDone(self._next + number, block)

    def _feed(self, piece: str) -> Iterator[Text]:
        if self._text is None:
            self._text, self._seen = TextReader(thinking=self._opens, calls=self._names.openings), 0
            self._opens = False  # only the first block of an answer begins within it
        self._seen += len(piece)
        yield from self._text.feed(piece)

    def _end_text(self, part: BlockDone) -> Iterator[ModelPart]:
        whole = str(part.block["text"])
        yield from self._feed(whole[self._seen if self._text else 0 :])
        assert self._text is not None  # noqa: S101
        reader, self._text = self._text, None
        yield from reader.end()
        self.unopened |= reader.unopened
        if reader.held:
            self._held.append(reader.held)
        if reader.said or not whole:
            yield BlockDone(part.index, {**part.block, "text": reader.said})
