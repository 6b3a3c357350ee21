"""One trial (or any session) as steps in lanes, with its pictures; and two trials side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent import events as ev
from agent.experiments.trial import Job, Trial, TrialResult

Lane = Literal["heard", "said", "model", "tools", "approvals", "control"]
LANES: tuple[Lane, ...] = ("heard", "said", "model", "tools", "approvals", "control")
_MOST_DETAIL = 4000


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of a lane. Times are seconds from the first instruction."""

    lane: Lane
    begin: float
    end: float
    """Equal to ``begin`` for what takes no time, or has not ended."""

    label: str
    """A few words."""

    detail: str = ""
    """Request or response in full, cut after 4,000 characters."""

    ok: bool = True
    """False for errors, denials, cuts and stops."""

    seq: int = -1
    """Number of the event that began it, in the log."""

    picture: Path | None = None
    """The screen that its end showed."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen that the agent saw."""

    at: float
    path: Path
    width: int
    height: int
    seq: int


@dataclass(frozen=True, slots=True)
class TrialView:
    """Everything about one trial that a page or notebook shows."""

    result: TrialResult
    instruction: str
    model: str
    prompt: str
    """The system prompt as the model had it."""

    steps: tuple[Step, ...]
    pictures: tuple[Picture, ...]
    seconds: float
    """From the first instruction to the last event."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two trials of one task part: numbers of their actions, from 0."""

    step: int
    """The first action that differs; equal to the shorter one's length if it just ends."""

    a: str
    """What A did there; empty if it had ended."""

    b: str


def view_trial(trial: Trial) -> TrialView:
    """A trial read from its folder.

    Raises:
        ConfigurationError: the folder is half-written or damaged.
    """
    job, events = trial.job, trial.events()
    start = _start(events)
    return TrialView(
        result=trial.result,
        instruction=_instruction(job, events),
        model=job.arm.model,
        prompt=_prompt(trial, job),
        steps=tuple(steps(events, trial)),
        pictures=tuple(pictures(events, trial)),
        seconds=events[-1].at - start if events else 0.0,
    )


def steps(events: Sequence[ev.Event], trial: Trial | None = None) -> list[Step]:
    """Steps of all lanes, by their beginnings; without ``trial`` they have no pictures."""
    start = _start(events)
    made = [
        *_model(events, start),
        *_tools(events, start, trial),
        *_approvals(events, start),
        *_said(events, start),
        *_points(events, start),
    ]
    return sorted(made, key=lambda step: (step.begin, step.seq))


def pictures(events: Sequence[ev.Event], trial: Trial) -> Iterator[Picture]:
    """All screens that were seen, in order."""
    start = _start(events)
    for event in events:
        for image in ev_images(event):
            path = trial.image(image)
            yield Picture(event.at - start, path, image.width, image.height, event.seq)


def first_divergence(a: Sequence[ev.Event], b: Sequence[ev.Event]) -> Divergence | None:
    """Where the actions of two trials first differ; None if they are the same."""
    one, two = _actions(a), _actions(b)
    for number in range(max(len(one), len(two))):
        left = one[number] if number < len(one) else ""
        right = two[number] if number < len(two) else ""
        if left != right:
            return Divergence(number, left, right)
    return None


def ev_images(event: ev.Event) -> tuple[ev.Image, ...]:
    """Pictures that an event carries."""
    if isinstance(event, ev.UserMessage):
        return event.images
    image = event.image if isinstance(event, ev.ActionFinished | ev.ScreenSeen) else None
    return (image,) if image is not None else ()


# Lanes -----------------------------------------------------------------------------------


def _model(events: Sequence[ev.Event], start: float) -> Iterator[Step]:
    ends = {e.turn_id: e for e in events if isinstance(e, ev.TurnFinished)}
    words: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, ev.BlockFinished) and event.block.get("type") == "text":
            words.setdefault(event.turn_id, []).append(str(event.block.get("text", "")))
    for number, event in enumerate(e for e in events if isinstance(e, ev.TurnStarted)):
        end = ends.get(event.turn_id)
        label = f"turn {number + 1}: {end.stop_reason}" if end else f"turn {number + 1}: cut off"
        said = "\n".join(words.get(event.turn_id, []))
        until = end.at if end else event.at
        yield Step(
            "model", event.at - start, until - start, label, _cut(said), end is not None, event.seq
        )


