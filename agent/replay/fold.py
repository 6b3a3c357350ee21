"""The fold behind the timeline: events in, drafts of steps out, one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from agent.record import events as ev
from agent.session.arrivals import ARRIVED, listed
from agent.session.describe import describe, describe_limit, point_of

Lane = Literal["heard", "said", "model", "actions", "approvals", "cost"]
LANES: tuple[Lane, ...] = ("heard", "said", "model", "actions", "approvals", "cost")

_ALLOWED = frozenset({"allow", "alternative"})
_ENDED = {"done": "done", "stopped": "cut"}
"""What a task's end is shown as; ``failed`` otherwise."""


@dataclass(slots=True)
class Draft:
    """A step being made. Times are true seconds since the first event."""

    seq: int
    lane: Lane
    kind: str
    label: str
    begin: float
    end: float
    last: int
    state: str = "done"
    works: bool = False
    """Whether its time is shown in full, unlike a wait for the person."""

    picture: int = -1
    point: tuple[int, int] | None = None
    dollars: float = 0.0
    tokens: int = 0


class Fold:
    """Feed it every event in order, then `finish`."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.frames: list[tuple[float, int, str, int, int]] = []
        self.moments: list[float] = []
        self.now = 0.0
        self.model = self.prompt_hash = ""
        self._began: float | None = None
        self._open: dict[str, Draft] = {}
        self._turns = 0
        self._said: list[Draft] = []
        self._heard: dict[str, Draft] = {}
        self._waiting: dict[str, str] = {}
        self._acted_last: tuple[str, Draft | None] = ("", None)
        self._handlers = self._table()

    def _table(self) -> dict[type, Callable[[Any], object]]:
        return {
            ev.SessionOpened: self._opened,
            ev.SessionClosed: lambda event: self._cut_all(),
            ev.Heard: self._hear,
            ev.TaskStarted: self._task,
            ev.TaskQueued: self._queued,
            ev.TaskUnqueued: self._unqueued,
            ev.Replied: self._reply,
            ev.TaskFinished: self._task_ended,
            ev.TurnStarted: self._turn,
            ev.TurnFinished: self._turn_ended,
            ev.TextStreamed: self._speak,
            ev.BlockFinished: self._spoken,
            ev.ActionProposed: self._propose,
            ev.ActionStarted: self._act,
            ev.ActionFinished: self._acted,
            ev.ScreenSeen: self._look,
            ev.UserMessage: self._picture,
            ev.FilesArrived: self._files,
            ev.ApprovalAsked: self._ask,
            ev.ApprovalDecided: self._decide,
            ev.QuestionAsked: self._question,
            ev.QuestionAnswered: self._answer,
            ev.Narrated: self._narrate,
            ev.Stopped: lambda e: self._point(e, "approvals", "stop", f"Stop: {e.reason}", "cut"),
            ev.HoldBegan: lambda e: self._point(e, "approvals", "hold", f"Hold: {e.reason}"),
            ev.HoldEnded: lambda e: self._point(e, "approvals", "hold", f"Go on: {e.reason}"),
            ev.ControlTaken: self._taken,
            ev.ControlReturned: self._returned,
            ev.LimitReached: self._limit,
            ev.RetryWaiting: self._retry,
            ev.Compacted: lambda e: self._point(e, "model", "condensed", e.reason),
            ev.DesktopRenewed: lambda e: self._point(e, "approvals", "renewed", e.text),
            ev.HostReached: lambda e: self._point(e, "approvals", "host", f"Reached {e.host}"),
            ev.HostRefused: lambda e: self._point(e, "approvals", "host", e.text, "failed"),
            ev.GateChanged: lambda e: self._point(e, "approvals", "gate", e.text),
            ev.Unreadable: self._gap,
            ev.Failed: lambda e: self._point(
                e, "approvals", "error", f"{e.where}: {e.error}", "failed"
            ),
        }

    def add(self, event: ev.Event) -> None:
        """Take one event in."""
        if self._began is None:
            self._began = event.at
        self.now = max(self.now, event.at - self._began)
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def finish(self) -> None:
        """What is still under way stays open, up to the last event."""
        for draft in self._open.values():
            draft.end, draft.state = self.now, "open"
        self._open.clear()

    # Making steps ----------------------------------------------------------------------

    def _point(
        self, event: ev.BaseEvent, lane: Lane, kind: str, label: str, state: str = "done"
    ) -> Draft:
        text = label.strip().rstrip(":")
        draft = Draft(event.seq, lane, kind, text, self.now, self.now, event.seq, state)
        self.drafts.append(draft)
        self.moments.append(self.now)
        return draft

    def _begin(self, key: str, draft: Draft, *, works: bool) -> Draft:
        draft.works = works
        self._open[key] = draft
        return draft

    def _end(self, key: str, event: ev.BaseEvent, state: str) -> Draft | None:
        draft = self._open.pop(key, None)
        if draft is not None:
            draft.end, draft.last, draft.state = self.now, event.seq, state
            self.moments.append(self.now)
        return draft

    def _cut_all(self) -> None:
        for draft in self._open.values():
            draft.end = max(draft.begin, self.moments[-1] if self.moments else draft.begin)
            draft.state = "cut"
        self._open.clear()

    # Session ---------------------------------------------------------------------------

    def _opened(self, event: ev.SessionOpened) -> None:
        self._cut_all()
        self.model, self.prompt_hash = event.model, event.prompt_hash
        word = "Session resumed" if event.resumed else "Session opened"
        self._point(event, "approvals", "session", word)

    def _gap(self, event: ev.Unreadable) -> None:
        """One point for a run of events that could not be read."""
        last = self.drafts[-1] if self.drafts else None
        if last is not None and last.kind == "gap" and last.last == event.seq - 1:
            last.last = event.seq
            last.label = f"Events {last.seq} to {event.seq} could not be read"
        else:
            self._point(event, "approvals", "gap", f"Event {event.seq} could not be read", "failed")

    # Heard and said --------------------------------------------------------------------

    def _hear(self, event: ev.Heard) -> None:
        if event.interim:
            if event.utterance_id not in self._heard and event.text:
                draft = self._point(event, "heard", "heard", event.text)
                draft.works = True
                self._heard[event.utterance_id] = draft
            return
        known = self._heard.pop(event.utterance_id, None)
        draft = known or self._point(event, "heard", "heard", event.text)
        draft.label, draft.end, draft.last = event.text, self.now, event.seq
        self._heard["last"] = draft

    def _task(self, event: ev.TaskStarted) -> None:
        last = self._heard.get("last")
        if last is None or _letters(last.label) != _letters(event.text):
            self._point(event, "heard", "task", event.text)

    def _queued(self, event: ev.TaskQueued) -> None:
        self._waiting[event.task_id] = event.text
        self._point(event, "heard", "waits", f"Waits: {event.text}")

    def _unqueued(self, event: ev.TaskUnqueued) -> None:
        word = "Taken back" if event.fate == "cancelled" else "Kept, not done"
        self._point(event, "heard", "waits", f"{word}: {self._waiting.get(event.task_id, '')}")

    def _reply(self, event: ev.Replied) -> None:
        self._said.append(self._point(event, "said", "reply", event.text))

    def _task_ended(self, event: ev.TaskFinished) -> None:
        state = _ENDED.get(event.outcome, "failed")
        last = self._said[-1] if self._said else None
        if last is not None and _letters(last.label) == _letters(event.summary):
            last.state = state
            return
        self._point(event, "said", "outcome", event.summary or event.outcome, state)

    def _speak(self, event: ev.TextStreamed) -> None:
        key = f"text-{event.turn_id}"
        if event.role == "text" and key not in self._open:
            draft = self._point(event, "said", "said", event.text)
            draft.label = event.text
            self._said.append(self._begin(key, draft, works=False))
        elif event.role == "text":
            self._open[key].label += event.text

    def _spoken(self, event: ev.BlockFinished) -> None:
        if event.block.get("type") != "text":
            return
        draft = self._end(f"text-{event.turn_id}", event, "done")
        text = str(event.block.get("text", ""))
        if draft is not None:
            draft.label = text
        elif text.strip():
            self._said.append(self._point(event, "said", "said", text))

    def _narrate(self, event: ev.Narrated) -> None:
        key = f"voice-{event.narration_id}"
        if event.state == "speaking":
            spoken = _letters(event.text)
            same = (d for d in reversed(self._said[-12:]) if spoken in _letters(d.label))
            if next(same, None) is None:
                draft = self._point(event, "said", "spoken", event.text)
                self._said.append(self._begin(key, draft, works=True))
        elif event.state in ("heard", "cut"):
            self._end(key, event, "done" if event.state == "heard" else "cut")

    # Model and actions -----------------------------------------------------------------

    def _turn(self, event: ev.TurnStarted) -> None:
        self._turns += 1
        draft = self._point(event, "model", "turn", f"Turn {self._turns}")
        self._begin(f"turn-{event.turn_id}", draft, works=True)

    def _turn_ended(self, event: ev.TurnFinished) -> None:
        self._end(f"text-{event.turn_id}", event, "cut")
        cut = event.stop_reason in ("interrupted", "restarted", "closed", "broken")
        draft = self._end(f"turn-{event.turn_id}", event, "cut" if cut else "done")
        usage = event.usage
        tokens = usage.input_tokens + usage.output_tokens
        tokens += usage.cache_read_input_tokens + usage.cache_creation_input_tokens
        words = f"{tokens:,} tokens, ${usage.dollars:.4f}"
        if draft is not None:
            draft.label += f": {event.stop_reason.replace('_', ' ')}"
        if tokens or usage.dollars:
            cost = self._point(event, "cost", "cost", words)
            cost.dollars, cost.tokens = usage.dollars, tokens

    def _retry(self, event: ev.RetryWaiting) -> None:
        label = f"{event.reason} Waits {event.seconds:.0f} s"
        self._point(event, "model", "retry", label, "failed")

    def _propose(self, event: ev.ActionProposed) -> None:
        draft = self._point(event, "actions", "action", describe(event))
        draft.point = point_of(event.input.get("coordinate"))
        self._begin(event.action_id, draft, works=False)

    def _act(self, event: ev.ActionStarted) -> None:
        draft = self._open.get(event.action_id)
        if draft is not None:
            draft.begin, draft.works = self.now, True
            self.moments.append(self.now)

    def _acted(self, event: ev.ActionFinished) -> None:
        state = "failed" if event.is_error else "done"
        draft = self._end(event.action_id, event, state if event.ran else "skipped")
        self._picture(event, draft)
        self._acted_last = (event.action_id, draft)

    def _look(self, event: ev.ScreenSeen) -> None:
        action_id, draft = self._acted_last
        self._picture(event, draft if action_id == event.action_id else None)

    def _picture(self, event: ev.Event, draft: Draft | None = None) -> None:
        for image in ev.images_of(event):
            if draft is not None:
                draft.picture = len(self.frames)
            self.frames.append((self.now, event.seq, image.sha256, image.width, image.height))

    def _files(self, event: ev.FilesArrived) -> None:
        self._point(event, "heard", "files", f"{ARRIVED}{listed(event.paths, event.sizes)}")

    # Approvals and control ---------------------------------------------------------------

    def _ask(self, event: ev.ApprovalAsked) -> None:
        draft = self._point(event, "approvals", "approval", event.question)
        self._begin(event.approval_id, draft, works=False)

    def _decide(self, event: ev.ApprovalDecided) -> None:
        state = "done" if event.decision in _ALLOWED else "denied"
        draft = self._end(event.approval_id, event, state)
        if draft is not None:
            draft.label = f"{event.decision}: {draft.label}"

    def _question(self, event: ev.QuestionAsked) -> None:
        draft = self._point(event, "approvals", "question", event.text)
        self._begin(event.question_id, draft, works=False)

    def _answer(self, event: ev.QuestionAnswered) -> None:
        self._end(event.question_id, event, "done")
        self._point(event, "heard", "answer", event.text)

    def _taken(self, event: ev.ControlTaken) -> None:
        draft = self._point(event, "approvals", "control", "The person has the mouse")
        self._begin("control", draft, works=False)

    def _returned(self, event: ev.ControlReturned) -> None:
        draft = self._end("control", event, "done")
        if draft is not None and event.note:
            draft.label = f"{draft.label}: {event.note}"

    def _limit(self, event: ev.LimitReached) -> None:
        label = describe_limit(event)
        self._point(event, "approvals", "limit", label, "failed" if event.share >= 1 else "done")


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
