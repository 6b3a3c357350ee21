"""One trial as steps in lanes, with its pictures; and where two trials part.

A trial's view of what `agent.replay` makes of any session: times count from the instruction,
pictures are files, what the person or a limit did has a lane of its own, and cost has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.experiments.plan.trial import Job, Trial, TrialResult
from agent.record import events as ev
from agent.record.events import images_of
from agent.replay import build_timeline, compare
from agent.replay.timeline import Step as ReplayStep

Lane = Literal["heard", "said", "model", "tools", "approvals", "control"]
LANES: tuple[Lane, ...] = ("heard", "said", "model", "tools", "approvals", "control")
_MOST_DETAIL = 4000
_CONTROL = frozenset({"stop", "hold", "control", "limit", "error", "session"})


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
    """Where two trials of one task part."""

    step: int
    """How many instructions and actions they share before."""

    a: str
    """What A did there; empty if only B did something."""

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
    if not events:
        return []
    timeline, known = build_timeline(events), {e.seq: e for e in events}
    shift = events[0].at - _start(events)
    images = {e.seq: image for e in events for image in images_of(e)}
    made = []
    for step in timeline.steps:
        if step.lane == "cost" or step.kind == "session":
            continue
        frame = timeline.frames[step.frame] if step.lane == "actions" and step.frame >= 0 else None
        shown = images[frame.seq] if frame is not None and frame.seq >= step.seq else None
        made.append(
            Step(
                lane=_lane(step),
                begin=step.at + shift,
                end=step.at + shift + step.seconds,
                label=step.label,
                detail=_cut(_detail(step, known, events)),
                ok=step.state in ("done", "open"),
                seq=step.seq,
                picture=trial.image(shown) if shown is not None and trial is not None else None,
            )
        )
    return made


def pictures(events: Sequence[ev.Event], trial: Trial) -> Iterator[Picture]:
    """All screens that were seen, in order."""
    start = _start(events)
    for event in events:
        for image in images_of(event):
            path = trial.image(image)
            yield Picture(event.at - start, path, image.width, image.height, event.seq)


def first_divergence(a: Sequence[ev.Event], b: Sequence[ev.Event]) -> Divergence | None:
    """Where two trials first do something else; None if they do the same.

    Case and spacing of words, and pixels within a control, make no difference.
    """
    found = compare(a, b)
    if found.first is None:
        return None
    row = found.rows[found.first]
    left, right = (deed.label if deed is not None else "" for deed in (row.a, row.b))
    return Divergence(found.first, left, right)


def _lane(step: ReplayStep) -> Lane:
    if step.kind in _CONTROL:
        return "control"
    if step.lane == "actions":
        return "tools"
    assert step.lane != "cost"  # noqa: S101 - left out before
    return step.lane


def _detail(step: ReplayStep, known: dict[int, ev.Event], events: Sequence[ev.Event]) -> str:
    """What the label leaves out: results, a turn's words, a question's rule and answer."""
    first, last = known.get(step.seq), known.get(step.last)
    match first, last:
        case ev.TurnStarted(turn_id=turn), _:
            blocks = (
                e.block for e in events if isinstance(e, ev.BlockFinished) and e.turn_id == turn
            )
            return "\n".join(str(b.get("text", "")) for b in blocks if b.get("type") == "text")
        case _, ev.ActionFinished(text=text):
            return text
        case ev.ApprovalAsked(question=question, rule=rule), _:
            note = last.note if isinstance(last, ev.ApprovalDecided) else ""
            return "\n".join(part for part in (question, rule, note) if part)
        case _, ev.QuestionAnswered(text=text):
            return text
        case ev.Failed(advice=advice), _:
            return advice
        case ((ev.Heard(text=text) | ev.TaskStarted(text=text) | ev.Narrated(text=text)), _):
            return text
        case ev.TaskFinished(summary=summary), _:
            return summary
    return ""


def _start(events: Sequence[ev.Event]) -> float:
    started = (e.at for e in events if isinstance(e, ev.TaskStarted))
    return next(started, events[0].at if events else 0.0)


def _instruction(job: Job, events: Sequence[ev.Event]) -> str:
    said = (e.text for e in events if isinstance(e, ev.TaskStarted))
    return next(said, job.task.words(job.arm.phrasing))


def _prompt(trial: Trial, job: Job) -> str:
    path = trial.folder / "session" / "prompt.md"
    return path.read_text("utf-8") if path.exists() else job.arm.prompt_text


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_DETAIL else f"{text[:_MOST_DETAIL]}…"
