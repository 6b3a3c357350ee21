"""Numbers of one interruption: what the agent did from the moment when somebody spoke.

They need more than the log: when the words began and ended, which only who spoke them knows. A
number that does not apply is left out, never zero. Times are seconds; `docs/desktop-interrupt.md`
defines each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.experiments.metrics_spoken import Metrics
from agent.record import events as ev

CUTTING = frozenset({"revision", "retraction", "stop"})
"""Intents after which nothing more of the old plan may be done."""

PASSING = frozenset({"addition", "aside", "approval", "overheard"})
"""Intents for which nothing that runs needs to end."""

_CARRIED = ("result", "question", "answer", "error")
"""Lines that a person should have heard to the end."""


@dataclass(slots=True)
class Spoken:
    """Words of the person's, with their times in Unix seconds."""

    text: str
    began: float
    ended: float
    """When the last of it had sounded; of written words the same as ``began``."""

    in_moment: bool = True
    """Whether the moment that was meant had come; else it was said afterwards."""

    effects: tuple[bool, ...] = ()
    """Of what the words want undone, what was there when they began."""


def interrupted(
    events: Sequence[ev.Event], words: Spoken, intent: str, left: Sequence[bool] = ()
) -> Metrics:
    """Numbers of the words that were spoken into a trial.

    Args:
        events: the trial's log.
        words: what was said, and when.
        intent: what the person wanted by it.
        left: of what the words want undone, what is there at the end.
    """
    took = _took_hold(events, words)
    found: Metrics = {
        "in_moment": float(words.in_moment),
        "at_work": float(_at_work(events, words.ended)),
        "unheard_words": _unheard(events, words),
    }
    if took is not None:
        found["understood_seconds"] = max(0.0, took.at - words.ended)
    if intent in CUTTING:
        found |= _cutting(events, words, took)
    if intent in PASSING:
        found |= _passing(events, words, intent)
    there = [still for was, still in zip(words.effects, left, strict=False) if was]
    return found | ({"undone": there.count(False) / len(there)} if there else {})


def _took_hold(events: Iterable[ev.Event], words: Spoken) -> ev.Event | None:
    """The event by which the words became the agent's concern, or were passed over."""
    for event in events:
        if event.at < words.began:
            continue
        if isinstance(event, ev.Stopped | ev.Understood):
            return event
        if isinstance(event, ev.UserMessage) and event.origin == "person":
            return event
    return None


def _at_work(events: Iterable[ev.Event], at: float) -> bool:
    """Whether a task was under way at a moment."""
    running = False
    for event in events:
        if event.at > at:
            break
        if isinstance(event, ev.TaskStarted | ev.TaskFinished):
            running = isinstance(event, ev.TaskStarted)
    return running


def _cutting(events: Sequence[ev.Event], words: Spoken, took: ev.Event | None) -> Metrics:
    """What the old plan still did: whatever was proposed before the words took hold."""
    before = float("inf") if took is None else took.seq
    old = {e.action_id for e in events if isinstance(e, ev.ActionProposed) and e.seq < before}
    late = [e for e in events if e.at > words.ended]
    begun = [e for e in late if isinstance(e, ev.ActionStarted) and e.action_id in old]
    ended = [e for e in late if isinstance(e, ev.ActionFinished) and e.ran and e.action_id in old]
    last = max((e.at for e in (*begun, *ended)), default=words.ended)
    return {"last_input_seconds": last - words.ended, "late_actions": float(len(begun))}


def _passing(events: Sequence[ev.Event], words: Spoken, intent: str) -> Metrics:
    """What was ended or begun that nobody asked to end or begin, and what was never said."""
    after = [e for e in events if e.at >= words.began]
    cuts = [
        e for e in after if isinstance(e, ev.Stopped) or (isinstance(e, ev.UserMessage) and e.cuts)
    ]
    found = {
        "needless_stops": float(len(cuts)),
        "unsaid_words": float(_unsaid(after)),
        "held_seconds": _held(after),
    }
    if intent in ("aside", "overheard"):
        begun = [e for e in after if isinstance(e, ev.TaskQueued | ev.TaskStarted)]
        found["needless_tasks"] = float(len(begun))
    return found


def _held(events: Iterable[ev.Event]) -> float:
    """How long nothing was let begin; announcements are the agent's own."""
    total, since = 0.0, None
    for event in events:
        if isinstance(event, ev.HoldBegan) and event.reason != ev.ANNOUNCING:
            since = event.at
        elif isinstance(event, ev.HoldEnded | ev.Stopped) and since is not None:
            total, since = total + event.at - since, None
    return total


def _unsaid(events: Sequence[ev.Event]) -> int:
    """Words of results, questions and answers that were cut, and not said again."""
    lines = [e for e in events if isinstance(e, ev.Narrated) and e.priority in _CARRIED]
    heard = [e for e in lines if e.state == "heard"]
    return sum(
        len(e.text.split()) - (e.cut_at or 0)
        for e in lines
        if e.state == "cut" and not any(h.seq > e.seq and e.text.endswith(h.text) for h in heard)
    )


def _unheard(events: Iterable[ev.Event], words: Spoken) -> float:
    """Share of the person's words that no final transcript has, in their order."""
    said = _words(words.text)
    heard = [
        word
        for e in events
        if isinstance(e, ev.Heard) and not e.interim and e.at >= words.began
        for word in _words(e.text)
    ]
    return 1 - _common(said, heard) / len(said) if said else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:['\u2019]\w+)*", text.lower())


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for left in a:
        diagonal = 0
        for place, right in enumerate(b, 1):
            diagonal, row[place] = (
                row[place],
                (diagonal + 1 if left == right else max(row[place], row[place - 1])),
            )
    return row[-1]
