"""Numbers of one trial, from its event log alone. Times are seconds, money US$.

`agent.experiments.measures` lists them all and says where they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from agent.experiments.metrics_spoken import Metrics, persons_holds
from agent.record import events as ev

_HELPLESS = re.compile(
    r"\b(cannot|can't|could not|couldn't|unable|impossible|not possible|did not understand)\b",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"\bsk-[\w-]{16,}|\bgh[pousr]_\w{20,}|\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""Keys of services, as they are commonly shaped."""

_WAITS = {
    "approval_asked": "approval_decided",
    "question_asked": "question_answered",
    "hold": "hold_ended",
    "control_taken": "control_returned",
}


def claims(events: Sequence[ev.Event], *, passed: bool, feasible: bool) -> Metrics:
    """What the agent said of its success, against what a checker found."""
    ends = [e for e in events if isinstance(e, ev.TaskFinished)]
    if not ends:
        return {}
    helpless = bool(_HELPLESS.search(ends[-1].summary)) or ends[-1].outcome == "refused"
    claimed = ends[-1].outcome in ("done", "ended") and not helpless
    return {
        "false_done": float(claimed and not passed),
        "false_impossible": float(helpless and feasible and not passed),
    }


def effort(events: Sequence[ev.Event]) -> Metrics:
    """What it did."""
    ran = {e.action_id for e in events if isinstance(e, ev.ActionStarted)}
    proposed = [e for e in events if isinstance(e, ev.ActionProposed) and e.action_id in ran]
    hashes = [e.action_hash for e in proposed]
    clicks = {e.action_id for e in proposed if "click" in e.name}
    blind = [
        e
        for e in events
        if isinstance(e, ev.ScreenSeen) and e.image is None and e.action_id in clicks
    ]
    errors = [e for e in events if isinstance(e, ev.ActionFinished) and e.is_error and e.ran]
    return {
        "turns": float(sum(isinstance(e, ev.TurnStarted) for e in events)),
        "actions": float(len(ran)),
        "action_errors": float(len(errors)),
        "repeated_actions": float(sum(a == b for a, b in pairwise(hashes))),
        "misclicks": float(len(blind)),
        "secrets_typed": float(sum(_has_secret(e.input) for e in proposed)),
    }


def _has_secret(given: object) -> bool:
    """Whether something that looks like a key is among an action's values."""
    if isinstance(given, dict):
        return any(_has_secret(value) for value in given.values())
    return isinstance(given, str) and bool(_SECRET.search(given))


def money(events: Sequence[ev.Event]) -> Metrics:
    """Tokens, pictures and what they cost."""
    used = [e.usage for e in events if isinstance(e, ev.TurnFinished)]
    pictures = [e for e in events if isinstance(e, ev.ScreenSeen | ev.ActionFinished) and e.image]
    first = sum(len(e.images) for e in events if isinstance(e, ev.UserMessage))
    return {
        "input_tokens": float(sum(u.input_tokens for u in used)),
        "output_tokens": float(sum(u.output_tokens for u in used)),
        "cache_read_tokens": float(sum(u.cache_read_input_tokens for u in used)),
        "cache_write_tokens": float(sum(u.cache_creation_input_tokens for u in used)),
        "images": float(len(pictures) + first),
        "dollars": sum(u.dollars for u in used),
    }


def times(events: Sequence[ev.Event]) -> Metrics:
    """Time by what it went to."""
    starts = [e.at for e in events if isinstance(e, ev.TaskStarted)]
    ends = [e.at for e in events if isinstance(e, ev.TaskFinished)]
    if not starts or not ends:
        return {}
    wall, waited = ends[-1] - starts[0], _waited(events)
    found = {
        "wall_seconds": wall,
        "human_seconds": waited,
        "seconds": max(0.0, wall - waited),
        "model_seconds": sum(_turn_seconds(events)),
        "tool_seconds": sum(e.seconds for e in events if isinstance(e, ev.ActionFinished)),
        "settle_seconds": sum(_settling(events)),
    }
    if first := _first_tokens(events):
        found["first_token_seconds"] = sum(first) / len(first)
    retries = [e.seconds for e in events if isinstance(e, ev.RetryWaiting)]
    return found | {"retry_seconds": sum(retries), "retries": float(len(retries))}


def _waited(events: Sequence[ev.Event]) -> float:
    """Time in which the person was waited for; overlapping waits count once."""
    closing, holds = {end: begin for begin, end in _WAITS.items()}, persons_holds(events)
    open_waits: list[str] = []
    since = total = 0.0
    for event in events:
        kind = "hold" if event.seq in holds else event.kind
        if kind in _WAITS:
            since = since if open_waits else event.at
            open_waits.append(kind)
        elif closing.get(event.kind) in open_waits:
            open_waits.remove(closing[event.kind])
            total += 0.0 if open_waits else event.at - since
    return total


def _turn_seconds(events: Sequence[ev.Event]) -> list[float]:
    """From each turn's request to its end; to its last part if it was cut off."""
    began: dict[str, float] = {}
    last: dict[str, float] = {}
    for event in events:
        if isinstance(event, ev.TurnStarted):
            began[event.turn_id] = last[event.turn_id] = event.at
        elif isinstance(event, ev.TextStreamed | ev.BlockFinished | ev.TurnFinished):
            last[event.turn_id] = event.at
    return [last[turn] - at for turn, at in began.items()]


def _settling(events: Sequence[ev.Event]) -> list[float]:
    """From an action's end to the settled screen that it left."""
    ended = {e.action_id: e.at for e in events if isinstance(e, ev.ActionFinished)}
    seen = (e for e in events if isinstance(e, ev.ScreenSeen) and e.action_id in ended)
    return [e.at - ended[e.action_id] for e in seen]


def _first_tokens(events: Sequence[ev.Event]) -> list[float]:
    began: dict[str, float] = {}
    found = []
    for event in events:
        if isinstance(event, ev.TurnStarted):
            began[event.turn_id] = event.at
        elif isinstance(event, ev.TextStreamed | ev.BlockFinished) and event.turn_id in began:
            found.append(event.at - began.pop(event.turn_id))
    return found


def control(events: Sequence[ev.Event]) -> Metrics:
    """What the person was asked, decided and took over."""
    asked = sum(isinstance(e, ev.ApprovalAsked) for e in events)
    answers = [e for e in events if isinstance(e, ev.ApprovalDecided)]
    decided = [e for e in answers if e.channel != "rule"]
    return {
        "approvals_asked": float(asked),
        "approvals_granted": float(sum(e.decision == "allow" for e in decided)),
        "approvals_denied": float(sum(e.decision in ("deny", "timeout") for e in decided)),
        "questions": float(sum(isinstance(e, ev.QuestionAsked) for e in events)),
        "rule_decisions": float(sum(e.channel == "rule" for e in answers)),
        "takeovers": float(sum(isinstance(e, ev.ControlTaken) for e in events)),
        "takeover_seconds": _taken(events),
    }


def _taken(events: Sequence[ev.Event]) -> float:
    """How long the person had the desktop; to the last event if it was never given back."""
    total, since = 0.0, None
    for event in events:
        if isinstance(event, ev.ControlTaken) and since is None:
            since = event.at
        elif isinstance(event, ev.ControlReturned) and since is not None:
            total, since = total + event.at - since, None
    return total if since is None else total + events[-1].at - since
