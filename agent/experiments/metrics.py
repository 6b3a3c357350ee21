"""Numbers of one trial, from its event log alone. Times are seconds, money US$.

A metric that does not apply (no stop, no narration) is left out, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from agent import events as ev

Metrics = dict[str, float]
_HELPLESS = re.compile(
    r"\b(cannot|can't|could not|couldn't|unable|impossible|not possible|did not understand)\b",
    re.IGNORECASE,
)
_WAITS = {
    "approval_asked": "approval_decided",
    "question_asked": "question_answered",
    "hold_began": "hold_ended",
    "control_taken": "control_returned",
}


def measure(events: Sequence[ev.Event], *, oracle_actions: int | None = None) -> Metrics:
    """All metrics that the log gives."""
    found: Metrics = {}
    for group in (_effort, _money, _times, _voice, _interruptions, _control):
        found |= group(events)
    if oracle_actions and "actions" in found:
        found["oracle_ratio"] = found["actions"] / oracle_actions
    return found


def claims(events: Sequence[ev.Event], *, passed: bool, feasible: bool) -> Metrics:
    """What the agent said of its success, against what a checker found."""
    ends = [e for e in events if isinstance(e, ev.TaskFinished)]
    if not ends:
        return {}
    helpless = bool(_HELPLESS.search(ends[-1].summary)) or ends[-1].outcome == "refused"
    claimed = ends[-1].outcome == "done" and not helpless
    return {
        "false_done": float(claimed and not passed),
        "false_impossible": float(helpless and feasible and not passed),
    }


def interruption_kinds(events: Iterable[ev.Event]) -> list[str]:
    """Every time that words, a hold or a stop cut in, in order."""
    kinds = []
    for event in events:
        if isinstance(event, ev.Stopped):
            kinds.append("stop")
        elif isinstance(event, ev.HoldBegan):
            kinds.append("hold")
        elif isinstance(event, ev.Understood) and event.meaning == "redirect":
            kinds.append("redirect")
    return kinds


def _effort(events: Sequence[ev.Event]) -> Metrics:
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
    }


def _money(events: Sequence[ev.Event]) -> Metrics:
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


def _times(events: Sequence[ev.Event]) -> Metrics:
    starts = [e.at for e in events if isinstance(e, ev.TaskStarted)]
    ends = [e.at for e in events if isinstance(e, ev.TaskFinished)]
    if not starts or not ends:
        return {}
    wall, waited = ends[-1] - starts[0], _waited(events)
    found = {
        "wall_seconds": wall,
        "human_seconds": waited,
        "seconds": max(0.0, wall - waited),
        "tool_seconds": sum(e.seconds for e in events if isinstance(e, ev.ActionFinished)),
    }
    if first := _first_tokens(events):
        found["first_token_seconds"] = sum(first) / len(first)
    retries = [e.seconds for e in events if isinstance(e, ev.RetryWaiting)]
    return found | {"retry_seconds": sum(retries), "retries": float(len(retries))}


def _waited(events: Sequence[ev.Event]) -> float:
    """Time in which the person was waited for; overlapping waits count once."""
    closing = {end: begin for begin, end in _WAITS.items()}
    open_waits: list[str] = []
    since = total = 0.0
    for event in events:
        if event.kind in _WAITS:
            since = since if open_waits else event.at
            open_waits.append(event.kind)
        elif closing.get(event.kind) in open_waits:
            open_waits.remove(closing[event.kind])
            total += 0.0 if open_waits else event.at - since
    return total


def _first_tokens(events: Sequence[ev.Event]) -> list[float]:
    began: dict[str, float] = {}
    found = []
    for event in events:
        if isinstance(event, ev.TurnStarted):
            began[event.turn_id] = event.at
        elif isinstance(event, ev.TextStreamed | ev.BlockFinished) and event.turn_id in began:
            found.append(event.at - began.pop(event.turn_id))
    return found


def _voice(events: Sequence[ev.Event]) -> Metrics:
    lines = [e for e in events if isinstance(e, ev.Narrated)]
    if not lines:
        return {}
    began = {e.narration_id: e.at for e in lines if e.state == "speaking"}
    spoken = [e for e in lines if e.state in ("heard", "cut") and e.narration_id in began]
    seconds = sum(e.at - began[e.narration_id] for e in spoken)
    words = sum(len(e.text.split()) if e.cut_at is None else e.cut_at for e in spoken)
    found = {
        "spoken_words": float(words),
        "speaking_seconds": seconds,
        "dropped_lines": float(sum(e.state == "dropped" for e in lines)),
    }
    if seconds > 0:
        found["words_per_minute"] = 60 * words / seconds
    heard = [e.at for e in events if isinstance(e, ev.Heard) and not e.interim]
    first = [e.at for e in lines if e.state == "speaking" and heard and e.at >= heard[0]]
    if first:
        found["first_word_seconds"] = first[0] - heard[0]
    return found


def _interruptions(events: Sequence[ev.Event]) -> Metrics:
    kinds = interruption_kinds(events)
    understood = [e for e in events if isinstance(e, ev.Understood)]
    found = {
        "interruptions": float(len(kinds)),
        **{f"{kind}s": float(kinds.count(kind)) for kind in ("stop", "redirect", "hold")},
        "backchannels": float(sum(e.meaning == "backchannel" for e in understood)),
        "false_interruptions": float(sum(_cut_by(events, e) for e in understood)),
        "missed_stops": float(sum(_missed(events, e) for e in understood)),
        "work_lost": float(
            sum(isinstance(e, ev.ActionFinished) and not e.ran for e in events) if kinds else 0
        ),
    }
    stops = [e for e in events if isinstance(e, ev.Stopped)]
    if stops:
        at = stops[0].at
        late = _after(events, at, lambda e: isinstance(e, ev.ActionStarted))
        found["last_action_after_stop_seconds"] = late[-1].at - at if late else 0.0
        cut = lambda e: isinstance(e, ev.Narrated) and e.state == "cut"  # noqa: E731
        if silenced := _after(events, at, cut):
            found["silence_after_stop_seconds"] = silenced[0].at - at
    return found


def _cut_by(events: Sequence[ev.Event], heard: ev.Understood) -> bool:
    """Whether a back-channel or noise was followed at once by a stop or hold."""
    if heard.meaning not in ("backchannel", "noise"):
        return False
    after = _after(events, heard.at, lambda e: e.seq > heard.seq and e.at - heard.at < 0.5)
    return any(isinstance(e, ev.Stopped | ev.HoldBegan) for e in after)


def _missed(events: Sequence[ev.Event], heard: ev.Understood) -> bool:
    """Whether a stop was understood but nothing was stopped."""
    stops = (e for e in events if isinstance(e, ev.Stopped) and e.seq > heard.seq)
    return heard.meaning == "stop" and next(stops, None) is None


def _control(events: Sequence[ev.Event]) -> Metrics:
    asked = sum(isinstance(e, ev.ApprovalAsked) for e in events)
    answers = (e for e in events if isinstance(e, ev.ApprovalDecided))
    decided = [e for e in answers if e.channel != "rule"]
    return {
        "approvals_asked": float(asked),
        "approvals_granted": float(sum(e.decision == "allow" for e in decided)),
        "approvals_denied": float(sum(e.decision in ("deny", "timeout") for e in decided)),
        "questions": float(sum(isinstance(e, ev.QuestionAsked) for e in events)),
        "takeovers": float(sum(isinstance(e, ev.ControlTaken) for e in events)),
    }


def _after(
    events: Sequence[ev.Event], at: float, fits: Callable[[ev.Event], bool]
) -> list[ev.Event]:
    return [e for e in events if e.at >= at and fits(e)]