def _tools(events: Sequence[ev.Event], start: float, trial: Trial | None) -> Iterator[Step]:
    proposed = {e.action_id: e for e in events if isinstance(e, ev.ActionProposed)}
    ends = {e.action_id: e for e in events if isinstance(e, ev.ActionFinished)}
    seen = {e.action_id: e.image for e in events if isinstance(e, ev.ScreenSeen) and e.image}
    for event in events:
        if not isinstance(event, ev.ActionStarted) or event.action_id not in proposed:
            continue
        call, end = proposed[event.action_id], ends.get(event.action_id)
        image = (end.image if end else None) or seen.get(event.action_id)
        yield Step(
            "tools",
            event.at - start,
            (end.at if end else event.at) - start,
            _call(call),
            _cut(end.text) if end else "",
            end is not None and not end.is_error,
            call.seq,
            trial.image(image) if image is not None and trial is not None else None,
        )


def _approvals(events: Sequence[ev.Event], start: float) -> Iterator[Step]:
    decided = {e.approval_id: e for e in events if isinstance(e, ev.ApprovalDecided)}
    answered = {e.question_id: e for e in events if isinstance(e, ev.QuestionAnswered)}
    for event in events:
        if isinstance(event, ev.ApprovalAsked):
            end = decided.get(event.approval_id)
            until, what = (end.at, end.decision) if end else (event.at, "open")
            detail = f"{event.question}\n{event.rule}\n{end.note if end else ''}".strip()
            ok = what in ("allow", "alternative")
            label = f"{what}: {event.question}"
        elif isinstance(event, ev.QuestionAsked):
            reply = answered.get(event.question_id)
            until, detail = (reply.at, reply.text) if reply else (event.at, "")
            ok, label = reply is not None, event.text
        else:
            continue
        yield Step(
            "approvals", event.at - start, until - start, _short(label), _cut(detail), ok, event.seq
        )


def _said(events: Sequence[ev.Event], start: float) -> Iterator[Step]:
    began: dict[str, ev.Narrated] = {}
    for event in events:
        if not isinstance(event, ev.Narrated):
            continue
        if event.state == "speaking":
            began[event.narration_id] = event
        elif event.state in ("heard", "cut") and (first := began.pop(event.narration_id, None)):
            whole = event.state == "heard"
            words = event.text.split()
            heard = event.text if whole else " ".join(words[: event.cut_at])
            yield Step(
                "said", first.at - start, event.at - start, _short(heard), event.text, whole,
                first.seq,
            )  # fmt: skip


def _points(events: Sequence[ev.Event], start: float) -> Iterator[Step]:
    """What takes no time: words that were heard, and what the person or a limit did."""
    for event in events:
        at = event.at - start
        match event:
            case ev.Heard(interim=False):
                yield Step("heard", at, at, _short(event.text), event.text, True, event.seq)
            case ev.TaskStarted():
                yield Step("heard", at, at, _short(event.text), event.text, True, event.seq)
            case ev.TaskFinished():
                label = _short(f"{event.outcome}: {event.summary}")
                ok = event.outcome == "done"
                yield Step("said", at, at, label, event.summary, ok, event.seq)
            case ev.Stopped() | ev.HoldBegan() | ev.HoldEnded():
                stopped = isinstance(event, ev.Stopped)
                label = _short(f"{event.kind.replace('_', ' ')}: {event.reason}")
                yield Step("control", at, at, label, event.reason, not stopped, event.seq)
            case ev.ControlTaken() | ev.ControlReturned():
                yield Step("control", at, at, event.kind.replace("_", " "), "", True, event.seq)
            case ev.LimitReached(share=share) if share >= 1:
                label = f"limit: {event.limit} {event.used:g} of {event.allowed:g}"
                yield Step("control", at, at, label, "", False, event.seq)
            case ev.Failed():
                label = _short(f"{event.where}: {event.error}")
                yield Step("control", at, at, label, _cut(event.advice), False, event.seq)


# Words -----------------------------------------------------------------------------------


def _start(events: Sequence[ev.Event]) -> float:
    started: Iterable[ev.Event] = (e for e in events if isinstance(e, ev.TaskStarted))
    first = next(iter(started), events[0] if events else None)
    return first.at if first is not None else 0.0


def _instruction(job: Job, events: Sequence[ev.Event]) -> str:
    said = (e.text for e in events if isinstance(e, ev.TaskStarted))
    return next(said, job.task.words(job.arm.phrasing))


def _prompt(trial: Trial, job: Job) -> str:
    path = trial.folder / "session" / "prompt.md"
    return path.read_text("utf-8") if path.exists() else job.arm.prompt_text


def _actions(events: Sequence[ev.Event]) -> list[str]:
    """What was carried out, in order."""
    ran = {e.action_id for e in events if isinstance(e, ev.ActionStarted)}
    return [_call(e) for e in events if isinstance(e, ev.ActionProposed) and e.action_id in ran]


def _call(call: ev.ActionProposed) -> str:
    given = ", ".join(f"{name}={json.dumps(v)}" for name, v in call.input.items() if name != "id")
    return _short(f"{call.name}({given})", 120)


def _short(text: str, most: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_DETAIL else f"{text[:_MOST_DETAIL]}…"
