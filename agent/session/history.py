"""From events to the list of messages that the model is sent.

A fold over the log: nothing here acts, waits or remembers what the events do not say, so a
session that was cut at any point, even by ``kill -9``, has a history that the service
accepts. The history only ever grows, because thinking is bound to the exact prefix; where
that cannot go on (`agent.session.compaction`), another one begins.

What is kept of a turn that was cut: its finished blocks, and its unfinished text, trimmed.
An unfinished thought or tool call is dropped. A turn that broke off before any of its
actions ran is dropped whole, since it is asked for again. Where events could not be read, an
action without a result is one whose result is not known.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.models.base import Block, Message
from agent.record import events as ev
from agent.session.arrivals import label
from agent.session.fate import DICTATED

HALTED = "Not executed: an earlier computer action in this turn failed."
"""The service's own words for the rest of a batch after a failure."""

_HALTED_OF = {"browser": "Not executed: an earlier action in this turn failed."}
"""The same where the service has other words, by toolset."""

_STATE_ONLY = frozenset({"new_tab", "list_tabs", "switch_tab", "close_tab"})
"""Calls of the browser's toolset whose result is the state of its tabs and nothing else."""

INTERRUPTED = "Not executed: the user interrupted."
CUT = "The user interrupted this action while it ran; it may have had part of its effect."
UNKNOWN = (
    "The result of this action is not known: its record could not be read. "
    "It may have been carried out."
)
HEADLESS = "(The beginning of this conversation could not be read.)"


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what cut the work, in the words that the model reads."""

    stop_reason: str
    """Of the turn that it cut."""

    unexecuted: str
    """Result of an action that was not begun."""

    cut: str
    """Result of an action that ran."""

    note: str
    """Between what was before and what came after."""

    as_system: str
    """The same, after what came after."""


BY_USER = Cause(
    "interrupted",
    INTERRUPTED,
    CUT,
    "The user interrupted you here.",
    "The person interrupted your last answer. What they said since then stands above.",
)
BY_RESTART = Cause(
    "restarted",
    "Not executed: Sayso was restarted.",
    "Sayso was restarted while this action ran; it may have had part of its effect.",
    "Sayso was restarted here; nobody interrupted you.",
    "Sayso was restarted during your last answer; nobody interrupted you.",
)
BY_CLOSING = Cause(
    "closed",
    "Not executed: the session was closed.",
    "The session was closed while this action ran; it may have had part of its effect.",
    "The session was closed here, and resumed later.",
    "The session was closed after your last answer, and resumed later.",
)
_CAUSES = {cause.stop_reason: cause for cause in (BY_USER, BY_RESTART, BY_CLOSING)}
BROKEN_OFF = "Not executed: the answer broke off before its end."
OVERTIME = "Not executed: the time allowed for this task was over."
OVERTIME_IN = "The time was over while this action ran; it may have had part of its effect."
FAILED = "Not executed: something failed, and the task ended there."
FAILED_IN = "Something failed while this action ran; it may have had part of its effect."
SHOWN = {
    HALTED: "Not done: an action before it failed.",
    **dict.fromkeys(_HALTED_OF.values(), "Not done: an action before it failed."),
    INTERRUPTED: "Not done: it was interrupted.",
    CUT: "It was interrupted while it ran; a part of it may have happened.",
    BY_RESTART.unexecuted: "Not done: Sayso was restarted.",
    BY_RESTART.cut: "Sayso was restarted while it ran; a part of it may have happened.",
    BY_CLOSING.unexecuted: "Not done: the session was closed.",
    BY_CLOSING.cut: "The session was closed while it ran; a part of it may have happened.",
    BROKEN_OFF: "Not done: the answer broke off before its end.",
    OVERTIME: "Not done: the time allowed for the task was over.",
    OVERTIME_IN: "The time was over while it ran; a part of it may have happened.",
    FAILED: "Not done: something failed before it.",
    FAILED_IN: "Something failed while it ran; a part of it may have happened.",
    UNKNOWN: "What came of it is not known: it could not be read. It may have been done.",
}
"""What people read where a result is worded for the model."""

ANEW = "This conversation starts over. What happened before:"
"""Beginning of a conversation that had to be compacted."""

_CUT_SHORT = (*_CAUSES, "broken", "refusal")
_THINKING = ("thinking", "redacted_thinking")

ImageLoader = Callable[[str], "str | None"]
"""From an image's SHA-256 to its bytes in base64, or None when it is gone."""


