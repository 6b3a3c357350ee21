"""A session as a slide show: which picture, with which words, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.replay.timeline import Frame, Step, Timeline

_SHORTEST, _LONGEST = 0.7, 3.5
_READING = 18.0
"""Characters a second that a person reads beside a picture."""

_WHO = {"heard": "You:", "said": "Sayso:", "actions": "▸", "approvals": "●"}


@dataclass(frozen=True, slots=True)
class Beat:
    """One picture of an export."""

    seconds: float
    """How long it is shown."""

    time: float
    """Played seconds since the session's beginning."""

    frame: Frame
    said: str
    """What was last said, by whom: ``You: open the editor``."""

    done: str
    """What is done now; empty before the first action."""

    point: tuple[int, int] | None = None
    ok: bool = True


def beats(timeline: Timeline) -> list[Beat]:
    """All beats of a session that left pictures; none if there are none."""
    return _merged(_beats(timeline))


def _beats(timeline: Timeline) -> Iterator[Beat]:
    if not timeline.frames:
        return
    said = done = ""
    shown = [step for step in timeline.steps if step.lane in _WHO and step.kind != "session"]
    for number, step in enumerate(shown):
        following = shown[number + 1].begin if number + 1 < len(shown) else timeline.seconds
        line = f"{_WHO[step.lane]} {step.label}"
        if step.lane == "actions":
            done = line
            yield from _action(timeline, step, said, done, following)
            continue
        said = line
        done = "" if step.lane == "heard" else done
        yield Beat(
            _shown_for(step.label, following - step.begin),
            step.begin,
            timeline.frames[max(step.frame, 0)],
            said,
            done,
            ok=step.state not in ("failed", "denied"),
        )


def _action(
    timeline: Timeline, step: Step, said: str, done: str, following: float
) -> Iterator[Beat]:
    """The screen before, with a mark where it happens; then the screen after."""
    ok = step.state == "done"
    before = timeline.frames[max(step.before, 0)]
    after = timeline.frames[max(step.frame, 0)]
    yield Beat(_SHORTEST, step.begin, before, said, done, step.point, ok)
    if after is not before:
        rest = following - step.end
        yield Beat(_shown_for(step.label, rest), step.end, after, said, done, ok=ok)


def _shown_for(text: str, there_is: float) -> float:
    reading = len(text) / _READING
    return max(_SHORTEST, reading, min(there_is, _LONGEST)) if reading < _LONGEST else _LONGEST


def _merged(made: Iterator[Beat]) -> list[Beat]:
    """Beats that look alike become one."""
    kept: list[Beat] = []
    for beat in made:
        last = kept[-1] if kept else None
        if last is not None and _looks(last) == _looks(beat):
            kept[-1] = replace(last, seconds=min(last.seconds + beat.seconds, _LONGEST))
        else:
            kept.append(beat)
    return kept


def _looks(beat: Beat) -> tuple[object, ...]:
    return (beat.frame.sha256, beat.said, beat.done, beat.point)
