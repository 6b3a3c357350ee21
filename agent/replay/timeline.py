"""A session as steps in lanes over the pictures it left: a pure function of its events.

Times in a `Timeline` are *played* seconds: stretches in which nobody did anything are
shortened to a second, so that an evening with a pause in it can be watched in minutes.
``at`` keeps the true seconds since the first event.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.record import events as ev
from agent.replay.fold import LANES, Draft, Fold, Lane

IDLE = 2.0
"""Seconds of nothing after which a pause is shortened."""
PAUSE = 1.0
"""What is left of a shortened pause, in seconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of a lane; a point if ``end`` equals ``begin``."""

    seq: int
    """Number of the event that began it: its name within the session."""

    lane: Lane
    kind: str
    """``turn``, ``action``, ``heard``, ``said``, ``approval``, ``question``, ``stop`` …"""

    label: str
    begin: float
    end: float
    at: float
    seconds: float
    """How long it truly took."""

    state: str = "done"
    """``done failed skipped cut open denied``."""

    last: int = -1
    """Number of the event that ended it."""

    frame: int = -1
    """Index of the picture that is on the screen once it has ended; -1 before the first."""

    before: int = -1
    """Index of the picture that was on the screen when it began."""

    point: tuple[int, int] | None = None
    """Where on the screen it happened."""

    dollars: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen that the agent saw."""

    time: float
    at: float
    seq: int
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that a replay shows at first sight."""

    began: float
    """Unix seconds of the first event."""

    seconds: float
    """Played length."""

    true_seconds: float
    events: int
    model: str
    prompt_hash: str
    dollars: float
    tokens: int
    steps: tuple[Step, ...]
    frames: tuple[Frame, ...]
    pauses: tuple[tuple[float, float], ...]
    """Where time was shortened: played second, and the true seconds left out there."""


def build_timeline(events: Sequence[ev.Event]) -> Timeline:
    """The timeline of a session; of none, an empty one."""
    fold = Fold()
    for event in events:
        fold.add(event)
    fold.finish()
    clock = _Clock(fold.drafts, fold.moments)
    frames = tuple(Frame(clock.played(p[0]), *p) for p in fold.frames)
    steps = tuple(sorted((_step(d, clock, frames) for d in fold.drafts), key=_order))
    return Timeline(
        began=events[0].at if events else 0.0,
        seconds=clock.played(fold.now),
        true_seconds=fold.now,
        events=len(events),
        model=fold.model,
        prompt_hash=fold.prompt_hash,
        dollars=sum(step.dollars for step in steps),
        tokens=sum(step.tokens for step in steps),
        steps=steps,
        frames=frames,
        pauses=clock.pauses,
    )


def as_json(timeline: Timeline) -> dict[str, Any]:
    """Plain data for a page, times rounded to milliseconds."""
    data = {name: getattr(timeline, name) for name in Timeline.__slots__}
    data |= {"lanes": LANES, "pauses": [_rounded(pause) for pause in timeline.pauses]}
    data["steps"] = [_row(step) for step in timeline.steps]
    data["frames"] = [_row(frame) for frame in timeline.frames]
    return data


def short(text: str, most: int = 200) -> str:
    """One line of at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _row(record: Step | Frame) -> dict[str, Any]:
    values = ((name, getattr(record, name)) for name in record.__slots__)
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in values}


def _rounded(pause: tuple[float, float]) -> tuple[float, float]:
    return round(pause[0], 3), round(pause[1], 3)


def _order(step: Step) -> tuple[float, int]:
    return step.begin, step.seq


def _step(draft: Draft, clock: _Clock, frames: Sequence[Frame]) -> Step:
    begin, end = clock.played(draft.begin), clock.played(draft.end)
    after = draft.picture if draft.picture >= 0 else _seen(frames, draft.last)
    return Step(
        seq=draft.seq,
        lane=draft.lane,
        kind=draft.kind,
        label=short(draft.label),
        begin=begin,
        end=end,
        at=draft.begin,
        seconds=draft.end - draft.begin,
        state=draft.state,
        last=draft.last,
        frame=after,
        before=_seen(frames, draft.seq),
        point=draft.point,
        dollars=draft.dollars,
        tokens=draft.tokens,
    )


def _seen(frames: Sequence[Frame], seq: int) -> int:
    """Index of the last picture taken by event ``seq``; -1 if there was none yet."""
    low, high = 0, len(frames)
    while low < high:
        middle = (low + high) // 2
        if frames[middle].seq <= seq:
            low = middle + 1
        else:
            high = middle
    return low - 1


class _Clock:
    """From true to played seconds."""

    def __init__(self, drafts: Sequence[Draft], moments: Sequence[float]) -> None:
        spans = [(d.begin, d.end) for d in drafts if d.works] + [(m, m) for m in moments]
        self._starts: list[float] = []
        self._saved: list[float] = []
        pauses: list[tuple[float, float]] = []
        until, saved = 0.0, 0.0
        for begin, end in sorted(spans):
            if begin - until > IDLE:
                saved += (left_out := begin - until - PAUSE)
                self._starts.append(until + PAUSE)
                self._saved.append(saved)
                pauses.append((until + PAUSE - (saved - left_out), left_out))
            until = max(until, end)
        self.pauses = tuple(pauses)

    def played(self, true: float) -> float:
        """Played second of a true one."""
        index = bisect_right(self._starts, true) - 1
        if index < 0:
            return true
        before = self._saved[index - 1] if index else 0.0
        # No time passes inside a pause.
        return max(true - self._saved[index], self._starts[index] - before)