def decoded(data: str) -> str:
    """A text that is kept as an attachment, from base64."""
    return base64.b64decode(data).decode("utf-8", "replace")


@dataclass
class _Turn:
    """What the log says of one answer so far."""

    blocks: list[Block] = field(default_factory=list)
    unfinished: str = ""
    started: set[str] = field(default_factory=set)
    finished: dict[str, ev.ActionFinished] = field(default_factory=dict)
    closing: dict[str, ev.ScreenSeen] = field(default_factory=dict)
    stop_reason: str = "interrupted"
    gap: bool = False
    """Whether the record of it has a gap: what is not there may have happened all the same."""
    left_out: frozenset[str] = frozenset()
    """Kinds of blocks that the service is not sent back."""

    @property
    def ran(self) -> bool:
        own = {block["id"] for block in self.blocks if block["type"] == "tool_use"}
        done = {key for key, result in self.finished.items() if result.ran}
        return bool(own & (self.started | done))

    @property
    def calls(self) -> list[Block]:
        return [block for block in self.answer() if block["type"] == "tool_use"]

    def answer(self) -> list[Block]:
        """The assistant's blocks that are kept."""
        if self.stop_reason in ("broken", "refusal") and not self.ran:
            return []
        blocks = [b for b in self.blocks if b["type"] not in self.left_out]
        blocks = [b for b in blocks if b["type"] != "text" or b["text"].strip()]
        rest = self.unfinished.strip()
        if rest and self.stop_reason in _CUT_SHORT:
            blocks.append({"type": "text", "text": rest})
        if self.gap:  # thinking is accepted only as it was, between the blocks it stood between
            return [block for block in blocks if block["type"] not in _THINKING]
        while blocks and blocks[-1]["type"] in _THINKING:
            blocks.pop()
        return blocks


@dataclass(frozen=True, slots=True)
class _Note:
    """What the session itself tells the model."""

    text: str
    if_interrupted: bool = False
    """Whether it is news only then: else a newer line said it better."""

    as_system: str = ""
    """The same as Sayso's own words; empty for what names files, windows or hosts, which is what
    was found, and no instruction."""

    in_order: bool = False
    """Whether it parts what was said before from what was said after it."""

    interruption: bool = False


_FAILURE = _Note(
    "The task before ended here, because something failed.",
    as_system="The task of your last answer ended with it, because something failed.",
    in_order=True,
)
_NOTES = {
    cause.stop_reason: _Note(
        cause.note, interruption=True, as_system=cause.as_system, in_order=True
    )
    for cause in _CAUSES.values()
}


class History:
    """The fold. Feed it every event of a session in order; ask it for the messages.

    ``load`` brings pictures and attachments; ``text_of`` makes an attached text of what it
    brought. ``system``: what Sayso itself tells the model stands in messages of the role
    ``system``, each the last before an answer, rather than among the user's words.
    """

    def __init__(
        self,
        load: ImageLoader,
        text_of: Callable[[str], str] = decoded,
        *,
        system: bool = False,
    ) -> None:
        self._load = load
        self._text_of = text_of
        self.system = system
        self._done: list[Message] = []
        self._turn: _Turn | None = None
        self._since: list[ev.UserMessage | _Note] = []
        self._pictures: dict[str, Block] = {}
        self._working = False
        self.spoken = False
        """Whether the person has talked to it: pauses of minutes are to be expected."""

        self._left_out: frozenset[str] = frozenset()

    def add(self, event: ev.Event) -> None:
        """Take in the next event."""
        match event:
            case ev.TurnStarted():
                self._done = self.messages()
                self._turn, self._since = _Turn(left_out=self._left_out), []
                self._pictures.clear()
            case ev.Compacted():
                self._left_out |= frozenset(event.left_out)
                self._done = [{"role": "user", "content": [_text(event.text)]}]
                self._turn, self._since = None, []
            case ev.UserMessage():
                if event.cuts:
                    self._mark()
                self.spoken |= event.source == "voice"
                self._since.append(event)
            case ev.TaskStarted():
                self._working = True
            case ev.Stopped():
                self._mark()
            case ev.ControlTaken() if self._working:
                self._mark()
            case ev.TaskFinished():
                self._working = False
                if event.outcome in ("stopped", "limit"):
                    self._mark(event.cut_by or "interrupted")
                elif event.outcome in ("failed", "refused") and self._unanswered:
                    self._since.append(_FAILURE)
            case ev.DesktopRenewed() | ev.HomeChanged() | ev.GateChanged() if event.text:
                self._since.append(_Note(event.text))
            case ev.Narrated(state="cut"):
                self._since.append(_Note(_heard(event), as_system=_heard(event)))
            case ev.Narrated(state="dropped"):
                heard = _heard(event)
                self._since.append(_Note(heard, if_interrupted=True, as_system=heard))
            case ev.TurnFinished(stop_reason=ev.WARMED):
                pass
            case _ if self._turn is not None:
                _into_turn(self._turn, event)
            case _:
                pass

    def messages(self) -> list[Message]:
        """The list to send now; the caller may extend it but must not alter its blocks."""
        messages = list(self._done)
        turn = self._turn or _Turn()
        if not messages and turn.answer():  # the service wants the person's words first
            _append(messages, "user", [_text(HEADLESS)])
        _append(messages, "assistant", turn.answer())
        _append(messages, "user", self._answers(turn))
        spoken = not turn.answer()
        for told in self._told(turn):
            by_sayso = self.system and _by_sayso(told, spoken=spoken)
            _append(messages, "system" if by_sayso else "user", self._words(told, by_sayso))
            spoken = spoken or isinstance(told, ev.UserMessage)
        return messages if not self.system else _in_place(messages)

    @property
    def _unanswered(self) -> bool:
        """Whether the model has not dealt with what it was told last."""
        answered = self._turn is not None and self._turn.stop_reason not in _CUT_SHORT
        return not answered or any(isinstance(told, ev.UserMessage) for told in self._since)

    def _mark(self, by: str = "interrupted") -> None:
        begun = self._done or self._turn or self._since
        if begun and not any(map(_is_interruption, self._since[-1:])):
            self._since.append(_NOTES[by])

    def _told(self, turn: _Turn) -> list[ev.UserMessage | _Note]:
        """What followed the answer, in the order in which it happened."""
        told = self._since
        interrupted = any(map(_is_interruption, told))
        cut = turn.stop_reason in _NOTES and not turn.gap
        if cut and turn.answer() and not interrupted:
            told, interrupted = [_NOTES[turn.stop_reason], *told], True
        return [t for t in told if interrupted or not (isinstance(t, _Note) and t.if_interrupted)]

    def _answers(self, turn: _Turn) -> list[Block]:
        results: list[Block] = []
        seen_later: list[Block] = []
        for call in turn.calls:
            result = self._result(call, turn)
            results.append(result)
            closing = turn.closing.get(call["id"])
            if closing is None:
                continue
            shown = [_text(closing.note)] if closing.note.strip() else []
            shown += [self._picture(closing.image)] if closing.image is not None else []
            if result.get("is_error") or call.get("toolset_name") == "browser":
                title = [_text("The screen now:")] if result.get("is_error") else []
                seen_later += [*title, *shown] if shown else []
            else:
                result["content"] += shown
        return results + seen_later

    def _result(self, call: Block, turn: _Turn) -> Block:
        finished = turn.finished.get(call["id"])
        if finished is None:
            cause = _CAUSES.get(turn.stop_reason, BY_USER)
            text = cause.cut if call["id"] in turn.started else cause.unexecuted
            text = UNKNOWN if turn.gap else text
            return _tool_result(call, [_text(text)], is_error=True)
        content = [_text(finished.text)] if finished.text.strip() else []
        if finished.image is not None and not finished.is_error:
            content.append(self._picture(finished.image))
        if finished.document is not None and not finished.is_error:
            content.append(self._kept(finished.document))
        if finished.state is not None and call.get("toolset_name") == "browser":
            content = [] if call["name"] in _STATE_ONLY else content
            content.append(finished.state)
        return _tool_result(call, content or [_text("Done.")], is_error=finished.is_error)

    def _words(self, said: ev.UserMessage | _Note, by_sayso: bool = False) -> list[Block]:
        if by_sayso:
            return [_text(said.as_system)]
        if isinstance(said, _Note):
            return [_text(said.text)]
        attached = [block for each in said.attachments for block in self._attachment(each)]
        told = f"{DICTATED}{said.text}" if said.dictated else said.text
        words = [_text(told)] if said.text.strip() else []
        return attached + words + [self._picture(image) for image in said.images]

    def _attachment(self, attached: ev.Attachment) -> list[Block]:
        """What it is, and its content if the model is given it."""
        if not attached.sha256:
            return [_text(label(attached))]
        return [_text(label(attached)), self._kept(attached)]

    def _kept(self, attached: ev.Attachment) -> Block:
        """The content of a file, loaded once."""
        content = self._pictures.get(attached.sha256)
        if content is None:
            data = self._load(attached.sha256)
            content = _text("(Its content is no longer available here.)")
            if data is not None:
                content = self._content(attached, data)
            self._pictures[attached.sha256] = content
        return content

    def _content(self, attached: ev.Attachment, data: str) -> Block:
        if attached.kind == "picture":
            return _source("image", "base64", attached.media_type, data)
        if attached.kind == "text":
            document = _source("document", "text", "text/plain", self._text_of(data))
        else:
            document = _source("document", "base64", "application/pdf", data)
        return {**document, "title": attached.name}

    def _picture(self, image: ev.Image) -> Block:
        block = self._pictures.get(image.sha256)
        if block is None:
            data = self._load(image.sha256)
            block = _text("(This picture is no longer available.)")
            if data is not None:
                block = _source("image", "base64", image.media_type, data)
            self._pictures[image.sha256] = block
        return block


def halted(words: str, toolset: str | None) -> str:
    """Why a call is not carried out, in the service's words for its toolset."""
    return _HALTED_OF.get(toolset or "", words) if words == HALTED else words


def _is_interruption(told: ev.UserMessage | _Note) -> bool:
    return isinstance(told, _Note) and told.interruption


def _by_sayso(told: ev.UserMessage | _Note, *, spoken: bool) -> bool:
    """Whether it may stand after the user's words; ``spoken``: whether some of them are older."""
    in_order = isinstance(told, _Note) and told.in_order
    return bool(told.as_system) and not (in_order and spoken)


def _in_place(messages: list[Message]) -> list[Message]:
    """The same with one system message at most before each answer, after the user's message.

    That is the only place that the service has for it; where there is no user's message, the
    words stand in one.
    """
    placed: list[Message] = []
    told: list[Block] = []
    for message in messages:
        if message["role"] == "assistant":
            _tell(placed, told)
            told = []
        if message["role"] == "system":
            told = told + message["content"]
        else:
            _append(placed, message["role"], message["content"])
    _tell(placed, told)
    return placed


def _tell(messages: list[Message], told: list[Block]) -> None:
    after_user = bool(messages) and messages[-1]["role"] == "user"
    _append(messages, "system" if after_user else "user", told)


def _into_turn(turn: _Turn, event: ev.Event) -> None:
    match event:
        case ev.TextStreamed(role="text"):
            turn.unfinished += event.text
        case ev.BlockFinished():
            turn.blocks.append(event.block)
            if event.block["type"] == "text":
                turn.unfinished = ""
        case ev.ActionStarted():
            turn.started.add(event.action_id)
        case ev.ActionFinished():
            turn.finished.setdefault(event.action_id, event)
        case ev.ScreenSeen():
            turn.closing[event.action_id] = event
        case ev.TurnFinished():
            turn.stop_reason = event.stop_reason
        case ev.Unreadable():
            turn.gap = True
        case _:
            pass


def _heard(line: ev.Narrated) -> str:
    words = line.text.split()[: line.cut_at or 0]
    if not words:
        return f"The person did not hear: “{line.text}”"
    return f"The person heard only: “{' '.join(words)}”"


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _source(kind: str, how: str, media_type: str, data: str) -> Block:
    return {"type": kind, "source": {"type": how, "media_type": media_type, "data": data}}


def _tool_result(call: Block, content: list[Block], *, is_error: bool) -> Block:
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": call["id"], "content": content}
    if call.get("toolset_name") is not None:
        result["toolset_name"] = call["toolset_name"]
    if is_error:
        result["is_error"] = True
    return result


def _append(messages: list[Message], role: str, blocks: list[Block]) -> None:
    """Add blocks to the last message if it is of the same role, else as a new one."""
    if not blocks:
        return
    if messages and messages[-1]["role"] == role:
        blocks = messages.pop()["content"] + blocks
    messages.append({"role": role, "content": blocks})
